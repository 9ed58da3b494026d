"""PyTorch: a folder of two files, the state dict and the few lines of PyTorch that load it.

Nothing of PyTorch is needed to write them. Its layouts: dense weights [n_out, n_in], kernels
[c_out, c_in, kh, kw], images channels first. So its flatten gives the numbers of a map in another
order than ours; the layers behind it get their weights in that order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np

from digitscope.arrays import Indices, Shape, Weights
from digitscope.exporting.exported import Exported, channels_first
from digitscope.exporting.format import Format, quoted, row
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, MaxPool2D
from digitscope.network.spec import KINDS
from digitscope.store import METADATA_KEY, folder_atomically, write_atomically

CODE = '''"""{title}

{about}

    from network import load

    network = load()  # torch.nn.Sequential, in evaluation mode
    P = network(X)  # X, P: torch.Tensor

To train it further: take network[:{logits}] for the logits, and call .train() on it.
"""

from collections import OrderedDict
from pathlib import Path

from safetensors.torch import load_file
from torch import nn


def build() -> nn.Sequential:
    """The layers, untrained."""
    return nn.Sequential(
        OrderedDict(
            [
{layers}
            ]
        )
    )


def load(path: str | Path = Path(__file__).with_name("weights.safetensors")) -> nn.Sequential:
    """The layers with their weights, ready to predict."""
    network = build()
    network.load_state_dict(load_file(path))
    return network.eval()
'''


class Module(NamedTuple):
    """A layer in PyTorch: what it is called, the code that makes it, its part of the state dict."""

    name: str
    code: str
    tensors: Mapping[str, Any] = {}


class Place(NamedTuple):
    """A layer's own weights and state by symbol, the shape of its input, and the order of its
    features: for each of PyTorch's, the number of ours.
    """

    arrays: Weights
    shape: Shape
    order: Indices


def _dense(layer: Dense, at: Place) -> Module:
    W, b = at.arrays["W"][at.order], at.arrays["b"]
    return Module("linear", f"nn.Linear({len(W)}, {layer.units})", {"weight": W.T, "bias": b})


def _conv2d(layer: Conv2D, at: Place) -> Module:
    rim = f", padding={layer.size // 2}" if layer.same else ""
    code = f"nn.Conv2d({at.shape[-1]}, {layer.filters}, {layer.size}{rim})"
    return Module("conv", code, {"weight": channels_first(at.arrays["W"]), "bias": at.arrays["b"]})


def _max_pool2d(layer: MaxPool2D, at: Place) -> Module:
    return Module("pool", f"nn.MaxPool2d({layer.size})")


def _flatten(layer: Any, at: Place) -> Module:
    return Module("flatten", "nn.Flatten()")


def _dropout(layer: Dropout, at: Place) -> Module:
    return Module("dropout", f"nn.Dropout({float(layer.rate)})")


def _batch_norm(layer: BatchNorm, at: Place) -> Module:
    """PyTorch's momentum is 1 minus ours."""
    ours = {n: A[at.order] if len(at.shape) == 1 else A for n, A in at.arrays.items()}
    settings = f"eps={float(layer.epsilon)}, momentum={round(1 - float(layer.momentum), 12)}"
    code = f"nn.BatchNorm{'2d' if len(at.shape) == 3 else '1d'}({at.shape[-1]}, {settings})"
    return Module(
        "norm",
        code,
        {
            "weight": ours["gamma"],
            "bias": ours["beta"],
            "running_mean": ours["mean"],
            "running_var": ours["variance"],
            "num_batches_tracked": np.array(0, np.int64),
        },
    )


def _activation(layer: Activation, at: Place) -> Module:
    return _function(layer.function)


def _function(name: str) -> Module:
    return Module(name, row(FUNCTIONS, name, "torch"))


# Our layers -> theirs.
LAYER_ROWS: dict[str, Callable[[Any, Place], Module]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "flatten": _flatten,
    "dropout": _dropout,
    "batch_norm": _batch_norm,
    "activation": _activation,
}

# Our activations -> theirs; features stand on axis 1, flat or channels first.
FUNCTIONS = {
    "linear": "nn.Identity()",
    "sigmoid": "nn.Sigmoid()",
    "log_sigmoid": "nn.LogSigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "softmax": "nn.Softmax(dim=1)",
}


def modules(exported: Exported) -> list[Module]:
    """Every layer, then the output's activations, by names such as conv1, relu1, linear1."""
    spec = exported.network.spec
    arrays = exported.network.weights | exported.network.state
    made = []
    order = np.arange(spec.input_shape[-1])
    for i, layer in enumerate(spec.layers):
        shape = (spec.input_shape, *spec.shapes())[i]
        names = spec.weight_names[i] | spec.state_names[i]
        own = {symbol: arrays[name] for symbol, name in names.items()}
        make = row(LAYER_ROWS, KINDS[type(layer)], "torch")
        made.append(make(layer, Place(own, shape, order)))
        order = _order_after(order, shape, layer.output_shape(shape))
    made += [_function(name) for name in exported.output]
    count: Counter[str] = Counter()
    for i, module in enumerate(made):
        count[module.name] += 1
        made[i] = module._replace(name=f"{module.name}{count[module.name]}")
    return made


def _order_after(order: Indices, before: Shape, after: Shape) -> Indices:
    """Flat features keep their order; a flatten of maps takes channel by channel."""
    if len(before) == 3 and len(after) == 1:
        return np.arange(np.prod(before)).reshape(before).transpose(2, 0, 1).reshape(-1)
    return order if before == after else np.arange(after[-1])


def code(exported: Exported, made: list[Module]) -> str:
    """The text of network.py."""
    takes, gives = exported.signature(channels_first=True)
    facts = exported.facts
    about = [
        f"Takes {takes}: {facts['preparation']}.",
        f"Gives {gives}. Classes: {facts['classes']}.",
        f"Written by digitscope {facts['digitscope']}.",
    ]
    text = "\n".join(line for part in about for line in wrap(part, 96))
    return CODE.format(
        title=f"The network {facts['architecture']} in PyTorch.",
        about=text,
        logits=-len(exported.output),
        layers="\n".join(f'                ("{m.name}", {m.code}),' for m in made),
    )


def state_dict(made: list[Module]) -> dict[str, Any]:
    """The tensors under PyTorch's names, such as linear1.weight."""
    return {
        f"{module.name}.{name}": array.copy(order="C")
        for module in made
        for name, array in module.tensors.items()
    }


def write(exported: Exported, path: Path) -> None:
    """network.py and weights.safetensors in a new folder; equal models are equal bytes."""
    from safetensors.numpy import save

    made = modules(exported)
    about = {"format": "digitscope PyTorch export", "version": "1.0", **exported.facts}
    text = json.dumps(about, sort_keys=True)
    with folder_atomically(path) as folder:
        weights = save(dict(sorted(state_dict(made).items())), {METADATA_KEY: text})
        write_atomically(folder / "weights.safetensors", weights)
        write_atomically(folder / "network.py", code(exported, made).encode())


def lines(path: Path) -> str:
    """How to load it."""
    return (
        "import runpy\n"
        "import torch\n\n"
        f'network = runpy.run_path({quoted(path / "network.py")})["load"]()\n'
        "with torch.inference_mode():\n"
        "    P = network(torch.from_numpy(X)).numpy()"
    )


TORCH = Format("-torch", write, lines, channels_first=True)
