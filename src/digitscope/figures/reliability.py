"""The reliability diagram: how sure a model was, against how often it was right."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from digitscope.evaluation.calibration import Bin, Calibration
from digitscope.figures.style import BLUE, MUTED, VERMILION, new_figure, percent, styled

__all__ = ["reliability"]


@styled
def reliability(calibration: Calibration) -> Figure:
    """Accuracy against confidence in bins, above the number of images in each bin.

    On the diagonal a model that says 90 % is right nine times out of ten. Below it, it is too sure;
    above it, it could be surer. The title holds the expected calibration error.
    """
    bins = [b for b in calibration.bins if b.images]
    fig = new_figure(
        7.4,
        f"Reliability: expected calibration error {percent(calibration.error, 2)}",
        "How often the model was right, by how sure it was. On the dashed line a confidence can be "
        "taken at its word; the vertical lines are the gaps to it.",
    )
    above, below = fig.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _diagram(above, bins)
    _counts(below, bins)
    below.set_xlim(0, 100)
    below.set_xlabel("confidence (%)")
    return fig


def _diagram(ax: Axes, bins: list[Bin]) -> None:
    ax.plot(
        [0, 100], [0, 100], color=MUTED, linestyle="--", linewidth=1.2, label="perfectly calibrated"
    )
    sure, right = _percents([b.confidence for b in bins]), _percents([b.accuracy for b in bins])
    for b in bins:
        ax.bar(
            100 * b.low,
            100 * b.accuracy,
            100 * (b.high - b.low),
            align="edge",
            color=BLUE,
            alpha=0.16,
            edgecolor=BLUE,
            linewidth=0.8,
        )
    ax.vlines(sure, np.minimum(sure, right), np.maximum(sure, right), color=VERMILION, linewidth=2)
    ax.plot(sure, right, "o", color=BLUE, markersize=7, label="measured", zorder=4, clip_on=False)
    ax.plot([], [], color=VERMILION, linewidth=2, label="gap")
    ax.set_ylim(0, 104)
    ax.set_ylabel("accuracy (%)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)


def _counts(ax: Axes, bins: list[Bin]) -> None:
    """The images of each bin, on a logarithmic scale: nearly all of them are in the last."""
    for b in bins:
        ax.bar(
            100 * b.low,
            b.images,
            100 * (b.high - b.low),
            align="edge",
            color=BLUE,
            alpha=0.55,
            edgecolor="white",
        )
        middle = 50 * (b.low + b.high)
        ax.text(middle, b.images * 1.15, f"{b.images:,}", ha="center", va="bottom", fontsize=9)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_ylim(0.7, 8 * max((b.images for b in bins), default=1))
    ax.set_ylabel("images (log)")


def _percents(parts: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 100 * np.array(parts, np.float64)
