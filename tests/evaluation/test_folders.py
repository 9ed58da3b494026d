"""A model on labelled folders: what can be read is judged, what cannot counts as wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.data.labelled import find_sets
from digitscope.data.mnist import load_mnist
from digitscope.errors import ImageError
from digitscope.evaluation.folders import evaluate_set
from digitscope.models.model import Model
from digitscope.preparation import prepare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty test images of MNIST in the folders of their digits, one cut short, one blank."""
    images, labels = load_mnist("test")
    for i in range(40):
        path = tmp_path / str(labels[i]) / f"{i:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(255 - images[i]).resize((84, 84)).save(path)
    (tmp_path / "7" / "cut.png").write_bytes((tmp_path / "7" / "00.png").read_bytes()[:200])
    Image.new("L", (50, 50), 240).save(tmp_path / "4" / "blank.png")
    return tmp_path


def test_single_digits_go_through_the_preparation(folder: Path, small_model: Model) -> None:
    (labelled,) = find_sets(folder)
    done = []
    found = evaluate_set(small_model, labelled, advance=lambda: done.append(1))
    assert len(done) == found.images == 42
    assert found.evaluation is not None
    assert found.evaluation.images == len(found.names) == 40
    paths = [Path(name) for name in found.names]
    prepared = np.stack([prepare(path).image for path in paths])
    right = small_model.probabilities(prepared).argmax(axis=1) == [
        int(p.parent.name) for p in paths
    ]
    assert found.correct == right.sum() > 20
    assert found.accuracy == found.correct / 42
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert {(Path(u.name).name, u.label) for u in found.unreadable} == {
        ("cut.png", 7),
        ("blank.png", 4),
    }
    assert any("damaged or cut short" in u.why for u in found.unreadable)
    assert any("no ink found" in u.why for u in found.unreadable)
    for mistake in found.evaluation.mistakes:
        assert Path(found.names[mistake.index]).parent.name == str(mistake.digit)


def test_a_model_of_two_digits_is_asked_for_those_alone(folder: Path, small_model: Model) -> None:
    labels = [d.label for d in find_sets(folder)[0].digits]
    weights = dict(small_model.network.weights)
    last = list(weights)[-2:]  # the ten outputs, of which two are kept
    weights |= {name: np.ascontiguousarray(weights[name][..., [4, 7]]) for name in last}
    spec = small_model.network.spec.to_dict()
    spec["layers"][-1]["units"] = 2
    network = type(small_model.network)(type(small_model.network.spec).from_dict(spec), weights, {})
    found = evaluate_set(Model(network, classes=(4, 7)), find_sets(folder)[0])
    assert found.images == labels.count(4) + labels.count(7)
    assert len(found.unreadable) == 2


def test_pages_are_read_and_a_page_that_cannot_be_read_is_missed(
    tmp_path: Path, small_model: Model
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).touch()
    told = {"a.png": ["12 34", "5"], "b.png": {"lines": ["678"], "kind": "scan"}, "c.png": ["99"]}
    (tmp_path / "labels.json").write_text(json.dumps(told))
    answers = {"a.png": ["1234", "5"], "b.png": ["6?8"]}

    def read(path: Path) -> list[str]:
        if path.name not in answers:
            raise ImageError(f"{path}: not this one")
        return answers[path.name]

    found = evaluate_set(small_model, find_sets(tmp_path)[0], read)
    assert found.evaluation is None
    assert found.images == 0
    assert (found.lines.lines, found.lines.exact, found.lines.spaced) == (4, 2, 1)
    assert (found.lines.digits, found.lines.errors) == (10, 3)
    assert [(u.label, Path(u.name).name) for u in found.unreadable] == [(None, "c.png")]
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [page["read"] for page in plain["pages"]] == [["1234", "5"], ["6?8"], []]
    assert plain["lines"]["error_rate"] == 0.3
    assert evaluate_set(small_model, find_sets(tmp_path)[0]).pages == ()
