"""Back-propagation step by step: a batch step as a list of stages, each with its formula, its
quantities and the line that computes them.

In formulas _{...} is a subscript and ^{...} a superscript.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from digitscope.arrays import Floats, to_input
from digitscope.inside import wording
from digitscope.inside.batch_step import BatchStep
from digitscope.inside.naming import output_symbols, subscript
from digitscope.inside.source import source_of
from digitscope.inside.stage import Part, Stage
from digitscope.inside.wording import backward_words, forward_words, gradient_words
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import LOSSES, one_hot
from digitscope.network.layers import Activation
from digitscope.network.optimizers import OPTIMIZERS, updated

__all__ = ["stages"]

NATURAL = ("binary_cross_entropy", "categorical_cross_entropy")


def stages(step: BatchStep) -> list[Stage]:
    """The stages of a batch step, in the order in which they are computed.

    >>> from digitscope.inside.batch_step import take_step
    >>> from digitscope.network.network import Network
    >>> network = Network.initialize("4-3-2", seed=1)
    >>> step = take_step(network, np.ones((1, 4)), np.array([1]), "categorical_cross_entropy")
    >>> [stage.id for stage in stages(step)]  # doctest: +NORMALIZE_WHITESPACE
    ['X', 'Z1', 'A1', 'Z2', 'A2', 'J', 'dZ2', 'dW2', 'dA1', 'dZ1', 'dW1', 'dX', 'W1', 'W2', 'after']
    """
    teller = _Teller(step)
    return [teller.marked(stage) for stage in teller.tell()]


class _Teller:
    """Tells a batch step; what every stage needs is named once."""

    def __init__(self, step: BatchStep) -> None:
        self.step, self.spec = step, step.network.spec
        self.names = ["X", *output_symbols(step.network)]  # of what enters layer i, and the logits
        self.symbols = [subscript(name) for name in self.names]
        self.values = [step.X, *(passed.Y for passed in step.passed.steps)]
        self.gradients = [step.dX, *step.dY]
        number = "".join(c for c in self.names[-1] if c.isdigit())
        self.output = next(n for n in (f"A{number}", f"A{number}'") if n not in self.names)
        self.last = len(self.spec.layers)

    def tell(self) -> Iterator[Stage]:
        """All stages."""
        step = self.step
        images = Part("", "X", step.X)
        yield Stage(
            "X", "forward", 0, "The image", "X", "The pixels as the network gets them: 0 is paper, "
            "1 is ink. An image is a row of X.", (images,),
            source_of(to_input, "X"),
        )  # fmt: skip
        for i in range(self.last):
            yield self.forward(i)
        yield self.activated()
        yield self.loss()
        yield self.delta()
        for i in reversed(range(self.last)):
            if self.spec.weight_names[i]:
                yield self.weight_gradient(i)
            yield self.back(i)
        for i in range(self.last):
            if self.spec.weight_names[i]:
                yield self.update(i)
        yield self.after()

    # --- forward ---

    def forward(self, i: int) -> Stage:
        """Through one layer."""
        layer, names = self.spec.layers[i], self.spec.weight_names[i].values()
        X, Y = self.symbols[i], self.symbols[i + 1]
        told = forward_words(layer, X, Y, [subscript(name) for name in names])
        met = tuple(self.weight(sign, n) for sign, n in zip(told.signs[:-1], names, strict=True))
        line = source_of(type(layer).forward, told.target)
        if isinstance(layer, Activation):
            line = source_of(ACTIVATIONS[layer.function].g)
        parts = (
            Part("", X, self.values[i]),
            *met,
            Part(told.signs[-1], Y, self.values[i + 1]),
        )
        return Stage(self.names[i + 1], "forward", i + 1, *told[:3], parts, line)

    def activated(self) -> Stage:
        """The output's activation."""
        Z, A, function = self.symbols[-1], subscript(self.output), self.spec.output
        words = {
            "softmax": "The answer: a probability for every class, adding up to 1.",
            "sigmoid": "The answer: every output by itself between 0 and 1.",
        }.get(function, "The answer.")
        return Stage(
            self.output, "forward", self.last + 1, f"Output: {function}",
            forward_words(Activation(function), Z, A, ()).formula, words,
            (Part("", Z, self.values[-1]), Part("→", A, self.step.A)),
            source_of(ACTIVATIONS[function].g),
        )  # fmt: skip

    # --- the loss, and back ---

    def loss(self) -> Stage:
        """How wrong the answer is."""
        step = self.step
        formula, words = wording.LOSSES[step.loss]
        A, Y = Part("", subscript(self.output), step.A), Part("against", "Y", self.truth)
        J = Part("→", "J", np.array([step.J]), "number")
        line = source_of(LOSSES[step.loss].loss, "J")
        title = f"Loss: {step.loss.replace('_', ' ')}"
        return Stage("J", "loss", self.last + 2, title, formula, words, (A, Y, J), line)

    def delta(self) -> Stage:
        """Where the way back begins."""
        step, output = self.step, self.spec.output
        A, Z = subscript(self.output), self.symbols[-1]
        parts = [Part("", A, step.A), Part("−", "Y", self.truth)]
        formula = f"d{Z} = ({A} − Y) / m"
        words = "The derivative of the output's activation cancels with that of the loss."
        if step.loss not in NATURAL:
            derivative = ACTIVATIONS[output].derivative
            words = "The error, times the slope of the output's activation."
            if derivative is not None:
                formula += f" ∘ {output}′({Z})"
                parts.append(Part("∘", f"{output}′({Z})", derivative(step.passed.Z)))
            else:
                formula = f"d{Z}_{{j}} = a_{{j}} (da_{{j}} − Σ_{{i}} da_{{i}} a_{{i}}),"
                formula += f"  d{A} = ({A} − Y) / m"
                words = "The error through softmax's derivative, which mixes the numbers of a row."
        parts.append(Part("=" if len(step.y) == 1 else "÷ m =", f"d{Z}", step.dY[-1]))
        return Stage(
            f"d{self.names[-1]}", "backward", self.last, "The way back begins", formula, words,
            tuple(parts), source_of(step.delta),
        )  # fmt: skip

    def weight_gradient(self, i: int) -> Stage:
        """What the loss says about a layer's weights."""
        layer, names = self.spec.layers[i], self.spec.weight_names[i]
        X, Y = self.symbols[i], self.symbols[i + 1]
        w = [subscript(name) for name in names.values()]
        title, formula, words, target, _ = gradient_words(layer, X, Y, w)
        if self.step.l2 and "W" in names:
            formula += f"  + λ {subscript(names['W'])}"
            words += f" The L2 penalty adds λ = {self.step.l2:g} times the weight itself."
        parts = [Part("", X, self.values[i]), Part("with", f"d{Y}", self.gradients[i + 1])]
        for before, name, symbol in zip(("→", "and"), names.values(), w, strict=True):
            parts.append(Part(before, f"d{symbol}", self.step.gradients[name], "weight", name))
        id = f"d{next(iter(names.values()))}"
        line = source_of(self.step.passed.steps[i].backward, target)
        return Stage(id, "backward", i + 1, title, formula, words, tuple(parts), line)

    def back(self, i: int) -> Stage:
        """Through one layer, backwards."""
        layer, names = self.spec.layers[i], list(self.spec.weight_names[i].values())
        X, Y = self.symbols[i], self.symbols[i + 1]
        told = backward_words(layer, X, Y, [subscript(name) for name in names])
        words = told.words
        if i == 0:
            words += " For the image itself training leaves this out: pixels are not learned."
        line = source_of(self.step.passed.steps[i].backward, told.target)
        met: tuple[Part, ...] = ()
        if isinstance(layer, Activation):
            derivative = ACTIVATIONS[layer.function].derivative
            if derivative is None:
                met = (Part(told.signs[0], Y, self.values[i + 1]),)
            else:
                line = source_of(derivative)
                slope = derivative(self.values[i])
                met = (Part(told.signs[0], f"{layer.function}′({X})", slope),)
        elif names:
            met = (self.weight(told.signs[0], names[0]),)
        parts = (
            Part("", f"d{Y}", self.gradients[i + 1]),
            *met,
            Part(told.signs[-1], f"d{X}", self.gradients[i]),
        )
        id = f"d{self.names[i]}"
        return Stage(id, "backward", i, told.title, told.formula, words, parts, line)

    # --- the update ---

    def update(self, i: int) -> Stage:
        """New weights of one layer."""
        step, names = self.step, self.spec.weight_names[i]
        first = next(iter(names.values()))
        parts: list[Part] = []
        for k, name in enumerate(names.values()):
            W, old, new = subscript(name), step.network.weights[name], step.weights[name]
            parts += [
                Part("" if k == 0 else "and", W, old, "weight", name),
                Part("+", f"step of {W}", new - old, "weight", name),
                Part("=", f"new {W}", new, "weight", name),
            ]
        rule = wording.RULES[step.optimizer]
        words = f"{step.optimizer} with η = {step.eta:g}: a small step against the gradient."
        if step.optimizer != "sgd":
            words += " It begins here: its memory of earlier gradients is empty."
        title = f"Update of {' and '.join(subscript(n) for n in names.values())}"
        line = source_of(OPTIMIZERS[step.optimizer].update)
        return Stage(first, "update", i + 1, title, rule, words, tuple(parts), line)

    def after(self) -> Stage:
        """Was it worth it? The same batch again, with the new weights."""
        step = self.step
        A = subscript(self.output)
        again = step.updated.predict(step.X)
        J = step.J_with(step.weights)
        parts = (
            Part("", A, step.A),
            Part("→", f"new {A}", again),
            Part("", "J", np.array([step.J]), "number"),
            Part("→", "new J", np.array([J]), "number"),
        )
        words = f"The same images through the new weights: {self.judged(J)}."
        line = source_of(updated, "new_weights")
        return Stage(
            "after", "update", self.last + 2, "After the update", "J(new W) against J(W)", words,
            parts, line,
        )  # fmt: skip

    # --- helpers ---

    def judged(self, J: float) -> str:
        """What became of the loss, in words."""
        step = self.step
        if J < step.J:
            return "the loss is smaller"
        if J == step.J:
            return "the loss is what it was"
        if step.l2 and step.loss_with(step.weights) < step.loss_with(step.network.weights):
            return "the loss is larger, but its sum with the L2 penalty is smaller"
        return "the loss is not smaller: too far"

    def marked(self, stage: Stage) -> Stage:
        """A stage whose parts say where they have a number for each output."""
        Z, A = self.symbols[-1], subscript(self.output)
        names = {Z, f"d{Z}", A, f"new {A}", "Y", f"{self.spec.output}′({Z})"}
        parts = (replace(p, kind="output") if p.symbol in names else p for p in stage.parts)
        return replace(stage, parts=tuple(parts))

    def weight(self, before: str, name: str) -> Part:
        return Part(before, subscript(name), self.step.network.weights[name], "weight", name)

    @property
    def truth(self) -> Floats:
        """What the output should show, [n, n_out]."""
        return one_hot(self.step.y, self.spec.n_out, np.float64)
