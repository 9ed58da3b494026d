"""`digitscope doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from digitscope.cli.console import complain_of, print_json
from digitscope.cli.read_progress import ReadProgress
from digitscope.evaluation.doctor import Diagnosis, Measure, diagnose

HEADS = ("5 %", "median", "95 %")
WIDTHS = (7, 8, 8)  # of these three columns


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
        f"{'':<34}{'yours':>{sum(WIDTHS)}}  {'training data':>{sum(WIDTHS)}}  {'yours that':>14}",
        f"{'':<34}{_three(HEADS)}  {_three(HEADS)}  are rare there",
        *map(_row, found.measures),
        "(rare: less than 99 of 100 training images, or more)",
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
    line = f"{name:<34}{_three(map(_short, measure.theirs))}"
    if measure.training is None or measure.outside is None:
        return line.rstrip()
    return f"{line}  {_three(map(_short, measure.training))}  {_share(measure.outside):>14}"


def _share(part: float) -> str:
    return f"{round(100 * part)} %"


def _short(value: float) -> str:
    """Three digits, of large numbers all, and never a power of ten.

    >>> [_short(value) for value in (0.1234, -0.0, 142, 1354.2)]
    ['0.123', '0', '142', '1,354']
    """
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value + 0.0:.3g}"


def _three(words: Iterable[str]) -> str:
    return "".join(f"{word:>{width}}" for word, width in zip(words, WIDTHS, strict=True))
