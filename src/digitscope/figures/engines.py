"""Engines side by side: their curves laid over each other, what is between them, what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from digitscope.comparison.results import Comparison, Measured, Row
from digitscope.figures.style import (
    AMBER,
    DASHES,
    HAIRLINE,
    INK,
    MARKERS,
    MUTED,
    SERIES,
    new_figure,
    styled,
)

__all__ = ["engines"]

WIDEST, NARROWEST = 10.0, 1.6  # points, so that curves that coincide show as nested bands


@styled
def engines(comparison: Comparison) -> Figure:
    """The loss of every engine, drawn from wide to narrow, so that curves that coincide are seen;
    the largest difference of any weight from NumPy's; and below, time and memory.

    An engine that did not run to its end is named where its bar would be.
    """
    done, recipe = comparison.done, comparison.recipe
    watched = "validation" if recipe.validation else "test"
    fig = new_figure(
        5.7 + 0.26 * len(comparison.rows),
        f"{len(done)} engine{'' if len(done) == 1 else 's'}, the same training: "
        f"{comparison.recipe.name}",
        "From the same first weights on the same batches. Curves are drawn from wide to narrow: "
        "where they coincide, all show. Right: what rounding makes of it.",
    )
    grid = GridSpec(2, 6, figure=fig, height_ratios=(3.4, 0.5 + 0.3 * len(comparison.rows)))
    left, right = fig.add_subplot(grid[0, :3]), fig.add_subplot(grid[0, 3:])
    _curves(left, done, watched)
    _differences(right, done)
    first = fig.add_subplot(grid[1, :2])
    _bars(first, comparison.rows, "seconds to the first step", lambda m: m.first_step_seconds)
    _imports(first, comparison.rows)
    epoch = fig.add_subplot(grid[1, 2:4])
    _bars(epoch, comparison.rows, "seconds an epoch", lambda m: m.epoch_seconds)
    memory = fig.add_subplot(grid[1, 4:])
    _bars(memory, comparison.rows, "peak memory (MB)", lambda m: (m.memory or 0) / 1e6)
    for ax in (epoch, memory):
        ax.set_yticklabels([])
    return fig


def _colour(row: Row, rows: Sequence[Row]) -> str:
    """NumPy is amber, which all others are seen on; the rest have a colour each."""
    if row.engine == "numpy":
        return AMBER
    others = [colour for colour in SERIES if colour != AMBER]
    return others[[r.engine for r in rows if r.engine != "numpy"].index(row.engine) % len(others)]


def _curves(ax: Axes, done: Sequence[Row], watched: str) -> None:
    widths = np.linspace(WIDEST, NARROWEST, max(2, len(done)))
    for i, row in enumerate(done):
        assert row.measured is not None
        history = row.measured.history
        ax.plot(
            [event.epoch for event in history],
            [event.watched_loss for event in history],
            color=_colour(row, done),
            linewidth=widths[i],
            linestyle="-" if i < 2 else DASHES[1],
            solid_capstyle="round",
            label=row.engine,
        )
    ax.set(title=f"Loss on the {watched} images", xlabel="epoch", ylabel="loss", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if done:
        ax.legend()


def _differences(ax: Axes, done: Sequence[Row]) -> None:
    """Epoch 0 is left out: there the weights are the same."""
    ax.set(title="Largest difference from NumPy", xlabel="epoch")
    ax.set_ylabel("difference of a weight (log)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    shown = [row for row in done if row.difference is not None and row.engine != "numpy"]
    if not shown:
        ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        ax.text(0.5, 0.5, "nothing to compare with NumPy", ha="center", color=MUTED)
        return
    for i, row in enumerate(shown):
        assert row.difference is not None
        values = np.array(row.difference.by_epoch[1:])
        same = not values.any()
        ax.plot(
            np.arange(1, len(values) + 1),
            np.where(values > 0, values, np.nan),
            color=_colour(row, done),
            linestyle=DASHES[i % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)],
            markersize=5.5,
            label=f"{row.engine}: the same bits" if same else row.engine,
        )
    ax.set_yscale("log")
    found = [v for row in shown if row.difference for v in row.difference.by_epoch if v > 0]
    low, high = (min(found), max(found)) if found else (1e-8, 1e-6)
    # Whole decades, and one more at the top for the legend.
    ax.set_ylim(10 ** np.floor(np.log10(low)), 10 ** (np.ceil(np.log10(high)) + 1))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.legend(loc="upper left", ncols=2 if len(shown) > 2 else 1)


def _bars(ax: Axes, rows: Sequence[Row], title: str, figure: Callable[[Measured], float]) -> None:
    """A bar an engine with its value, the first on top."""
    values = [figure(row.measured) if row.measured else 0.0 for row in rows]
    longest = max(values, default=0.0) or 1.0
    for y, (row, value) in enumerate(zip(rows, values, strict=True)):
        known = row.measured is not None and value > 0
        colour = _colour(row, rows)
        ax.barh(y, value, 0.62, color=colour)
        said = _number(value) if known else row.status if row.measured is None else "not known"
        ax.text(
            value + 0.02 * longest,
            y,
            said,
            va="center",
            fontsize=9.5,
            color=INK if known else MUTED,
        )
    ax.set(xlim=(0, 1.28 * longest), ylim=(len(rows) - 0.4, -0.6), xlabel=title)
    ax.set_yticks(range(len(rows)), [row.engine for row in rows], color=INK)
    ax.set_ylabel("")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(4))


def _imports(ax: Axes, rows: Sequence[Row]) -> None:
    """The part of the first step that is importing, hatched."""
    for y, row in enumerate(rows):
        if row.measured is not None:
            ax.barh(
                y,
                row.measured.import_seconds,
                0.62,
                facecolor="none",
                edgecolor="white",
                hatch="////",
                linewidth=0,
            )
    ax.set_xlabel("seconds to the first step; hatched: importing")
    ax.spines["left"].set_color(HAIRLINE)


def _number(value: float) -> str:
    """Three digits or so."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
