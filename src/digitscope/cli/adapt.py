"""`digitscope adapt`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import typer

from digitscope.cli.console import complain_of, percent, print_json
from digitscope.models.model import load, save
from digitscope.store import SUFFIX, free
from digitscope.threads import limited_threads
from digitscope.training.adapt import Adapted, Score, adapt
from digitscope.training.crops import read_crops

COUNTED = (
    "Of your digits one that is refused (?) counts as wrong; MNIST's are counted as "
    "'digitscope evaluate' counts them, by the likeliest digit."
)


def command(
    crops: Path = typer.Argument(
        help="Your labelled digits: FOLDER/<digit>/*.png, or the folder (or labels.csv) that "
        "'digitscope read --crops' wrote, its column label filled in "
        "(an empty one leaves the crop out)."
    ),
    out: Path = typer.Option(help="The new model file, such as mine.safetensors."),
    model: Path = typer.Option(Path("reader"), help="The model to begin from."),
    seed: int = typer.Option(0, min=0, help="Where all chance comes from."),
    threads: int = typer.Option(2, min=0, max=1024, help="Threads, 0 for all cores."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> int:
    """Train a model of your own from ours, on your digits.

    A quarter of your digits is held out, and judges both models beside MNIST's test set. Nothing
    is overwritten: neither the model that it begins from, nor a file that is there.
    """
    out = out if out.suffix == SUFFIX else out.with_name(out.name + SUFFIX)
    free(out)
    began = time.perf_counter()
    loaded, given = load(model), read_crops(crops)
    complain_of(given.unreadable)
    with limited_threads(threads):
        adapted = adapt(loaded, given, seed, lambda line: print(line, file=sys.stderr))
    save(adapted.model, out)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(to_json(adapted, loaded.name, out, seconds))
    else:
        print(describe(adapted, loaded.name, given.unlabelled))
        print(f"{out}, in {seconds:.0f} seconds")
    return 1 if given.unreadable else 0


def describe(adapted: Adapted, name: str, unlabelled: int) -> str:
    """Before and after, in a table, and what it means."""
    lines = [
        f"learned from {adapted.trained_on:,} of your digits"
        + (f"; {unlabelled:,} had no label and were left out" if unlabelled else ""),
        "",
        f"{'':<26}  {'images':>6}  {name[:18]:>18}  {'yours':>9}   95 % interval",
        _row("your digits, held out", adapted.crops),
        _row("MNIST test", adapted.mnist),
        *([COUNTED] if adapted.model.refuses else []),
        "",
        adapted.verdict,
    ]
    return "\n".join(lines)


def _row(what: str, score: Score) -> str:
    low, high = score.interval(score.after)
    before, after = (percent(right / score.images) for right in (score.before, score.after))
    return (
        f"{what:<26}  {score.images:>6,}  {before:>18}  {after:>9}   "
        f"{percent(low)} to {percent(high)}"
    )


def to_json(adapted: Adapted, name: str, out: Path, seconds: float) -> dict[str, object]:
    """The same as docs/formats.md fixes it."""
    return {
        "format": "digitscope adaptation",
        "version": "1.0",
        "model": name,
        "out": str(out),
        "trained_on": adapted.trained_on,
        "own": _score_json(adapted.crops),
        "mnist_test": _score_json(adapted.mnist),
        "verdict": adapted.verdict,
        "seconds": round(seconds, 1),
    }


def _score_json(score: Score) -> dict[str, object]:
    return {
        "images": score.images,
        "accuracy_before": score.before / score.images,
        "accuracy_after": score.after / score.images,
        "interval_95_after": list(score.interval(score.after)),
    }
