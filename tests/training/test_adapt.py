"""A model of the user's own: what it learns, what it forgets, what it leaves alone."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitscope.arrays import Images
from digitscope.data.augmentation import GEOMETRIC, _resample
from digitscope.data.mnist import load_mnist
from digitscope.errors import DataError, SettingError
from digitscope.evaluation.evaluate import evaluate
from digitscope.models.model import Model
from digitscope.network.network import Network
from digitscope.preparation import prepare
from digitscope.reading.crops import to_crop
from digitscope.synthesis.negatives import negatives
from digitscope.training.adapt import _held_out, adapt
from digitscope.training.crops import Crops, read_crops
from digitscope.training.head import split
from digitscope.training.split import split_for
from tests.helpers import small_recipe

TEST = load_mnist("test")


def leaning(images: Images, by: float) -> Images:
    """The images written by somebody who leans far to the left."""
    amounts = np.full((len(images), 2), by, np.float32)
    M = GEOMETRIC["shear"](amounts)
    ys, xs = np.mgrid[:28, :28].astype(np.float32)
    places = np.stack([xs, ys, np.ones_like(xs)]).reshape(3, -1)
    return _resample(images, (M[:, :2].reshape(-1, 3) @ places).reshape(-1, 2, 28, 28))


@pytest.fixture(scope="module")
def hand() -> Crops:
    return Crops(leaning(TEST.images[:400], -0.7), TEST.labels[:400])


def test_it_reads_their_hand_better_and_mnist_nearly_as_well(
    small_model: Model, hand: Crops
) -> None:
    before = {name: W.copy() for name, W in small_model.network.weights.items()}
    lines: list[str] = []
    adapted = adapt(small_model, hand, tell=lines.append)
    assert adapted.crops.images + adapted.trained_on == 400
    assert 90 < adapted.crops.images < 110
    assert adapted.crops.after >= adapted.crops.before + 10
    assert adapted.mnist.after >= adapted.mnist.before - 150
    assert len(lines) == 3
    for name, W in before.items():
        np.testing.assert_array_equal(small_model.network.weights[name], W)
    # The figures are those of the model that is handed back.
    right = adapted.model.probabilities(TEST.images).argmax(axis=1) == TEST.labels
    assert right.sum() == adapted.mnist.after
    assert adapted.model.measured["test_accuracy"] == right.mean()
    assert adapted.model.recipe["adapted_from"] == small_model.name
    assert adapted.model.calibrated


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not about how well it learns: a few images of MNIST do."""
    monkeypatch.setattr("digitscope.training.adapt.MNIST_IMAGES", 400)
    monkeypatch.setattr("digitscope.training.adapt.COPIES", 400)


