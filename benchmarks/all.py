"""Every benchmark, one after another; writes docs/benchmarks.md and docs/benchmarks.json.

    python benchmarks/all.py                   all of it, about 8 minutes on 2 cores
    python benchmarks/all.py epoch memory      some of it; the rest of the page stays

The page is docs/benchmarks.template.md with the tables filled in.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import epoch
import floors
import memory
import prediction
import promises
import speedrun
from common.figures import say
from common.serving import CORES
from digitscope.engines.kernels import library, processor
from digitscope.store import write_atomically
from digitscope.training.run_folder import describe_machine

DOCS = Path(__file__).parent.parent / "docs"
ROUNDS = 9
LIBRARIES = (
    "scikit-learn",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "jax",
    "torch",
    "onnxruntime",
)


class Part(NamedTuple):
    """A benchmark: what measures so many rounds, and what turns that into Markdown."""

    measure: Callable[[int], dict[str, Any]]
    page: Callable[[dict[str, Any]], str]


PARTS = {
    "floors": Part(lambda rounds: floors.measure(), floors.page),
    "epoch": Part(epoch.measure, epoch.page),
    "prediction": Part(prediction.measure, prediction.page),
    "memory": Part(lambda rounds: memory.measure(min(rounds, 3)), memory.page),
    "speedrun": Part(lambda rounds: speedrun.measure(min(rounds, 5)), speedrun.page),
}


def surroundings() -> dict[str, Any]:
    """What the figures hold for: the machine, the versions, the date, and how busy it was."""
    return {
        "machine": describe_machine(CORES),
        "kernels": processor() if library() else "none",
        "versions": versions(),
        "date": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that are here."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def page(template: str, found: dict[str, Any]) -> str:
    """docs/benchmarks.md."""
    around = found["surroundings"]
    machine = around["machine"]
    filled = {
        "machine": f"{machine['cores']} cores, {machine['system']}, {machine['processor']}",
        "kernels": around["kernels"],
        "versions": ", ".join(
            [
                f"Python {machine['python']}",
                f"NumPy {machine['numpy']} ({machine['blas']})",
                *(f"{name} {number}" for name, number in around["versions"].items()),
            ]
        ),
        "date": around["date"],
        "load": f"{around['load']:.1f}",
        "rounds": str(found["epoch"]["rounds"]),
        "promises": promises.page(found),
        **{name: part.page(found[name]) for name, part in PARTS.items()},
    }
    for name, text in filled.items():
        template = template.replace(f"{{{name}}}", text)
    return template


def main() -> int:
    """Measure, keep every part as soon as it is there, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"some of {' '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=DOCS, help="where both files go")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    kept = options.out / "benchmarks.json"
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    found["surroundings"] = surroundings()
    for name in options.parts:
        say(f"--- {name}")
        found[name] = PARTS[name].measure(options.rounds)
        print(PARTS[name].page(found[name]), end="\n\n", flush=True)
        write_atomically(kept, (json.dumps(found, indent=1) + "\n").encode())
    if missing := [name for name in PARTS if name not in found]:
        print(f"no page yet, as these were never measured: {', '.join(missing)}", file=sys.stderr)
        return 1
    template = (DOCS / "benchmarks.template.md").read_text("utf-8")
    write_atomically(options.out / "benchmarks.md", page(template, found).encode())
    print(promises.page(found))
    failed = [f"{name}: {who}" for name in PARTS for who in found[name]["failed"]]
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
