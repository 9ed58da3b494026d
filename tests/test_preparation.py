"""The preparation of one digit: every image of the same digit ends as the same 28x28."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from digitscope.preparation import PREPARATION_VERSION, fit, frame, prepare
from digitscope.preparation.field import centre_of_mass

SEVEN = [(0, 0), (1, 0), (0.35, 1)]


def page(width=300, height=400, at=(70, 90), size=(110, 180), pen=16, ink=30, paper=225):
    """A 7, drawn four times as large and made small: uint8 [h, w]."""
    image = Image.new("L", (4 * width, 4 * height), paper)
    points = [(4 * (at[0] + size[0] * x), 4 * (at[1] + size[1] * y)) for x, y in SEVEN]
    ImageDraw.Draw(image).line(points, fill=ink, width=4 * pen, joint="curve")
    return np.asarray(image.reduce(4))


def apart(a, b):
    """The difference of two prepared images as a share of their ink, at the best of nine shifts.

    A centre of mass near half a pixel may be rounded either way.
    """
    shifts = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    moved = [np.roll(a.image, shift, (0, 1)).astype(float) for shift in shifts]
    return min(np.abs(image - b.image).sum() for image in moved) / b.image.sum()


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


SEEN = prepare(page())


def test_the_frame_is_that_of_mnist():
    image = SEEN.image
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert (image.min(), image.max()) == (0, 255)
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert rows[-1] - rows[0] + 1 == 20
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.51)
    w, h = SEEN.box[2:]
    assert (columns[-1] - columns[0] + 1) / 20 == pytest.approx(w / h, abs=0.05)


def test_the_box_is_in_pixels_of_the_image():
    page_ = np.full((400, 300), 250, np.uint8)
    page_[100:260, 40:60] = 20
    page_[240:260, 40:140] = 20
    assert prepare(page_).box == (40, 100, 100, 160)


def test_light_ink_on_dark_is_the_same_digit():
    turned = prepare(255 - page())
    assert (SEEN.inverted, turned.inverted) == (True, False)
    np.testing.assert_array_equal(turned.image, SEEN.image)


@pytest.mark.parametrize("at", [(20, 30), (160, 30), (20, 200), (170, 205)])
def test_the_place_does_not_matter(at):
    assert apart(prepare(page(at=at)), SEEN) < 0.03


@pytest.mark.parametrize("scale", [0.25, 0.5, 2, 5])
def test_the_size_does_not_matter(scale):
    height, width = round(400 * scale), round(300 * scale)
    resized = Image.fromarray(page()).resize((width, height), Image.Resampling.BOX)
    assert apart(prepare(resized), SEEN) < (0.05 if scale >= 0.5 else 0.25)


def test_another_digit_is_far_apart():
    """So that the limits of the other tests mean something."""
    one = np.full((400, 300), 225, np.uint8)
    one[90:270, 130:150] = 30
    assert apart(prepare(one), SEEN) > 0.8


def test_a_tight_crop_and_tiny_images_are_read():
    x, y, w, h = SEEN.box
    assert apart(prepare(page()[y : y + h, x : x + w]), SEEN) < 0.05
    tiny = Image.fromarray(page()[y - 4 : y + h + 4, x - 4 : x + w + 4])
    assert apart(prepare(tiny.resize((16, 24), Image.Resampling.BOX)), SEEN) < 0.5
    assert prepare(tiny.resize((8, 8), Image.Resampling.BOX)).image.max() == 255


def test_an_image_of_mnist_kind_comes_back_as_it_is():
    np.testing.assert_array_equal(prepare(SEEN.image).image, SEEN.image)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "L"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "RGB"),
        ("PNG", "LA"),
        ("PNG", "RGBA"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("GIF", "P"),
        ("BMP", "RGB"),
        ("TIFF", "L"),
        ("TIFF", "CMYK"),
        ("WEBP", "RGB"),
        ("PPM", "RGB"),
        ("TGA", "RGBA"),
    ],
)
def test_every_format_and_mode_gives_the_same_digit(kind, mode):
    image = Image.fromarray(page()).convert("RGB")
    data = saved(image.quantize(16) if mode == "P" else image.convert(mode), kind)
    seen = prepare(data)
    assert apart(seen, SEEN) < 0.1
    assert np.abs(np.subtract(seen.box, SEEN.box)).max() <= 1


def test_sixteen_bits_floats_and_masks():
    eight = page()
    same = [
        Image.fromarray(eight.astype(np.uint16) * 257),
        Image.fromarray(eight.astype(np.int32) * 257),
        eight.astype(np.uint16) * 16,  # twelve bits in sixteen
        eight.astype(np.int64),
        eight / 255,
        eight.astype(np.float32),
        eight[..., None],
        np.dstack([eight] * 3),
        np.dstack([eight] * 3 + [np.full_like(eight, 255)]),
    ]
    for image in same:
        assert apart(prepare(image), SEEN) < 0.04
    data = saved(Image.fromarray(eight.astype(np.uint16) * 257), "PNG")
    assert apart(prepare(data), SEEN) < 0.04
    assert apart(prepare(eight < 128), SEEN) < 0.06
    assert apart(prepare((eight < 128).astype(np.uint8)), SEEN) < 0.06


def test_transparent_means_white_paper():
    eight = page()
    black = np.zeros((*eight.shape, 4), np.uint8)
    black[..., 3] = 255 - eight
    assert apart(prepare(Image.fromarray(black)), SEEN) < 0.04
    white = black.copy()
    white[..., :3] = 255  # a white pen on nothing would vanish on white
    seen = prepare(white)
    assert not seen.inverted
    assert apart(seen, SEEN) < 0.04
    palette = Image.fromarray(eight).quantize(4)
    paper = palette.getpixel((0, 0))
    assert apart(prepare(saved(palette, "PNG", transparency=paper)), SEEN) < 0.06


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_sets_the_image_upright(kind, turn):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(page()).convert("RGB")
    stored = image.transpose(undo[turn]) if turn > 1 else image
    exif = Image.Exif()
    exif[0x0112] = turn
    seen = prepare(saved(stored, kind, exif=exif))
    assert apart(seen, SEEN) < 0.1
    assert np.abs(np.subtract(seen.box, SEEN.box)).max() <= 1


def test_colour_that_has_no_lightness_of_its_own():
    mask = page() < 128
    for paper, ink in [((255, 255, 255), (255, 255, 0)), ((0, 130, 0), (255, 0, 0))]:
        colour = np.where(mask[..., None], ink, paper).astype(np.uint8)
        assert apart(prepare(colour), SEEN) < 0.08


@pytest.mark.parametrize("board", [False, True])
def test_shadow_noise_specks_and_faint_pencil(board):
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:400, :300]
    shadow = 1 - 0.5 / (1 + np.exp(-(columns + rows / 2 - 250) / 30))
    specks = page().copy()
    specks[rng.integers(0, 400, 60), rng.integers(0, 300, 60)] = 0
    hard = {
        "shadow": page() * shadow,
        "noise": page() + rng.normal(0, 15, (400, 300)),
        "specks": specks,
        "faint": page(ink=195, paper=230) + rng.normal(0, 5, (400, 300)),
        "all": page(ink=110) * shadow + rng.normal(0, 4, (400, 300)),
    }
    for name, image in hard.items():
        pixels = np.clip(image, 0, 255).astype(np.uint8)
        seen = prepare(255 - pixels if board else pixels)
        assert seen.inverted is not board, name
        assert apart(seen, SEEN) < 0.12, name


def test_jpeg_at_a_poor_quality_and_out_of_focus():
    image = Image.fromarray(page())
    assert apart(prepare(saved(image, "JPEG", quality=15)), SEEN) < 0.1
    assert apart(prepare(image.filter(ImageFilter.GaussianBlur(2))), SEEN) < 0.25


def test_the_loose_bar_of_a_five_is_kept_and_far_specks_are_not():
    five = np.full((300, 300), 240, np.uint8)
    five[100:220, 100:115] = 20  # the body
    five[205:220, 100:180] = 20
    five[75:90, 108:180] = 20  # the bar, loose
    assert prepare(five).box == (100, 75, 80, 145)
    five[10:14, 270:275] = 20
    seen = prepare(five)
    assert seen.box == (100, 75, 80, 145)
    assert "kept 2 marks, left out 1 speck." in seen.steps[5].explanation


def test_warnings_say_what_may_be_wrong():
    assert SEEN.warnings == ()
    assert prepare(page(at=(70, -20))).warnings == (
        "the ink touches the edge of the image: a part of the digit may be missing",
    )
    assert prepare(page(ink=190)).warnings == (
        "faint ink: only 35 of 255 darker or lighter than paper",
    )
    two = np.full((200, 300), 240, np.uint8)
    two[40:160, 60:75] = two[40:160, 200:215] = 20
    assert prepare(two).warnings == (
        "more than one separate mark of digit size (2): this reads one digit: crop it to one, or "
        "read them all: digitscope read FILE",
    )
    dot = np.full((40, 40), 240, np.uint8)
    dot[20:26, 20:22] = 0
    assert prepare(dot).warnings == ("a small digit: its ink is only 2x6 pixels large",)


def test_steps_are_pictures_with_a_sentence_each():
    names = ["load", "grey", "light", "polarity", "noise", "ink", "crop", "fit", "centre"]
    assert [step.name for step in SEEN.steps] == names
    for step in SEEN.steps:
        assert step.image.dtype == np.uint8
        assert step.image.ndim in (2, 3)
        assert step.explanation.endswith(".")
        assert "\n" not in step.explanation
    np.testing.assert_array_equal(SEEN.steps[-1].image, SEEN.image)
    x, y, w, h = SEEN.box
    np.testing.assert_array_equal(SEEN.steps[5].image[y : y + h, x : x + w], SEEN.steps[6].image)


def test_the_source_is_left_as_it_was(tmp_path):
    array = page()
    before = array.copy()
    prepare(array)
    np.testing.assert_array_equal(array, before)
    path = tmp_path / "seven.dat"  # the content decides, not the name
    path.write_bytes(saved(Image.fromarray(array).convert("RGB"), "JPEG"))
    with Image.open(path) as image:
        prepare(image)
        assert image.size == (300, 400)
    with path.open("rb") as stream:
        from_stream = prepare(stream)
    for seen in (prepare(path), prepare(str(path)), from_stream):
        assert seen.name == str(path)
        assert apart(seen, SEEN) < 0.05
    assert prepare(path, name="yours").name == "yours"


def test_giants_below_100_megapixels_are_read_with_their_box():
    black = Image.new("1", (9_999, 9_999), 1)
    ImageDraw.Draw(black).rectangle((3000, 2000, 3999, 6999), fill=0)
    seen = prepare(saved(black, "PNG", compress_level=1))
    assert np.abs(np.subtract(seen.box, (3000, 2000, 1000, 5000))).max() <= 20
    assert seen.steps[0].image.size <= 1_000_000
    assert "9999x9999 pixels" in seen.steps[0].explanation


def test_a_large_jpeg_keeps_its_box():
    large = Image.fromarray(page()).resize((3001, 3999)).convert("RGB")
    seen = prepare(saved(large, "JPEG"))
    assert apart(seen, SEEN) < 0.05
    assert np.abs(np.subtract(seen.box, np.multiply(SEEN.box, 10))).max() <= 24


def test_fit_and_frame_by_hand():
    small = fit(np.full((40, 10), 255, np.uint8))
    np.testing.assert_array_equal(small, np.full((20, 5), 255, np.uint8))
    framed = frame(np.full((40, 10), 255, np.uint8))
    # Rows 0..19 have their mean at 9.5; it goes to 13.5, half a pixel from 14: rows 4 to 23.
    # Columns 0..4 have it at 2; it goes to 14: columns 12 to 16.
    assert framed[4:24, 12:17].min() == 255
    assert framed.sum() == 255 * 100


def test_importing_it_loads_neither_pillow_nor_opencv():
    code = (
        "import sys, digitscope.preparation\n"
        "print([name for name in ('PIL', 'cv2', 'matplotlib') if name in sys.modules])"
    )
    source = str(Path(sys.modules["digitscope"].__path__[0]).parent)
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
    assert PREPARATION_VERSION == 1
