"""The engine that is in a hurry: the same maths in compiled kernels that pass over the paper.

Four of five pixels of an MNIST image are 0. The first layer, which has nearly all of the work, adds
only the rows of W that stand at inked pixels, and in the way back only the rows of dZ whose images
are inked. `benchmarks/README.md` says what that brings and what bounds it.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Weights, to_input
from digitscope.engines.engine import Position, Problem
from digitscope.engines.kernels import (
    FUNCTIONS,
    KERNEL_LOSSES,
    KERNEL_OPTIMIZERS,
    KINDS,
    WEIGHTS,
    kernels,
    why_none,
)
from digitscope.errors import InputError, SettingError, SpecError
from digitscope.maths.losses import ClassIds
from digitscope.network.layers import Activation, Dense, Dropout, Flatten
from digitscope.network.network import Network
from digitscope.network.optimizers import OPTIMIZERS, adam_rate, initial_slots
from digitscope.network.spec import KINDS as LAYER_KINDS
from digitscope.network.spec import Spec
from digitscope.threads import threads_in_use

MOST_OUTPUTS = 16  # the output must fit into one panel of the kernels


class FastEngine:
    """Dense networks on compiled kernels; see `Engine` and `covers`."""

    def __init__(self, problem: Problem, position: Position) -> None:
        if reason := self.covers(problem):
            raise SettingError(f"engine fast {reason}: choose engine numpy")
        self.problem = problem
        self._network = FastNetwork(problem.spec, position.weights, threads_in_use())
        self._network.write_slots(position.slots, problem.optimizer)
        self._state = dict(position.state)
        self._updates = position.updates

    @classmethod
    def covers(cls, problem: Problem) -> str:
        """Why this cannot be trained here; "" where it can.

        >>> from digitscope.network.notation import parse_spec
        >>> FastEngine.covers(Problem(parse_spec("784-128-10"), "categorical_cross_entropy", "sgd"))
        ''
        """
        if problem.loss not in KERNEL_LOSSES:
            return f"does not accelerate loss {problem.loss}"
        if problem.optimizer not in KERNEL_OPTIMIZERS:
            return f"does not accelerate optimizer {problem.optimizer}"
        return covers_spec(problem.spec) or why_none()

    def advance(
        self,
        images: NDArray[Any],
        labels: ClassIds,
        batch_size: int,
        rates: Sequence[float],
        noise: Callable[[int], np.random.Generator],
    ) -> list[float]:
        """See `Engine.advance`."""
        if not self._network.drops:
            return self._advance(images, labels, batch_size, rates)
        losses = []
        for i in range(len(rates)):
            batch = slice(i * batch_size, (i + 1) * batch_size)
            self._network.draw_masks(len(labels[batch]), noise(i))
            losses += self._advance(images[batch], labels[batch], batch_size, rates[i : i + 1])
        return losses

    def _advance(
        self, images: NDArray[Any], labels: ClassIds, batch_size: int, rates: Sequence[float]
    ) -> list[float]:
        problem = self.problem
        updates = range(self._updates + 1, self._updates + 1 + len(rates))
        corrected = [adam_rate(eta, t) for eta, t in zip(rates, updates, strict=True)]
        losses = self._network.advance(images, labels, batch_size, rates, corrected, problem)
        self._updates += len(rates)
        return losses

    def logits(self, images: NDArray[Any]) -> Floats:
        """See `Engine.logits`."""
        return self._network.logits(images)

    def position(self) -> Position:
        """See `Engine.position`."""
        return Position(
            self._network.weights(),
            dict(self._state),
            self._network.slots(self.problem.optimizer),
            self._updates,
        )


def covers_spec(spec: Spec) -> str:
    """Why the kernels cannot compute a network; "" where they can."""
    for layer in spec.layers:
        if not isinstance(layer, Dense | Activation | Dropout | Flatten):
            return f"does not accelerate {LAYER_KINDS[type(layer)]} layers"
        if isinstance(layer, Activation) and layer.function not in FUNCTIONS[:-1]:
            return f"does not accelerate {layer.function} in a hidden layer"
    if not any(isinstance(layer, Dense) for layer in spec.layers):
        return "needs a dense layer"
    if spec.output not in FUNCTIONS:
        return f"does not accelerate output {spec.output}"
    if spec.n_out > MOST_OUTPUTS:
        return f"accelerates up to {MOST_OUTPUTS} output neurons, not {spec.n_out}"
    return ""


class FastNetwork:
    """A network that lives in the kernels' memory, and does one thing at a time.

    What does not fit together is refused here, in Python: C would read beyond the arrays.
    """

    def __init__(self, spec: Spec, weights: Weights, threads: int = 1) -> None:
        Network(spec, weights, spec.initial_state())  # refuses weights of other shapes
        self.spec = spec
        self.n_in, self.n_out = int(np.prod(spec.input_shape)), spec.n_out
        self.dtype = next(iter(weights.values())).dtype
        if self.dtype not in (np.float32, np.float64):
            raise SpecError(f"weights must be float32 or float64, got {self.dtype}")
        self.kernels = kernels(self.dtype)
        self._turn = Lock()
        self.drops: dict[int, tuple[Dropout, int]] = {}  # row -> its layer and width
        self._masks: list[Floats] = []  # kept here as long as the kernels read them
        self._dense: dict[int, dict[str, str]] = {}  # row -> the names of its weights
        # As to_input divides them, so that both engines see the same numbers.
        ink = to_input(np.arange(256, dtype=np.uint8).reshape(256, 1), (1,)).astype(self.dtype)
        rows = np.array(self._rows(), np.int64)
        self._handle = self.kernels.open(len(rows), _at(rows), _at(ink), threads)
        if not self._handle:
            raise SettingError(
                f"engine fast: not enough memory for {spec.parameters:,} parameters: "
                "take smaller layers"
            )
        closing = weakref.finalize(self, _close, self.kernels.close, self._handle, os.getpid())
        closing.atexit = False  # a thread may still be at work in it
        self._write(WEIGHTS, weights)

    def _rows(self) -> list[tuple[int, int, int, int]]:
        """Kind, function, n_in, n_out of each layer; flattening needs none, as pixels stand in
        rows already.
        """
        rows: list[tuple[int, int, int, int]] = []
        n_in = self.n_in
        shapes = zip(self.spec.layers, self.spec.weight_names, self.spec.shapes(), strict=True)
        for layer, names, shape in shapes:
            n_out = int(np.prod(shape))
            if isinstance(layer, Dense):
                self._dense[len(rows)] = names
                rows.append((KINDS.index("dense"), 0, n_in, n_out))
            elif isinstance(layer, Activation):
                function = FUNCTIONS.index(layer.function)
                rows.append((KINDS.index("activation"), function, n_in, n_out))
            elif isinstance(layer, Dropout):
                self.drops[len(rows)] = (layer, n_out)
                rows.append((KINDS.index("dropout"), 0, n_in, n_out))
            n_in = n_out
        return rows

    def draw_masks(self, m: int, rng: np.random.Generator) -> None:
        """The masks of the next batch, drawn as the layers draw them."""
        self._masks = []
        for row, (layer, width) in self.drops.items():
            mask = np.ascontiguousarray(layer.mask(rng, (m, width), self.dtype))
            self._masks.append(mask)
            self.kernels.mask(self._handle, row, _at(mask))

    def advance(
        self,
        images: NDArray[Any],
        labels: ClassIds,
        batch_size: int,
        rates: Sequence[float],
        adam_rates: Sequence[float],
        problem: Problem,
    ) -> list[float]:
        """One update a batch; the loss of each before it."""
        X = self._input(images)
        self._check_batches(len(X), labels, batch_size, len(rates))
        y = np.ascontiguousarray(labels, np.int32)
        eta, corrected = np.array(rates, np.float64), np.array(adam_rates, np.float64)
        losses = np.empty(len(eta))
        with self._turn:
            done = self.kernels.advance(
                self._handle,
                len(y),
                *_either(X),
                _at(y),
                batch_size,
                len(eta),
                _at(eta),
                _at(corrected),
                KERNEL_OPTIMIZERS.index(problem.optimizer),
                KERNEL_LOSSES.index(problem.loss),
                FUNCTIONS.index(problem.spec.output),
                problem.l2,
                _at(losses),
            )
        _check_memory(done, batch_size)
        return [float(J) for J in losses]

    def logits(self, images: NDArray[Any]) -> Floats:
        """Z [n, n_out]."""
        X = self._input(images)
        Z = np.empty((len(X), self.n_out), self.dtype)
        with self._turn:
            done = not len(X) or self.kernels.logits(self._handle, len(X), *_either(X), _at(Z))
        _check_memory(done, len(X))
        return Z

    def probabilities(self, images: NDArray[Any], temperature: float) -> Floats:
        """softmax(Z / temperature) [n, n_out] in float64."""
        X = self._input(images)
        Z, P = np.empty((len(X), self.n_out), self.dtype), np.empty((len(X), self.n_out))
        with self._turn:
            done = not len(X) or self.kernels.probabilities(
                self._handle, len(X), *_either(X), temperature, _at(Z), _at(P)
            )
        _check_memory(done, len(X))
        return P

    def weights(self) -> Weights:
        """A copy of the weights, by canonical names."""
        return self._read(WEIGHTS)

    def slots(self, optimizer: str) -> Weights:
        """A copy of the optimizer's slots, as "W1.v"."""
        slots: Weights = {}
        for number, slot in enumerate(_slot_names(optimizer)):
            slots |= {f"{name}.{slot}": S for name, S in self._read(number).items()}
        order = initial_slots(optimizer, self._read(WEIGHTS))
        return {key: slots[key] for key in order}

    def write_slots(self, slots: Weights, optimizer: str) -> None:
        """Set the optimizer's slots; SpecError where they are not those of this network."""
        expected = {name: S.shape for name, S in initial_slots(optimizer, self.weights()).items()}
        given = {name: S.shape for name, S in slots.items()}
        if given != expected:
            raise SpecError(
                f"the slots of optimizer {optimizer} do not fit the network: expected {expected}, "
                f"got {given}"
            )
        for number, slot in enumerate(_slot_names(optimizer)):
            self._write(number, {w: slots[f"{w}.{slot}"] for w in self.spec.weight_shapes()})

    def _check_batches(self, n: int, labels: ClassIds, batch_size: int, batches: int) -> None:
        if len(labels) != n:
            raise InputError(f"each image needs a label, got {n} images and {len(labels)} labels")
        if batch_size < 1 or batches > -(-n // batch_size):
            raise InputError(
                f"{n} images in batches of {batch_size} cannot make {batches} batches: "
                "give a rate for each batch"
            )
        classes = max(2, self.n_out)
        if n and not 0 <= labels.min() <= labels.max() < classes:
            raise InputError(
                f"labels must be class ids from 0 to {classes - 1}, got {labels.min()} to "
                f"{labels.max()}"
            )

    def _input(self, images: NDArray[Any]) -> NDArray[Any]:
        """Bytes as they are, anything else as numbers of the network's own type; [n, ...], in one
        piece.
        """
        if images.size != len(images) * self.n_in:
            to_input(images, self.spec.input_shape)  # says what is wrong
        if images.dtype != np.uint8:
            images = images.astype(self.dtype, copy=False)
        return images if images.flags.c_contiguous else np.ascontiguousarray(images)

    def _read(self, slot: int) -> Weights:
        read: Weights = {}
        shapes = self.spec.weight_shapes()
        for row, names in self._dense.items():
            W, b = (np.empty(shapes[names[symbol]], self.dtype) for symbol in ("W", "b"))
            with self._turn:
                self.kernels.copy(self._handle, row, slot, _at(W), _at(b), 1)
            read |= {names["W"]: W, names["b"]: b}
        return read

    def _write(self, slot: int, arrays: Weights) -> None:
        for row, names in self._dense.items():
            W, b = (np.ascontiguousarray(arrays[names[s]], self.dtype) for s in ("W", "b"))
            with self._turn:
                self.kernels.copy(self._handle, row, slot, _at(W), _at(b), 0)


def _close(close: Callable[[int], None], handle: int, made_in: int) -> None:
    """Free a network; but a forked child has no share in its parent's threads."""
    if os.getpid() == made_in:
        close(handle)


def _slot_names(optimizer: str) -> list[str]:
    return list(OPTIMIZERS[optimizer].init(np.zeros(1)))


def _at(array: NDArray[Any]) -> int:
    """Where an array's numbers lie."""
    return int(array.ctypes.data)


def _either(X: NDArray[Any]) -> tuple[int | None, int | None]:
    """The two ways in: bytes, or numbers."""
    return (_at(X), None) if X.dtype == np.uint8 else (None, _at(X))


def _check_memory(done: int, images: int) -> None:
    if not done:
        raise SettingError(
            f"engine fast: not enough memory for {images} images at once: take a smaller batch_size"
        )
