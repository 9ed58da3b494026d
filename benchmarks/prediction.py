"""Answers: one image, and 10,000 at once, by digitscope and by everyone else, with one model.

    python benchmarks/prediction.py [--rounds 7] [--only ours,torch] [--json FILE]

The model is `lesson`, trained for an epoch; the candidates are in predictors/. Each has a process
of its own; they take turns of as many calls as fit into a tenth of a second, and the first turn
does not count. A call begins with an image as uint8 [1, 28, 28] and ends with the probabilities in
an array; what it takes when the input is what the library wants already stands beside it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import digitscope
from common.asking import Say, candidates
from common.command import command
from common.figures import fastest, median, ratios, say, spread, table
from predictors import PREDICTORS

WORKER = str(Path(__file__).parent / "predictors" / "worker.py")
TURN = 0.1  # seconds
KEYS = ("one", "one run", "many", "many run")
OURS, PRODUCTS = ("ours", "ours-2"), ("products-1", "products")
WITHIN = 1e-5  # of probability: who is further away has not computed the same


def measure(rounds: int, names: Sequence[str] = (), say: Say = say) -> dict[str, Any]:
    """Seconds a call of each round, and how far the probabilities are from ours, by name."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "lesson.safetensors"
        digitscope.save(digitscope.train("lesson", epochs=1).model, model)
        commands = {name: [WORKER, name, str(model)] for name in names or PREDICTORS}
        with candidates(commands, say) as there:
            for turn in range(rounds + 1):
                say(f"turn {turn} of {rounds}" + (", which does not count" if turn == 0 else ""))
                for name, answer in there.ask(turn, seconds=TURN):
                    row = rows.setdefault(name, {key: [] for key in KEYS})
                    for key in KEYS if turn else ():
                        row[key].append(answer[key])
            for name, answer in there.ask(0, finish=True):
                rows[name]["difference"] = answer["difference"]
            done = {name: row for name, row in rows.items() if name in there.candidates}
            return {"rounds": rounds, "rows": done, "failed": there.failed | apart(done)}


def apart(rows: dict[str, Any]) -> dict[str, str]:
    """Who answers something else.

    >>> apart({"a": {"difference": 1e-7}, "b": {"difference": 0.1}, "c": {"difference": None}})
    {'b': 'its probabilities are up to 0.1 from the others: it answers something else'}
    """
    return {
        name: f"its probabilities are up to {row['difference']:.1g} from the others: "
        "it answers something else"
        for name, row in rows.items()
        if row["difference"] is not None and row["difference"] > WITHIN
    }


def page(found: dict[str, Any]) -> str:
    """The tables of one image and of 10,000."""
    rows = found["rows"]
    lines = [one_image(rows), "", many_images(rows)]
    lines += [f"- **{name} failed**: {why}" for name, why in found["failed"].items()]
    return "\n".join(lines)


def one_image(rows: dict[str, Any]) -> str:
    """Microseconds a call; the products are no answer, so they are left out."""
    answering = {name: row for name, row in rows.items() if name not in PRODUCTS}
    ours = rows.get("ours", {}).get("one")
    cells = []
    for name, row in sorted(answering.items(), key=lambda item: statistics.median(item[1]["one"])):
        given, ready = ([1e6 * s for s in row[key]] for key in ("one", "one run"))
        against = ratios(row["one"], ours) if ours else None
        cells.append(
            [
                PREDICTORS[name].title,
                str(PREDICTORS[name].threads),
                median(given, 1),
                spread(given, 1),
                median(ready, 1),
                f"{median(against, 1)} ({spread(against, 1)})" if against else "",
            ]
        )
    header = ["one image", "threads", "microseconds", "spread", "input ready", "against ours"]
    return table(header, cells)


def many_images(rows: dict[str, Any]) -> str:
    """Milliseconds for 10,000 images; the products get their input ready."""
    least = fastest(rows, PRODUCTS, "many run")
    products = rows[least]["many run"] if least else None
    cells = []
    for name, row in sorted(rows.items(), key=lambda item: statistics.median(whole(item))):
        given, ready = ([1e3 * s for s in row[key]] for key in ("many", "many run"))
        against = ratios(whole((name, row)), products) if products else None
        bare = name in PRODUCTS
        cells.append(
            [
                PREDICTORS[name].title,
                str(PREDICTORS[name].threads),
                "" if bare else median(given, 2),
                "" if bare else spread(given, 2),
                median(ready, 2),
                f"{median(against, 2)} ({spread(against, 2)})" if against else "",
            ]
        )
    header = ["10,000 images", "threads", "milliseconds", "spread", "input ready"]
    return table([*header, "against the products"], cells)


def whole(item: tuple[str, Any]) -> list[float]:
    """Seconds for 10,000 images, from bytes to probabilities; of the products what they take."""
    name, row = item
    seconds: list[float] = row["many run" if name in PRODUCTS else "many"]
    return seconds


if __name__ == "__main__":
    sys.exit(command(__doc__, PREDICTORS, measure, page))
