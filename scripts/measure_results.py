"""Train every recipe with the seeds that docs/results.md quotes, and write that page.

    python scripts/measure_results.py            all of it, about 15 minutes on 2 cores
    python scripts/measure_results.py cnn deep   some of it; the rest of the page stays

Each training is the command that stands in the page, in a process of its own; its figures are read
from the run folder. What has been measured is kept in docs/results.json.
"""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.data.mnist import load_mnist
from digitscope.engines import Position, make_engine
from digitscope.network.network import Network
from digitscope.threads import limited_threads
from digitscope.training.recipe import load_recipe
from digitscope.training.run_folder import describe_machine

DOCS = Path(__file__).parent.parent / "docs"
# What is measured, with which options and seeds. Of the seeds 0 to 23, only 0, 8, 10 and 20 keep
# all ten
# digits with the initial weights of the book's first chapter.
CHAPTER_1 = "nielsen-100 --init normal --engine numpy"
SEEDS = {
    "lesson": range(5),
    "binary": range(3),
    "nielsen-15": range(3),
    "nielsen-30": range(3),
    "nielsen-100": range(3),
    CHAPTER_1: (0, 8, 10),
    "deep": range(3),
    "best-mlp": range(3),
    "cnn": range(3),
    "speedrun-98": range(5),
    "speedrun-99": range(5),
}
SOURCE_SEEDS = (42, 0, 1, 2, 3)


def measure(recipe: str) -> list[dict[str, Any]]:
    """The runs of one recipe: what the test set says, and how long each took, start to end."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS[recipe]:
            command = ["train", "--recipe", *recipe.split(), "--seed", str(seed), "--no-report"]
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "digitscope", *command], cwd=folder, check=True)
            seconds = time.perf_counter() - began
            run = max(Path(folder, "runs").iterdir(), key=lambda path: path.stat().st_mtime)
            rows.append({"seed": seed, "seconds": seconds, **read_run(run)})
    return rows


def read_run(run: Path) -> dict[str, Any]:
    """The figures of one run."""
    evaluation = json.loads((run / "evaluation.json").read_text("utf-8"))
    with (run / "results.csv").open(newline="") as stream:
        epochs = list(csv.DictReader(stream))
    figures = {
        "test": evaluation["accuracy"],
        "calibration_error": evaluation["expected_calibration_error"],
        "epoch_seconds": statistics.median(float(row["seconds"]) for row in epochs[1:]),
    }
    if "test_accuracy" in epochs[0]:
        figures["best_epoch"] = max(float(row["test_accuracy"]) for row in epochs)
    else:
        figures["validation"] = max(float(row["validation_accuracy"]) for row in epochs)
    return figures


def measure_source_lesson() -> list[dict[str, Any]]:
    """The lesson with its own initial weights and order of images, in our network.

    The lesson draws both from NumPy's old global generator, seeded with 42: W1, then W2, then a
    permutation an epoch. It leaves out the last, incomplete batch.
    """
    recipe = load_recipe("lesson")
    spec = recipe.spec()
    train, test = load_mnist("train"), load_mnist("test")
    rows = []
    for seed in SOURCE_SEEDS:
        rng = np.random.RandomState(seed)
        weights = {
            "W1": rng.randn(784, 128) * np.sqrt(2 / 784),
            "b1": np.zeros(128),
            "W2": rng.randn(128, 10) * np.sqrt(2 / 128),
            "b2": np.zeros(10),
        }
        network = Network(spec, {k: W.astype(np.float32) for k, W in weights.items()}, {})
        engine = make_engine("numpy", recipe.problem(), Position.start(network, "sgd"))
        with limited_threads():
            for _ in range(recipe.epochs):
                order = rng.permutation(60_000)[: 468 * 128]
                engine.advance(
                    train.images[order],
                    train.labels[order],
                    128,
                    [0.1] * 468,
                    np.random.default_rng,
                )
            predicted = engine.logits(test.images).argmax(axis=1)
        rows.append({"seed": seed, "test": float(np.mean(predicted == test.labels))})
    return rows


def percent(values: list[float]) -> str:
    """Mean and, of several, the standard deviation."""
    mean = f"{100 * statistics.mean(values):.2f}"
    return f"{mean} ± {100 * statistics.stdev(values):.2f} %" if len(values) > 1 else f"{mean} %"


def line(name: str, rows: list[dict[str, Any]]) -> str:
    """A row of the page's table."""

    def of(key: str) -> list[float]:
        return [row[key] for row in rows if key in row]

    cells = [
        f"`{name}`",
        str(len(rows)),
        percent(of("test")),
        percent(of("best_epoch")) if of("best_epoch") else "",
        percent(of("validation")) if of("validation") else "",
        percent(of("calibration_error")),
        f"{statistics.median(of('epoch_seconds')):.2f} s",
        f"{statistics.median(of('seconds')):.0f} s",
    ]
    return "| " + " | ".join(cells) + " |"


def page(found: dict[str, Any]) -> str:
    """docs/results.md."""
    template = (DOCS / "results.template.md").read_text("utf-8")
    table = "\n".join(line(name, found[name]) for name in SEEDS if name in found)
    source = found["lesson, as its source"]
    machine = found["machine"]
    return (
        template.replace("{table}", table)
        .replace("{source}", percent([row["test"] for row in source]))
        .replace("{source 42}", f"{100 * source[0]['test']:.2f} %")
        .replace(
            "{machine}", f"{machine['cores']} cores, {machine['system']}, {machine['processor']}"
        )
        .replace("{versions}", f"Python {machine['python']}, NumPy {machine['numpy']}")
        .replace("{date}", found["date"])
    )


def main(wanted: list[str]) -> None:
    """Measure, and write both files after each recipe."""
    kept = DOCS / "results.json"
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name in wanted or [*SEEDS, "lesson, as its source"]:
        found[name] = measure_source_lesson() if name not in SEEDS else measure(name)
        found["machine"] = describe_machine(1)
        found["date"] = time.strftime("%Y-%m-%d")
        kept.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if "lesson, as its source" in found:
        (DOCS / "results.md").write_text(page(found), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
