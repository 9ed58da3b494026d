"""The kernels compute what the readable network computes: on every processor, for every width."""

from __future__ import annotations

import ctypes
import itertools
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from digitscope.engines import Position, Problem, kernels, make_engine
from digitscope.engines.fast_engine import FastEngine, FastNetwork
from digitscope.errors import DigitscopeError, SettingError, SpecError
from digitscope.maths.losses import LOSSES
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.optimizers import OPTIMIZERS
from tests.helpers import environment

BOUND = {"float32": 2e-5, "float64": 1e-12}
ABLE = kernels.PROCESSORS[: 1 + kernels.PROCESSORS.index(kernels.processor())]


@pytest.fixture(params=ABLE)
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kind of kernels that this machine can run; the lesser ones are those of older machines."""
    monkeypatch.setenv("DIGITSCOPE_PROCESSOR", request.param)
    return request.param


def noise(i: int) -> np.random.Generator:
    return np.random.default_rng(50 + i)


def some_images(rng: np.random.Generator, n: int, pixels: int) -> np.ndarray:
    """Bytes of which most are paper, as in MNIST."""
    images = rng.integers(0, 256, (n, pixels)).astype(np.uint8)
    return images * (rng.random((n, pixels)) < 0.3)


def compare(
    problem: Problem, images: np.ndarray, labels: np.ndarray, size: int, dtype: str
) -> None:
    """A few updates by both engines, and everything that they end with."""
    network = Network.initialize(problem.spec, 1, dtype)
    start = Position.start(network, problem.optimizer)
    rates = [0.02 * (1 + i) for i in range(-(-len(labels) // size))]
    ours, theirs = (make_engine(name, problem, start) for name in ("fast", "numpy"))
    assert_near(ours.logits(images), theirs.logits(images), dtype, "untrained logits")
    losses = [e.advance(images, labels, size, rates, noise) for e in (ours, theirs)]
    assert_near(np.array(losses[0]), np.array(losses[1]), dtype, "losses")
    a, b = ours.position(), theirs.position()
    assert a.updates == b.updates == len(rates)
    for part in ("weights", "slots"):
        assert list(getattr(a, part)) == list(getattr(b, part))
        for name, array in getattr(b, part).items():
            assert getattr(a, part)[name].dtype == array.dtype == dtype
            assert_near(getattr(a, part)[name], array, dtype, name)
    assert_near(ours.logits(images), theirs.logits(images), dtype, "logits")


def assert_near(a: np.ndarray, b: np.ndarray, dtype: str, what: str) -> None:
    assert a.shape == b.shape
    apart = np.abs(a - b).max() / max(np.abs(b).max(), 1e-6)
    assert apart < BOUND[dtype], f"{what}: {apart}"


def cases() -> list[tuple[str, str, str, str, int]]:
    """Widths around every vector and panel, each loss and optimizer, batches around a chunk."""
    rng = random.Random(0)
    widths = [1, 2, 7, 8, 9, 15, 16, 17, 30, 31, 33, 63, 64, 65, 100, 127, 128, 129, 200]
    pairs = list(itertools.product(sorted(LOSSES), sorted(OPTIMIZERS)))
    chosen = []
    for i, width in enumerate(widths):
        loss, optimizer = pairs[i % len(pairs)]
        second = f"-{rng.choice(widths)}" if i % 3 == 0 else ""
        drop = "-d0.3" if i % 4 == 1 else ""
        pixels = rng.choice([5, 63, 64, 65, 100, 784])
        chosen.append(
            (f"{pixels}-{width}{drop}{second}", loss, optimizer,
             ("tanh", "sigmoid", "relu", "linear")[i % 4], rng.choice([1, 9, 63, 64, 65, 130]))
        )  # fmt: skip
    return chosen


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: "-".join(map(str, case)))
def test_what_the_readable_network_computes(
    processor: str, case: tuple[str, str, str, str, int], dtype: str
) -> None:
    hidden, loss, optimizer, activation, size = case
    n_out = 1 if loss == "binary_cross_entropy" else 7
    output = LOSSES[loss].outputs[-1]
    spec = parse_spec(f"{hidden}-{n_out}", activation, output)
    rng = np.random.default_rng(3)
    images = some_images(rng, 2 * size + 3, spec.input_shape[0])
    labels = rng.integers(0, max(2, n_out), len(images)).astype(np.uint8)
    compare(Problem(spec, loss, optimizer, 0.003), images, labels, size, dtype)


@pytest.mark.parametrize("output", LOSSES["quadratic"].outputs)
def test_the_quadratic_loss_with_every_output(processor: str, output: str) -> None:
    spec = parse_spec("30-12-10", "tanh", output)
    rng = np.random.default_rng(3)
    images, labels = some_images(rng, 40, 30), rng.integers(0, 10, 40).astype(np.uint8)
    compare(Problem(spec, "quadratic", "sgd"), images, labels, 16, "float64")


def test_an_input_that_is_not_bytes_and_one_that_is_dropped(processor: str) -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, 70).astype(np.uint8)
    numbers = rng.standard_normal((70, 90))
    problem = Problem(parse_spec("90-20-4"), "categorical_cross_entropy", "momentum")
    compare(problem, numbers, labels, 33, "float64")
    problem = Problem(parse_spec("90-d0.5-20-4"), "categorical_cross_entropy", "sgd", 0.1)
    compare(problem, some_images(rng, 70, 90), labels, 33, "float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saturated_logits_give_finite_losses_and_exact_gradients(
    processor: str, dtype: str
) -> None:
    for loss, n_out in (("binary_cross_entropy", 1), ("categorical_cross_entropy", 5)):
        spec = parse_spec(f"20-{n_out}", output=LOSSES[loss].outputs[0])
        network = Network.initialize(spec, 0, dtype)
        weights = {name: W * 3000 for name, W in network.weights.items()}
        start = Position(weights, {}, {})
        images = np.full((6, 20), 255, np.uint8)
        labels = np.array([0, 1, 0, 1, 1, 0], np.uint8)
        ours, theirs = (
            make_engine(name, Problem(spec, loss, "sgd"), start) for name in ("fast", "numpy")
        )
        losses = [e.advance(images, labels, 6, [100.0], noise)[0] for e in (ours, theirs)]
        assert np.isfinite(losses).all()
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
        for name, W in theirs.position().weights.items():
            assert_near(ours.position().weights[name], W, dtype, name)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "linear"])
def test_what_is_not_a_number_is_not_hidden(processor: str, activation: str) -> None:
    spec = parse_spec("20-8-3", activation)
    network = Network.initialize(spec, 0)
    network.weights["b1"][2] = np.nan
    engine = make_engine(
        "fast", Problem(spec, "categorical_cross_entropy", "sgd"), Position.start(network, "sgd")
    )
    images = np.full((4, 20), 9, np.uint8)
    assert np.isnan(engine.advance(images, np.zeros(4, np.uint8), 4, [0.1], noise)[0])
    assert np.isnan(engine.logits(images)).any()


@pytest.mark.parametrize("size", [20, 128, 300])
def test_any_number_of_threads_gives_the_same_bits(size: int) -> None:
    spec = parse_spec("784-100-30-10")
    problem = Problem(spec, "categorical_cross_entropy", "momentum", 0.001)
    rng = np.random.default_rng(0)
    images, labels = some_images(rng, 900, 784), rng.integers(0, 10, 900).astype(np.uint8)
    start = Network.initialize(spec, 0).weights
    ends = []
    for threads in (1, 2, 3, 8):
        network = FastNetwork(spec, start, threads)
        rates = [0.1] * -(-900 // size)
        for _ in range(5):
            network.advance(images, labels, size, rates, rates, problem)
        ends.append({**network.weights(), "Z": network.logits(images)})
    for end in ends[1:]:
        for name, array in ends[0].items():
            np.testing.assert_array_equal(array, end[name])


def test_predicting_does_not_disturb_the_training() -> None:
    spec = parse_spec("784-20-10")
    problem = Problem(spec, "categorical_cross_entropy", "sgd")
    rng = np.random.default_rng(0)
    images, labels = some_images(rng, 3000, 784), rng.integers(0, 10, 3000).astype(np.uint8)
    weights = Network.initialize(spec, 0).weights
    alone, asked = FastNetwork(spec, weights), FastNetwork(spec, weights)
    for i in range(0, 300, 100):
        part = slice(i, i + 100)
        alone.advance(images[part], labels[part], 50, [0.1] * 2, [0.1] * 2, problem)
        asked.advance(images[part], labels[part], 50, [0.1] * 2, [0.1] * 2, problem)
        Z = asked.logits(images)
        np.testing.assert_array_equal(Z[:1], asked.logits(images[:1]))
        assert asked.logits(images[:0]).shape == (0, 10)
    for name, W in alone.weights().items():
        np.testing.assert_array_equal(W, asked.weights()[name])


def test_every_entry_of_the_tables_is_known_to_the_kernels() -> None:
    assert set(kernels.KERNEL_LOSSES) == set(LOSSES)
    assert set(kernels.KERNEL_OPTIMIZERS) == set(OPTIMIZERS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("28x28-2c3-4", "does not accelerate conv2d layers"),
        ("9-bn-4", "does not accelerate batch_norm layers"),
        ("9-17", "accelerates up to 16 output neurons, not 17"),
    ],
)
def test_what_is_not_covered_is_said(text: str, reason: str) -> None:
    problem = Problem(parse_spec(text), "categorical_cross_entropy", "sgd")
    assert FastEngine.covers(problem) == reason
    with pytest.raises(SettingError, match=f"engine fast {reason}: choose engine numpy"):
        make_engine("fast", problem, Position.start(Network.initialize(problem.spec), "sgd"))


def test_softmax_in_a_hidden_layer_is_not_covered() -> None:
    problem = Problem(parse_spec("9-5-4", "softmax"), "categorical_cross_entropy", "sgd")
    assert FastEngine.covers(problem) == "does not accelerate softmax in a hidden layer"


def test_a_processor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITSCOPE_PROCESSOR", "avx1024")
    with pytest.raises(SettingError, match="this machine runs kernels for any"):
        kernels.processor()


def without_the_library(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`digitscope train OPTIONS` where no kernels have been compiled."""
    code = """
import sys
from pathlib import Path
from digitscope.engines import kernels
kernels.LIBRARY, kernels.ROOT = Path("nowhere.so"), Path("nowhere")
from digitscope.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    return subprocess.run(
        [sys.executable, "-c", code, "train", *options],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


WHY_NONE = (
    "has no compiled kernels here, without which training takes several times as long (install a "
    "C compiler, or pip install ziglang, and then digitscope again)"
)


def test_without_the_library_fast_says_what_to_do(tmp_path: Path) -> None:
    done = without_the_library(tmp_path, "--engine", "fast")
    assert done.returncode == 2
    assert done.stderr == f"digitscope: error: engine fast {WHY_NONE}: choose engine numpy\n"


def test_without_the_library_auto_trains_with_numpy_and_says_why(tmp_path: Path) -> None:
    done = without_the_library(
        tmp_path, "--name", "small", "--epochs", "1", "--train", "500", "--no-report"
    )
    assert done.returncode == 0, done.stderr
    assert f"engine numpy, because fast {WHY_NONE}\n" in done.stderr
    recipe = (tmp_path / "runs" / "small" / "recipe.toml").read_text()
    assert 'engine = "numpy"' in recipe


def test_the_library_holds_every_kind_of_kernel() -> None:
    library = kernels.library()
    assert isinstance(library, ctypes.CDLL)
    for numbers, kind, name in itertools.product(BOUND, ABLE, kernels.SIGNATURES):
        assert getattr(library, f"{numbers}_{kind}_{name}")


def refusals() -> list[tuple[str, dict[str, object]]]:
    """What C must never see, and what is said of it."""
    return [
        ("labels must be class ids from 0 to 9, got 0 to 12", {"labels": [0, 12, 3]}),
        ("labels must be class ids from 0 to 9, got -5 to 3", {"labels": [0, -5, 3]}),
        ("each image needs a label, got 3 images and 900 labels", {"labels": [1] * 900}),
        ("3 images in batches of 2 cannot make 3 batches", {"rates": [0.1] * 3}),
        ("3 images in batches of 0 cannot make 1 batches", {"batch_size": 0, "rates": [0.1]}),
        ("the network takes 784 numbers an image", {"images": np.zeros((3, 27, 28), np.uint8)}),
    ]


@pytest.mark.parametrize(("message", "given"), refusals(), ids=lambda value: str(value)[:30])
def test_what_does_not_fit_together_is_refused(message: str, given: dict[str, object]) -> None:
    spec = parse_spec("784-20-10")
    start = Position.start(Network.initialize(spec), "sgd")
    engine = make_engine("fast", Problem(spec, "categorical_cross_entropy", "sgd"), start)
    right = {"images": np.zeros((3, 784), np.uint8), "labels": [0, 1, 2], "batch_size": 2}
    all_given = {**right, "rates": [0.1, 0.1], **given}
    with pytest.raises(DigitscopeError, match=message):
        engine.advance(
            all_given["images"], np.array(all_given["labels"]), all_given["batch_size"],
            all_given["rates"], noise,
        )  # fmt: skip


def test_weights_and_slots_of_another_network_are_refused() -> None:
    spec = parse_spec("784-20-10")
    weights = Network.initialize(spec).weights
    with pytest.raises(SpecError, match="the weights do not fit"):
        FastNetwork(spec, weights | {"W1": np.zeros((700, 20), np.float32)})
    with pytest.raises(SpecError, match="float32 or float64, got float16"):
        FastNetwork(spec, {name: W.astype(np.float16) for name, W in weights.items()})
    with pytest.raises(SpecError, match="the slots of optimizer adam do not fit"):
        FastNetwork(spec, weights).write_slots({"W1.m": weights["W1"]}, "adam")


def test_slots_are_known_by_their_names_not_by_their_order() -> None:
    spec = parse_spec("30-8-10")
    problem = Problem(spec, "categorical_cross_entropy", "adam")
    engine = make_engine("fast", problem, Position.start(Network.initialize(spec), "adam"))
    images, labels = np.full((6, 30), 9, np.uint8), np.arange(6).astype(np.uint8)
    engine.advance(images, labels, 6, [0.01], noise)
    at = engine.position()
    turned = Position(at.weights, at.state, dict(reversed(at.slots.items())), at.updates)
    again = make_engine("fast", problem, turned).position()
    for name, slot in at.slots.items():
        np.testing.assert_array_equal(slot, again.slots[name])


def test_threads_that_share_a_network_take_turns() -> None:
    spec = parse_spec("784-100-10")
    network = FastNetwork(spec, Network.initialize(spec).weights, 2)
    images = some_images(np.random.default_rng(0), 500, 784)
    expected = network.logits(images)
    found: list[np.ndarray] = []
    asking = [
        threading.Thread(target=lambda: found.extend(network.logits(images) for _ in range(20)))
        for _ in range(3)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(60)
    assert len(found) == 60
    for Z in found:
        np.testing.assert_array_equal(Z, expected)


@pytest.mark.parametrize(
    "code",
    [
        # A child of fork has none of its parent's threads.
        "pid = os.fork()\nif pid == 0:\n    del network; gc.collect(); sys.exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\nnetwork.logits(X)",
        # The process ends while a thread is at work.
        "atexit.register(lambda: [bytearray(10**6) for _ in range(200)] and time.sleep(0.3))\n"
        "threading.Thread(target=lambda: [network.logits(X) for _ in iter(int, 1)], daemon=True).start()\n"
        "time.sleep(0.2)",
    ],
    ids=["fork", "end"],
)
def test_a_process_ends_well(code: str) -> None:
    begin = (
        "import atexit, gc, os, sys, threading, time\nimport numpy as np\n"
        "from digitscope.engines.fast_engine import FastNetwork\n"
        "from digitscope.network.network import Network\n"
        "net = Network.initialize('784-100-10')\nnetwork = FastNetwork(net.spec, net.weights, 2)\n"
        "X = np.full((3000, 784), 7, np.uint8)\nnetwork.logits(X)\n"
    )
    done = subprocess.run([sys.executable, "-c", begin + code], timeout=60, check=False)
    assert done.returncode == 0
