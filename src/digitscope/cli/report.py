"""`digitscope report`."""

from __future__ import annotations

from pathlib import Path

import typer

from digitscope.report import write_report
from digitscope.training.finish import judge_again, judged_part
from digitscope.training.run_folder import open_run, sole_writer


def command(
    run: Path = typer.Argument(help="A run folder, such as one of a sweep's."),
) -> int:
    """Draw the figures and the report of a run, again or for the first time."""
    folder = open_run(run)
    with sole_writer(folder):
        evaluation = judge_again(folder, judged_part(folder))
        print(f"report: {write_report(folder, evaluation)}")
    print(run)
    return 0
