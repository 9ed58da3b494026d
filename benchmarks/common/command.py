"""The command line of a benchmark in which candidates take turns."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any


def command(
    doc: str | None,
    known: Collection[str],
    measure: Callable[[int, list[str]], dict[str, Any]],
    page: Callable[[dict[str, Any]], str],
) -> int:
    """Measure some of the `known` candidates and print the page; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help=f"some of {','.join(known)}")
    parser.add_argument("--json", type=Path, help="keep what was measured here")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name]
    if unknown := set(names) - set(known):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    found = measure(options.rounds, names)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(page(found))
    return 1 if found["failed"] else 0
