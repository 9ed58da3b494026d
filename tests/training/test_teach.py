"""A lesson: what is learned of a few drawings, what is forgotten, and that it can be taken back."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitscope.arrays import Images, Labels
from digitscope.data.mnist import load_mnist
from digitscope.errors import ModelFileError, SettingError, StorageError
from digitscope.evaluation.metrics import changed
from digitscope.models.model import NONE, Model, load, save
from digitscope.network.network import Network
from digitscope.training.finish import temperature
from digitscope.training.judge import Judge
from digitscope.training.lessons import Lessons, beside, claim, fingerprint, read_lessons
from digitscope.training.recipe import Recipe, load_recipe, read_settings
from digitscope.training.split import split_for
from digitscope.training.teach import Teacher, choices
from digitscope.training.train import train
from tests.helpers import SMALL, small_recipe

TRAIN, TEST = load_mnist("train"), load_mnist("test")


def misread(model: Model, n: int) -> tuple[Images, Labels]:
    """The first training images that a model gets wrong, and what they are."""
    digits = model.judge(TRAIN.images[:4000])[:, :NONE].argmax(axis=1)
    wrong = np.flatnonzero(
        (digits != TRAIN.labels[:4000]) & np.isin(TRAIN.labels[:4000], model.classes)
    )
    return TRAIN.images[wrong[:n]], TRAIN.labels[wrong[:n]]


@pytest.fixture(scope="module")
def models(small_model: Model) -> dict[str, Model]:
    """Networks of every kind that a page may have, each trained for a moment."""
    kinds = {
        "deep tanh": small_recipe(hidden="24-16", activation="tanh"),
        "ten sigmoids": load_recipe("nielsen-15").with_settings({"epochs": 1, "train": 10_000}),
        "one output": load_recipe("binary").with_settings(
            {**SMALL, "epochs": 1, "digits": "49", "train": 10_000}
        ),
        "two outputs": small_recipe(digits="49"),
        "maps with batch norm": small_recipe(hidden="4c5-bn-p2-16-d0.2", epochs=1),
        "refuses": small_recipe(synthesis="negatives:0.2", train=1000),
    }
    return {"small": small_model, **{name: train(recipe).model for name, recipe in kinds.items()}}


NAMES = ("small", "deep tanh", "ten sigmoids", "one output", "two outputs", "maps with batch norm", "refuses")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_network_learns_and_forgets_little(
    models: dict[str, Model], name: str
) -> None:
    model = models[name]
    before = {n: W.copy() for n, W in model.network.weights.items()}
    drawings, labels = misread(model, 2)
    taught = Teacher(model, rehearsal=4000).teach(drawings, labels)
    assert taught.model.judge(drawings).argmax(axis=1).tolist() == labels.tolist()
    assert taught.sure
    assert 0 < taught.steps <= 600
    judge = Judge(model)
    lost = judge.judge(model).right.mean() - judge.judge(taught.model).right.mean()
    assert lost < 0.02
    for weight, W in before.items():
        np.testing.assert_array_equal(model.network.weights[weight], W)
    assert taught.calibrated == (model.temperature is not None)


def test_maps_stay_as_they_are(models: dict[str, Model]) -> None:
    model = models["maps with batch norm"]
    taught = Teacher(model, rehearsal=500).teach(*misread(model, 1)).model
    same = {n: (taught.network.weights[n] == W).all() for n, W in model.network.weights.items()}
    first = list(same)[:4]  # the kernels, their biases, and what the batch norm learned
    assert [n for n in same if same[n]] == first


def test_as_many_steps_make_the_same_model(small_model: Model) -> None:
    """What an undo rests on; the clock must not matter."""
    drawings, labels = misread(small_model, 3)
    teacher = Teacher(small_model, rehearsal=2000)
    once = teacher.teach(drawings, labels)
    again = Teacher(small_model, rehearsal=2000).teach(drawings, labels, steps=once.steps)
    assert fingerprint(once.model) == fingerprint(again.model)
    assert fingerprint(teacher.teach(drawings[:2], labels[:2]).model) != fingerprint(once.model)


def test_what_is_known_already_changes_nothing(small_model: Model) -> None:
    P = small_model.judge(TRAIN.images[:500])
    surest = int(P[np.arange(500), TRAIN.labels[:500]].argmax())
    taught = Teacher(small_model, rehearsal=500).teach(
        TRAIN.images[surest][None], TRAIN.labels[surest][None]
    )
    assert (taught.steps, taught.sure) == (0, True)
    assert fingerprint(taught.model) == fingerprint(small_model)


def test_the_temperature_is_that_of_the_model_taught(models: dict[str, Model]) -> None:
    """Fitted as at the end of a training, on images that neither has seen."""
    for name, n in (("small", 12), ("one output", 4), ("refuses", 4), ("maps with batch norm", 4)):
        model = models[name]
        recipe = Recipe(**read_settings(model.recipe))
        taught = Teacher(model, rehearsal=500).teach(*misread(model, n))
        assert taught.steps, name
        assert taught.calibrated, name
        fitted = temperature(taught.model, recipe, split_for(recipe))
        assert taught.model.temperature == pytest.approx(fitted, rel=0.03), name
        assert taught.model.temperature != model.temperature, name
    again = Teacher(model, rehearsal=500).teach(*misread(model, n), steps=taught.steps)
    assert again.model.temperature == taught.model.temperature


def test_where_nothing_is_known_to_be_unseen_the_temperature_stays(small_model: Model) -> None:
    for other in (
        replace(small_model, recipe={}),
        replace(small_model, recipe={**small_model.recipe, "validation": 0}),
    ):
        taught = Teacher(other, rehearsal=500).teach(*misread(other, 2))
        assert taught.steps
        assert (taught.calibrated, taught.model.temperature) == (False, small_model.temperature)
    none = Teacher(replace(small_model, temperature=None), rehearsal=500)
    taught = none.teach(*misread(small_model, 2))
    assert (taught.calibrated, taught.model.temperature) == (False, None)


def test_what_contradicts_itself_is_said_not_to_be_learned(small_model: Model) -> None:
    """The same image as two digits."""
    twice = np.repeat(TRAIN.images[:1], 2, axis=0)
    taught = Teacher(small_model, rehearsal=500).teach(twice, np.array([3, 7], np.uint8))
    assert not taught.sure


def test_a_digit_is_taught_to_be_none(models: dict[str, Model]) -> None:
    model = models["refuses"]
    one = TRAIN.images[:1]
    taught = Teacher(model, rehearsal=1000).teach(one, np.array([NONE], np.uint8)).model
    assert taught.judge(one).argmax() == NONE
    assert choices(model) == (*range(10), NONE)


def test_a_label_that_the_model_has_no_output_for(small_model: Model) -> None:
    teacher = Teacher(small_model, rehearsal=500)
    with pytest.raises(SettingError, match="has no output for 10: expected one of 0, 1"):
        teacher.teach(TRAIN.images[:1], np.array([10], np.uint8))


def test_the_test_set_is_not_seen_again(small_model: Model) -> None:
    """Nor the validation part of the model's own recipe, which its temperature was fitted on."""
    teacher = Teacher(small_model, rehearsal=3000)
    tested = {image.tobytes() for image in TEST.images}
    seen = teacher._features if teacher._features.dtype == np.uint8 else None
    assert seen is not None
    assert len(seen) == 3000
    assert not [1 for image in seen if image.tobytes() in tested]


