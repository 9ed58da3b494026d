"""One setting of a sweep: what it does to the accuracy, and what it costs in time."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscope.errors import SettingError, nearest
from digitscope.figures.style import (
    DASHES,
    INK,
    MARKERS,
    MUTED,
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

__all__ = ["sweep_settings"]

Lines = dict[str, list[SweepPoint]]


@styled
def sweep_settings(rows: Sequence[SweepPoint], setting: str) -> Figure:
    """Accuracy and training time of every run, over the values of one setting.

    Runs that agree in all other settings share a marker and, where the values are numbers, a line.
    A diverged run is a cross on the lower edge. SettingError if the sweep did not vary `setting`.

    >>> rows = [SweepPoint(str(n), {"hidden": n}, 0.9, 0.3, 4.0) for n in (16, 64)]
    >>> [text.get_text() for text in sweep_settings(rows, "hidden").axes[0].get_xticklabels()]
    ['16', '64']
    """
    varied = sorted({name for row in rows for name in row.settings})
    if setting not in varied:
        raise SettingError(f"the sweep did not vary {setting!r}: {nearest(setting, varied)}")
    values = in_order(row.settings[setting] for row in rows)
    lines = _lines(rows, setting)
    fig = new_figure(
        5.4 if len(lines) < 2 else 5.9,
        f"{len(rows)} runs, by {in_words(setting)}: accuracy and time",
        "Left: the best epoch on the validation images. Right: what the training cost."
        + (" Markers tell apart what else was varied." if len(lines) > 1 else ""),
    )
    left, right = fig.subplots(1, 2)
    _draw(left, lines, values, setting, "accuracy")
    _draw(right, lines, values, setting, "seconds")
    _crosses(left, [row for row in rows if row.diverged], values, setting)
    left.set(title="Validation accuracy", ylabel="accuracy (%)")
    right.set(title="Training time", ylabel="time (s)")
    right.set_ylim(0, 1.08 * right.get_ylim()[1])
    handles, names = left.get_legend_handles_labels()
    if len(names) > 1:
        fig.legend(handles, names, loc="outside lower center", ncols=legend_columns(names))
    return fig


def _lines(rows: Sequence[SweepPoint], setting: str) -> Lines:
    """The runs, by what else tells them apart."""
    names = [
        name
        for name in rows[0].settings
        if name != setting and len({str(row.settings.get(name)) for row in rows}) > 1
    ]
    lines: Lines = {}
    for row in rows:
        key = ", ".join(f"{in_words(name)} {shown(row.settings.get(name))}" for name in names)
        lines.setdefault(key or "all runs", []).append(row)
    return lines


def _draw(ax: Axes, lines: Lines, values: list[Any], setting: str, what: str) -> None:
    """A line for each combination of other settings; too many are drawn alike."""
    alike = len(lines) > len(SERIES)
    numbers = all(is_number(value) for value in values)
    factor = 100 if what == "accuracy" else 1
    drawn = 0
    for name, line in lines.items():
        finished = [row for row in line if not row.diverged and math.isfinite(row.accuracy)]
        finished.sort(key=lambda row: values.index(row.settings[setting]))
        if not finished:
            continue
        label = f"{len(lines)} combinations of other settings" if alike else name
        ax.plot(
            [values.index(row.settings[setting]) for row in finished],
            [factor * getattr(row, what) for row in finished],
            linestyle=(DASHES[drawn % len(DASHES)] if numbers else "none"),
            marker="o" if alike else MARKERS[drawn],
            color=MUTED if alike else SERIES[drawn],
            alpha=0.5 if alike else 1,
            markersize=7,
            label=label if not (alike and drawn) else None,
        )
        drawn += 1
    _label(ax, values, setting)


def _label(ax: Axes, values: list[Any], setting: str) -> None:
    room = max(5, 42 // len(values))  # letters; a long architecture goes on in the next line
    names = ["\n".join(textwrap.wrap(shown(value), room)) for value in values]
    ax.set_xticks(range(len(values)), names, color=INK)
    ax.set_xlim(-0.5, len(values) - 0.5)
    ax.set_xlabel(in_words(setting))


def _crosses(ax: Axes, lost: list[SweepPoint], values: list[Any], setting: str) -> None:
    """Diverged runs have no accuracy: they are crosses on the lower edge."""
    if not lost:
        return
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.1 * (high - low), high)
    ax.plot(
        [values.index(row.settings[setting]) for row in lost],
        [0.04] * len(lost),
        "X",
        transform=ax.get_xaxis_transform(),
        color=VERMILION,
        markeredgecolor="white",
        markersize=11,
        label="diverged",
    )
