"""`digitscope sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from digitscope.cli.console import percent, stop_on_interrupt
from digitscope.cli.settings import with_settings
from digitscope.errors import SettingError
from digitscope.training.events import EpochEnded, Event, Started, Stopped
from digitscope.training.messages import Inbox
from digitscope.training.recipe import load_recipe
from digitscope.training.sweep import (
    Sweep,
    combinations,
    parse_grid,
    ranked,
    run_sweep,
    start_sweep,
    why_engines,
    with_validation,
)

IN_PART, INTERRUPTED = 1, 130


@with_settings
def command(
    recipe: str = typer.Option("", help="A recipe that ships, or a .toml file. [default: lesson]"),
    grid: list[str] | None = typer.Option(
        None, help="setting=value,value; may be given several times."
    ),
    resume: Path | None = typer.Option(None, help="Go on with this sweep."),
    out: Path = typer.Option(Path("runs"), help="Where the sweep's folder is made."),
    name: str = typer.Option("", help="The sweep's name. [default: the recipe's, and -sweep]"),
    **settings: Any,
) -> int:
    """Train every combination."""
    if resume is not None:
        if recipe or grid or settings:
            raise SettingError(
                "a sweep that is resumed keeps its recipe, grid and settings: leave them out"
            )
        path = resume
    else:
        base = load_recipe(recipe or "lesson")
        chosen = with_validation(base).with_settings(settings)
        parsed = parse_grid(grid or [])
        runs = combinations(chosen, parsed)
        if not base.validation and "validation" not in settings:
            print(
                f"recipe {base.name} has no validation part; a sweep chooses, so each run gets "
                f"{chosen.validation:,} images for it"
            )
        print(f"{len(runs)} run{'s' if len(runs) > 1 else ''}")
        path = start_sweep(chosen, parsed, out, name or f"{chosen.name}-sweep").path
    for note in why_engines(path):
        print(f"digitscope: note: {note}", file=sys.stderr)
    inbox = Inbox()
    with stop_on_interrupt(inbox):
        sweep = run_sweep(path, _Lines().show, inbox)
    if sweep.interrupted:
        print(f"stopped; go on with: digitscope sweep --resume {path}")
        return INTERRUPTED
    _print_table(sweep)
    _print_judgement(sweep)
    _draw(sweep)
    print(f"the report of any run: digitscope report {path}/RUN")
    print(path)
    return 0 if sweep.judgement else IN_PART


class _Lines:
    """A line a run, written when it ends."""

    def __init__(self) -> None:
        self.last: EpochEnded | None = None
        self.engine = ""

    def show(self, run: str, event: Event) -> None:
        if isinstance(event, Started):
            print(f"{run}  ...", end="\r" if sys.stdout.isatty() else "\n", flush=True)
            self.last, self.engine = None, event.engine
        if isinstance(event, EpochEnded):
            self.last = event
        if isinstance(event, Stopped):
            accuracy = percent(self.last.watched_accuracy) if self.last else ""
            ended = "interrupted" if event.reason == "message" else event.reason
            print(
                f"{run}  {ended} after epoch {event.epoch}, validation {accuracy}, "
                f"engine {self.engine}",
                flush=True,
            )


def _print_table(sweep: Sweep) -> None:
    names = list(sweep.outcomes[0].settings)
    rows = [
        [
            *(str(v) for v in o.settings.values()),
            percent(o.summary.accuracy),
            f"{o.summary.loss:.4f}",
            f"{o.summary.seconds:.1f}",
            str(o.summary.epoch),
            o.summary.stopped,
        ]
        for o in ranked(sweep.outcomes)
    ]
    heads = [*names, "validation", "loss", "seconds", "best epoch", "ended"]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    print()
    for row in (heads, *rows):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _print_judgement(sweep: Sweep) -> None:
    judged = sweep.judgement
    if judged is None:
        print("every run diverged: try smaller learning rates")
        return
    settings = ", ".join(f"{k}={v}" for k, v in judged.settings.items())
    low, high = judged.test_interval_95
    print(
        f"chosen on validation images: {settings}; on the test set {percent(judged.test_accuracy)} "
        f"(95 % interval {percent(low)} to {percent(high)})"
    )


def _draw(sweep: Sweep) -> None:
    from digitscope.report import write_sweep_figures

    for path in write_sweep_figures(sweep):
        print(f"figure: {path}")
