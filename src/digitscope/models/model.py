"""A model: a network, which digits it tells apart, how its images are prepared, and what was
measured.

The file is described in docs/formats.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import digitscope
from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import InputError, ModelFileError, StorageError, nearest
from digitscope.maths.activations import ACTIVATIONS
from digitscope.models.shipped import COMMITTEE, shipped_model, shipped_models
from digitscope.network.network import Network
from digitscope.network.spec import Spec
from digitscope.preparation import PREPARATION_VERSION
from digitscope.store import SUFFIX, read_tensors, write_tensors

FORMAT = "digitscope model"
VERSION = 1
MINOR = 0
STATE_PREFIX = "state."
NONE = 10  # the column of "not a digit" in a judgement


@dataclass(frozen=True)
class Model:
    """A network that can be used and kept.

    `classes` holds the digit of each class. A network with one output more was trained to refuse:
    the last is "not a digit". `temperature` divides the logits before the output's activation; it
    is fitted on validation images (see `digitscope.evaluation.calibration`), and None where there
    were none.
    """

    network: Network
    classes: tuple[int, ...] = tuple(range(10))
    temperature: float | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    preparation: int = PREPARATION_VERSION
    name: str = "model"

    def __post_init__(self) -> None:
        n_out, digits = self.network.spec.n_out, len(self.classes)
        if n_out not in ((1, 2, 3) if digits == 2 else (digits, digits + 1)):
            raise InputError(f"a model of {digits} digits cannot have {n_out} outputs")

    @property
    def refuses(self) -> bool:
        """Whether the network has an output for "not a digit"."""
        return self.network.spec.n_out == len(self.classes) + 1

    @property
    def calibrated(self) -> bool:
        """Whether the probabilities were fitted to how often the model is right."""
        return self.temperature is not None

    def probabilities(self, images: NDArray[Any]) -> Floats:
        """The probability of every digit [n, n_classes] for images [n, 28, 28], rows adding up to
        1: given that each is a digit. What a network refuses, `judge` says.
        """
        return self.probabilities_of(self.network.logits(images))

    def judge(self, images: NDArray[Any]) -> Floats:
        """Probabilities [n, 11] for images [n, 28, 28], rows adding up to 1: of the digits 0 to 9,
        and of "not a digit". A digit that the model does not know has 0.

        >>> model = Model(Network.initialize("784-16-10"))
        >>> model.judge(np.zeros((2, 28, 28), np.uint8)).shape
        (2, 11)
        """
        return self.judgement_of(self.network.logits(images))

    def judgement_of(self, Z: Floats) -> Floats:
        """The same from logits Z [n, n_out]."""
        P = np.zeros((len(Z), NONE + 1))
        if self.refuses:
            A = ACTIVATIONS["softmax"].g(Z.astype(np.float64) / (self.temperature or 1))
            P[:, [*self.classes, NONE]] = A
        else:
            P[:, list(self.classes)] = self.probabilities_of(Z)
        return P

    def probabilities_of(self, Z: Floats) -> Floats:
        """The same from logits Z [n, n_out], in float64, where saturated outputs stay apart.

        One sigmoid output is the probability of the second class. Ten of them are ten opinions, not
        probabilities: they are divided by their sum. Other outputs promise nothing of the kind, and
        get the softmax of Z, which at least puts them into the same order.
        """
        Z = Z[:, : len(self.classes)].astype(np.float64) / (self.temperature or 1)
        if self.network.spec.output != "sigmoid":
            return ACTIVATIONS["softmax"].g(Z)
        A = ACTIVATIONS["sigmoid"].g(Z)
        if A.shape[1] == 1:
            return np.hstack([1 - A, A])
        return A / np.maximum(A.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)


def save(model: Model | Network, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a model file; the path with its suffix is returned. StorageError where it cannot be
    written, or where something is there already, unless `overwrite` is true.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(Network.initialize("784-16-10"), Path(folder) / "small")
    ...     load(path).network.spec.parameters
    12730
    """
    model = model if isinstance(model, Model) else Model(model)
    path = Path(path)
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    if not overwrite and (path.exists() or path.is_symlink()):
        raise StorageError(
            f"{path}: exists, nothing is overwritten: choose another, or say overwrite=True"
        )
    network = model.network
    tensors = dict(network.weights)
    tensors |= {f"{STATE_PREFIX}{name}": array for name, array in network.state.items()}
    metadata = {
        "format": FORMAT,
        "version": f"{VERSION}.{MINOR}",
        "digitscope": digitscope.__version__,
        "spec": network.spec.to_dict(),
        "classes": list(model.classes),
        "temperature": model.temperature,
        "preparation": model.preparation,
        "recipe": model.recipe,
        "measured": model.measured,
    }
    write_tensors(path, tensors, metadata)
    return path


