"""`digitscope doctor`."""

from __future__ import annotations

from pathlib import Path

import typer

from digitscope.cli.console import complain_of, print_json
from digitscope.cli.read_progress import ReadProgress
from digitscope.evaluation.doctor import Diagnosis, Measure, diagnose


def command(
    folder: Path = typer.Argument(
        help="Images of single digits, labelled (FOLDER/<digit>/*.png, *.npz) or not."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> int:
    """Say how your images differ from the training data, and what mends it."""
    with ReadProgress(0) as progress:
        found = diagnose(folder, progress.reach)
    complain_of(found.unreadable)
    if as_json:
        print_json(found.to_dict())
    else:
        print(describe(found, folder))
    return 1 if found.unreadable else 0


def describe(found: Diagnosis, folder: Path) -> str:
    """A diagnosis in a table and in words."""
    dark = round(100 * found.dark_ink)
    lines = [
        f"{folder}: {found.images:,} digits, {dark} % of them dark on light "
        "(light on dark is read as well)",
        "",
        f"{'':<34}{'yours':<24}{'training data':<24}{'yours beyond'}",
        f"{'':<34}{'5 %':>6}{'median':>8}{'95 %':>8}  {'5 %':>6}{'median':>8}{'95 %':>8}"
        f"{'98 % of it':>13}",
        *map(_row, found.measures),
        "",
    ]
    if not found.findings:
        lines.append("Your digits look like the training data. What is misread needs more of it.")
    for i, finding in enumerate(found.findings, start=1):
        lines += [f"{i}. {finding.what} ({_share(finding.share)} of your images)"]
        advice = finding.advice.replace("FOLDER", str(folder))
        lines += [f"   {step.strip()}" for step in advice.split(";")]
    if found.findings:
        lines += [
            "",
            f"What it costs, if they are labelled: digitscope evaluate reader --images {folder}",
        ]
    return "\n".join(lines)


def _row(measure: Measure) -> str:
    name = f"{measure.name} ({measure.unit})"
    line = f"{name:<34}{_three(measure.theirs)}"
    if measure.training is None or measure.outside is None:
        return line.rstrip()
    return f"{line}  {_three(measure.training)}{_share(measure.outside):>13}"


def _share(part: float) -> str:
    return f"{round(100 * part)} %"


def _three(values: tuple[float, float, float]) -> str:
    low, middle, high = (f"{value + 0.0:.3g}" for value in values)
    return f"{low:>6}{middle:>8}{high:>8}"
