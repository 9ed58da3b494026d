"""What all exports have in common: a network whose output needs nothing more, and its facts.

An export takes what the network takes: float32 [n, 784] for a flat one, [n, 28, 28, 1] for one with
convolutions, in 0..1, ink high ([n, 1, 28, 28] in PyTorch, where channels stand first). It gives
the probabilities that `Model.probabilities` gives, or where the network refuses, those that
`Model.judge` gives, of "not a digit" the last: the temperature and the activation of the output are
part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

import digitscope
from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import SpecError
from digitscope.models.model import Model
from digitscope.network.layers import Dense
from digitscope.network.network import Network
from digitscope.network.notation import format_spec

PREPARATION = (
    "28x28 pixels, grey: ink 255 becomes 1.0 on paper 0.0; the digit fitted into a box of 20x20, "
    "its aspect kept, and its centre of mass put on the centre of the image, as MNIST does"
)


@dataclass(frozen=True)
class Exported:
    """What a format writes: layers, then the activations that make probabilities of the logits.

    `network` is float32, ends in a dense layer, and holds the temperature in it. `output` names
    functions: those of `digitscope.maths.activations`, and "log_sigmoid", log(sigmoid(z)).
    """

    name: str
    network: Network
    output: tuple[str, ...]
    classes: tuple[int, ...]
    facts: Mapping[str, str]

    @classmethod
    def of(cls, model: Model) -> Exported:
        """A model made ready for any format; SpecError for an input that has no place in them.

        >>> model = Model(Network.initialize("784-16-10"), temperature=2.0)
        >>> made = Exported.of(model)
        >>> made.output
        ('softmax',)
        >>> bool((made.network.weights["W2"] == model.network.weights["W2"] / 2).all())
        True
        """
        shape = model.network.spec.input_shape
        if len(shape) not in (1, 3):
            raise SpecError(f"an export takes flat inputs (784) or images (28, 28, 1), got {shape}")
        network = _folded(model.network, model.temperature or 1.0)
        made = cls(model.name, network, _output(model), model.classes, {})
        return replace(made, facts=_facts(model, *made.signature()))

    def input_shape(self, channels_first: bool = False) -> Shape:
        """The shape of one image."""
        shape = self.network.spec.input_shape
        return (shape[-1], *shape[:-1]) if channels_first else shape

    def signature(self, channels_first: bool = False) -> tuple[str, str]:
        """What goes in and what comes out, in words."""
        shape = ", ".join(map(str, self.input_shape(channels_first)))
        return f"float32 [n, {shape}] in 0..1, ink high", f"float32 [n, {self._outputs()}"

    def _outputs(self) -> str:
        if len(self.classes) + 1 == self.network.spec.n_out:
            return (
                f"{len(self.classes) + 1}], the probability of each digit of classes, and of "
                '"not a digit"'
            )
        if len(self.classes) == self.network.spec.n_out:
            return f"{len(self.classes)}], the probability of each digit of classes"
        return f"1], the probability of {self.classes[1]}; the rest is that of {self.classes[0]}"


def _folded(network: Network, temperature: float) -> Network:
    """The same network in float32, its logits divided by the temperature.

    Logits are linear in the last layer's weights, so they are divided there. A network that ends in
    another layer gets a dense one of the identity, so that every export ends alike.
    """
    spec, weights = network.spec, dict(network.weights)
    if not isinstance(spec.layers[-1], Dense):
        n = spec.n_out
        spec = replace(spec, layers=(*spec.layers, Dense(n)))
        names = spec.weight_names[-1]
        weights |= {names["W"]: np.eye(n), names["b"]: np.zeros(n)}
    for name in spec.weight_names[-1].values():
        weights[name] = weights[name].astype(np.float64) / temperature
    return Network(spec, _float32(weights), _float32(network.state))


def _float32(arrays: Weights) -> Weights:
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _output(model: Model) -> tuple[str, ...]:
    """The functions that do what `Model.probabilities_of` does.

    Sigmoids divided by their sum are the softmax of their logarithms: e^(log a_j) / sum e^(log
    a_k). So every framework can say it with activations that it has.
    """
    spec = model.network.spec
    if spec.output != "sigmoid":
        return ("softmax",)
    return ("sigmoid",) if spec.n_out == 1 else ("log_sigmoid", "softmax")


def _facts(model: Model, takes: str, gives: str) -> dict[str, str]:
    """What an export can say of itself, as text; lists and tables are JSON."""
    as_json = {
        "classes": list(model.classes),
        "temperature": model.temperature,
        "recipe": model.recipe,
        "measured": model.measured,
    }
    return {
        "digitscope": digitscope.__version__,
        "model": model.name,
        "architecture": format_spec(model.network.spec),
        "input": takes,
        "output": gives,
        "preparation": PREPARATION,
        "preparation_version": str(model.preparation),
        **{key: json.dumps(value, sort_keys=True) for key, value in as_json.items()},
    }


def channels_first(kernels: Floats) -> Floats:
    """Kernels [kh, kw, c_in, c_out] as [c_out, c_in, kh, kw], for ONNX and PyTorch.

    >>> channels_first(np.zeros((5, 5, 1, 8))).shape
    (8, 1, 5, 5)
    """
    return kernels.transpose(3, 2, 0, 1)
