"""Crops: large and dark on white for a person, the very pixels for training."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from digitscope.data.mnist import load_mnist
from digitscope.preparation import load
from digitscope.reading.crops import crop_name, from_crop, to_crop
from digitscope.reading.tree import Digit

IMAGES = load_mnist("test").images


def test_crops_come_back_as_they_were_through_a_png() -> None:
    for image in IMAGES[:20]:
        out = io.BytesIO()
        Image.fromarray(to_crop(image)).save(out, "PNG")
        back = from_crop(load(out.getvalue()).pixels)
        np.testing.assert_array_equal(back, image)


def test_any_other_picture_is_none() -> None:
    crop = to_crop(IMAGES[0])
    touched = crop.copy()
    touched[50, 50] ^= 1
    assert from_crop(touched) is None
    assert from_crop(crop[:-4]) is None
    assert from_crop(IMAGES[0]) is None


def test_names_hold_the_guess_and_no_strange_characters() -> None:
    seven = Digit("7", 7, 0.4567, (0, 0, 1, 1), (("1", 0.3),), IMAGES[0])
    refused = Digit("?", None, 0.9, (0, 0, 1, 1), (), IMAGES[0], refused=True)
    assert crop_name("täst/../x y", 1, 2, 3, seven) == "täst-..-x-y_1_2_3_is-7_45.png"
    assert crop_name("...", 1, 1, 1, refused) == "image_1_1_1_is-none_00.png"
    assert len(crop_name("x" * 500, 1, 1, 1, seven)) < 100
