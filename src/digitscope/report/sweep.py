"""The figures of a sweep: one for each setting that varied, and the curves of all runs."""

from __future__ import annotations

from pathlib import Path

from digitscope.figures.sweep import SweepPoint
from digitscope.figures.table import FIGURES, figure_png
from digitscope.store import write_atomically
from digitscope.training.sweep import Outcome, Sweep


def write_sweep_figures(sweep: Sweep) -> list[Path]:
    """Save them in the sweep's folder; returns their paths."""
    points = [_point(outcome) for outcome in sweep.outcomes]
    varied = [name for name in points[0].settings if len({p.settings[name] for p in points}) > 1]
    drawn = {f"{name}.png": FIGURES["sweep_settings"](points, name) for name in varied}
    by = "learning_rate" if "learning_rate" in varied else next(iter(varied), "")
    if by:
        drawn["curves.png"] = FIGURES["sweep_curves"](points, by)
    for name, figure in drawn.items():
        write_atomically(sweep.folder / name, figure_png(figure))
    return [sweep.folder / name for name in drawn]


def _point(outcome: Outcome) -> SweepPoint:
    return SweepPoint(
        label=", ".join(f"{k}={v}" for k, v in outcome.settings.items()),
        settings=outcome.settings,
        accuracy=outcome.summary.accuracy,
        loss=outcome.summary.loss,
        seconds=outcome.summary.seconds,
        diverged=outcome.diverged,
        history=outcome.history,
    )