def load(path: str | Path) -> Model:
    """A model from its file, a run folder (its best weights), or the name of one that ships.

    ModelFileError says in one line what is wrong with a file that is not a whole model.
    """
    path = find_model(Path(path))
    tensors, metadata = read_tensors(path, FORMAT, VERSION)
    try:
        spec = Spec.from_dict(metadata["spec"])
        weights = {n: T for n, T in tensors.items() if not n.startswith(STATE_PREFIX)}
        state = {
            n.removeprefix(STATE_PREFIX): T
            for n, T in tensors.items()
            if n.startswith(STATE_PREFIX)
        }
        network = Network(
            spec,
            _ordered(weights, spec.weight_shapes()),
            _ordered(state, spec.state_shapes()),
        )
        _check_numbers(tensors)
        temperature = metadata["temperature"]
        return Model(
            network,
            classes=_classes(metadata["classes"]),
            temperature=None if temperature is None else _positive(temperature),
            recipe=dict(metadata["recipe"]),
            measured=dict(metadata["measured"]),
            preparation=int(metadata["preparation"]),
            name=_name(path),
        )
    except (InputError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a usable model: {error}: use another copy") from None


def _name(path: Path) -> str:
    """What a model is called: as its file, or as the run whose best or last weights it is."""
    of_a_run = path.parent.name == "weights" and path.stem in ("best", "last")
    return path.parent.parent.name if of_a_run else path.stem


def find_model(path: Path, also: tuple[str, ...] = ()) -> Path:
    """The model file that a path means: itself, with its suffix or without, the best weights of the
    run folder that it names, or the model that ships under this name. `also` are other names that
    may have been meant by one that is not found.
    """
    best = path / "weights" / f"best{SUFFIX}"
    try:
        if best.is_file():
            return best
        if not path.exists() and str(path) in shipped_models():
            return shipped_model(str(path))
        if not path.exists() and str(path) == COMMITTEE:
            raise ModelFileError(
                f"{path}: is several networks, which only read (digitscope read --model {path}): "
                "give one network, such as reader"
            )
        named = path.parent / f"{path.name}{SUFFIX}"
        if not path.exists() and named.is_file():
            return named
        if path.exists() or path.parent.is_dir() is False:
            return path
        runs = Path("runs", path.name)
        if (runs / "weights").is_dir():
            raise ModelFileError(
                f"{path}: no such model file or run folder: did you mean '{runs}'?"
            )
        neighbours = [
            str(p) for p in path.parent.iterdir() if p.suffix == SUFFIX or (p / "weights").is_dir()
        ]
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    neighbours += [*shipped_models(), *also]
    hint = f": {nearest(str(path), neighbours)}" if neighbours else ""
    raise ModelFileError(f"{path}: no such model file or run folder{hint}")


def _ordered(arrays: Weights, shapes: dict[str, Shape]) -> Weights:
    """The arrays in the order of the layers, as a network that was never saved has them."""
    order = {name: i for i, name in enumerate(shapes)}
    return dict(sorted(arrays.items(), key=lambda item: order.get(item[0], len(order))))


def _check_numbers(tensors: dict[str, Floats]) -> None:
    for name, array in tensors.items():
        if array.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} holds {array.dtype}, expected float32 or float64")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")


def _classes(values: list[Any]) -> tuple[int, ...]:
    classes = tuple(int(value) for value in values)
    if len(set(classes)) != len(classes) or not all(0 <= digit <= 9 for digit in classes):
        raise ValueError(f"classes must be different digits, got {values}")
    return classes


def _positive(value: Any) -> float:
    number = float(value)
    if not 0 < number < 1e6:
        raise ValueError(f"a temperature must be positive, got {value}")
    return number
