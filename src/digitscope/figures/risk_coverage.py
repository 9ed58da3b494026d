"""The risk-coverage curve: what is gained by refusing the least sure answers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from digitscope.evaluation.rejection import ACCURACIES, Rejection
from digitscope.figures.style import BLUE, MUTED, VERMILION, new_figure, percent, styled

__all__ = ["risk_coverage"]

LOWEST = 1e-4  # a tenth of the strictest accuracy that is marked


@styled
def risk_coverage(rejection: Rejection) -> Figure:
    """The part of the given answers that is wrong, against the part that is given.

    At the right every image is answered. To the left of it the least sure answers are refused; a
    curve that falls steeply refuses those that would have been wrong.
    """
    fig = new_figure(
        5.4,
        "Refusing the least sure answers: risk and coverage",
        "Each point is a limit of confidence: how many images are answered above it, and how many "
        "of these answers are wrong (on a logarithmic scale).",
    )
    ax = fig.subplots()
    wrong = [max(LOWEST, float(risk)) for risk in rejection.risk]
    ax.plot(100 * rejection.coverage, wrong, color=BLUE, linewidth=2, drawstyle="steps-post")
    low = 100 * min(0.9, *(rejection.coverage_at(a) for a in ACCURACIES))
    for accuracy in ACCURACIES:
        coverage = rejection.coverage_at(accuracy)
        ax.axhline(1 - accuracy, color=MUTED, linewidth=0.8, linestyle="--")
        if coverage:
            risk = wrong[int(np.searchsorted(rejection.coverage, coverage - 1e-9))]
            ax.plot(100 * coverage, risk, "o", color=VERMILION, clip_on=False, zorder=4)
        told = f"{percent(accuracy, 1)} right on {percent(coverage, 1)} of the images"
        ax.text(low, 1.06 * (1 - accuracy), told, ha="left", va="bottom", fontsize=9)
    ax.set_yscale("log")
    ax.set_ylim(LOWEST, max(0.02, 1.3 * max(wrong)))
    ax.set_xlim(low, 100.2)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylabel("wrong answers (%)")
    ax.set_xlabel("images answered (%)")
    return fig
