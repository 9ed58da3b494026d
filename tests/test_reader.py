"""The verb that reads: sources, models, fields, refusals; what is composed is what is read."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitscope
from digitscope.arrays import Floats, Images
from digitscope.errors import ImageError, ModelFileError, SettingError
from digitscope.models.model import Model
from digitscope.reader import Reader
from tests.reading.pages import compose_page

LINES = ["2024 17", "815 93"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The reader with the model that ships."""
    return Reader()


def as_bytes(page: Images, format: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(page).save(out, format)
    return out.getvalue()


def test_what_was_composed_is_read(reader: Reader) -> None:
    page = reader.read(compose_page(LINES))
    assert page.text.splitlines() == LINES
    assert [number.value for number in page.numbers] == [2024, 17, 815, 93]
    assert page.rotation == 0


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_is_read_and_its_boxes_are_of_the_image_as_it_is(
    reader: Reader, quarters: int
) -> None:
    composed = compose_page(["2024 17", "3459 6072"])
    turned = np.ascontiguousarray(np.rot90(composed, quarters))
    page = reader.read(turned)
    assert page.text.splitlines() == ["2024 17", "3459 6072"]
    assert page.rotation == 360 - 90 * quarters
    dark = turned < 200
    for digit in page.digits:
        x, y, w, h = digit.box
        assert dark[y : y + h, x : x + w].any()
        dark[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2] = False
    assert dark.mean() < 0.001  # every stroke lies in a box


def test_boxes_go_down_the_tree(reader: Reader) -> None:
    page = reader.read(compose_page(LINES))
    for outer, inners in (
        *((line, line.numbers) for line in page.lines),
        *((number, number.digits) for number in page.numbers),
    ):
        x, y, w, h = outer.box
        edges = np.array([[a, b, a + c, b + d] for a, b, c, d in (i.box for i in inners)])
        assert (x, y) == tuple(edges[:, :2].min(axis=0))
        assert (x + w, y + h) == tuple(edges[:, 2:].max(axis=0))
    assert [line.box[1] for line in page.lines] == sorted(line.box[1] for line in page.lines)


def test_all_sources_give_the_same(reader: Reader, tmp_path: Path) -> None:
    composed = compose_page(LINES[:1])
    path = tmp_path / "page.png"
    path.write_bytes(as_bytes(composed))
    sources = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), composed]
    with Image.open(path) as image:
        texts = [reader.read(source).text for source in [*sources, image]]
    assert texts == LINES[:1] * 6
    assert digitscope.read(path).text == LINES[0]
    (page,) = digitscope.read_pages(path)
    assert page.name == str(path)


def test_pages_are_read_as_they_are_asked_for() -> None:
    asked = []

    def ones(images: Images) -> Floats:
        asked.append(len(images))
        return np.tile(np.append(np.eye(10)[1] * 0.98 + 0.001, 0.01), (len(images), 1))

    pages = digitscope.read_pages(compose_page(LINES[:1]), ones)
    assert not asked
    assert len(next(pages).digits)
    assert asked
    with pytest.raises(SettingError):
        digitscope.read_pages("never-opened.pdf", reject_below=2)


def test_many_pages(reader: Reader) -> None:
    first, *rest = [Image.fromarray(compose_page([line])) for line in LINES]
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=rest)
    assert [page.text for page in reader.read_pages(out.getvalue())] == LINES
    with pytest.raises(
        ImageError, match="the TIFF: has several pages, expected one: try read_pages"
    ):
        reader.read(out.getvalue())


def test_a_blank_page_has_no_lines(reader: Reader) -> None:
    page = reader.read(np.full((200, 300), 240, np.uint8))
    assert page.lines == ()
    assert page.text == ""


def test_any_classifier_will_do() -> None:
    def ones(images: Images) -> Floats:
        return np.tile(np.append(np.eye(10)[1] * 0.98 + 0.001, 0.01), (len(images), 1))

    page = Reader(ones).read(compose_page(["345"]))
    assert set(page.text) == {"1"}


def test_a_model_without_a_class_for_no_digit(small_model: Model) -> None:
    page = Reader(small_model).read(compose_page(["345"]))
    assert page.lines


def test_unsure_digits_are_refused_but_keep_their_place(reader: Reader) -> None:
    composed = compose_page(LINES)
    strict = Reader(reject_below=1.0).read(composed)
    assert set(strict.text) <= set("? \n")
    plain = reader.read(composed)
    assert [d.box for d in strict.digits] == [d.box for d in plain.digits]
    for refused, digit in zip(strict.digits, plain.digits, strict=True):
        assert refused.guess[0] == digit.text
        assert refused.value is None
        assert refused.refused
    assert [n.value for n in strict.numbers] == [None] * len(plain.numbers)


def test_confidences_are_probabilities(reader: Reader) -> None:
    page = reader.read(compose_page(LINES))
    for part in (page, *page.lines, *page.numbers, *page.digits):
        assert 0 <= part.confidence <= 1
    for digit in page.digits:
        total = digit.confidence + sum(p for _, p in digit.alternatives)
        assert total == pytest.approx(1, abs=0.012)  # what is below 0.1 % is left out


def test_a_pattern_writes_its_separators() -> None:
    page = Reader(pattern="dd.dd.dddd").read(compose_page(["24122026"]))
    assert page.text == "24.12.2026"
    assert page.numbers[0].value is None
    assert len(page.digits) == 8


def test_a_length_that_does_not_fit_is_told() -> None:
    page = Reader(length=12).read(compose_page(["2024"]))
    assert any("2024" in note for note in page.lines[0].notes) or page.text != "2024"


def test_explain_ends_with_what_the_network_was_given(reader: Reader) -> None:
    page = reader.read(compose_page(LINES))
    steps = reader.explain(page)
    assert steps[0].name == "load"
    assert steps[-1].name == "digits"
    layout, _ = reader.read_layout(page.picture)
    assert [step.name for step in steps[:-1]] == [step.name for step in layout.steps]


def test_a_page_keeps_its_picture_and_no_other(reader: Reader) -> None:
    page = reader.read(compose_page(LINES))
    kept = sum(len(pickle.dumps(getattr(page, f.name))) for f in fields(page))
    assert kept < page.picture.pixels.nbytes + 2000 * (len(page.digits) + 2)


def test_bad_settings() -> None:
    def unasked(images: Images) -> Floats:
        raise AssertionError

    with pytest.raises(SettingError, match="unknown runtime 'nunpy': did you mean 'numpy'"):
        Reader(unasked, runtime="nunpy")
    with pytest.raises(SettingError, match="'onnxruntime' computes models, got a classifier"):
        Reader(unasked, runtime="onnxruntime")
    with pytest.raises(ModelFileError):
        Reader("no-such-model.safetensors")
    with pytest.raises(SettingError, match="reject-below"):
        Reader(reject_below=2)
    with pytest.raises(SettingError):
        Reader(checksum="lun")
    with pytest.raises(ImageError, match="no such file"):
        digitscope.read("no-such-image.png")
