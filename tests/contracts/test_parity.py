"""Every engine computes what the NumPy engine computes; `parity.py` has the cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscope.engines import ENGINES, lacking
from digitscope.engines.keras_compile import KERAS_LOSSES, KERAS_OPTIMIZERS
from digitscope.engines.keras_model import KERAS_ACTIVATIONS, KERAS_LAYERS, KERAS_VARIABLES
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import LOSSES
from digitscope.network.layers import LAYERS
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.optimizers import OPTIMIZERS, initial_slots
from digitscope.network.spec import KINDS
from tests.contracts import parity
from tests.contracts.engine_checks import Checker, every_engine
from tests.helpers import environment, small_options


@every_engine(parity, but="numpy")
def test_an_engine_computes_what_numpy_computes(checker: Checker, name: str, check: str) -> None:
    checker.check(parity, name, check)


def test_every_layer_loss_and_optimizer_is_in_a_case() -> None:
    problems = [case.problem for case in parity.CASES.values()]
    kinds = {KINDS[type(layer)] for problem in problems for layer in problem.spec.layers}
    assert kinds == set(LAYERS)
    assert {problem.optimizer for problem in problems} == set(OPTIMIZERS) == set(parity.GRADIENTS)
    pairs = {(loss, output) for loss, row in LOSSES.items() for output in row.outputs}
    assert {(problem.loss, problem.spec.output) for problem in problems} == pairs
    assert any(problem.l2 for problem in problems)


def test_keras_has_a_row_for_everything_of_ours() -> None:
    assert set(KERAS_LAYERS) == set(LAYERS)
    assert set(KERAS_ACTIVATIONS) == set(ACTIVATIONS)
    assert set(KERAS_LOSSES) == set(LOSSES)
    assert set(KERAS_OPTIMIZERS) == set(OPTIMIZERS)
    for name, row in KERAS_OPTIMIZERS.items():
        slots = initial_slots(name, {"W1": np.zeros(1)})
        assert {f"W1.{slot}" for slot in row.slots} == set(slots), name
    spec = parse_spec("28x28-4c3-bn-p2-10")
    names = (*spec.weight_names, *spec.state_names)
    assert {symbol for own in names for symbol in own} == set(KERAS_VARIABLES)


@pytest.mark.parametrize(
    ("case", "what"), [("recipe deep", "gradient W1"), ("adam", "all steps: weights W1")]
)
def test_an_error_of_a_thousandth_is_found(
    case: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one engine's gradient of W1 is a little too long, parity says so."""
    right = Network.backward

    def wrong(self: Network, *arguments: Any, **options: Any) -> Any:
        dX, gradients = right(self, *arguments, **options)
        return dX, gradients | {"W1": gradients["W1"] * 1.001}

    monkeypatch.setattr(Network, "backward", wrong)
    with pytest.raises(AssertionError, match=what):
        parity.agrees("fast", parity.CASES[case], "float64")


@pytest.mark.parametrize("name", [name for name in sorted(ENGINES) if name.startswith("keras:")])
def test_a_missing_framework_is_one_line_and_no_run(name: str, tmp_path: Path) -> None:
    backend = name.removeprefix("keras:")
    title = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}[backend]
    for without, wanted, extras in (
        ([backend], title, backend),
        (["keras", backend], f"Keras and {title}", f"keras,{backend}"),
    ):
        code = (
            f"import sys; sys.modules.update(dict.fromkeys({without}));"
            "from digitscope.cli.main import main; sys.exit(main(sys.argv[1:]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "train", *small_options(engine=name)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        line = f'engine {name} needs {wanted}: pip install "digitscope[{extras}]"'
        assert (done.returncode, done.stderr) == (2, f"digitscope: error: {line}\n")
        assert list(tmp_path.iterdir()) == []


def test_nothing_is_lacking_here() -> None:
    assert [lacking(name) for name in ENGINES] == [""] * len(ENGINES)