@pytest.mark.usefixtures("little")
def test_the_same_seed_gives_the_same_model(small_model: Model, hand: Crops) -> None:
    few = Crops(hand.images[:40], hand.labels[:40])
    first, again, other = (adapt(small_model, few, seed) for seed in (3, 3, 4))
    name = next(iter(first.model.network.weights))
    weights = [a.model.network.weights[name] for a in (first, again, other)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert (weights[0] != weights[2]).any()


@pytest.mark.usefixtures("little")
def test_only_the_layers_from_the_first_dense_one_move() -> None:
    network = Network.initialize("28x28-4c5-p2-16-10")
    adapted = adapt(Model(network), Crops(TEST.images[:200], TEST.labels[:200])).model.network
    np.testing.assert_array_equal(adapted.weights["W1"], network.weights["W1"])
    for name in ("W2", "b2", "W3", "b3"):
        assert (adapted.weights[name] != network.weights[name]).any(), name


def test_a_network_that_refuses_still_refuses() -> None:
    """The eleventh output, "not a digit", is trained on things that are none."""
    network = Network.initialize("784-32-11")
    both = adapt(Model(network), Crops(TEST.images[:100], TEST.labels[:100]))
    adapted = both.model
    assert both.mnist.before == evaluate(Model(network)).correct  # by the likeliest digit
    assert both.mnist.after == evaluate(adapted).correct
    train = load_mnist("train")
    none = negatives(300, np.random.default_rng(0), (train.images[:500], train.labels[:500]))
    assert (adapted.judge(none).argmax(axis=1) == 10).mean() > 0.3
    assert (adapted.judge(TEST.images[:500]).argmax(axis=1) == 10).mean() < 0.1


@pytest.mark.usefixtures("little")
def test_what_is_no_digit_is_learned_where_it_can_be(hand: Crops) -> None:
    blank = np.zeros((40, 28, 28), np.uint8)
    blank[:, 13:15] = 255  # a line from edge to edge
    images = np.concatenate([TEST.images[:200], blank])
    crops = Crops(images, np.append(TEST.labels[:200], [10] * 40).astype(np.uint8))
    refusing = adapt(Model(Network.initialize("784-32-11")), crops)
    assert refusing.model.judge(blank[:1])[0].argmax() == 10
    assert refusing.crops.images + refusing.trained_on == 240
    other = adapt(Model(Network.initialize("784-32-10")), crops)
    assert other.crops.images + other.trained_on == 200


def test_the_head_and_the_features_are_the_whole_network() -> None:
    for spec in ("784-16-10", "28x28-4c5-p2-16c3-p2-32-10", "28x28-4c5-bn-p2-16-bn-10"):
        network = Network.initialize(spec)
        parts = split(network)
        Z = parts.head.logits(parts.features(TEST.images[:300], batch_size=128))
        np.testing.assert_allclose(Z, network.logits(TEST.images[:300]), rtol=1e-5, atol=1e-5)
        again = parts.joined(parts.head)
        assert again.weights.keys() == network.weights.keys()
        assert all((again.weights[n] == network.weights[n]).all() for n in network.weights)


def test_what_cannot_be_adapted(hand: Crops) -> None:
    few = Crops(hand.images[:19], hand.labels[:19])
    with pytest.raises(DataError, match=r"19 labelled digits are too few .* at least 20"):
        adapt(Model(Network.initialize("784-8-10")), few)
    with pytest.raises(SettingError, match="expected ten digits and output softmax"):
        adapt(Model(Network.initialize("784-8-2"), classes=(4, 9)), hand)


@pytest.mark.usefixtures("little")
def test_the_confidence_is_scaled_on_what_the_model_was_not_trained_on(
    small_model: Model, hand: Crops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe's own validation part; the head does not see it either."""
    whole, seen = load_mnist("train"), []

    def kept(images: Images, *rest: object) -> Images:
        seen.append(images)
        return images

    fitted = []
    monkeypatch.setattr("digitscope.training.adapt.augment", kept)
    monkeypatch.setattr(
        "digitscope.training.adapt.fit_temperature",
        lambda Z, labels, *rest: fitted.append(labels) or 1.5,
    )
    recipe = small_recipe(augment="shift:1")
    base = replace(small_model, recipe=recipe.to_dict())
    assert adapt(base, Crops(hand.images[:40], hand.labels[:40])).model.temperature == 1.5
    validation = split_for(recipe).validation
    assert validation is not None
    np.testing.assert_array_equal(fitted[0], validation.labels)
    assert len(seen) == 2  # theirs, and what of MNIST is seen again
    held = {image.tobytes() for image in validation.images}
    once = Counter(image.tobytes() for image in whole.images)
    assert not [1 for image in seen[1] if image.tobytes() in held and once[image.tobytes()] == 1]


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    "recipe", [{}, {"seed": 0, "validation": -1}, {"seed": 0, "validation": 0}]
)
def test_without_a_validation_part_the_scale_stays(
    small_model: Model, hand: Crops, recipe: dict[str, object]
) -> None:
    base = replace(small_model, recipe=recipe, temperature=1.25)
    lines: list[str] = []
    few = Crops(hand.images[:40], hand.labels[:40])
    assert adapt(base, few, tell=lines.append).model.temperature == 1.25
    assert "the confidence stays scaled as it was" in lines[-1]


@pytest.mark.usefixtures("little")
def test_two_of_each_digit_are_enough_to_judge_by() -> None:
    """A quarter of two rounds to none; some are held out all the same, and one of each taught."""
    few = np.concatenate([np.flatnonzero(TEST.labels == digit)[:2] for digit in range(10)])
    adapted = adapt(
        Model(Network.initialize("784-8-10")), Crops(TEST.images[few], TEST.labels[few])
    )
    assert (adapted.crops.images, adapted.trained_on) == (5, 15)


@pytest.mark.parametrize("counts", [[2] * 10, [11] + [1] * 9, [1] * 9 + [11], [20], [10, 10]])
def test_some_are_held_out_and_one_of_each_digit_is_not(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    held = _held_out(labels, np.random.default_rng(0))
    assert held.sum() == 5
    assert set(labels[~held]) == set(labels)


def write_csv(folder: Path, rows: list[tuple[str, str]], delimiter: str = ",") -> Path:
    path = folder / "labels.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows([("file", "label", "guess"), *((*row, "7") for row in rows)])
    return path


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_crops_from_a_corrected_csv(tmp_path: Path, delimiter: str) -> None:
    for i in range(4):
        Image.fromarray(to_crop(TEST.images[i])).save(tmp_path / f"{i}.png")
    rows = [("0.png", "7"), ("1.png", " 2 "), ("2.png", "?"), ("3.png", ""), ("gone.png", "4")]
    rows.append(("3.png", "none"))
    path = write_csv(tmp_path, rows, delimiter)
    for source in (path, tmp_path):
        crops = read_crops(source)
        np.testing.assert_array_equal(crops.images, TEST.images[[0, 1, 3]])
        assert crops.labels.tolist() == [7, 2, 10]
        assert crops.unlabelled == 2
        assert "no such file" in crops.unreadable[0]


def test_crops_from_a_folder_of_digits_are_prepared(tmp_path: Path) -> None:
    for i in range(6):
        folder = tmp_path / str(TEST.labels[i])
        folder.mkdir(exist_ok=True)
        photo = 255 - np.kron(np.pad(TEST.images[i], 10), np.ones((3, 3), np.uint8))
        Image.fromarray(photo).save(folder / f"{i}.png")
    (tmp_path / "0").mkdir(exist_ok=True)
    (tmp_path / "0" / "bad.png").write_bytes(b"no image")
    crops = read_crops(tmp_path)
    assert sorted(crops.labels.tolist()) == sorted(TEST.labels[:6].tolist())
    assert crops.images.shape == (6, 28, 28)
    assert len(crops.unreadable) == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [("0.png", "seven")],
            "line 2: expected a digit, none for what is no digit, or ? to leave this crop out, got ",
        ),
        ([("0.png", "12")], "got '12'"),
        ([("0.png", "?")], "none of 1 crops has a label: write the digit that each shows into"),
        ([("none.png", "3")], "no labelled digit could be read"),
    ],
)
def test_bad_labels(tmp_path: Path, rows: list[tuple[str, str]], words: str) -> None:
    Image.fromarray(to_crop(TEST.images[0])).save(tmp_path / "0.png")
    with pytest.raises(DataError) as caught:
        read_crops(write_csv(tmp_path, rows))
    assert words in str(caught.value)


