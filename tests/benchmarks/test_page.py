"""What the benchmarks make of what they measured."""

from __future__ import annotations

import copy
import doctest
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from floors import counted
from memory import peak
from speedrun import run_once
from tests.benchmarks.helpers import BENCHMARKS
from tests.helpers import small_recipe

EPOCH = {
    "rounds": 3,
    "rows": {
        "fast": {"seconds": [0.1, 0.1, 0.4], "accuracy": 0.95},
        "fast-2": {"seconds": [0.05, 0.05, 0.05], "accuracy": 0.95},
        "products": {"seconds": [0.2, 0.2, 0.4], "accuracy": None},
        "products-1": {"seconds": [0.3, 0.3, 0.1], "accuracy": None},
        "jax": {"seconds": [0.2, 0.2, 0.3], "accuracy": 0.95},
    },
    "failed": {"torch": "ImportError: not here"},
}
ANSWER = {"one": [1e-5], "one run": [1e-5], "many": [1e-2], "many run": [1e-2], "difference": 1e-7}
PREDICTION = {
    "rounds": 1,
    "rows": {
        "ours": ANSWER,
        "ours-2": ANSWER,
        "products-1": ANSWER | {"difference": None},
        "products": ANSWER | {"many run": [5e-3], "difference": None},
        "onnxruntime": ANSWER | {"one": [2e-5]},
    },
    "failed": {},
}
RUN = {"seconds": 1.5, "accuracy": 0.981, "engine": "fast", "threads": 1}
FOUND: dict[str, Any] = {
    "surroundings": {
        "machine": {"cores": 2, "system": "Linux", "processor": "P", "python": "3", "numpy": "2", "blas": "b"},
        "kernels": "avx512",
        "versions": {"torch": "2"},
        "date": "2026-01-02",
        "load": 0.25,
    },
    "floors": {
        "need": {"dense multiply-adds": 12e9, "inked multiply-adds": 2.5e9, "inked": 19, "pixels": 100, "image bytes": 1e8, "W1 bytes": 5e8},
        "rate": {"multiply-adds": 5e10, "copy": 2e10, "cache": 1e11},
        "seconds": {"dense": 0.24, "inked": 0.05, "bytes": 0.01},
        "failed": {},
    },
    "epoch": EPOCH,
    "prediction": PREDICTION,
    "memory": {"rounds": 2, "rows": {"fast": [180_000_000, 190_000_000], "fast, report": [199_000_000, 201_000_000]}, "failed": {}},
    "speedrun": {"seeds": 2, "rows": {"speedrun-98": [RUN, RUN | {"seconds": 0.9, "accuracy": 0.979}]}, "failed": {}},
}  # fmt: skip


def kept(found: dict[str, Any]) -> dict[str, list[str]]:
    """The cells of the table of promises."""
    lines = import_module("promises").page(found).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[3:] for row in cells}


def test_promises() -> None:
    assert kept(FOUND) == {
        "an epoch, 1 thread, of the bare products' time": ["0.500", "yes"],
        "an epoch, 1 thread, of the time of JAX": ["0.500", "yes, but not the goal"],
        "an epoch, 2 threads, of the bare products' time": ["0.250", "yes"],
        "an epoch, 2 threads, of the time of JAX": ["0.250", "yes"],
        "one image, of the time of onnxruntime": ["0.500", "yes"],
        "10,000 images, 1 thread, of the bare products' time": ["2.000", "**no**"],
        "10,000 images, 2 threads, of the bare products' time": ["2.000", "**no**"],
        "memory of training `lesson` with `fast`, `--no-report`": ["190.000 MB", "yes"],
        "`speedrun-98`, slowest seed": ["1.500 s", "yes, but not the goal"],
        "`speedrun-98`, worst seed": ["97.90 %", "**no**"],
    }


def test_a_ratio_is_taken_within_a_round() -> None:
    found = copy.deepcopy(FOUND)
    # The machine was busy in the second round, for both.
    found["epoch"]["rows"]["fast"]["seconds"] = [0.1, 9.0, 0.1]
    found["epoch"]["rows"]["products"]["seconds"] = [0.2, 18.0, 0.2]
    assert kept(found)["an epoch, 1 thread, of the bare products' time"] == ["0.500", "yes"]


def test_every_place_of_the_page_is_filled() -> None:
    template = (BENCHMARKS.parent / "docs" / "benchmarks.template.md").read_text("utf-8")
    page = import_module("all").page(template, FOUND)
    assert not re.findall(r"\{[a-z]+\}", page)
    assert "- **torch failed**: ImportError: not here" in page
    for told in ("2026-01-02", "torch 2", "0.25 (0.12 to 0.25)", "0.050", "`avx512`", "19.0 %"):
        assert told in page, told
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


@pytest.mark.parametrize("name", ["common.figures", "promises", "epoch", "prediction"])
def test_examples(name: str) -> None:
    done = doctest.testmod(import_module(name))
    assert done.attempted > 0
    assert done.failed == 0


def test_the_peak_of_a_process() -> None:
    small = peak([sys.executable, "-c", "pass"])
    large = peak([sys.executable, "-c", "x = b'x' * 100_000_000"])
    assert small < 50_000_000  # nothing of this process, which is larger, is counted
    assert 95_000_000 < large - small < 110_000_000
    with pytest.raises(subprocess.CalledProcessError):
        peak([sys.executable, "-c", "raise SystemExit(3)"])


def test_what_an_epoch_needs() -> None:
    need = counted()
    assert (need["images"], need["batches"], need["pixels"]) == (60_000, 469, 47_040_000)
    assert need["inked"] == 8_994_156
    # 60,000 images, (2 * 784 * 128 + 3 * 128 * 10) each
    assert need["dense multiply-adds"] == 12_272_640_000
    assert need["inked multiply-adds"] == 2 * 128 * 8_994_156 + 60_000 * 3 * 128 * 10


def test_the_lesson_holds_its_images_twice_in_eight_bytes() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "lesson_loading.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "883,680,000 bytes in arrays, 60,000 images"


def test_time_to_accuracy(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(small_recipe().to_toml(), "utf-8")
    run = run_once(str(path), 3)
    assert (run["seed"], run["epochs"], run["reason"]) == (3, 2, "done")
    assert 0 < run["seconds"] < 30
    assert 0.6 < run["accuracy"] < 0.98
