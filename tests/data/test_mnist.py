from __future__ import annotations

import gzip
import hashlib
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.idx import format_idx
from digitscope.data.mnist import FILES, SHA256, load_mnist
from digitscope.data.splits import keep_digits, split_mnist
from digitscope.errors import DataError, SettingError

SHIPPED = Path(str(files("digitscope.data") / "files"))
# Of each digit, as the data's authors state them.
TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(("part", "counts"), [("train", TRAIN), ("test", TEST)])
def test_all_of_mnist(part: str, counts: list[int]) -> None:
    images, labels = load_mnist(part)
    assert images.shape == (sum(counts), 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == counts
    assert not images.flags.writeable
    raw = hashlib.sha256(format_idx(images)).hexdigest()
    assert raw == SHA256[FILES[f"{part} images"]]


@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "other", "gone", "empty"])
@pytest.mark.parametrize("which", ["test images", "test labels"])
def test_a_damaged_file_is_named(tmp_path: Path, which: str, damage: str) -> None:
    for name in SHIPPED.glob("t10k*.gz"):
        shutil.copy(name, tmp_path)
    path = tmp_path / f"{FILES[which]}.gz"
    data = path.read_bytes()
    raw = bytearray(gzip.decompress(data))
    if damage == "flip":
        raw[-5] ^= 1
        path.write_bytes(gzip.compress(bytes(raw), 1))
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "grow":
        path.write_bytes(gzip.compress(bytes(raw) + b"x", 1))
    elif damage == "other":
        path.write_bytes(b"not gzip at all")
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        load_mnist("test", tmp_path)
    assert str(path) in str(caught.value)
    assert "install digitscope again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_part() -> None:
    with pytest.raises(DataError, match="no part 'tests': did you mean 'test'"):
        load_mnist("tests")


def test_the_validation_part_is_seeded_and_apart() -> None:
    a, b, c = (
        split_mnist(2000, 500, tuple(range(10)), np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert a.validation is not None
    assert b.validation is not None
    assert c.validation is not None
    np.testing.assert_array_equal(a.validation.images, b.validation.images)
    assert not np.array_equal(a.validation.images, c.validation.images)
    kept = {image.tobytes() for image in a.train.images}
    assert len(a.train.labels) == 2000
    assert not any(image.tobytes() in kept for image in a.validation.images)
    assert a.watched_name == "validation"


def test_without_validation_the_first_images_train_and_the_curve_is_called_test() -> None:
    split = split_mnist(100, 0, tuple(range(10)), np.random.default_rng(0))
    np.testing.assert_array_equal(split.train.images, load_mnist("train").images[:100])
    assert split.validation is None
    assert split.watched_name == "test"
    assert len(split.watched.labels) == 10_000


def test_two_digits_become_two_classes() -> None:
    split = split_mnist(60_000, 0, (0, 1), np.random.default_rng(0))
    assert np.bincount(split.train.labels).tolist() == TRAIN[:2]
    assert np.bincount(split.test.labels).tolist() == TEST[:2]
    swapped = keep_digits(load_mnist("test"), (1, 0))
    assert np.bincount(swapped.labels).tolist() == TEST[1::-1]


def test_more_images_than_there_are() -> None:
    with pytest.raises(SettingError, match="MNIST has 60000 for both"):
        split_mnist(60_000, 1, tuple(range(10)), np.random.default_rng(0))


def test_a_part_without_any_of_the_digits() -> None:
    with pytest.raises(SettingError, match="raise --train"):  # MNIST begins with a 5
        split_mnist(1, 0, (0, 1), np.random.default_rng(0))
    first = load_mnist("train").labels[np.random.default_rng(0).permutation(60_000)[0]]
    others = tuple(digit for digit in range(10) if digit != first)
    with pytest.raises(SettingError, match="raise --validation"):
        split_mnist(1000, 1, others, np.random.default_rng(0))
