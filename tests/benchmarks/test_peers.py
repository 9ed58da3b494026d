"""Every candidate of the training benchmark trains the network that our engine trains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.asking import Candidate, FailedError
from common.work import load_work
from digitscope.arrays import Weights
from epoch import WORKER, apart, fastest_peer
from peers import PEERS
from peers.products import Products
from tests.benchmarks.helpers import BENCHMARKS

IMAGES = 700  # five batches and a smaller one
TRAINS = [name for name in PEERS if not name.startswith("products")]


def trained(name: str, folder: Path) -> tuple[Weights, float]:
    """Its weights after two epochs, and its accuracy on the test set."""
    candidate = Candidate(name, [WORKER, name, str(IMAGES)])
    try:
        for epoch in range(2):
            assert candidate.ask(epoch=epoch)["seconds"] > 0
        path = folder / f"{name}.npz"
        accuracy = candidate.ask(finish=str(path))["accuracy"]
        with np.load(path) as arrays:
            return dict(arrays), accuracy
    finally:
        candidate.end()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Weights, float]:
    return trained("numpy", tmp_path_factory.mktemp("numpy"))


@pytest.mark.parametrize("name", TRAINS)
def test_the_same_network(name: str, expected: tuple[Weights, float], tmp_path: Path) -> None:
    weights, accuracy = trained(name, tmp_path)
    assert accuracy == pytest.approx(expected[1], abs=0.002)
    assert list(weights) == list(expected[0])
    for key, W in expected[0].items():
        assert weights[key].dtype == (np.float64 if name == "textbook" else np.float32)
        np.testing.assert_allclose(weights[key], W, rtol=0, atol=2e-5)


def test_the_epochs_really_moved_the_weights(expected: tuple[Weights, float]) -> None:
    first = load_work(1).weights
    assert max(np.abs(expected[0][name] - first[name]).max() for name in first) > 0.05
    assert 0.5 < expected[1] < 0.95  # 12 steps


def test_the_products_are_those_of_the_work() -> None:
    work = load_work(128)
    products = Products(work)
    products.epoch(0)
    X = (work.images.reshape(128, 784) / 255).astype(np.float32)
    A1 = X @ work.weights["W1"]
    np.testing.assert_allclose(products.A1, A1, atol=1e-4)
    np.testing.assert_allclose(products.Z2, A1 @ work.weights["W2"], atol=1e-4)
    for made, shape in ((products.dW1, (784, 128)), (products.dW2, (128, 10))):
        assert made.shape == shape
        assert np.abs(made).max() > 0
    assert products.dA1.shape == (128, 128)
    assert products.weights() == {}


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="KeyError: 'nobody'"):
        Candidate("nobody", [WORKER, "nobody", "128"])
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no such framework')")
    with pytest.raises(FailedError, match="ended with code 1: no such framework"):
        Candidate("broken", [str(broken)])


def test_who_does_other_work_is_named() -> None:
    assert list(apart({"a": 0.95, "b": 0.951, "c": 0.93, "products": None})) == ["c"]
    assert apart({"a": 0.95, "b": 0.951, "products": None}) == {}


def test_the_fastest_of_the_others_is_no_engine_of_ours_and_trains() -> None:
    rows = {
        "fast": {"seconds": [1.0], "accuracy": 0.9},
        "products": {"seconds": [2.0], "accuracy": None},
        "torch": {"seconds": [4.0, 4.0, 1.0], "accuracy": 0.9},
        "jax": {"seconds": [3.0, 3.0, 9.0], "accuracy": 0.9},
    }
    assert fastest_peer(rows) == "jax"
    assert fastest_peer({"fast": rows["fast"]}) == ""


@pytest.mark.parametrize("name", ["fast", "fast-2", "numpy", "products", "products-1"])
def test_the_threads_are_those_of_the_row(name: str) -> None:
    lines = f"""
from common.work import load_work
from peers import make_peer
from digitscope.threads import threads_in_use
peer = make_peer({name!r}, load_work(256))
peer.epoch(0)
print(threads_in_use())
"""
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=BENCHMARKS, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == min(PEERS[name].threads, os.cpu_count() or 1)
