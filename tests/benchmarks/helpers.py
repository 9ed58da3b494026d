"""Where the benchmarks are."""

from __future__ import annotations

from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