def test_chance_is_told_from_change() -> None:
    rng = np.random.default_rng(0)
    before = rng.random(10_000) < 0.97
    after = before.copy()
    after[np.flatnonzero(before)[:40]] = False
    after[np.flatnonzero(~before)[:25]] = True
    assert changed(before, after) == 0  # (40 - 25) / sqrt(65) = 1.86
    after[np.flatnonzero(before)[40]] = False
    after[np.flatnonzero(before)[41]] = False
    assert changed(before, after) == -1  # (42 - 25) / sqrt(67) = 2.08
    assert changed(after, before) == 1


def test_the_judge_says_what_the_network_says(models: dict[str, Model]) -> None:
    for name in ("refuses", "one output", "maps with batch norm"):
        model = models[name]
        kept = np.isin(TEST.labels, model.classes)
        digits = np.array(model.classes)[model.probabilities(TEST.images[kept]).argmax(axis=1)]
        judged = Judge(model).judge(model)
        np.testing.assert_array_equal(judged.right, digits == TEST.labels[kept])
        none = model.judge(TEST.images[kept])[:, NONE] > 0.5
        np.testing.assert_array_equal(judged.refused, none)


# --- the file beside the model ---


def test_lessons_are_read_as_they_were_written(models: dict[str, Model], tmp_path: Path) -> None:
    base = replace(models["maps with batch norm"], temperature=1.5, name="maps")
    lessons = Lessons.none(base, "runs/maps").with_drawing(TRAIN.images[0], 3)
    lessons = replace(lessons.with_drawing(TRAIN.images[1], 10), records=({"a": 1}, {"a": 2}))
    replace(lessons, models=("x", "y")).write(tmp_path / "maps-taught.lessons")
    found = read_lessons(tmp_path / "maps-taught.lessons")
    np.testing.assert_array_equal(found.drawings, TRAIN.images[:2])
    assert found.labels.tolist() == [3, 10]
    assert (found.records, found.models) == (({"a": 1}, {"a": 2}), ("x", "y"))
    assert (found.base_id, found.base.name, found.base.temperature) == ("runs/maps", "maps", 1.5)
    assert fingerprint(found.base) == fingerprint(base)
    assert found.base.recipe == base.recipe
    assert found.without_last().labels.tolist() == [3]


def test_a_drawing_counts_as_what_it_was_called_last() -> None:
    lessons = Lessons.none(Model(Network.initialize("784-8-10")), "small")
    for i, label in ((0, 3), (1, 4), (0, 5)):
        lessons = lessons.with_drawing(TRAIN.images[i], label)
    images, labels = lessons.to_learn()
    assert labels.tolist() == [4, 5]
    np.testing.assert_array_equal(images, TRAIN.images[[1, 0]])
    assert lessons.without_last().to_learn()[1].tolist() == [3, 4]


def test_damaged_lessons_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.lessons"
    Lessons.none(Model(Network.initialize("784-8-10")), "small").write(file)
    save(Network.initialize("784-8-10"), tmp_path / "b")
    with pytest.raises(ModelFileError, match="expected a digitscope lessons"):
        read_lessons(tmp_path / "b.safetensors")
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelFileError, match="corrupt"):
        read_lessons(file)
    with pytest.raises(ModelFileError, match="expected a digitscope model"):
        load(_written(tmp_path / "c.lessons"))


def _written(path: Path) -> Path:
    Lessons.none(Model(Network.initialize("784-8-10")), "small").write(path)
    return path


def test_two_labs_do_not_claim_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "a-taught").mkdir()  # a run of that name
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(claim(tmp_path, "a"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.name for path in found} == {f"a-taught-{i}.safetensors" for i in range(2, 10)}
    assert all(beside(path).exists() for path in found)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        claim(tmp_path / "runs", "a")
