"""What the page of a run says: plain data and finished sentences for the template to set."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import digitscope
from digitscope.data.splits import Split, class_counts
from digitscope.evaluation.evaluate import Evaluation
from digitscope.network.notation import format_spec
from digitscope.network.summary import layer_rows
from digitscope.report.formulas import LOSS_FORMULAS, formulas
from digitscope.training.events import EpochEnded
from digitscope.training.recipe import SETTINGS, Recipe
from digitscope.training.run_folder import RunFolder

__all__ = ["contents"]

STOPS = {
    "patience": "It stopped early: {patience} epochs had passed without a better one.",
    "message": "It was stopped by hand.",
    "diverged": "It diverged: the loss was no longer a finite number; try a lower learning rate.",
}


def contents(
    folder: RunFolder,
    recipe: Recipe,
    split: Split,
    evaluation: Evaluation,
    watched: str,
    history: Sequence[EpochEnded],
    stop: str,
) -> dict[str, Any]:
    """Everything that the template names, apart from the pictures."""
    spec = recipe.spec()
    return {
        "run": folder.path.name,
        "recipe": recipe,
        "digits": ", ".join(map(str, recipe.classes)),
        "evaluation": evaluation,
        "wrong": evaluation.images - evaluation.correct,
        "part": evaluation.part,
        "watched": watched,
        "architecture": format_spec(spec),
        "parameters": spec.parameters,
        "layers": layer_rows(spec),
        "formulas": [*formulas(spec), LOSS_FORMULAS[recipe.loss], _update(recipe)],
        "data": _data(recipe, split),
        "training": _training(history),
        "stop": STOPS.get(stop, "").format(patience=recipe.patience),
        "trust": _trust(evaluation),
        "settings": _settings(recipe),
        "command": recipe.command(),
        "machine": _machine(folder),
        "versions": _versions(),
    }


def _update(recipe: Recipe) -> tuple[str, str]:
    how = {"sgd": "plain gradient descent", "adam": "in Adam's way"}.get(
        recipe.optimizer, f"in the way of {recipe.optimizer}"
    )
    schedule = "" if recipe.schedule == "constant" else f" (schedule {recipe.schedule})"
    return (
        "W := W − η ∂J/∂W",
        f"{how}, after every batch of {recipe.batch_size} images, "
        f"with η = {recipe.learning_rate:g}{schedule}",
    )


def _data(recipe: Recipe, split: Split) -> list[tuple[str, list[int], int]]:
    """For each part: its name, the images of each digit, and all of them."""
    parts = {"training": split.train, "validation": split.validation, "test": split.test}
    rows = []
    for name, data in parts.items():
        if data is not None:
            rows.append((name, class_counts(data.labels, len(recipe.classes)), len(data.labels)))
    return rows


def _training(history: Sequence[EpochEnded]) -> dict[str, Any]:
    """The milestones of a training, and how much better it became."""
    untrained = history[0]
    kept = max(
        (event for event in history if event.best), key=lambda e: e.epoch, default=history[-1]
    )
    first = next((event for event in history if event.epoch == 1), None)
    milestones = [("untrained", untrained)]
    if first is not None:
        milestones.append(("after epoch 1", first))
    if kept.epoch > 1:
        milestones.append((f"kept: epoch {kept.epoch}", kept))
    if history[-1].epoch > max(kept.epoch, 1):
        milestones.append((f"last: epoch {history[-1].epoch}", history[-1]))
    return {
        "milestones": milestones,
        "kept": kept,
        "epochs": history[-1].epoch,
        "seconds": sum(event.seconds for event in history),
        "speed": max((event.images_per_second for event in history), default=0.0),
        "since_untrained": 100 * (kept.watched_accuracy - untrained.watched_accuracy),
        "since_first": 100 * (kept.watched_accuracy - first.watched_accuracy) if first else None,
    }


def _trust(evaluation: Evaluation) -> str:
    """Whether the model sounds surer than it should, in one sentence."""
    bins = [b for b in evaluation.calibration.bins if b.images]
    total = max(1, sum(b.images for b in bins))
    gap = sum(b.images * (b.confidence - b.accuracy) for b in bins) / total
    if abs(gap) < 0.005:
        return "On average it is about as often right as it is sure."
    word = "surer than it is right" if gap > 0 else "more often right than it is sure"
    return f"On average it is {word}, by {100 * abs(gap):.1f} percentage points."


def _settings(recipe: Recipe) -> dict[str, list[tuple[str, str, str]]]:
    """Every setting in its group: its name, its value, what it is for."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for name, value in recipe.to_dict().items():
        shown = str(value).lower() if isinstance(value, bool) else str(value) or "none"
        groups.setdefault(SETTINGS[name].group, []).append((name, shown, SETTINGS[name].help))
    return groups


def _machine(folder: RunFolder) -> list[tuple[str, str]]:
    """What environment.json says of the machine that trained; nothing without that file."""
    try:
        data = json.loads((folder.path / "environment.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(data, dict):
        return []
    return [
        (str(key).replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for key, value in data.items()
    ]


def _versions() -> str:
    """What wrote the report."""
    return (
        f"digitscope {digitscope.__version__}, Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, Matplotlib {version('matplotlib')}"
    )
