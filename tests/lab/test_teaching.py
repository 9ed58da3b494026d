"""Teaching on the socket: what is written, what never changes, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.models.model import NONE, load, save
from digitscope.models.shipped import shipped_model
from digitscope.network.network import Network
from digitscope.training.lessons import beside, fingerprint, read_lessons
from tests.lab.served import Fields, Page, Served, opened, served, with_run

TEST = load_mnist("test")
TAUGHT = "runs/small-taught.safetensors"


@pytest.fixture
def own(tmp_path: Path, small_run: Path) -> Iterator[Served]:
    """A lab of this test's own: it writes."""
    with served(with_run(tmp_path, small_run)) as running:
        yield running


def stroke(x: int) -> bytes:
    """A line from top to bottom, `x` pixels wide."""
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 30 : 30 + x] = 0
    return page.tobytes()


def draw(page: Page, x: int = 5) -> Fields:
    page.say("read", stroke(x), id=x, width=60, height=60)
    return page.hear_until("answer", lambda fields: fields["id"] == x)


def choose(page: Page, id: str) -> None:
    page.say("model", id=id)
    page.hear_until("model", lambda fields: fields["id"] == id)


def teach(page: Page, label: int) -> Fields:
    """A lesson, and go on with what has learned it."""
    page.say("teach", id=1, label=label)
    told = page.hear_until("lessons")
    choose(page, told["model"])
    return told


def refused(page: Page, do: str, **fields: object) -> str:
    page.say(do, id=1, **fields)
    return str(page.hear_until("error")["what"])


def test_lessons_make_one_file_and_leave_all_others(own: Served) -> None:
    runs = own.folder / "runs"
    before = {p: p.read_bytes() for p in runs.rglob("*") if p.is_file()}
    with opened(own) as page:
        page.say("lessons", id=1)
        told = page.hear_until("lessons")
        assert (told["lessons"], told["drawings"], told["last"]) == (0, [], None)
        assert told["choices"] == list(range(10))
        assert draw(page)["digit"] == 1
        told = teach(page, 7)
        assert told["model"] == TAUGHT
        assert told["last"]["before"]["digit"] == 1
        assert told["last"]["after"]["digit"] == 7
        assert (told["last"]["right_before"], told["last"]["right_after"]) == (0, 1)
        assert draw(page)["digit"] == 7
        draw(page, 12)
        again = teach(page, 0)
        assert again["model"] == TAUGHT
        assert [row["label"] for row in again["drawings"]] == [7, 0]
        assert [row["right"] for row in again["drawings"]] == [True, True]
        # From the model that was taught first another file is begun.
        choose(page, "runs/small")
        draw(page)
        assert teach(page, 4)["model"] == "runs/small-taught-2.safetensors"
    made = {p.name for p in runs.iterdir()} - {"small"}
    stems = ("small-taught", "small-taught-2")
    assert made == {f"{stem}.{end}" for stem in stems for end in ("lessons", "safetensors")}
    assert all(path.read_bytes() == data for path, data in before.items())
    model = load(runs / "small-taught.safetensors")
    assert model.recipe["taught"] == [7, 0]
    assert model.recipe["taught_from"] == "small"
    assert model.measured["own_drawings_right"] == 2
    assert "test_accuracy" not in model.measured  # nobody has asked


def test_the_test_set_judges_the_models_before_and_after(own: Served) -> None:
    file = own.folder / TAUGHT
    right = []
    with opened(own) as page:
        choose(page, "runs/small")
        for x, label in ((5, 7), (12, 0)):
            model = load(own.folder / "runs" / "small" if not right else file)
            right.append(int((model.probabilities(TEST.images).argmax(1) == TEST.labels).sum()))
            draw(page, x)
            teach(page, label)
        # Only the second lesson is judged: the model between is made again for it.
        page.say("judged", id=1)
        test = page.hear_until("judged")["test"]
        model = load(file)
        right.append(int((model.probabilities(TEST.images).argmax(1) == TEST.labels).sum()))
        assert [test[f"right_{at}"] for at in ("first", "before", "after")] == right
        assert test["images"] == 10_000
        assert model.measured["test_accuracy"] == right[2] / 10_000
        assert read_lessons(beside(file)).records[-1]["test"] == test
        page.say("lessons", id=1)
        assert page.hear_until("lessons")["last"]["test"] == test


