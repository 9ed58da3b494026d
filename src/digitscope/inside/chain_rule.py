"""The chain rule of one weight, with its numbers: from the weight along its neuron to the loss.

A weight moves the sum that it stands in; that sum moves what comes after it; and so on to the loss.
Where there is one way, derivatives are multiplied; where ways part, they are added up. So a
derivative is told in rows: a product of factors, or a sum of terms, of which one is followed
further. The last row is the derivative of the loss by an output's sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitscope.errors import SettingError, nearest
from digitscope.inside.batch_step import BatchStep
from digitscope.inside.finite_difference import finite_difference
from digitscope.inside.naming import subscript
from digitscope.inside.rows import Factor, Row, sum_row
from digitscope.inside.source import Source, source_of
from digitscope.inside.ways import Index, Ways, at_place, slope_factor
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import decays, one_hot
from digitscope.network.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D

__all__ = ["ChainRule", "chain_rule"]


@dataclass(frozen=True)
class ChainRule:
    """All about one weight: its value, the rows, what the L2 penalty adds to the derivative of the
    loss, the gradient that both make, as back-propagation has it, and beside it the finite
    difference with step h in float64, with the relative difference of the two. `updated` is the
    weight after the update; `source` the line that computes the gradient.
    """

    weight: str
    index: Index
    value: float
    rows: tuple[Row, ...]
    penalty: float
    gradient: float
    difference: float
    h: float
    error: float
    updated: float
    source: Source


def chain_rule(
    step: BatchStep, weight: str, index: Sequence[int], path: Sequence[int] = ()
) -> ChainRule:
    """The chain rule of the weight `weight`[`index`], such as "W1", (300, 17); `path` has for each
    sum the key of the term to follow, the largest where it says nothing.

    SettingError where there is no such weight.

    >>> from digitscope.inside.batch_step import take_step
    >>> from digitscope.network.network import Network
    >>> network = Network.initialize("4-3-2", seed=1)
    >>> step = take_step(network, np.ones((1, 4)), np.array([1]), "categorical_cross_entropy")
    >>> told = chain_rule(step, "W2", (0, 1))
    >>> [factor.symbol for factor in told.rows[0].factors]
    ['A_{1}[0]', '∂J/∂Z_{2}[1]']
    >>> told.error < 1e-6
    True
    """
    spec, weights = step.network.spec, step.network.weights
    if weight not in weights:
        raise SettingError(f"there is no weight {weight!r}: {nearest(weight, weights)}")
    place, shape = tuple(index), weights[weight].shape
    if len(place) != len(shape) or not all(0 <= i < n for i, n in zip(place, shape, strict=True)):
        raise SettingError(
            f"{weight} has the shape {'×'.join(map(str, shape))}: expected a place from "
            f"{_told([0] * len(shape))} to {_told([n - 1 for n in shape])}, got {_told(place)}"
        )
    layer = next(i for i, names in enumerate(spec.weight_names) if weight in names.values())
    symbol = next(s for s, name in spec.weight_names[layer].items() if name == weight)
    gradient = float(step.gradients[weight][place])
    measured, h, error = finite_difference(step, weight, place, gradient)
    W = float(weights[weight][place])
    return ChainRule(
        weight, place, W,
        tuple(_Follower(step, list(path)).rows(layer, symbol, weight, place)),
        step.l2 * W if decays(weight) else 0.0,
        gradient, measured, h, error, float(step.weights[weight][place]),
        source_of(step.passed.steps[layer].backward, f"d{symbol}"),
    )  # fmt: skip


class _Follower:
    """Follows one weight to the loss."""

    def __init__(self, step: BatchStep, path: list[int]) -> None:
        self.step, self.path, self.ways = step, path, Ways(step)
        self.layers = step.network.spec.layers

    def _followed(self) -> int:
        """The key that the path asks for at this sum; -1 where it says nothing."""
        return self.path.pop(0) if self.path else -1

    def rows(self, layer: int, symbol: str, weight: str, place: Index) -> Iterator[Row]:
        """From the weight to the outputs."""
        inputs, at = self.ways.inputs(layer, symbol, place)
        dY = self.step.dY[layer][..., place[-1]]
        head = f"∂J/∂{subscript(weight)}{at_place(place)}"
        source = source_of(self.step.passed.steps[layer].backward, f"d{symbol}")
        unit = place[-1:]  # the neuron, kernel or feature that the weight belongs to

        def term(key: int) -> tuple[Factor, Factor]:
            where = np.unravel_index(key, inputs.shape)
            x = Factor(at(tuple(map(int, where))), float(inputs[where]), "what the weight is times")
            return x, self.ways.blame(layer, (*map(int, where), *unit), float(dY[where]))

        value = float((inputs * dY).sum())
        if inputs.size == 1:
            x, blame = term(0)
            start = (*(0,) * inputs.ndim, *unit)
            yield from self._product(head, value, [x], layer, start, blame, source)
            return
        row, followed = sum_row(head, value, inputs * dY, term, self._followed(), source)
        places = "places" if inputs.ndim > 1 else "images"
        words = f"The weight is used for {inputs.size} {places}: all add up."
        yield _worded(row, words)
        where = tuple(map(int, np.unravel_index(followed, inputs.shape)))
        start = (*where, *unit)
        blame = self.ways.blame(layer, start, float(dY[where]))
        yield from self._product(blame.symbol, blame.value, [], layer, start, blame, None)

    def _product(
        self,
        head: str,
        value: float,
        factors: list[Factor],
        layer: int,
        at: Index,
        blame: Factor,
        source: Source | None,
    ) -> Iterator[Row]:
        """Factors as long as there is one way; then the sum where ways part, or the output. `at`
        is [image, ...] in the output of `layer`, whose derivative is `blame`.
        """
        while layer + 1 < len(self.layers):
            layer += 1
            step, kind = self.step.passed.steps[layer], self.layers[layer]
            mixing = isinstance(kind, Activation) and ACTIVATIONS[kind.function].derivative is None
            if isinstance(kind, (Dense, Conv2D)) or mixing:
                if factors:
                    yield Row(head, value, (*factors, blame), source=source)
                yield from self._parting(layer, at, blame, mixing)
                return
            slopes, _ = step.backward(np.ones_like(step.Y))
            assert slopes is not None
            slope = float(slopes[at])
            below, moved = self.ways.symbols[layer], self.ways.moved(layer, at)
            if moved is None or (not slope and isinstance(kind, MaxPool2D)):
                lost = Factor("0", 0.0, "another number won its tile: it moves nothing")
                yield Row(head, value, (*factors, lost), source=source)
                return
            at = moved
            if not isinstance(kind, Flatten):
                factors = [*factors, slope_factor(kind, below, slope)]
            source = source or self.ways.line(layer)
            blame = self.ways.blame(layer, at, float(self.step.dY[layer][at]))
        if len(factors) > 0:
            yield Row(head, value, (*factors, blame), source=source)
        yield from self._output(at)

    def _parting(self, layer: int, at: Index, blame: Factor, mixing: bool) -> Iterator[Row]:
        """The sum over all that a number goes into."""
        weights, names, index = self.ways.parting(layer, at, mixing)
        dY = np.array([self.step.dY[layer][i] for i in index])

        def term(key: int) -> tuple[Factor, Factor]:
            return Factor(names(key), float(weights[key])), self.ways.blame(
                layer, index[key], float(dY[key])
            )

        row, followed = sum_row(
            blame.symbol, blame.value, weights * dY, term, self._followed(), self.ways.line(layer)
        )
        kind = "sums" if not mixing else "numbers of its row"
        yield _worded(row, f"It goes into {len(index)} {kind}: all add up.")
        start = index[followed]
        then = term(followed)[1]
        yield from self._product(then.symbol, then.value, [], layer, start, then, None)

    def _output(self, at: Index) -> Iterator[Row]:
        """The derivative of the loss by one of the output's sums."""
        step, spec = self.step, self.step.network.spec
        m, (n, j) = len(step.y), at
        a, y = float(step.A[at]), float(one_hot(step.y, spec.n_out, np.float64)[at])
        dZ = float(step.dY[-1][at])
        head = f"∂J/∂{self.ways.symbols[-1]}{self.ways.place(at)}"
        source, mean = source_of(step.delta), f" / {m}" if m > 1 else ""
        answer = Factor(f"a_{{{j}}}", a, "the answer")
        truth = Factor(f"y_{{{j}}}", y, "the truth")
        derivative = ACTIVATIONS[spec.output].derivative
        if step.loss != "quadratic":
            formula = f"(a_{{{j}}} − y_{{{j}}}){mean}"
            yield Row(head, dZ, (answer, truth), formula=formula, source=source)
        elif derivative is not None:
            slope = Factor(
                f"{spec.output}′(z_{{{j}}})", float(derivative(step.passed.Z)[at]), "the slope"
            )
            formula = f"(a_{{{j}}} − y_{{{j}}}){mean} · {spec.output}′(z_{{{j}}})"
            yield Row(head, dZ, (answer, truth, slope), formula=formula, source=source)
        else:
            A = step.A[n]
            errors = (A - one_hot(step.y, spec.n_out, np.float64)[n]) / m
            slopes = A[j] * ((np.arange(len(A)) == j) - A)

            def term(i: int) -> tuple[Factor, Factor]:
                return (
                    Factor(f"∂a_{{{i}}}/∂z_{{{j}}}", float(slopes[i])),
                    Factor(f"(a_{{{i}}} − y_{{{i}}}){mean}", float(errors[i])),
                )

            row, _ = sum_row(head, dZ, slopes * errors, term, self._followed(), source)
            yield _worded(row, "Softmax mixes all outputs: their errors add up.", followed=-1)


def _told(place: Iterable[int]) -> str:
    return ", ".join(map(str, place)) or "none"


def _worded(row: Row, words: str, followed: int | None = None) -> Row:
    return replace(row, words=words, followed=row.followed if followed is None else followed)
