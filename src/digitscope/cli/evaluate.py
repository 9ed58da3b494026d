"""`digitscope evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from digitscope.cli.console import bar, percent, print_json, save_figure
from digitscope.errors import SettingError
from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.evaluation.rejection import ACCURACIES
from digitscope.models.model import Model, load


def command(
    model: Path = typer.Argument(help="A model file, a run folder, or a model that ships: reader."),
    part: str = typer.Option("test", help="The part of MNIST: test or train."),
    images: Path | None = typer.Option(
        None, help="A folder of labelled images instead: FOLDER/<digit>/*.png, or labels.json."
    ),
    mistakes: int = typer.Option(10, min=0, max=1000, help="How many mistakes to show."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    figures: Path | None = typer.Option(
        None, help="Draw the figures into a new folder of this name."
    ),
) -> int:
    """Evaluate a model."""
    if images is not None and part != "test":
        raise SettingError("--part is one of MNIST, --images a folder: give one of them")
    loaded = load(model)
    if images is not None:
        from digitscope.cli.evaluate_images import evaluate_images

        return evaluate_images(loaded, images, mistakes, as_json, figures)
    evaluation = evaluate(loaded, part=part, mistakes=mistakes)
    if as_json:
        print_json(evaluation.to_dict())
    else:
        print(describe(evaluation, loaded.name))
    if figures is not None:
        draw(loaded, evaluation, figures, as_json)
    return 0


def describe(evaluation: Evaluation, name: str, names: Sequence[str] = ()) -> str:
    """An evaluation in words and tables; `names` are those of the images, where they have some."""
    e = evaluation
    low, high = e.interval
    kind = "calibrated" if e.calibrated else "not calibrated"
    lines = [
        f"{name} on {e.images:,} {e.part} images",
        f"accuracy  {percent(e.accuracy)}  (95 % interval {percent(low)} to {percent(high)})",
        f"correct   {e.correct:,}",
        f"wrong     {e.images - e.correct:,}",
        f"expected calibration error  {percent(e.calibration.error)}  ({kind}; 15 bins)",
        "",
        "digit   images  precision     recall         F1",
        *(
            f"{d.digit:>5}  {d.images:>7,}  {percent(d.precision):>9}  {percent(d.recall):>9}  "
            f"{percent(d.f1):>9}"
            for d in e.digits
        ),
        "",
        "confusion matrix (rows: the true digit, columns: the answer)",
        "       " + "".join(f"{c:>6}" for c in e.classes),
        *(
            f"{c:>5}  " + "".join(f"{n:>6}" for n in row)
            for c, row in zip(e.classes, e.matrix.tolist(), strict=True)
        ),
        "",
        *_reliability(e),
        "",
        *_rejection(e),
        "",
        *_confusions(e),
        "",
        *_mistakes(e, names),
    ]
    return "\n".join(lines)


def _reliability(e: Evaluation) -> list[str]:
    lines = ["reliability    how sure   how often right   images"]
    for b in e.calibration.bins:
        if b.images:
            lines.append(
                f"{b.low:>5.2f} - {b.high:.2f}  {percent(b.confidence):>9}   "
                f"{percent(b.accuracy):>15}  {b.images:>7,}"
            )
    return lines


def _rejection(e: Evaluation) -> list[str]:
    """What is gained by refusing the least sure answers."""
    lines = ["refusing the least sure answers"]
    for accuracy in ACCURACIES:
        coverage = e.rejection.coverage_at(accuracy)
        told = f"{percent(coverage)} of the images" if coverage else "no part of the images"
        limit = f", those at least {percent(e.rejection.limit_at(coverage))} sure"
        lines.append(f"  {percent(accuracy)} right on {told}{limit if coverage else ''}")
    return lines


def _confusions(e: Evaluation) -> list[str]:
    if not e.confusions:
        return ["commonest confusions: none"]
    most = e.confusions[0].count
    return [
        "commonest confusions",
        *(
            f"  {c.digit} taken for {c.taken_for}  {c.count:>5}  {bar(c.count / most, 20)}".rstrip()
            for c in e.confusions
        ),
    ]


def _mistakes(e: Evaluation, names: Sequence[str]) -> list[str]:
    return [
        "most confident mistakes",
        *(
            f"  {names[m.index] if names else f'{e.part}:{m.index:<6}'} "
            f"{m.digit} taken for {m.taken_for}, "
            f"{percent(m.confidence)} sure ({percent(m.of_truth)} for {m.digit})"
            for m in e.mistakes
        ),
        "what the wrong answers have in common",
        *(f"  {sentence}" for sentence in e.in_common),
    ]


def draw(model: Model, evaluation: Evaluation, folder: Path, quiet: bool) -> None:
    """The figures of an evaluation, as PNG files in a new folder."""
    from digitscope.figures.table import FIGURES
    from digitscope.training.run_folder import new_folder

    folder = new_folder(folder.parent, folder.name)
    drawn = {
        "confusion_matrix": FIGURES["confusion_matrix"](evaluation),
        "confusion_matrix_normalized": FIGURES["confusion_matrix"](evaluation, normalized=True),
        "reliability": FIGURES["reliability"](evaluation.calibration),
        "risk_coverage": FIGURES["risk_coverage"](evaluation.rejection),
        "predictions": FIGURES["predictions"](evaluation),
        "mistakes": FIGURES["mistakes"](evaluation),
        "features": FIGURES["features"](model.network, evaluation.data.images[0]),
    }
    for name, figure in drawn.items():
        save_figure(figure, folder / f"{name}.png", quiet)
