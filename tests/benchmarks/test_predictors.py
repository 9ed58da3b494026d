"""Every candidate of the prediction benchmark gives the model's own probabilities."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.asking import Candidate
from digitscope.models.model import Model, save
from digitscope.network.network import Network
from prediction import KEYS, WITHIN, WORKER
from predictors import PREDICTORS
from tests.benchmarks.helpers import BENCHMARKS

# Keras has one backend a process.
TOGETHER = [
    ["ours", "ours-2", "onnxruntime", "onnxruntime-2", "torch", "torch-2", "sklearn"],
    ["tensorflow-call", "tensorflow-predict"],
    ["jax-call", "jax-predict"],
    ["keras-torch-call", "keras-torch-predict"],
]
ANSWER = """
import sys
from pathlib import Path
import numpy as np
from digitscope.data.mnist import load_mnist
from digitscope.models.model import load
from predictors import make_predictor
model, images = load(Path(sys.argv[1])), load_mnist("test").images[:1200]
expected = model.probabilities(images)
for name in sys.argv[2:]:
    made = make_predictor(name, model)
    for i in (0, 7):
        P = made.run(made.prepare(images[i : i + 1]))
        assert P.shape == (1, 10), (name, P.shape)
        np.testing.assert_allclose(P, expected[i : i + 1], rtol=0, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(
        made.run(made.prepare(images)), expected, rtol=0, atol=1e-5, err_msg=name
    )
    print(name)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "lesson.safetensors"
    save(Model(Network.initialize("784-128-10", 3)), path)
    return path


def test_every_candidate_is_asked_below() -> None:
    asked = {name for names in TOGETHER for name in names}
    assert asked | {"products", "products-1"} == set(PREDICTORS)


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[-1])
def test_the_same_probabilities(names: list[str], model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, str(model), *names],
        cwd=BENCHMARKS,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == names


@pytest.mark.parametrize("name", ["ours", "products"])
def test_a_candidate_in_its_process(name: str, model: Path) -> None:
    candidate = Candidate(name, [WORKER, name, str(model)])
    try:
        answer = candidate.ask(seconds=0.001)
        assert set(answer) == set(KEYS)
        assert 0 < answer["one"] < answer["many"]
        difference = candidate.ask(finish=True)["difference"]
        assert difference is None if name == "products" else difference <= WITHIN
    finally:
        candidate.end()
