"""`digitscope compare`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import typer

from digitscope.cli.compared import table_of_differences, table_of_engines, table_of_steps
from digitscope.cli.compared import vectorization as describe_vectorization
from digitscope.cli.console import print_json
from digitscope.cli.settings import with_settings
from digitscope.comparison.compare import choose_engines, compare_engines, compare_steps
from digitscope.comparison.first_step import step_recipe
from digitscope.comparison.results import Comparison, steps_to_dict
from digitscope.comparison.vectorization import measure_vectorization
from digitscope.errors import SettingError
from digitscope.network.notation import format_spec
from digitscope.training.recipe import Recipe, load_recipe
from digitscope.training.run_folder import new_folder

IN_PART, INTERRUPTED = 1, 130
EPOCHS = 5  # unless asked otherwise: enough for a median, and for the curves to be seen


@with_settings
def command(
    recipe: str = typer.Option("", help="A recipe that ships, or a .toml file. [default: lesson]"),
    engines: str = typer.Option(
        "", help="numpy,keras:jax and so on; NumPy always runs. [default: all that are installed]"
    ),
    steps: bool = typer.Option(
        False, "--steps", help="Only the same step in NumPy and the frameworks, line by line."
    ),
    vectorization: bool = typer.Option(
        False, "--vectorization", help="Only Python's loops against the matrix product."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    out: Path = typer.Option(Path("runs"), help="Where the comparison's folder is made."),
    **settings: Any,
) -> int:
    """Compare engines."""
    if vectorization:
        if steps or engines or recipe or settings:
            raise SettingError("--vectorization takes no other option than --json: leave them out")
        measured = measure_vectorization()
        print_json(measured.to_dict()) if as_json else print(describe_vectorization(measured))
        return 0
    if "engine" in settings:
        raise SettingError("compare runs several engines: write --engines numpy,fast")
    base = load_recipe(recipe or "lesson")
    chosen = base.with_settings({"epochs": min(EPOCHS, base.epochs)} | settings)
    names, left_out = choose_engines(engines, chosen)
    for name, reason in left_out.items():
        print(f"digitscope: note: {name} is left out: {reason}", file=sys.stderr)
    if steps:
        return _steps(chosen, names, as_json)
    folder = new_folder(out, "compare")
    try:
        return _compare(chosen, names, left_out, folder, as_json)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # if nothing came of it; a folder with something in it stays


def _compare(
    recipe: Recipe, names: list[str], left_out: dict[str, str], folder: Path, as_json: bool
) -> int:
    """The whole comparison, into its folder."""
    progress = _Progress(sys.stderr if as_json else sys.stdout)
    comparison = compare_engines(recipe, names, left_out, progress.show)
    if comparison.interrupted and not comparison.done:
        print("interrupted before the first engine was done; nothing is kept", file=sys.stderr)
        return INTERRUPTED
    from digitscope.report import write_comparison

    page = write_comparison(folder, comparison)
    if as_json:
        print_json(comparison.to_dict())
    else:
        _print(comparison)
    said = sys.stderr if as_json else sys.stdout
    print(f"page: {page}", file=said)
    print(folder, file=said)
    if comparison.interrupted:
        print("interrupted; the engines that were done are kept", file=sys.stderr)
        return INTERRUPTED
    return 0 if len(comparison.done) == len(comparison.rows) else IN_PART


def _print(comparison: Comparison) -> None:
    print()
    print(table_of_engines(comparison))
    if differences := table_of_differences(comparison):
        print()
        print(differences)
    print()
    print("the same step in NumPy and the frameworks: digitscope compare --steps")


def _steps(recipe: Recipe, names: list[str], as_json: bool) -> int:
    """Only the step."""
    numbers = compare_steps(recipe, names)
    network = format_spec(step_recipe(recipe).spec())
    if as_json:
        print_json(steps_to_dict(numbers, network))
    else:
        print(table_of_steps(numbers, network))
    return IN_PART if any(step.error for step in numbers) else 0


class _Progress:
    """A line an engine; on a terminal it counts epochs while it runs."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def show(self, engine: str, said: dict[str, Any]) -> None:
        """What compare_engines has to say."""
        if "status" in said:
            reason = f": {said['message']}" if said["message"] else ""
            self._write(f"{engine}  {said['status']}{reason}", "\n")
        elif self.stream.isatty():
            where = f"epoch {said['epoch']}/{said['epochs']}" if said else "starting"
            self._write(f"{engine}  {where}", "\r")

    def _write(self, line: str, end: str) -> None:
        clear = "\x1b[K" if self.stream.isatty() else ""
        print(f"{line}{clear}", end=end, file=self.stream, flush=True)
