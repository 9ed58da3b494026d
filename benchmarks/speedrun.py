"""Time to accuracy: how long recipes speedrun-98 and speedrun-99 take, and what the test set says.

    python benchmarks/speedrun.py [RECIPE...] [--seeds 5] [--engine NAME] [--json FILE]

The images are loaded, the network is made and measured untrained; then the clock runs, from the
first step until the training says that it has stopped. So it counts drawing the orders, gathering
and distorting images, every step, and every look at the validation images that a user waits for.
The model that those chose is judged on the test set once, afterwards. A process a seed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common.figures import median, say, spread, table
from common.serving import stay_on_cores


class Goal(NamedTuple):
    """What every seed has to reach, in how many seconds at most, and in how many it is hoped."""

    accuracy: float
    seconds: float
    hoped: float


GOALS = {"speedrun-98": Goal(0.98, 2.0, 1.0), "speedrun-99": Goal(0.99, 30.0, 10.0)}


def run_once(name: str, seed: int, engine: str = "auto") -> dict[str, Any]:
    """One training in this process."""
    from digitscope.evaluation.evaluate import evaluate
    from digitscope.threads import limited_threads
    from digitscope.training.events import EpochEnded, Stopped
    from digitscope.training.feeder import engine_threads
    from digitscope.training.recipe import load_recipe
    from digitscope.training.split import split_for
    from digitscope.training.train import best_model, make_loop, with_engine

    recipe = with_engine(load_recipe(name).with_settings({"seed": seed, "engine": engine}))
    split = split_for(recipe)
    with limited_threads(engine_threads(recipe)):
        loop = make_loop(recipe, split=split)
        began, epochs = time.perf_counter(), 0
        for event in loop.events():
            if isinstance(event, EpochEnded):
                epochs = event.epoch
                if epochs == 0:
                    began = time.perf_counter()
            if isinstance(event, Stopped):
                reason = event.reason
        seconds = time.perf_counter() - began
        accuracy = evaluate(best_model(loop)).accuracy
    return {
        "seed": seed,
        "seconds": seconds,
        "accuracy": accuracy,
        "epochs": epochs,
        "reason": reason,
        "engine": recipe.engine,
        "threads": recipe.threads,
        "hidden": recipe.hidden,
    }


def measure(seeds: int, names: Sequence[str] = (), engine: str = "auto") -> dict[str, Any]:
    """Every seed of every recipe; and who failed, and why."""
    rows: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    for name in names or GOALS:
        for seed in range(seeds):
            say(f"{name}, seed {seed}")
            command = [sys.executable, __file__, name, "--one", str(seed), "--engine", engine]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                failed[name] = (done.stderr.strip().splitlines() or ["no word"])[-1]
                break
            rows.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))
    return {"seeds": seeds, "rows": rows, "failed": failed}


def page(found: dict[str, Any]) -> str:
    """The table."""
    cells = []
    for name, runs in found["rows"].items():
        seconds = [run["seconds"] for run in runs]
        accuracies = [run["accuracy"] for run in runs]
        cells.append(
            [
                f"`{name}`",
                runs[0]["engine"],
                str(runs[0]["threads"]),
                f"{median(seconds, 2)} ({spread(seconds, 2)})",
                f"{100 * statistics.mean(accuracies):.2f} %",
                " ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
            ]
        )
    header = ["recipe", "engine", "threads", "seconds", "test accuracy", "of each seed"]
    lines = [table(header, cells)]
    lines += [f"- **{name} failed**: {why}" for name, why in found["failed"].items()]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipes", nargs="*", default=list(GOALS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--one", type=int, help="only this seed, in this process, as JSON")
    parser.add_argument("--json", type=Path, help="keep what was measured here")
    options = parser.parse_args()
    if options.one is not None:
        stay_on_cores()
        print(json.dumps(run_once(options.recipes[0], options.one, options.engine)))
        return 0
    found = measure(options.seeds, options.recipes, options.engine)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(page(found))
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
