"""The end of a run: the chosen weights are calibrated, judged once, and kept with their figures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.data.splits import Split
from digitscope.errors import RunError
from digitscope.evaluation.calibration import fit_temperature
from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.models.model import Model, load, save
from digitscope.store import write_atomically
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import RunFolder
from digitscope.training.split import split_for


def finish(folder: RunFolder, recipe: Recipe, split: Split, judge: bool = True) -> Evaluation:
    """Evaluate the best weights on the test set; with `judge` False (a sweep's run) on the
    validation part.

    The model files gain a temperature, where there are validation images to fit it on, and what was
    measured.
    """
    part = "test" if judge or split.validation is None else "validation"
    evaluation: Evaluation | None = None
    for path in (folder.last, folder.best):
        model = load(path)
        model = replace(model, temperature=temperature(model, recipe, split))
        if path == folder.best:
            data = _digits(split.validation, recipe) if part == "validation" else load_mnist("test")
            evaluation = evaluate(model, data, part)
            measured = {
                f"{part}_accuracy": evaluation.accuracy,
                f"{part}_images": evaluation.images,
                f"{part}_interval_95": list(evaluation.interval),
                f"{part}_expected_calibration_error": evaluation.calibration.error,
            }
            model = replace(model, measured=model.measured | measured)
        save(model, path, overwrite=True)
    assert evaluation is not None
    text = json.dumps(evaluation.to_dict(), indent=1, allow_nan=False) + "\n"
    write_atomically(folder.path / "evaluation.json", text.encode())
    return evaluation


def judged_part(folder: RunFolder) -> str:
    """What a finished run was judged on: "test", or "validation" for a sweep's; RunError if it is
    not finished.
    """
    path = folder.path / "evaluation.json"
    try:
        part = json.loads(path.read_text("utf-8"))["part"]
    except (OSError, ValueError, KeyError, TypeError):
        raise RunError(f"{folder.path}: {_unfinished(folder)}") from None
    if part not in ("test", "validation") or (
        part == "validation" and not folder.recipe().validation
    ):
        raise RunError(f"{path}: judged on {part!r}, which recipe.toml does not have: train anew")
    return str(part)


def _unfinished(folder: RunFolder) -> str:
    """Why a run has no judgement, and what to do."""
    try:
        last = json.loads(folder.events.read_text("utf-8").splitlines()[-1])
        if last["reason"] == "diverged":
            return f"it diverged, so there is nothing to report: {last['advice']}"
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        pass
    return f"not finished yet: go on with digitscope train --resume {folder.path}"


def judge_again(folder: RunFolder, part: str) -> Evaluation:
    """The evaluation of a run's best weights on "test" or "validation", as `finish` made it."""
    recipe = folder.recipe()
    if part == "test":
        return evaluate(load(folder.best), load_mnist("test"), part)
    return evaluate(load(folder.best), _digits(split_for(recipe).validation, recipe), part)


def temperature(model: Model, recipe: Recipe, split: Split) -> float | None:
    """The temperature fitted on the validation part; None without one, or for a loss that promises
    no probabilities.
    """
    if split.validation is None or recipe.loss == "quadratic":
        return None
    images, labels = split.validation
    Z = model.network.logits(images)
    return fit_temperature(Z, labels, recipe.loss, recipe.output)


def _digits(data: Dataset | None, recipe: Recipe) -> Dataset:
    """A part of the split with digits instead of class ids for labels."""
    assert data is not None
    return Dataset(data.images, np.array(recipe.classes, np.uint8)[data.labels])
