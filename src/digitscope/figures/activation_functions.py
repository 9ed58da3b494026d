"""The activation functions, each with its derivative, from the tables that the networks use."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscope.figures.style import BLUE, MUTED, VERMILION, new_figure, styled
from digitscope.maths.activations import ACTIVATIONS, softmax

__all__ = ["activation_functions"]

FORMULAS = {
    "linear": ("Linear", "$g(z) = z$"),
    "sigmoid": ("Sigmoid", r"$\sigma(z) = 1\,/\,(1 + e^{-z})$"),
    "tanh": ("tanh", r"$\tanh z$"),
    "relu": ("ReLU", r"$\max(0, z)$"),
}
LOGITS = (2.0, 1.0, 0.1, -1.0)


@styled
def activation_functions() -> Figure:
    """Linear, sigmoid, tanh and ReLU with their derivatives, and softmax on an example of logits.

    >>> len(activation_functions().axes)
    6
    """
    fig = new_figure(
        7.0,
        "Activation functions",
        "Solid: the function g. Dashed: its derivative, the factor by which back-propagation "
        "passes the gradient on. Softmax works on all outputs of a layer together.",
    )
    axes = fig.subplots(2, 3)
    z = np.linspace(-4, 4, 401)
    for ax, (name, (title, formula)) in zip(axes.flat, FORMULAS.items(), strict=False):
        _draw(ax, z, name)
        ax.set_title(f"{title}: {formula}", parse_math=True)
    _logits(axes[1, 1])
    _probabilities(axes[1, 2])
    return fig


def _draw(ax: Axes, z: np.ndarray[tuple[int], np.dtype[np.float64]], name: str) -> None:
    activation = ACTIVATIONS[name]
    assert activation.derivative is not None, name
    a = activation.g(z)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.plot(z, a, color=BLUE, linewidth=2.4, label="g(z)")
    ax.plot(z, activation.derivative(z), "--", color=VERMILION, label="g'(z)")
    ax.set(xlabel="input z", ylabel="output", xlim=(-4, 4))
    if name in ("linear", "relu"):
        ax.set_ylim(*((-4, 4) if name == "linear" else (-0.5, 4)))
    else:
        ax.set_ylim(-0.1 if name == "sigmoid" else -1.1, 1.1)
    ax.legend(loc="upper left", borderpad=0.2, handlelength=1.8)


def _logits(ax: Axes) -> None:
    bars = ax.bar(range(len(LOGITS)), LOGITS, color="#c9d8e4", width=0.7)
    ax.bar_label(bars, [f"{z:g}".replace("-", "−") for z in LOGITS], padding=2)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.set(title="Softmax takes logits ...", xlabel="output neuron", ylabel="logit z")
    ax.set_ylim(-1.6, 2.6)
    ax.set_xticks(range(len(LOGITS)))
    ax.grid(False, axis="x")


def _probabilities(ax: Axes) -> None:
    P = softmax(np.array([LOGITS]))[0]
    bars = ax.bar(range(len(P)), P, color=BLUE, width=0.7)
    ax.bar_label(bars, [f"{p:.3f}" for p in P], padding=2)
    ax.set(title="... and gives probabilities", xlabel="output neuron", ylabel="probability")
    ax.set_ylim(0, 0.8)
    ax.set_xticks(range(len(P)))
    ax.text(0.97, 0.95, f"sum: {P.sum():.0f}", transform=ax.transAxes, ha="right", va="top")
    ax.grid(False, axis="x")
