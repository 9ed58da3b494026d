"""The benchmark of reading: its work, its scores, its page; who reads is a fake here."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitscope
from digitscope.data.mnist import load_mnist
from digitscope.models.model import Model, save
from digitscope.models.shipped import neighbours_file
from digitscope.network.network import Network
from digitscope.synthesis.fonts import FONTS as TRAINED_FONTS
from reading.asked import PARTS, ask_all
from reading.examples import draw_examples
from reading.failures import draw_failures
from reading.others import FONTS, LETTERS, LOOKALIKES, OTHERS
from reading.page import TABLES, page
from reading.photos import KINDS, compose_photo
from reading.readers import READERS, TITLES
from reading.readers.pixels import framed, upright
from reading.readers.reader import Answer
from reading.scores import figures, limit, refused
from reading.stamps import fingerprint, fingerprints, others, stamped
from reading.work import Work, make_work
from tests.benchmarks.helpers import BENCHMARKS

QUICK = 60  # images of each kind


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The quick work, with a folder of twelve digits and a page."""
    images, labels = load_mnist("test")
    given = tmp_path_factory.mktemp("given")
    np.savez(given / "mine.npz", images=images[:12], labels=labels[:12])
    Image.new("L", (60, 40), 255).save(given / "page.png")
    told = {"page.png": {"lines": ["12 3", "45"], "rotate_ccw_to_upright": 90}}
    (given / "labels.json").write_text(json.dumps(told))
    return make_work(given, tmp_path_factory.mktemp("work"), most=QUICK)


def test_sets_that_are_called_alike(tmp_path: Path) -> None:
    images, labels = load_mnist("test")
    for place in ("a/scans", "b/scans", "b/noise"):
        (tmp_path / "given" / place).parent.mkdir(parents=True, exist_ok=True)
        np.savez(tmp_path / "given" / place, images=images[:2], labels=labels[:2])
    (tmp_path / "work").mkdir()
    made = make_work(tmp_path / "given", tmp_path / "work", most=3)
    assert [t.name for t in made.digits] == ["MNIST test", "a/scans", "noise", "b/scans"]
    assert len({path for t in (*made.digits, *made.others) for path in t.paths}) == 9 + 3 * len(
        made.others
    )
    path = draw_failures(tmp_path, "digits", [Answer("", 0.0)] * 2, made.digits[1])
    assert path == tmp_path / "digits, a-scans.png"
    assert path.exists()


class Fake:
    """Stands for a reader's process: right on every digit but the first of a set, never on pages."""

    name = "fake"

    def __init__(self, work: Work) -> None:
        tasks = (*work.digits, *work.strings)
        self.truth = {path: t for task in tasks for path, t in zip(task.paths, task.truth, strict=True)}  # fmt: skip

    def ask(self, **question: Any) -> dict[str, Any]:
        match question["what"]:
            case "version":
                return {"version": "fake 1"}
            case "page":
                assert question["turn"] == (90 if question["path"].endswith("page.png") else 0)
                return {"answers": ["123"], "seconds": 0.25, "processor": 0.4}
        known = [self.truth.get(path, "") for path in question["paths"]]
        answers = [[text, 0.9 if text else 0.1] for text in known]
        answers[0] = ["x", 0.5]
        return {"answers": answers, "seconds": 2.0}


def test_the_work(work: Work) -> None:
    assert [(t.name, len(t.paths)) for t in work.digits] == [("MNIST test", QUICK), ("mine", 12)]
    assert all(t.bright for t in work.digits)
    images, labels = load_mnist("test")
    with Image.open(work.digits[1].paths[3]) as image:
        np.testing.assert_array_equal(np.asarray(image), images[3])
    assert work.digits[1].truth == tuple(str(label) for label in labels[:12])
    assert sum(len(t.paths) for t in work.strings) == QUICK
    assert {len(t.paths) for t in work.others} == {QUICK}
    assert [p.lines for p in next(iter(work.pages.values()))] == [("12 3", "45")]


@pytest.mark.parametrize("kind", KINDS)
def test_composed_photos_show_their_lines(kind: str) -> None:
    """The same seed gives the same photo, and the ink of all its digits is on it."""
    images, labels = load_mnist("test")
    for seed in range(3):
        photo = compose_photo(kind, np.random.default_rng(seed), images, labels)
        again = compose_photo(kind, np.random.default_rng(seed), images, labels)
        np.testing.assert_array_equal(photo.image, again.image)
        assert photo.lines == again.lines
        assert all(3 <= len(line) <= 10 and line.isdigit() for line in photo.lines)
        tall, wide = photo.image.shape[:2]
        assert wide > 30 * max(map(len, photo.lines)) * 0.5
        assert tall > 30 * len(photo.lines)