def test_a_restart_finds_the_lessons_and_undo_is_exact(own: Served) -> None:
    file = own.folder / TAUGHT
    with opened(own) as page:
        draw(page)
        teach(page, 7)
        once = fingerprint(load(file))
        draw(page, 12)
        teach(page, 0)
    shutil.rmtree(own.folder / "runs" / "small")  # the first model lies beside the taught one
    own.end()
    with served(own.folder) as again, opened(again) as page:
        assert page.hear_until("hello")["model"] == TAUGHT
        page.say("unteach", id=1)
        told = page.hear_until("lessons")
        assert [row["label"] for row in told["drawings"]] == [7]
        assert fingerprint(load(file)) == once
        assert "stays: runs/small, which it began from, is not there" in refused(page, "unteach")
    assert file.exists()


def test_the_only_lesson_taken_back_is_the_first_model_again(own: Served) -> None:
    with opened(own) as page:
        assert "nothing was taught" in refused(page, "unteach")
        draw(page)
        teach(page, 7)
        page.say("unteach", id=1)
        assert page.hear_until("lessons")["model"] == "runs/small"
    assert sorted(p.name for p in (own.folder / "runs").iterdir()) == ["small"]


def test_what_is_not_its_own_is_not_written_over(own: Served) -> None:
    """Another model has come to lie where the taught one was."""
    file = own.folder / TAUGHT
    with opened(own) as page:
        draw(page)
        teach(page, 7)
        save(Network.initialize("784-8-10"), file, overwrite=True)
        foreign = file.read_bytes()
        choose(page, TAUGHT)
        page.say("lessons", id=1)
        assert page.hear_until("lessons")["lessons"] == 0
        draw(page)
        assert teach(page, 3)["model"] == "runs/small-taught-2.safetensors"
    assert file.read_bytes() == foreign


def test_what_is_not_taught(own: Served) -> None:
    with opened(own) as page:
        choose(page, "runs/small")
        assert "nothing was read yet" in refused(page, "teach", label=3)
        draw(page)
        assert "a lesson needs a label" in refused(page, "teach")
        assert "has no output for 10" in refused(page, "teach", label=10)
        page.say("read", id=1, image="test:5")
        page.hear_until("answer")
        assert "it judges what is learned" in refused(page, "teach", label=3)
        page.train()
        run = page.hear_until("status", lambda fields: fields["status"] == "running")["run"]
        page.hear_until("weights")
        choose(page, run)
        draw(page)
        page.say("lessons", id=1)
        assert "in training" in page.hear_until("lessons")["cannot"]
        assert "in training" in refused(page, "teach", label=3)
    assert not list(own.folder.glob("runs/*.lessons"))


def test_the_model_that_ships_is_taught_and_stays(tmp_path: Path) -> None:
    """What it is to see again is looked at first, so that the lesson itself takes about a second."""
    shipped = shipped_model("reader").read_bytes()
    with served(tmp_path) as lab, opened(lab) as page:
        choose(page, "reader")
        page.say("lessons", id=1)
        assert page.hear_until("lessons")["choices"] == [*range(10), NONE]
        draw(page)
        page.say("rehearse", id=1)
        draw(page, 6)  # answered beside it
        page.hear_until("rehearsed", timeout=120)
        told = teach(page, NONE)
        assert told["model"] == "runs/reader-taught.safetensors"
        assert told["last"]["after"]["refused"]
        assert told["last"]["prepared_seconds"] < 1
        assert told["last"]["seconds"] < 5  # on a machine that is busy with other tests
        assert draw(page, 6)["rejected"]
        page.say("judged", id=1)
        test = page.hear_until("judged", timeout=60)["test"]
        assert test["right_after"] > 9900
    assert shipped_model("reader").read_bytes() == shipped
    assert load(tmp_path / "runs" / "reader-taught.safetensors").refuses
