"""`digitscope predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from digitscope.cli.console import bar, percent, print_json, save_figure
from digitscope.errors import ImageError, SettingError
from digitscope.models.model import Model, load
from digitscope.models.prediction import (
    MORE_LIKELY_NONE,
    Input,
    Prediction,
    check_limit,
    predict,
    take_input,
)

IN_PART, BAD_INPUT = 1, 2


def command(
    model: Path = typer.Argument(help="A model file, a run folder, or a model that ships: reader."),
    images: list[str] = typer.Argument(
        help="Image files, test:100 for test image 100, - for stdin."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    reject_below: float = typer.Option(0.0, help="Reject answers less probable than this."),
    figure: Path | None = typer.Option(
        None, help="Draw the image and its probabilities (one image)."
    ),
    explain: Path | None = typer.Option(
        None, help="Draw the steps of the preparation (one image)."
    ),
) -> int:
    """Read the digit on images."""
    loaded = load(model)
    limit = check_limit(reject_below)
    if len(images) > 1 and (figure or explain):
        raise SettingError("--figure and --explain draw one image: give one, or leave them out")
    answers: list[tuple[Input, Prediction]] = []
    for name in images:
        try:
            given = _take(name)
            answers.append((given, predict(loaded, given, limit)))
        except ImageError as error:
            print(f"digitscope: error: {error}", file=sys.stderr)
            continue
        if not as_json:
            print(describe(*answers[-1]))
    if as_json:
        print_json(to_json(loaded, answers))
    if answers and figure:
        save_figure(_prediction_figure(answers[0][0], loaded, limit), figure, as_json)
    if answers and explain:
        save_figure(_steps_figure(answers[0][0]), explain, as_json)
    return 0 if len(answers) == len(images) else IN_PART if answers else BAD_INPUT


def _take(name: str) -> Input:
    if name != "-":
        return take_input(name)
    data = sys.stdin.buffer.read()
    if not data:
        raise ImageError("standard input: expected an image, got nothing: try cat IMAGE | ... -")
    from digitscope.preparation import prepare

    preparation = prepare(data, "standard input")
    return Input("standard input", preparation.image, None, preparation)


def describe(given: Input, prediction: Prediction) -> str:
    """An answer in words and bars."""
    p = prediction
    truth = "" if given.label is None else f"  (labelled {given.label})"
    doubt = "" if p.calibrated else ", not calibrated"
    verdict = ""
    if p.rejected:
        none = p.not_a_digit > MORE_LIKELY_NONE
        reason = f"not a digit, {percent(p.not_a_digit)} sure" if none else "rejected: too unsure"
        verdict = f"{reason}; best guess "
    lines = [f"{given.name}: {verdict}{p.digit}  {percent(p.confidence)} sure{doubt}{truth}"]
    width = max(map(len, p.shares))
    for name, share in p.shares.items():
        mark = "  <" if name == str(p.digit) else ""
        lines.append(f"  {name:<{width}}  {percent(share):>9}  {bar(share)}{mark}".rstrip())
    lines += [f"  note: {warning}" for warning in p.warnings]
    return "\n".join(lines)


def to_json(model: Model, answers: list[tuple[Input, Prediction]]) -> dict[str, object]:
    """The answers as docs/formats.md fixes them."""
    return {
        "format": "digitscope predictions",
        "version": "1.2",
        "model": model.name,
        "predictions": [
            {"image": given.name, "label": given.label, **prediction.to_dict()}
            for given, prediction in answers
        ],
    }


def _prediction_figure(given: Input, model: Model, limit: float) -> Any:
    from digitscope.report.gallery import draw_prediction

    return draw_prediction(given, model, limit)


def _steps_figure(given: Input) -> Any:
    from digitscope.figures.table import FIGURES

    if given.preparation is None:
        raise SettingError(
            f"{given.name} is an image of MNIST, which needs no preparation: give --explain a file"
        )
    return FIGURES["preparation_steps"](given.preparation)
