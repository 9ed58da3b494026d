"""Reading, measured: single digits, numbers, pages, what is refused, how long it takes.

    make bench-reading IMAGES=FOLDER           everything; writes docs/reading.md and its JSON
    cd benchmarks && python -m reading FOLDER --only ours --quick --out looked

FOLDER is a labelled one (docs/formats.md); without it MNIST and what is composed of it are measured
alone. The page is docs/reading.template.md with the tables filled in.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.asking import Candidate, FailedError
from common.figures import say
from common.serving import CORES
from digitscope.errors import DigitscopeError
from digitscope.store import write_atomically
from digitscope.training.run_folder import describe_machine
from reading import speed
from reading.asked import PARTS, ask_all
from reading.examples import draw_examples
from reading.failures import draw_failures
from reading.page import page
from reading.readers import PEERS, READERS, TITLES
from reading.readers.reader import Answer
from reading.stamps import fingerprints, stamped
from reading.work import Task, Work, make_work

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
FAILURES = ROOT / "failures"


def ask(name: str, work: Work, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one reader, in a process of its own."""

    examples: list[tuple[Task, Sequence[Answer]]] = []

    def keep(what: str, answers: Sequence[Answer], task: Task) -> None:
        if what == "strings":
            examples.append((task, answers))
        if path := draw_failures(options.failures / name, what, answers, task):
            say(f"  failures: {path}")

    python = options.peers_python if name in PEERS else sys.executable
    candidate = Candidate(name, ["-m", "reading.readers.worker", name, options.model], python)
    try:
        found = ask_all(candidate, work, options.parts, say, keep)
    finally:
        candidate.end()
    if name == "ours" and examples:
        draw_examples(options.out / "pictures" / "reading.png", examples)
    return found


def surroundings(options: argparse.Namespace) -> dict[str, Any]:
    """What the figures hold for."""
    folder = f" IMAGES=.../{options.images.name}" if options.images else ""
    return {
        "machine": describe_machine(CORES),
        "date": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
        "command": f"make bench-reading{folder}",
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m reading", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("images", nargs="?", type=Path, help="a labelled folder (docs/formats.md)")
    parser.add_argument("--only", default=",".join(READERS), help=f"some of {','.join(READERS)}")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--model", default="reader", help="the model that is ours")
    parser.add_argument("--peers-python", default=sys.executable, help="the Python of the peers")
    parser.add_argument("--most", type=int, help="so many images of each set and kind at most")
    parser.add_argument("--quick", action="store_true", help="the same as --most 100")
    parser.add_argument("--out", type=Path, default=DOCS, help="where both files go")
    parser.add_argument("--failures", type=Path, default=FAILURES, help="where the pictures go")
    options = parser.parse_args()
    options.most = 100 if options.quick else options.most
    options.only, options.parts = options.only.split(","), options.parts.split(",")
    for given, there in ((options.only, READERS), (options.parts, PARTS)):
        if unknown := set(given) - set(there):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    if options.quick and options.out == DOCS:
        parser.error("--quick measures too little for the documentation: name another --out")
    return options


def main() -> int:
    """Measure, keep every reader's figures as soon as they are there, and write the page."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "reading.json"
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    readers, failed = found.get("readers", {}), found.get("failed", {})
    with tempfile.TemporaryDirectory() as folder:
        try:
            weights = fingerprints(options.only, options.model)
            work = make_work(options.images, Path(folder), options.most)
        except DigitscopeError as error:
            print(f"reading: error: {error}", file=sys.stderr)
            return 2
        for name in options.only:
            if len(options.parts) == len(PARTS):
                shutil.rmtree(options.failures / name, ignore_errors=True)
            failed.pop(name, None)
            try:
                around = surroundings(options)
                new = ask(name, work, options)
                of = f"{new['version']} ({weights[name]})" if name in weights else new["version"]
                before = readers.get(name, {})
                readers[name] = stamped(before, new, options.parts, around, of)
            except (FailedError, OSError) as error:
                failed[name] = str(error)
                say(f"{TITLES[name]} failed: {error}")
            if name == "ours" and name in readers and "digits" in options.parts:
                found["speed"] = speed.measure(options.model, say)
            readers = {one: readers[one] for one in READERS if one in readers}
            found |= {"readers": readers, "failed": failed}
            found["surroundings"] = around
            write_atomically(kept, (json.dumps(found, indent=1) + "\n").encode())
    whole = {name: r for name, r in readers.items() if set(PARTS) <= set(r)}
    if "ours" not in whole:
        print("no page yet, as not all of ours was ever measured", file=sys.stderr)
        return 1
    template = (DOCS / "reading.template.md").read_text("utf-8")
    text = page(template, found | {"readers": whole})
    write_atomically(options.out / "reading.md", text.encode())
    print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
