"""An epoch of training: digitscope beside everyone else, on the same work.

    python benchmarks/epoch.py [--rounds 7] [--only fast,jax] [--json FILE]

The work is in common/work.py, the candidates are in peers/. Each has a process of its own and two
cores; they take turns, an epoch each, and the first epoch does not count. What is timed is the
same for all: from drawing the order of the images to trained weights, gathering included; the bare
products have no such thing to do. Loading, and for those that train on floats the conversion of
all images, come before. Ratios are taken round by round.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.asking import Say, candidates
from common.command import command
from common.figures import fastest, median, ratios, say, spread, table
from peers import PEERS

WORKER = str(Path(__file__).parent / "peers" / "worker.py")
OURS = ("fast", "fast-2", "numpy")
PRODUCTS = ("products-1", "products")
WITHIN = 0.01  # of accuracy: who is further away has not done the same work


def measure(
    rounds: int, names: Sequence[str] = (), images: int = 0, say: Say = say
) -> dict[str, Any]:
    """Seconds an epoch of each round and the test accuracy, by name; and who failed, and why."""
    seconds: dict[str, list[float]] = {}
    commands = {name: [WORKER, name, str(images)] for name in names or PEERS}
    with candidates(commands, say) as there:
        for turn in range(rounds + 1):
            say(f"epoch {turn} of {rounds}" + (", which does not count" if turn == 0 else ""))
            for name, answer in there.ask(turn, epoch=turn):
                seconds.setdefault(name, [])
                if turn:
                    seconds[name].append(answer["seconds"])
        accuracy = {name: answer["accuracy"] for name, answer in there.ask(0, finish="")}
        rows = {name: {"seconds": seconds[name], "accuracy": accuracy[name]} for name in accuracy}
        return {"rounds": rounds, "rows": rows, "failed": there.failed | apart(accuracy)}


def apart(accuracy: dict[str, float | None]) -> dict[str, str]:
    """Who is further from the others than `WITHIN`.

    >>> apart({"a": 0.95, "b": 0.951, "c": 0.9, "d": None})
    {'c': 'its accuracy 0.9000 is not that of the others, 0.9500: it does other work'}
    """
    known = {name: value for name, value in accuracy.items() if value is not None}
    middle = statistics.median(known.values()) if known else 0.0
    return {
        name: f"its accuracy {value:.4f} is not that of the others, {middle:.4f}: "
        "it does other work"
        for name, value in known.items()
        if abs(value - middle) > WITHIN
    }


def fastest_peer(rows: dict[str, Any]) -> str:
    """Who of the others that really train is fastest; "" if there is nobody."""
    others = [name for name in rows if name not in OURS and rows[name]["accuracy"] is not None]
    return fastest(rows, others, "seconds")


def page(found: dict[str, Any]) -> str:
    """The table, and the ratios against the fastest peer."""
    rows = found["rows"]
    bare = fastest(rows, PRODUCTS, "seconds")
    products = rows[bare]["seconds"] if bare else None
    cells = []
    for name in sorted(rows, key=lambda name: statistics.median(rows[name]["seconds"])):
        row, values = PEERS[name], rows[name]["seconds"]
        against = ratios(values, products) if products else None
        accuracy = rows[name]["accuracy"]
        cells.append(
            [
                row.title,
                row.does,
                str(row.threads),
                median(values),
                spread(values),
                f"{median(against, 2)} ({spread(against, 2)})" if against else "",
                f"{100 * accuracy:.2f} %" if accuracy is not None else "",
            ]
        )
    header = ["", "", "threads", "seconds", "spread", "against the products", "test accuracy"]
    lines = [table(header, cells)]
    if peer := fastest_peer(rows):
        for name in [name for name in OURS if name in rows]:
            values = ratios(rows[name]["seconds"], rows[peer]["seconds"])
            threads = PEERS[name].threads
            lines.append(
                f"- {PEERS[name].title}, {threads} thread{'s' * (threads > 1)}: "
                f"{median(values, 2)} ({spread(values, 2)}) of the time of the fastest other, "
                f"{PEERS[peer].title}"
            )
    lines += [f"- **{name} failed**: {why}" for name, why in found["failed"].items()]
    return "\n".join([lines[0], "", *lines[1:]]).rstrip()


if __name__ == "__main__":
    sys.exit(command(__doc__, PEERS, measure, page))
