"""Curves: loss and accuracy, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from digitscope.arrays import Floats
from digitscope.figures.style import BLUE, MUTED, VERMILION, new_figure, percent, styled
from digitscope.training.events import EpochEnded

__all__ = ["curves"]


@styled
def curves(
    history: Sequence[EpochEnded], watched: str, title: str = "Training, epoch by epoch"
) -> Figure:
    """Loss and accuracy over the epochs, on training images and on `watched` ones.

    `watched` is "validation" or "test". Epoch 0 is the untrained network. It is far from all the
    rest, so the axes show the epochs after it, and its value is written at the edge where its
    curve comes in. The epoch whose weights were kept is marked: the best on the validation images,
    or plainly the last where there are none.

    >>> e = EpochEnded(0, 2.3, 0.1, 2.3, 0.1, 0.1, 0, 0, True)
    >>> [ax.get_ylabel() for ax in curves([e], "test").axes]
    ['loss', 'accuracy (%)']
    """
    epochs = np.array([event.epoch for event in history])
    kept = max(
        (event for event in history if event.best), key=lambda e: e.epoch, default=history[-1]
    )
    why = "best on validation" if watched == "validation" else "the last"
    note = (
        f"Solid: {watched} images. Dashed: training images. "
        f"Kept: the weights of epoch {kept.epoch} ({why})."
    )
    fig = new_figure(4.9, title, note)
    fig.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr, call-arg]
    panels = (
        (fig.add_subplot(1, 2, 1), "loss", 1.0),
        (fig.add_subplot(1, 2, 2), "accuracy", 100.0),
    )
    for ax, what, factor in panels:
        train = factor * np.array([getattr(event, f"train_{what}") for event in history])
        second = factor * np.array([getattr(event, f"watched_{what}") for event in history])
        _draw(ax, epochs, train, second, watched)
        _zoom(ax, epochs, train, second, what)
        _mark(ax, kept.epoch, float(second[epochs == kept.epoch][0]))
        _label_ends(ax, (train[-1], second[-1]), ("training", watched), what)
        ax.set(title=what.capitalize(), xlabel="epoch")
        ax.set_ylabel("accuracy (%)" if what == "accuracy" else "loss")
    return fig


def _draw(ax: Axes, epochs: Floats, train: Floats, second: Floats, watched: str) -> None:
    every = max(1, len(epochs) // 15)
    common: dict[str, Any] = {"markersize": 5.5, "markevery": every}
    ax.plot(epochs, train, "--o", color=BLUE, markerfacecolor="white", label="training", **common)
    ax.plot(epochs, second, "-s", color=VERMILION, label=watched, **common)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    last = max(1, int(epochs[-1]))
    ax.set_xlim(-0.04 * last, 1.04 * last)


def _zoom(ax: Axes, epochs: Floats, train: Floats, second: Floats, what: str) -> None:
    """Axes for the epochs worth telling apart, and what was left outside in words."""
    both = np.stack([train, second])
    skipped = max(1, len(epochs) // 12)
    shown = both[:, epochs >= skipped]
    shown = shown[np.isfinite(shown)]
    if epochs[-1] < 2 or shown.size == 0:
        top = 105 if what == "accuracy" else 1.1 * float(np.nanmax(both))
        ax.set_ylim(0, top if np.isfinite(top) and top > 0 else 1)
        return
    low, high = float(shown.min()), float(shown.max())
    span = max(high - low, 1.0 if what == "accuracy" else 1e-3)
    if what == "accuracy":  # more room on the side where epoch 0 is written
        ax.set_ylim(low - 0.22 * span, min(high + 0.12 * span, 100 + 0.03 * span))
    else:
        ax.set_ylim(max(0.0, low - 0.12 * span), high + 0.22 * span)
    bottom, top = ax.get_ylim()
    first = float(second[0])
    if epochs[0] == 0 and np.isfinite(first) and not bottom <= first <= top:
        below = first < bottom
        ax.text(
            0.93,
            0.03 if below else 0.97,
            f"epoch 0, untrained: {_value(first, what)} {'↓' if below else '↑'}",
            transform=ax.transAxes,
            ha="right",
            va="bottom" if below else "top",
            color=MUTED,
            fontsize=9.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        )


def _mark(ax: Axes, epoch: int, value: float) -> None:
    """The epoch whose weights were kept: a line and a star."""
    ax.axvline(epoch, color=MUTED, linewidth=1, linestyle=":")
    ax.plot(
        [epoch],
        [value],
        "*",
        markersize=15,
        color=VERMILION,
        markeredgecolor="white",
        markeredgewidth=1.1,
        zorder=5,
        label="kept",
    )


def _label_ends(ax: Axes, ends: tuple[float, float], names: tuple[str, str], what: str) -> None:
    """The last values, beside the ends of their curves, moved apart where they would overlap."""
    bottom, top = ax.get_ylim()
    at = [(end - bottom) / (top - bottom) if np.isfinite(end) else 0.5 for end in ends]
    apart = 0.13  # of the axes' height: two lines of words
    if abs(at[0] - at[1]) < apart:
        middle = min(max((at[0] + at[1]) / 2, apart / 2), 1 - apart / 2)
        up = 1 if at[0] > at[1] else -1
        at = [middle + up * apart / 2, middle - up * apart / 2]
    for y, end, name, colour in zip(at, ends, names, (BLUE, VERMILION), strict=True):
        ax.text(
            1.02,
            y,
            f"{name}\n{_value(end, what)}",
            transform=ax.transAxes,
            va="center",
            color=colour,
            fontsize=10,
            weight="bold",
            linespacing=1.1,
        )


def _value(value: float, what: str) -> str:
    return percent(value / 100, 2) if what == "accuracy" else f"{value:.4f}"
