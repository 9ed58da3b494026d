"""The comparison of engines, with engines of which it is known what is wrong with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from digitscope.comparison.compare import choose_engines, compare_engines
from digitscope.comparison.results import Comparison, Row
from digitscope.errors import SettingError
from digitscope.training.recipe import load_recipe
from digitscope.training.train import train
from tests.helpers import small_recipe

FAKES = (sys.executable, str(Path(__file__).parent / "fake_worker.py"))
RECIPE = small_recipe(train=2000, epochs=2, engine="numpy")


@pytest.fixture(scope="module")
def compared() -> Comparison:
    engines = ["numpy", "same", "wrong", "mistaken", "slow", "hungry", "unusable", "broken"]
    return compare_engines(RECIPE, [*engines, "crashing"], command=FAKES)


def row(comparison: Comparison, engine: str) -> Row:
    return next(row for row in comparison.rows if row.engine == engine)


def measured(comparison: Comparison, engine: str) -> Any:
    found = row(comparison, engine)
    assert found.measured is not None, found.message
    return found.measured


def difference(comparison: Comparison, engine: str) -> Any:
    found = row(comparison, engine).difference
    assert found is not None
    return found


def test_it_is_the_training_that_the_recipe_is(compared: Comparison) -> None:
    trained = train(RECIPE)
    keys = ("epoch", "train_loss", "train_accuracy", "watched_loss", "watched_accuracy")
    for engine in ("numpy", "same", "slow"):
        for a, b in zip(measured(compared, engine).history, trained.history, strict=True):
            assert [getattr(a, key) for key in keys] == [getattr(b, key) for key in keys]


def test_the_same_arithmetic_has_no_difference(compared: Comparison) -> None:
    same = difference(compared, "same")
    assert same.largest == 0
    assert same.first_logits == 0
    assert same.by_epoch == (0, 0, 0)
    assert same.answers == 0
    assert set(same.weights) == {"W1", "b1", "W2", "b2"}


def test_a_wrong_weight_is_found_where_it_is(compared: Comparison) -> None:
    wrong = difference(compared, "wrong")
    assert wrong.weights["W2"] == pytest.approx(0.5, rel=1e-5)
    assert wrong.weights["W1"] == wrong.weights["b1"] == wrong.weights["b2"] == 0
    assert wrong.by_epoch == (0, pytest.approx(0.5, rel=1e-5), pytest.approx(0.5, rel=1e-5))


def test_other_answers_are_counted(compared: Comparison) -> None:
    mistaken = measured(compared, "mistaken")
    assert mistaken.test_accuracy == 980 / 10_000  # zeros of the test set
    right = measured(compared, "numpy").test_accuracy
    assert right > 0.7
    assert difference(compared, "mistaken").answers > 10_000 * (right - 0.1)
    assert difference(compared, "mistaken").first_logits > 0.1


def test_seconds_are_those_of_training(compared: Comparison) -> None:
    slow, quick = measured(compared, "slow"), measured(compared, "numpy")
    # 2000 images in batches of 128 or so are advanced in at least as many groups as said here.
    assert slow.epoch_seconds > 1
    assert slow.images_per_second == pytest.approx(2000 / slow.epoch_seconds)
    assert not slow.compile_included
    assert slow.first_step_seconds - slow.import_seconds > 1 > quick.epoch_seconds
    assert 0 < quick.import_seconds < quick.first_step_seconds


def test_memory_is_the_peak_of_the_process(compared: Comparison) -> None:
    more = measured(compared, "hungry").memory - measured(compared, "numpy").memory
    assert 250e6 < more < 700e6


def test_what_fails_says_so_and_stops_nothing(compared: Comparison) -> None:
    said = {row.engine: (row.status, row.message) for row in compared.rows}
    assert said["unusable"] == ("failed", "engine unusable needs a thing: pip install thing")
    assert said["broken"] == (
        "failed",
        "its process crashed (exit code 1): IndexError: list index out of range",
    )
    status, message = said["crashing"]
    assert status == "failed"
    assert message.startswith("its process crashed (killed by signal 6)")
    assert [row.engine for row in compared.rows][-1] == "crashing"
    assert len(compared.done) == 6


def test_it_is_plain_data(compared: Comparison) -> None:
    data = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert data["format"] == "digitscope comparison"
    assert [e["engine"] for e in data["engines"]] == [row.engine for row in compared.rows]
    (step,) = data["step"]["written_in"]
    assert step["title"] == "NumPy"
    assert step["parts"]["activation"] == "A1 = np.maximum(Z1, 0)"


def test_one_epoch_may_hold_the_compilation() -> None:
    one = compare_engines(RECIPE.with_settings({"epochs": 1}), ["numpy"])
    assert measured(one, "numpy").compile_included


def test_a_training_that_diverges_says_so() -> None:
    recipe = small_recipe(
        train=1000, learning_rate=1e5, activation="linear", output="linear", loss="quadratic"
    )
    (diverged,) = compare_engines(recipe, ["numpy"]).rows
    assert diverged.status == "diverged"
    assert "learning rate" in diverged.message


def test_an_interrupt_keeps_what_is_done() -> None:
    def interrupt(engine: str, said: dict[str, Any]) -> None:
        if engine == "slow" and said.get("epoch") == 1:
            raise KeyboardInterrupt

    cut = compare_engines(RECIPE, ["numpy", "slow", "same"], on_progress=interrupt, command=FAKES)
    assert [row.status for row in cut.rows] == ["done", "interrupted", "interrupted"]
    assert cut.interrupted


def test_engines_are_chosen_numpy_first() -> None:
    lesson = load_recipe("lesson")
    assert choose_engines("keras:jax,numpy,keras:jax", lesson) == (["numpy", "keras:jax"], {})
    with pytest.raises(
        SettingError, match="unknown engine 'keras:jacks': did you mean 'keras:jax'"
    ):
        choose_engines("keras:jacks", lesson)


def test_without_a_choice_what_cannot_run_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    engines, left_out = choose_engines("", load_recipe("cnn"))
    assert engines[0] == "numpy"
    assert not {"fast", "keras:torch"} & set(engines)
    assert left_out["fast"] == "fast does not accelerate conv2d layers"
    assert 'pip install "digitscope[torch]"' in left_out["keras:torch"]
    assert "fast" in choose_engines("", load_recipe("lesson"))[0]
