"""One prediction in detail: the image, and the probability of every digit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscope.arrays import Images
from digitscope.figures.style import (
    BLUE,
    DIGITS,
    GREEN,
    INK,
    MUTED,
    VERMILION,
    frame,
    new_figure,
    percent,
    styled,
)

__all__ = ["prediction_detail"]


@styled
def prediction_detail(
    image: Images,
    shares: Mapping[str, float],
    answer: int,
    truth: int | None = None,
    name: str = "",
    rejected: str = "",
) -> Figure:
    """The image [28, 28] beside the probability of every digit, and of none, as bars.

    The predicted digit is marked, and the true one if it is known. `name` says which image it is,
    such as test:100. `rejected` is the reason why the answer should not be taken, if there is one.

    >>> shares = {"1": 0.2, "7": 0.6, "none": 0.2}
    >>> prediction_detail(np.zeros((28, 28), np.uint8), shares, 7).get_suptitle()
    'Read as 7, 60.0 % sure'
    """
    title = f"Read as {answer}, {percent(shares[str(answer)])} sure"
    if rejected:
        title = f"Rejected; most like {answer}, {percent(shares[str(answer)])}"
    fig = new_figure(4.4, title, _note(answer, truth, name, rejected))
    left, right = fig.subplots(1, 2, width_ratios=(1, 2.1))
    left.imshow(image, cmap=DIGITS, vmin=0, vmax=255)
    frame(left)
    left.set_title(name or "the image")
    _bars(right, shares, answer, truth, bool(rejected))
    return fig


def _note(answer: int, truth: int | None, name: str, rejected: str) -> str:
    words = [f"Why: {rejected}."] if rejected else []
    if truth is not None:
        words.append(f"The label says {truth}: {'✓ right' if truth == answer else '✗ wrong'}.")
    return " ".join(words)


def _bars(
    ax: Axes,
    shares: Mapping[str, float],
    answer: int,
    truth: int | None,
    rejected: bool,
) -> None:
    names = list(shares)
    values = 100 * np.array(list(shares.values()))
    best = names.index(str(answer))
    marked = MUTED if rejected else BLUE
    bars = ax.bar(
        range(len(values)), values, color="#c9d8e4", width=min(0.72, 0.12 + 0.1 * len(values))
    )
    bars[best].set(facecolor=marked, hatch="//" if rejected else None, edgecolor="white")
    for i, value in enumerate(values):
        ax.text(
            i,
            value + 1.5,
            percent(value / 100).replace(" %", ""),
            ha="center",
            fontsize=9.5 if len(values) > 4 else 11,
            weight="bold" if i == best else "normal",
            color=marked if i == best else INK,
        )
    ax.set_xticks(range(len(values)), names, fontsize=12, color=INK)
    if truth is not None and str(truth) in names:
        _mark_truth(ax, names.index(str(truth)), best)
    ax.set_ylim(0, 112)
    ax.set_yticks(range(0, 101, 20))
    ax.set_xlabel("digit", labelpad=12)
    ax.set_ylabel("probability (%)")
    ax.set_title("Probability of every digit")
    ax.grid(False, axis="x")


def _mark_truth(ax: Axes, place: int, best: int) -> None:
    """The word "label" under the true digit, green where the answer is right."""
    colour = GREEN if place == best else VERMILION
    ax.get_xticklabels()[place].set(color=colour, fontweight="bold")
    ax.annotate(
        "label",
        (place, 0),
        (0, -27),
        textcoords="offset points",
        xycoords=("data", "axes fraction"),
        ha="center",
        color=colour,
        fontsize=9,
        weight="bold",
    )
