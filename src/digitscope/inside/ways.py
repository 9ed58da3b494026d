"""The ways of a number through the layers of a batch step: what it is multiplied with, where it
leads, and what all of that is called.

Every local derivative is that of the layer itself: its own way back, asked for dY = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.batch_step import BatchStep
from digitscope.inside.naming import output_symbols, subscript
from digitscope.inside.rows import Factor
from digitscope.inside.source import Source, source_of
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.convolution import pad, windows
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D

__all__ = ["Index", "Ways", "at_place", "slope_factor"]

Index = tuple[int, ...]


class Ways:
    """A batch step as numbers that lead from layer to layer. `symbols` and `values` are those of
    each layer's input; a number is meant by its layer and its place in that layer's output, [image,
    ...].
    """

    def __init__(self, step: BatchStep) -> None:
        self.step = step
        self.layers = step.network.spec.layers
        self.symbols = ["X", *map(subscript, output_symbols(step.network))]
        self.values = [step.X, *(passed.Y for passed in step.passed.steps)]

    def inputs(
        self, layer: int, symbol: str, place: Index
    ) -> tuple[Floats, Callable[[Index], str]]:
        """What a weight is multiplied with, for every image and place, and what that is called."""
        X, below = self.values[layer], self.symbols[layer]
        shape = self.step.dY[layer].shape[:-1]
        kind = self.layers[layer]
        many = len(X) > 1

        def called(where: Index, index: Index) -> str:
            return f"{below}{at_place((where[0], *index) if many else index)}"

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
            return H, lambda where: f"Ĥ{at_place(where[0 if many else 1 :] + place)}"
        return X[:, place[0]], lambda where: called(where, place[:1])

    def parting(
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
        return weights, lambda i: f"{symbol}{at_place((*ways[i][:2], c, ways[i][2]))}", index

    def moved(self, layer: int, at: Index) -> Index | None:
        """Where a number is after a layer that has one way for each; None where it is dropped."""
        kind, Y = self.layers[layer], self.step.passed.steps[layer].Y
        if isinstance(kind, Flatten):
            return (at[0], int(np.ravel_multi_index(at[1:], self.values[layer].shape[1:])))
        if isinstance(kind, MaxPool2D):
            n, y, x, c = at
            y, x = y // kind.size, x // kind.size
            return (n, y, x, c) if y < Y.shape[1] and x < Y.shape[2] else None
        return at

    def blame(self, layer: int, at: Index, value: float) -> Factor:
        """The derivative of the loss by a number that left a layer."""
        symbol = f"∂J/∂{self.symbols[layer + 1]}{self.place(at)}"
        return Factor(symbol, value, "what the loss says of it")

    def place(self, at: Index) -> str:
        """A place as it is written behind a symbol: without the image where there is only one."""
        return at_place(at if len(self.step.y) > 1 else at[1:])

    def line(self, layer: int) -> Source:
        """The line of a layer's way back."""
        kind, step = self.layers[layer], self.step.passed.steps[layer]
        if isinstance(kind, Activation):
            derivative = ACTIVATIONS[kind.function].derivative
            return source_of(derivative) if derivative else source_of(step.backward, "return")
        if isinstance(kind, MaxPool2D):
            return source_of(step.backward, "dT")
        target = "dX" if isinstance(kind, (Dense, Conv2D, BatchNorm)) else "return"
        return source_of(step.backward, target)


def slope_factor(kind: object, below: str, slope: float) -> Factor:
    """The factor of a layer that works on each number by itself."""
    if isinstance(kind, Activation):
        return Factor(f"{kind.function}′({below})", slope, "the slope of the activation here")
    if isinstance(kind, MaxPool2D):
        return Factor("won its tile", slope, "the largest of its tile goes on as it is")
    if isinstance(kind, BatchNorm):
        return Factor("γ / √(σ^{2} + ε)", slope, "what batch norm scales it by")
    return Factor("kept", slope, "dropout lets everything through")


def at_place(index: Sequence[int]) -> str:
    """An index as it is written: "[3, 7]"."""
    return f"[{', '.join(map(str, index))}]"
