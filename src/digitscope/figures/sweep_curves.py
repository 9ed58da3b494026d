"""The curves of many runs in one figure, so that it shows at a glance which settings work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from digitscope.figures.style import (
    AMBER,
    BLUE,
    DASHES,
    GREEN,
    MARKERS,
    SERIES,
    VERMILION,
    new_figure,
    styled,
)
from digitscope.figures.sweep import (
    SweepPoint,
    in_order,
    in_words,
    is_number,
    legend_columns,
    shown,
)

__all__ = ["sweep_curves", "verdicts"]

NEAR = 1.25  # a loss within so many times the best one is right
LOOKS = {  # a colour, a line's style and a marker for each verdict
    "too small": (BLUE, "--", "v"),
    "right": (GREEN, "-", "o"),
    "too large": (AMBER, "-.", "^"),
    "diverging": (VERMILION, ":", "X"),
}


def verdicts(runs: Sequence[SweepPoint], setting: str = "learning_rate") -> dict[Any, str]:
    """What can be said of each value of a setting, from the mean best loss of its runs.

    "right" are the values whose loss is within 1.25 times the best one; what lies below them is
    "too small", what lies above "too large", and "diverging" if any of its runs diverged.

    >>> def run(rate, loss, diverged=False):
    ...     return SweepPoint("", {"learning_rate": rate}, 0.9, loss, 1.0, diverged)
    >>> verdicts([run(0.001, 1.2), run(0.1, 0.2), run(2.0, 0.6), run(9.0, math.nan, True)])
    {0.001: 'too small', 0.1: 'right', 2.0: 'too large', 9.0: 'diverging'}
    """
    values = in_order(run.settings[setting] for run in runs)
    groups = {v: [run for run in runs if run.settings[setting] == v] for v in values}
    lost = {value for value, group in groups.items() if any(run.diverged for run in group)}
    mean = {
        v: float(np.mean([r.loss for r in group])) for v, group in groups.items() if v not in lost
    }
    best = min(mean, key=lambda value: mean[value], default=None)
    found = {}
    for value in groups:
        if value in lost:
            found[value] = "diverging"
        elif best is None or mean[value] <= NEAR * mean[best]:
            found[value] = "right"
        else:
            found[value] = "too small" if float(value) < float(best) else "too large"
    return found


@styled
def sweep_curves(runs: Sequence[SweepPoint], setting: str = "learning_rate") -> Figure:
    """Validation loss and accuracy of many runs, a line each, told apart by the value of a setting.

    For numbers, such as learning rates, the values are grouped as `verdicts` says; other values
    have a colour each. The loss has a logarithmic axis, and a diverged run ends in a cross.

    >>> from digitscope.training.events import EpochEnded
    >>> e = EpochEnded(1, 0.3, 0.9, 0.3, 0.9, 0.1, 1.0, 1.0, True)
    >>> figure = sweep_curves([SweepPoint("a", {"learning_rate": 0.1}, 0.9, 0.3, 1.0, False, [e])])
    >>> figure.axes[0].get_yscale()
    'log'
    """
    values = in_order(run.settings[setting] for run in runs)
    judged = verdicts(runs, setting) if all(is_number(value) for value in values) else {}
    fig = new_figure(
        5.9,
        f"{len(runs)} runs, by {in_words(setting)}: loss and accuracy on the validation images",
        "Epoch 0 is the untrained network. A cross is the last epoch of a run that diverged.",
    )
    left, right = fig.subplots(1, 2)
    ordered = sorted(runs, key=lambda run: values.index(run.settings[setting]))
    for run in ordered:
        value = run.settings[setting]
        name = f"{shown(value)}: {judged[value]}" if judged else shown(value)
        look = _look(value, values, judged)
        _draw(left, run, _points(run, "watched_loss", 1), look, name)
        _draw(right, run, _points(run, "watched_accuracy", 100), look, name)
    _axes(left, right, ordered)
    labels = dict(zip(*reversed(left.get_legend_handles_labels()), strict=True))
    fig.legend(
        labels.values(),
        labels.keys(),
        loc="outside lower center",
        ncols=legend_columns(list(labels)),
    )
    return fig


def _look(value: Any, values: list[Any], judged: dict[Any, str]) -> tuple[str, str, str]:
    """Colour, line's style and marker; the values of one verdict differ in the marker."""
    i = values.index(value)
    if not judged:
        return SERIES[i % len(SERIES)], DASHES[i % len(DASHES)], MARKERS[i % len(MARKERS)]
    colour, dash, marker = LOOKS[judged[value]]
    alike = [v for v in values if judged[v] == judged[value]]
    markers = [marker, *(m for m in MARKERS if m not in (marker, "X"))]
    return colour, dash, markers[alike.index(value) % len(markers)]


def _points(run: SweepPoint, what: str, factor: float) -> list[tuple[int, float]]:
    """The epochs and the finite numbers measured after them."""
    points = [(event.epoch, factor * getattr(event, what)) for event in run.history]
    return [(epoch, number) for epoch, number in points if math.isfinite(number)]


def _draw(
    ax: Axes,
    run: SweepPoint,
    points: list[tuple[int, float]],
    look: tuple[str, str, str],
    name: str,
) -> None:
    colour, dash, marker = look
    ax.plot(
        [epoch for epoch, _ in points],
        [number for _, number in points],
        color=colour,
        linestyle=dash,
        marker=marker,
        markersize=5.5,
        markevery=max(1, len(points) // 8),
        label=name,
    )
    if run.diverged and points:
        ax.plot(*points[-1], "X", color=VERMILION, markersize=12, markeredgecolor="white", zorder=5)


def _axes(left: Axes, right: Axes, runs: Sequence[SweepPoint]) -> None:
    """The loss on a logarithmic axis; the accuracy from near where the good runs end."""
    left.set_yscale("log")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.yaxis.set_minor_formatter(NullFormatter())
    left.set(title="Loss", xlabel="epoch", ylabel="loss (log)")
    ends = [100 * run.accuracy for run in runs if not run.diverged and math.isfinite(run.accuracy)]
    low = max(0.0, min(ends) - 10) if ends else 0.0
    right.set(title="Accuracy", xlabel="epoch", ylabel="accuracy (%)")
    if max((len(run.history) for run in runs), default=0) > 2 and ends:
        right.set_ylim(low, max(ends) + 0.06 * (max(ends) - low))
    for ax in (left, right):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
