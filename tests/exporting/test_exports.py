"""Every format, loaded by its framework alone, says what the model says, for all test images."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.exporting import FORMATS, Exported, find_format
from digitscope.exporting.keras_file import BACKENDS
from digitscope.models.model import Model, save
from tests.exporting.samples import models

MODELS = models()
PAGE = Path(__file__).parents[2] / "docs" / "exporting.md"
BLOCKS = re.findall(r"```(?:python|js)\n(.*?)```", PAGE.read_text("utf-8"), re.S)
# Format -> what the page says of it; each is run as it stands there.
LOADING = dict(zip(("keras", "onnx", "tensorflow", "page", "torch"), BLOCKS[1:], strict=True))

EXPORT = """
import json, sys
from digitscope.cli.main import main
for name, format in json.load(sys.stdin):
    assert main(["export", f"{name}.safetensors", "--format", format]) == 0
"""

LOAD = """
import json, sys
for answers, code in json.load(sys.stdin).items():
    scope = {}
    exec(code, scope)
    scope["np"].save(answers, scope["P"])
assert "digitscope" not in sys.modules
"""


def python(code: str, given: Any, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run code that reads JSON from its standard input, in a process of its own with one thread:
    where another is busy, PyTorch's wait for each other.
    """
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given), cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **settings}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with every model in every format, and what the command said of them."""
    folder = tmp_path_factory.mktemp("exports")
    np.save(folder / "images.npy", load_mnist("test").images)
    for name, model in MODELS.items():
        save(model, folder / name)
    # Warnings are errors, but for one that Keras gives with NumPy 2.4.
    known = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    wanted = list(product(MODELS, FORMATS))
    done = python(EXPORT, wanted, folder, PYTHONWARNINGS=f"error,{known}", KERAS_BACKEND="")
    assert done.stderr == ""  # TensorFlow's news does not reach the terminal
    return folder, done.stdout


def loading(format: str, name: str) -> str:
    """The code of the page, for any of the models."""
    shape = Exported.of(MODELS[name]).input_shape(find_format(format).channels_first)
    code = BLOCKS[0] + LOADING[format].replace("lesson", name)
    assert "(-1, 784)" in code
    return code.replace("(-1, 784)", str((-1, *shape)))


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    """The models' own probabilities of the whole test set; of two classes by one output, the
    second's.
    """
    images = load_mnist("test").images
    answers = {name: model.probabilities(images) for name, model in MODELS.items()}
    answers["refuser"] = MODELS["refuser"].judge(images)
    return answers | {"binary": answers["binary"][:, 1:]}


# (format, backend, models): Keras's file opens on every backend.
WAYS = [
    ("onnx", "", tuple(MODELS)),
    ("torch", "", tuple(MODELS)),
    ("tensorflow", "", tuple(MODELS)),
    ("keras", "tensorflow", tuple(MODELS)),
    ("keras", "jax", ("cnn",)),
    ("keras", "torch", ("cnn",)),
]


def test_every_format_is_loaded() -> None:
    # A page is opened by a browser: test_page_file.py.
    assert {format for format, _, _ in WAYS} | {"page"} == set(LOADING) == set(FORMATS)
    assert {backend for _, backend, _ in WAYS if backend} == set(BACKENDS)


@pytest.mark.parametrize(("format", "backend", "names"), WAYS, ids=[f"{w[0]}{w[1]}" for w in WAYS])
def test_the_framework_alone_gives_the_models_probabilities(
    exports: tuple[Path, str],
    expected: dict[str, np.ndarray],
    format: str,
    backend: str,
    names: tuple[str, ...],
) -> None:
    folder, _ = exports
    files = {name: f"{name}.{format}{backend}.npy" for name in names}
    codes = {files[name]: loading(format, name) for name in names}
    python(LOAD, codes, folder, KERAS_BACKEND=backend)
    for name in names:
        answers, P = np.load(folder / files[name]), expected[name]
        assert answers.dtype == np.float32
        assert answers.shape == P.shape == (10_000, MODELS[name].network.spec.n_out)
        assert np.abs(answers - P).max() <= 1e-5, name
        certain = np.sort(np.hstack([1 - P, P]) if P.shape[1] == 1 else P)
        clear = certain[:, -1] - certain[:, -2] > 2e-5
        assert clear.mean() > 0.99, name
        answer = np.argmax(answers, axis=1) if P.shape[1] > 1 else answers[:, 0] > 0.5
        truth = np.argmax(P, axis=1) if P.shape[1] > 1 else P[:, 0] > 0.5
        np.testing.assert_array_equal(answer[clear], truth[clear])


JUDGE = """
import json, sys
import numpy as np
from digitscope.exporting.onnx_classifier import OnnxClassifier
from digitscope.models.model import load
images = np.load("images.npy")[:2000]
for name in json.load(sys.stdin):
    model = load(f"{name}.safetensors")
    J, expected = OnnxClassifier(model)(images), model.judge(images)
    assert J.shape == expected.shape == (2000, 11) and J.dtype == np.float64
    assert np.abs(J.sum(axis=1) - 1).max() < 1e-12, name
    assert np.abs(J - expected).max() < 1e-5, name
    assert OnnxClassifier(model, threads=2)(images[:0]).shape == (0, 11)
"""


def test_onnx_runtime_judges_as_the_model_does(exports: tuple[Path, str]) -> None:
    python(JUDGE, list(MODELS), exports[0])


def test_the_models_are_apart_enough_for_the_comparison_to_mean_something(
    expected: dict[str, np.ndarray],
) -> None:
    images = load_mnist("test").images
    for name, P in expected.items():
        assert P.std(axis=0).max() > 0.01, name
        Z = MODELS[name].network.logits(images[:100]).astype(np.float64)
        cold = Model(MODELS[name].network, MODELS[name].classes)
        given = cold.judgement_of(Z) if cold.refuses else cold.probabilities_of(Z)
        assert np.abs(given[:, -P.shape[1] :] - P[:100]).max() > 1e-3, name


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_the_command_says_how_to_load_it_as_the_page_does(
    exports: tuple[Path, str], format: str
) -> None:
    folder, said = exports
    chosen = find_format(format)
    for name, model in MODELS.items():
        path = Path(name + chosen.suffix)
        assert (folder / path).is_dir() == chosen.is_folder
        takes, gives = Exported.of(model).signature(chosen.channels_first)
        assert f"X: {takes}\nP: {gives}\n\n{chosen.lines(path)}\n\n{path}\n" in said
    assert LOADING[format] == chosen.lines(Path("lesson" + chosen.suffix)) + "\n"
    assert "float32 [n, 1], the probability of 7; the rest is that of 3" in said
    assert '[n, 11], the probability of each digit of classes, and of "not a digit"' in said
    assert not list(folder.glob("*.tmp")) + list(folder.glob(".*"))
