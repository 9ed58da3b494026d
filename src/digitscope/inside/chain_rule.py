"""The chain rule of one weight, with its numbers: from the weight along its neuron to the loss.

A weight moves the sum that it stands in; that sum moves what comes after it; and so on to the loss.
Where there is one way, derivatives are multiplied; where ways part, they are added up. So a
derivative is told in rows: a product of factors, or a sum of terms, of which one is followed
further. The last row is the derivative of the loss by an output's sum.

Every local derivative is that of the layer itself: its own way back, asked for dY = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitscope.arrays import Floats
from digitscope.errors import SettingError, nearest
from digitscope.inside.batch_step import BatchStep
from digitscope.inside.naming import output_symbols, subscript
from digitscope.inside.source import Source, source_of
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.convolution import pad, windows
from digitscope.maths.losses import decays, one_hot
from digitscope.network.gradient_check import central_difference, relative_error
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D

__all__ = ["ChainRule", "Factor", "Row", "Term", "chain_rule"]

TERMS = 10  # of a sum that are told one by one
Index = tuple[int, ...]


@dataclass(frozen=True)
class Factor:
    """A number of a product: its name, its value, and what it is, in words."""

    symbol: str
    value: float
    words: str = ""


@dataclass(frozen=True)
class Term:
    """A product within a sum; `key` is its number among all terms, by which it is followed."""

    key: int
    left: Factor
    right: Factor
    value: float


@dataclass(frozen=True)
class Row:
    """One derivative. Of a product all factors are told, of a sum the largest terms and the rest:
    how many more there are, not counting those that are zero, and what they add up to. `followed`
    is the key of the term that the next row is about. `formula` tells how factors that are no plain
    product make the value.
    """

    symbol: str
    value: float
    factors: tuple[Factor, ...] = ()
    terms: tuple[Term, ...] = ()
    others: int = 0
    rest: float = 0.0
    followed: int = -1
    formula: str = ""
    words: str = ""
    source: Source | None = None


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
            f"{weight} has the shape {'×'.join(map(str, shape))}: expected "
            f"{len(shape)} numbers, each from 0 and below that, got {list(place)}"
        )
    layer = next(i for i, names in enumerate(spec.weight_names) if weight in names.values())
    symbol = next(s for s, name in spec.weight_names[layer].items() if name == weight)
    gradient = float(step.gradients[weight][place])
    measured, h, error = _difference(step, weight, place, gradient)
    W = float(weights[weight][place])
    return ChainRule(
        weight, place, W,
        tuple(_Follower(step, list(path)).rows(layer, symbol, weight, place)),
        step.l2 * W if decays(weight) else 0.0,
        gradient, measured, h, error, float(step.weights[weight][place]),
        source_of(step.passed.steps[layer].backward, f"d{symbol}"),
    )  # fmt: skip


def _difference(
    step: BatchStep, weight: str, place: Index, gradient: float
) -> tuple[float, float, float]:
    """The finite difference, its step, its relative error. A step that crosses a kink of ReLU or of
    max pooling says nothing, so a shorter one may judge.
    """
    W = step.network.weights[weight]
    direction = np.zeros_like(W)
    direction[place] = 1

    def J(moved: Floats) -> float:
        return step.loss_with(step.network.weights | {weight: moved})

    tried = []
    for h in (1e-5, 1e-7):
        measured = central_difference(J, W, direction, h)
        tried.append((relative_error(measured, gradient), h, measured))
        if tried[-1][0] < 1e-6:
            break
    error, h, measured = min(tried)
    return measured, h, error


class _Follower:
    """Follows one weight to the loss."""

    def __init__(self, step: BatchStep, path: list[int]) -> None:
        self.step, self.path = step, path
        self.layers = step.network.spec.layers
        self.symbols = ["X", *map(subscript, output_symbols(step.network))]
        self.values = [step.X, *(passed.Y for passed in step.passed.steps)]

    def rows(self, layer: int, symbol: str, weight: str, place: Index) -> Iterator[Row]:
        """From the weight to the outputs."""
        inputs, at = self._inputs(layer, symbol, place)
        dY = self.step.dY[layer][..., place[-1]]
        head = f"∂J/∂{subscript(weight)}{_at(place)}"
        source = source_of(self.step.passed.steps[layer].backward, f"d{symbol}")
        unit = place[-1:]  # the neuron, kernel or feature that the weight belongs to

        def term(key: int) -> tuple[Factor, Factor]:
            where = np.unravel_index(key, inputs.shape)
            x = Factor(at(tuple(map(int, where))), float(inputs[where]), "what the weight is times")
            return x, self._blame(layer, (*map(int, where), *unit), float(dY[where]))

        value = float((inputs * dY).sum())
        if inputs.size == 1:
            x, blame = term(0)
            start = (*(0,) * inputs.ndim, *unit)
            yield from self._product(head, value, [x], layer, start, blame, source)
            return
        row, followed = self._sum(head, value, inputs * dY, term, source)
        places = "places" if inputs.ndim > 1 else "images"
        words = f"The weight is used for {inputs.size} {places}: all add up."
        yield _worded(row, words)
        where = tuple(map(int, np.unravel_index(followed, inputs.shape)))
        start = (*where, *unit)
        blame = self._blame(layer, start, float(dY[where]))
        yield from self._product(blame.symbol, blame.value, [], layer, start, blame, None)

    # --- a weight and its inputs ---

    def _inputs(
        self, layer: int, symbol: str, place: Index
    ) -> tuple[Floats, Callable[[Index], str]]:
        """What a weight is multiplied with, for every image and place, and what that is called."""
        X, below = self.values[layer], self.symbols[layer]
        shape = self.step.dY[layer].shape[:-1]
        kind = self.layers[layer]
        many = len(X) > 1

        def called(where: Index, index: Index) -> str:
            return f"{below}{_at((where[0], *index) if many else index)}"

        if symbol in ("b", "beta"):
            return np.ones(shape), lambda where: "1"
        if isinstance(kind, Conv2D):
            k, (r, s, c) = kind.size, place[:3]
            rim = k // 2 if kind.same else 0
            padded = pad(X, k, k) if kind.same else X
            R = windows(padded, k, k).reshape(*shape, k, k, X.shape[-1])

            def at(where: Index) -> str:
                y, x = where[1] + r - rim, where[2] + s - rim
                inside = 0 <= y < X.shape[1] and 0 <= x < X.shape[2]
                return called(where, (y, x, c)) if inside else "rim"

            return R[..., r, s, c], at
        if isinstance(kind, BatchNorm):
            names = self.step.network.spec
            state = {k: self.step.network.state[n] for k, n in names.state_names[layer].items()}
            ones = {"gamma": np.ones(X.shape[-1]), "beta": np.zeros(X.shape[-1])}
            H = kind.forward(ones, state, X).Y[..., place[0]]
            return H, lambda where: f"Ĥ{_at(where[0 if many else 1 :] + place)}"
        return X[:, place[0]], lambda where: called(where, place[:1])

    # --- along the ways ---

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
            below, moved = self.symbols[layer], self._moved(layer, at)
            if moved is None or (not slope and isinstance(kind, MaxPool2D)):
                lost = Factor("0", 0.0, "another number won its tile: it moves nothing")
                yield Row(head, value, (*factors, lost), source=source)
                return
            at = moved
            if not isinstance(kind, Flatten):
                factors = [*factors, _slope(kind, below, slope, at)]
            source = source or self._line(layer)
            blame = self._blame(layer, at, float(self.step.dY[layer][at]))
        if len(factors) > 0:
            yield Row(head, value, (*factors, blame), source=source)
        yield from self._output(at)

    def _parting(self, layer: int, at: Index, blame: Factor, mixing: bool) -> Iterator[Row]:
        """The sum over all that a number goes into."""
        weights, names, index = self._ways(layer, at, mixing)
        dY = np.array([self.step.dY[layer][i] for i in index])

        def term(key: int) -> tuple[Factor, Factor]:
            return Factor(names(key), float(weights[key])), self._blame(
                layer, index[key], float(dY[key])
            )

        row, followed = self._sum(blame.symbol, blame.value, weights * dY, term, self._line(layer))
        kind = "sums" if not mixing else "numbers of its row"
        yield _worded(row, f"It goes into {len(index)} {kind}: all add up.")
        start = index[followed]
        then = term(followed)[1]
        yield from self._product(then.symbol, then.value, [], layer, start, then, None)

    def _ways(
        self, layer: int, at: Index, mixing: bool
    ) -> tuple[Floats, Callable[[int], str], list[Index]]:
        """The weights of all ways from a number into a layer's outputs, their names, and where they
        lead.
        """
        kind, names = self.layers[layer], self.step.network.spec.weight_names[layer]
        if mixing:
            A = self.values[layer + 1][at[:-1]]
            j, symbol = at[-1], self.symbols[layer + 1]
            slopes = A[j] * ((np.arange(len(A)) == j) - A)  # softmax's Jacobian, a column
            index: list[Index] = [(*at[:-1], i) for i in range(len(A))]
            return slopes, lambda i: f"∂{symbol}[{i}]/∂{self.symbols[layer]}[{j}]", index
        W, symbol = self.step.network.weights[names["W"]], subscript(names["W"])
        if isinstance(kind, Dense):
            index = [(at[0], j) for j in range(W.shape[1])]
            return W[at[1]], lambda j: f"{symbol}[{at[1]}, {j}]", index
        assert isinstance(kind, Conv2D)
        n, y, x, c = at
        rim = kind.size // 2 if kind.same else 0
        _, height, width, _ = self.step.dY[layer].shape
        ways = [
            (r, s, f)
            for r in range(kind.size)
            for s in range(kind.size)
            for f in range(kind.filters)
            if 0 <= y + rim - r < height and 0 <= x + rim - s < width
        ]
        index = [(n, y + rim - r, x + rim - s, f) for r, s, f in ways]
        weights = np.array([W[r, s, c, f] for r, s, f in ways])
        return weights, lambda i: f"{symbol}{_at((*ways[i][:2], c, ways[i][2]))}", index

    def _moved(self, layer: int, at: Index) -> Index | None:
        """Where a number is after a layer that has one way for each; None where it is dropped."""
        kind, Y = self.layers[layer], self.step.passed.steps[layer].Y
        if isinstance(kind, Flatten):
            return (at[0], int(np.ravel_multi_index(at[1:], self.values[layer].shape[1:])))
        if isinstance(kind, MaxPool2D):
            n, y, x, c = at
            y, x = y // kind.size, x // kind.size
            return (n, y, x, c) if y < Y.shape[1] and x < Y.shape[2] else None
        return at

    def _output(self, at: Index) -> Iterator[Row]:
        """The derivative of the loss by one of the output's sums."""
        step, spec = self.step, self.step.network.spec
        m, (n, j) = len(step.y), at
        a, y = float(step.A[at]), float(one_hot(step.y, spec.n_out, np.float64)[at])
        dZ = float(step.dY[-1][at])
        head = f"∂J/∂{self.symbols[-1]}{self._place(at)}"
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

            row, _ = self._sum(head, dZ, slopes * errors, term, source)
            yield _worded(row, "Softmax mixes all outputs: their errors add up.", followed=-1)

    # --- helpers ---

    def _sum(
        self,
        head: str,
        value: float,
        products: Floats,
        term: Callable[[int], tuple[Factor, Factor]],
        source: Source,
    ) -> tuple[Row, int]:
        """A row of the largest terms, and the key of the one that is followed."""
        flat = products.ravel()
        order = np.argsort(-np.abs(flat), kind="stable")
        asked = self.path.pop(0) if self.path else -1
        followed = asked if 0 <= asked < flat.size else int(order[0])
        shown = [int(k) for k in order[:TERMS] if flat[k] or k == followed]
        if followed not in shown:
            shown = [*shown[: TERMS - 1], followed]
        terms = []
        for k in shown:
            left, right = term(k)
            terms.append(Term(k, left, right, float(flat[k])))
        others = int(np.count_nonzero(flat)) - sum(1 for k in shown if flat[k])
        rest = value - sum(t.value for t in terms)
        row = Row(
            head, value, (), tuple(terms), others, rest if others else 0.0, followed, source=source
        )
        return row, followed

    def _blame(self, layer: int, at: Index, value: float) -> Factor:
        """The derivative of the loss by a number that left a layer."""
        symbol = f"∂J/∂{self.symbols[layer + 1]}{self._place(at)}"
        return Factor(symbol, value, "what the loss says of it")

    def _place(self, at: Index) -> str:
        return _at(at if len(self.step.y) > 1 else at[1:])

    def _line(self, layer: int) -> Source:
        """The line of a layer's way back."""
        kind, step = self.layers[layer], self.step.passed.steps[layer]
        if isinstance(kind, Activation):
            derivative = ACTIVATIONS[kind.function].derivative
            return source_of(derivative) if derivative else source_of(step.backward, "return")
        if isinstance(kind, MaxPool2D):
            return source_of(step.backward, "dT")
        target = "dX" if isinstance(kind, (Dense, Conv2D, BatchNorm)) else "return"
        return source_of(step.backward, target)


def _slope(kind: object, below: str, slope: float, at: Index) -> Factor:
    """The factor of a layer that works on each number by itself."""
    if isinstance(kind, Activation):
        return Factor(f"{kind.function}′({below})", slope, "the slope of the activation here")
    if isinstance(kind, MaxPool2D):
        return Factor("won its tile", slope, "the largest of its tile goes on as it is")
    if isinstance(kind, BatchNorm):
        return Factor("γ / √(σ^{2} + ε)", slope, "what batch norm scales it by")
    return Factor("kept", slope, "dropout lets everything through")


def _worded(row: Row, words: str, followed: int | None = None) -> Row:
    return replace(row, words=words, followed=row.followed if followed is None else followed)


def _at(index: Sequence[int]) -> str:
    return f"[{', '.join(map(str, index))}]"