def test_names_with_line_breaks_and_lines_that_are_no_csv(tmp_path: Path) -> None:
    Image.fromarray(to_crop(TEST.images[0])).save(tmp_path / "two\nlines.png")
    Image.fromarray(to_crop(TEST.images[1])).save(tmp_path / "form\x0cfeed.png")
    rows = [("two\nlines.png", "7"), ("form\x0cfeed.png", "2")]
    assert read_crops(write_csv(tmp_path, rows)).labels.tolist() == [7, 2]
    with pytest.raises(DataError, match=r"labels.csv: line 4: not a CSV \(field larger than"):
        read_crops(write_csv(tmp_path, [*rows[1:], ("1.png", "1"), ("9" * 140_000, "3")]))
    with pytest.raises(DataError, match="no labelled digit could be read"):
        read_crops(write_csv(tmp_path, [("zero\0.png", "3")]))


def test_an_image_that_is_no_crop_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, real = [], Image.open

    def count(*given: Any, **named: Any) -> Image.Image:
        opened.append(given)
        return real(*given, **named)

    monkeypatch.setattr(Image, "open", count)
    photo = 255 - np.kron(np.pad(TEST.images[0], 10), np.ones((3, 3), np.uint8))
    Image.fromarray(photo).save(tmp_path / "a.png")
    crops = read_crops(write_csv(tmp_path, [("a.png", "7")]))
    np.testing.assert_array_equal(crops.images[0], prepare(photo).image)
    assert len(opened) == 1


def test_a_csv_of_other_columns(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("name,value\na.png,3\n")
    with pytest.raises(DataError, match="expected the columns file and label, got 'name,value'"):
        read_crops(tmp_path)