def test_a_composed_photo_can_be_read() -> None:
    images, labels = load_mnist("test")
    plain = compose_photo("plain", np.random.default_rng(1), images, labels)
    read = digitscope.read(plain.image)
    assert [line.text.replace(" ", "") for line in read.lines] == list(plain.lines)


def test_everyone_is_asked_everything(work: Work, tmp_path: Path) -> None:
    kept = []
    found = ask_all(
        Fake(work), work, ("digits", "strings", "pages"), lambda text: None,
        lambda what, answers, task: kept.append(draw_failures(tmp_path, what, answers, task)),
    )  # fmt: skip
    assert found["digits"]["mine"]["accuracy"] == 11 / 12
    assert found["digits"]["mine"]["milliseconds"] == 2000 / 12
    assert found["strings"]["all"]["correct"] == QUICK - 3
    assert found["refused"]["noise"] == 1.0
    pages, *composed = found["pages"].values()
    assert sum(len(set_["pages"]) for set_ in composed) == 100
    assert (pages["lines"], pages["exact"], pages["spaced"], pages["errors"]) == (2, 1, 0, 2)
    assert pages["seconds"] == 0.25
    assert kept
    with Image.open(tmp_path / "digits, mine.png") as sheet:
        assert sheet.size[0] > 500
    json.dumps(found, allow_nan=False)

    around = {
        "machine": {"cores": 2, "system": "Linux", "processor": "P"},
        "date": "2026-01-02",
        "command": "make bench-reading IMAGES=.../given",
        "load": 1.25,
    }
    speed = {"batch": 500, "network": {"numpy": 0.5, "other": 0.2}, "difference": 1e-7,
             "preparation": 1.0, "frame": 0.05, "failed": {"third": "ImportError: no"}}  # fmt: skip
    whole = {
        "surroundings": around,
        "readers": {"ours": found, "rapidocr": found},
        "speed": speed,
        "failed": {"tesseract": "not here"},
    }
    whole["readers"]["ours"] = stamped(found, {}, ["digits"], around, "fake 1 (abc)")
    template = (BENCHMARKS.parent / "docs" / "reading.template.md").read_text("utf-8")
    text = page(template, whole)
    assert not re.findall(r"\{[a-z]+\}", text)
    for told in ("91.67 %", "2026-01-02", "1 of 2", "40.00 % (2 of 5)", "**Tesseract, digits only failed**: not here", "1e-07", "**Of other runs**", "- digitscope, pages: a day that was not kept"):  # fmt: skip
        assert told in text, told
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert set(re.findall(r"\{([a-z]+)\}", template)) >= set(TABLES)


def test_parts_of_several_runs_keep_their_stamps() -> None:
    def around(date: str) -> dict[str, Any]:
        return {"date": date, "machine": {"cores": 2, "system": "Linux", "processor": "P"}}

    monday, tuesday = around("2026-01-05"), around("2026-01-06")
    first = stamped({}, {"digits": 1, "strings": 2, "pages": 3}, PARTS, monday, "v1 (aaa)")
    found = {"surroundings": monday, "readers": {"ours": first}}
    assert others(found, PARTS) == []
    ours = stamped(first, {"digits": 4}, ["digits"], tuesday, "v1 (bbb)")
    assert (ours["digits"], ours["strings"]) == (4, 2)
    assert ours["measured"]["strings"]["of"] == "v1 (aaa)"
    old = {"digits": 0, "strings": 0, "pages": 0}  # from before there were stamps
    found = {"surroundings": tuesday, "readers": {"ours": ours, "tesseract": old}}
    assert others(found, PARTS)[:3] == [
        "digitscope, strings: 2026-01-05, v1 (aaa)",
        "digitscope, pages: 2026-01-05, v1 (aaa)",
        "Tesseract, digits only, digits: a day that was not kept",
    ]
    assert others({"surroundings": tuesday, "readers": {"tesseract": old}}, PARTS) == []


