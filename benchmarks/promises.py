"""What was promised, beside what was measured: the first table of docs/benchmarks.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

import epoch
import prediction
import speedrun
from common.figures import fastest, ratios, table
from peers import PEERS
from predictors import PREDICTORS

MB = 200  # of a million bytes, that training `lesson` may hold


def page(found: dict[str, Any]) -> str:
    """The table of everything that has been measured."""
    rows = [
        *epochs(found["epoch"]["rows"]),
        *answers(found["prediction"]["rows"]),
        *memory(found["memory"]["rows"]),
        *accuracies(found["speedrun"]["rows"]),
    ]
    return table(["", "required", "goal", "measured", "kept"], rows)


def row(
    what: str, measured: float, required: float, goal: float | None, unit: str = ""
) -> list[str]:
    """A promise about a number that should be small.

    >>> row("speed", 0.5, 1.0, 0.4)
    ['speed', '1', '0.4', '0.500', 'yes, but not the goal']
    """
    kept = "yes" if measured <= required else "**no**"
    if kept == "yes" and goal is not None and measured > goal:
        kept = "yes, but not the goal"
    aim = "" if goal is None else f"{goal:g}{unit}"
    return [what, f"{required:g}{unit}", aim, f"{measured:.3f}{unit}", kept]


def ratio(values: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(ratios(values, reference))


def epochs(rows: dict[str, Any]) -> Iterator[list[str]]:
    """An epoch of `fast`, against the bare products and against the fastest peer."""
    peer = epoch.fastest_peer(rows)
    for name, threads in (("fast", "1 thread"), ("fast-2", "2 threads")):
        if name not in rows:
            continue
        ours = rows[name]["seconds"]
        if bare := fastest(rows, epoch.PRODUCTS, "seconds"):
            products = ratio(ours, rows[bare]["seconds"])
            yield row(f"an epoch, {threads}, of the bare products' time", products, 1.0, None)
        if peer:
            others = ratio(ours, rows[peer]["seconds"])
            title = PEERS[peer].title
            yield row(f"an epoch, {threads}, of the time of {title}", others, 1.0, 0.4)


def answers(rows: dict[str, Any]) -> Iterator[list[str]]:
    """One image against the fastest other, 10,000 against the bare products."""
    left_out = (*prediction.OURS, *prediction.PRODUCTS)
    peer = fastest(rows, [name for name in rows if name not in left_out], "one")
    if peer and "ours" in rows:
        title = PREDICTORS[peer].title
        value = ratio(rows["ours"]["one"], rows[peer]["one"])
        yield row(f"one image, of the time of {title}", value, 1.0, None)
    bare = fastest(rows, prediction.PRODUCTS, "many run")
    for name, threads in zip(prediction.OURS, ("1 thread", "2 threads"), strict=True):
        if bare and name in rows:
            value = ratio(rows[name]["many"], rows[bare]["many run"])
            yield row(f"10,000 images, {threads}, of the bare products' time", value, 1.5, None)


def memory(rows: dict[str, Any]) -> Iterator[list[str]]:
    """The peak of a training; what drawing its report takes afterwards is in the page's table."""
    if "fast" in rows:
        peak = max(rows["fast"]) / 1e6
        yield row("memory of training `lesson` with `fast`, `--no-report`", peak, MB, None, " MB")


def accuracies(rows: dict[str, Any]) -> Iterator[list[str]]:
    """The slowest seed and the worst."""
    for name, runs in rows.items():
        goal = speedrun.GOALS.get(name)
        if goal is None:
            continue
        slowest, worst = max(r["seconds"] for r in runs), min(r["accuracy"] for r in runs)
        yield row(f"`{name}`, slowest seed", slowest, goal.seconds, goal.hoped, " s")
        yield [
            f"`{name}`, worst seed",
            f"{100 * goal.accuracy:g} %",
            "",
            f"{100 * worst:.2f} %",
            "yes" if worst >= goal.accuracy else "**no**",
        ]
