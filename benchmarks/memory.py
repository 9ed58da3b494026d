"""The most memory that a training of `lesson` holds, beside the lesson's own way of loading.

    python benchmarks/memory.py [--rounds 3] [--json FILE]

Measured is the peak of the resident memory of the process, as the system counts it, from its start
to its end: Python, NumPy and all libraries included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common.figures import median, say, spread, table

HERE = Path(__file__).parent
TRAIN = ["-m", "digitscope", "train", "--recipe", "lesson"]
LESSON = str(HERE / "lesson_loading.py")
COMMANDS = {
    "fast": [*TRAIN, "--engine", "fast", "--no-report"],
    "fast, report": [*TRAIN, "--engine", "fast"],
    "numpy": [*TRAIN, "--engine", "numpy", "--no-report"],
    "lesson, loading": [LESSON],
    "lesson, an epoch": [LESSON, "--train"],
}
TITLES = {
    "fast": "`digitscope train --engine fast --no-report`",
    "fast, report": "`digitscope train --engine fast`, with its report",
    "numpy": "`digitscope train --engine numpy --no-report`",
    "lesson, loading": "the lesson's way of loading, float64",
    "lesson, an epoch": "the lesson's way of loading, and an epoch of its training",
}


def measure(rounds: int) -> dict[str, Any]:
    """Bytes at the peak of each round, by name; and who failed, and why."""
    rows: dict[str, list[int]] = {}
    failed: dict[str, str] = {}
    for name, command in COMMANDS.items():
        say(name)
        for _ in range(rounds):
            try:
                rows.setdefault(name, []).append(peak([sys.executable, *command]))
            except subprocess.CalledProcessError as error:
                failed[name] = (error.stderr or "").strip()[-300:]
                rows.pop(name, None)
                break
    return {"rounds": rounds, "rows": rows, "failed": failed}


def peak(command: list[str]) -> int:
    """The peak of a command in an empty folder; CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-S", str(HERE / "common" / "peak.py"), *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    return int(json.loads(done.stdout.splitlines()[-1])["bytes"])


def page(found: dict[str, Any]) -> str:
    """The table, in MB of a million bytes."""
    rows = [
        [TITLES[name], median(values, 0), spread(values, 0)]
        for name, values in (
            (name, [count / 1e6 for count in counts]) for name, counts in found["rows"].items()
        )
    ]
    lines = [table(["", "MB at the peak", "spread"], rows)]
    lines += [f"- **{name} failed**: {why}" for name, why in found["failed"].items()]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="keep what was measured here")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(page(found))
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