def test_a_model_of_the_same_name_has_another_fingerprint(tmp_path: Path) -> None:
    marks = set()
    for seed in (0, 0, 1):
        save(Model(Network.initialize("784-4-10", seed=seed)), path := tmp_path / "m.safetensors")
        marks.add(fingerprint(str(path)))
        path.unlink()
    assert len(marks) == 2


def test_readers_are_marked_by_the_weights_of_all_that_judge() -> None:
    """The members of the committee, and beside every model the network that has neighbours in
    sight.
    """
    marks = fingerprints(["ours", "committee", "tesseract"], "reader")
    assert set(marks) == {"ours", "committee"}
    members, ours = marks["committee"].split(), marks["ours"].split()
    assert len(set(members)) == 4
    assert ours == [fingerprint("reader"), fingerprint(str(neighbours_file()))]
    assert ours == [members[0], members[-1]]


def test_the_folder_is_asked_for_before_anything_is_set_up() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "bench-reading", "IMAGES=", "PYTHON=true"],
        cwd=BENCHMARKS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.startswith("which images? give a labelled folder (docs/formats.md): make")
    assert len(done.stdout.splitlines()) == 1
    told = (BENCHMARKS.parent / "Makefile").read_text("utf-8")
    assert "shared" not in told


def test_examples_are_drawn(work: Work, tmp_path: Path) -> None:
    task = work.strings[0]
    answers = [Answer(task.truth[0], 1.0), *[Answer("", 0.0)] * (len(task.paths) - 1)]
    draw_examples(tmp_path / "pictures" / "reading.png", [(task, answers)])
    with Image.open(tmp_path / "pictures" / "reading.png") as sheet:
        pixels = np.asarray(sheet).astype(int)
    reddish = (pixels[..., 0] - pixels[..., 1] > 80).any(axis=0)
    assert not reddish[: sheet.width // 5].any()
    assert reddish[sheet.width // 5 :].any()
    assert pixels.min() < 60


def test_figures_by_hand() -> None:
    answers = [Answer("1", 0.9), Answer("2", 0.8), Answer("3", 0.7), Answer("", 0.0)]
    found = figures(answers, ["1", "2", "4", "5"], 0.1)
    assert (found["correct"], found["accuracy"], found["milliseconds"]) == (2, 0.5, 25.0)
    # The bins of 0.9, 0.8, 0.7 and 0.0: errors of 0.1, 0.2, 0.7, 0, a quarter of the images each.
    assert found["calibration_error"] == pytest.approx((0.1 + 0.2 + 0.7) / 4)
    assert dict(found["curve"])[1.0] == 0.5
    assert found["safe_coverage"] == 0.5


def test_refusing_by_hand() -> None:
    digits = [Answer("1", i / 100) for i in range(1, 101)]
    below = limit(digits)
    assert below == 0.03  # 0.01 and 0.02 are less
    assert refused(digits, below) == 0.02
    assert refused([Answer("", 0.9), Answer("1", 0.5), Answer("1", 0.01)], below) == pytest.approx(
        2 / 3
    )


def test_others_are_not_what_was_trained_with() -> None:
    assert not set(FONTS) & set(TRAINED_FONTS)
    assert not set(LETTERS) & set(LOOKALIKES)
    for name, make in OTHERS.items():
        one, same, another = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert one.dtype == np.uint8
        assert one.shape != another.shape or (one != another).any(), name


def test_peers_get_dark_ink_on_a_margin_of_its_paper(tmp_path: Path) -> None:
    image = np.zeros((20, 10), np.uint8)
    image[5:15, 3:7] = 200
    Image.fromarray(image).save(tmp_path / "a.png")
    made = framed(str(tmp_path / "a.png"), bright=True)
    assert made.shape == (48 + 24, 24 + 24, 3)
    assert made[:12].min() == 255
    assert made[36, 24].max() < 70
    turned = upright(np.array([[1, 2], [3, 4]]), 90)
    assert turned.tolist() == [[2, 4], [1, 3]]


@pytest.mark.parametrize("name", ["scores", "page", "stamps", "readers.lines"])
def test_doctests(name: str) -> None:
    done = doctest.testmod(import_module(f"reading.{name}"))
    assert done.attempted > 0
    assert done.failed == 0


def test_every_reader_has_a_title_and_a_file() -> None:
    assert set(READERS) == set(TITLES)
    for home in READERS.values():
        module, kind = home.split(":")
        assert f"class {kind}" in (BENCHMARKS / f"{module.replace('.', '/')}.py").read_text("utf-8")
