"""What cannot be prepared is refused in one line that helps, and nothing but ImageError comes."""

from __future__ import annotations

import io
import re
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitscope.errors import ImageError, InputError
from digitscope.preparation import Preparation, prepare
from tests.helpers import WAYS_TO_SPOIL, fuzz_factor, spoilt


def digit(side=40):
    image = Image.new("RGB", (side, side), (240, 240, 235))
    ImageDraw.Draw(image).line([(10, 8), (30, 8), (18, 34)], fill=(20, 20, 60), width=4)
    return image


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def refused(source, *texts, **options):
    """The message, one line, in which each of the texts stands."""
    with pytest.raises(ImageError) as caught:
        prepare(source, **options)
    message = str(caught.value)
    assert isinstance(caught.value, InputError)
    assert "\n" not in message
    for text in texts:
        assert text in message
    return message


def test_files_that_are_none(tmp_path, monkeypatch):
    refused(tmp_path / "none.png", "none.png: no such file; expected an image; try its path from")
    for address in ("http://example.org/a.png", "HTTPS://example.org/", "s3://bucket/a.png"):
        message = refused(
            address, f"{address}: expected a file, got an address; nothing is fetched"
        )
        assert "try to download it first" in message
    for address in ("file:///tmp/none.png", "FILE:/tmp/none.png"):
        message = refused(address, f"{address}: expected a path, got an address; try it without")
        assert "download" not in message  # it is on this machine
    refused("C://none.png", "C://none.png: no such file")
    refused(tmp_path, "expected an image file, got a folder; try one of the images in it")
    refused("", "an empty path: expected an image file, got a folder")
    refused("nul\0l.png", "cannot be opened (", "try the path of an image file")
    refused("x" * 5000, "cannot be opened (")
    empty = tmp_path / "empty.png"
    empty.touch()
    refused(empty, "empty.png: the file is empty, expected an image; try saving or copying it")

    def forbidden(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    refused(empty, "empty.png: no permission to read this file", "try changing its rights")


def test_text_named_png(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("hello, this is no image")
    refused(
        path,
        "text.png: not an image that can be decoded, expected PNG, JPEG, TIFF or another",
        "got content that begins with 'hello, this is n'; try saving it as PNG",
    )
    refused(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image that can be decoded"
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_truncated_images(kind):
    data = saved(digit(), kind)
    refused(data[: len(data) // 2], "the image bytes: ", "; try ")


def test_a_truncated_png_is_called_so():
    data = saved(digit(), "PNG")
    refused(data[:-40], "the PNG image is damaged or cut short, expected a complete one", "again")


def test_what_is_no_source_at_all(tmp_path):
    refused(7, "expected a path, bytes, a binary stream, a Pillow image or an array, got int")
    refused(None, "got NoneType")
    refused(io.StringIO("x"), "expected a binary stream, got one that yields str", "'rb'")
    closed = io.BytesIO(b"")
    closed.close()
    refused(closed, "the image stream: the stream cannot be read (I/O operation on closed file")


def test_arrays_that_are_no_images():
    refused(np.zeros(784), "shape [h, w], [h, w, 3] or [h, w, 4], got shape [784]", "(28, 28)")
    refused(np.zeros((2, 28, 28)), "got shape [2, 28, 28]; try one image at a time")
    refused(np.zeros((0, 28)), "got an empty array of shape [0, 28]")
    refused(np.zeros((28, 0, 3)), "got an empty array of shape [28, 0, 3]")
    refused(np.array(5), "got shape []")
    hole = np.zeros((28, 28))
    hole[3, 3] = np.nan
    refused(hole, "expected finite pixel values, got NaN or infinity; try np.nan_to_num")
    hole[3, 3] = np.inf
    refused(hole, "got NaN or infinity")
    refused(np.full((28, 28), -0.5), "expected pixel values from 0, got -0.5..-0.5; try 0..255")
    refused(np.full((28, 28), "x"), "expected an array of numbers, got dtype <U1")
    refused(np.zeros((28, 28), complex), "got dtype complex128")
    refused(np.zeros((28, 28)), "mine: no ink found", name="mine")


def test_images_that_are_too_small():
    refused(np.zeros((1, 40), np.uint8), "expected an image of at least 8x8 pixels, got 40x1")
    refused(Image.new("L", (7, 7)), "the Pillow image: ", "got 7x7; try a larger scan")


@pytest.mark.parametrize("paper", [0, 90, 250, 255])
@pytest.mark.parametrize(
    ("size", "noise"),
    [((28, 28), 0), ((28, 28), 2)]  # more noise on so few pixels may look like a digit
    + [(size, noise) for size in [(120, 90), (500, 400)] for noise in (0, 2, 12, 30)],
)
def test_blank_pages_have_no_ink(paper, noise, size):
    rng = np.random.default_rng(1)
    blank = np.clip(paper + noise * rng.normal(size=size), 0, 255).astype(np.uint8)
    refused(blank, "no ink found, expected a digit that stands out from its paper", "try a darker")


def test_a_blank_page_in_a_shadow_has_no_ink():
    rng = np.random.default_rng(2)
    light = np.linspace(230, 120, 300) + rng.normal(0, 4, (400, 300))
    refused(light.astype(np.uint8), "no ink found")


def test_a_noisy_strip_of_any_length_is_quick():
    rng = np.random.default_rng(3)
    strip = rng.integers(0, 256, (4, 250_000)).astype(np.uint8)
    refused(strip, "no ink found")


def png_header(width, height):
    """A PNG that promises so many pixels and holds none."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (12_000, 11_000)])
def test_100_megapixels_are_refused_from_the_header(width, height):
    refused(
        png_header(width, height),
        "expected an image of less than 100 megapixels",
        f"got {width}x{height} ({width * height / 1e6:.1f} megapixels); try a smaller scan",
    )


def test_what_pillow_itself_calls_a_bomb_is_refused_in_our_words():
    refused(png_header(60_000, 60_000), "is too large, expected less than 100 megapixels")
    refused(np.zeros((10_000, 10_000), bool), "expected an image of less than 100 megapixels")


def test_threads_leave_the_warning_filters_alone():
    before = list(warnings.filters)
    data = saved(digit(), "PNG")
    threads = [threading.Thread(target=prepare, args=(data,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def seeds():
    """Small images of all kinds, whose bytes are then spoilt."""
    image = digit()
    exif = Image.Exif()
    exif[0x0112] = 6
    sixteen = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    floats = Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)
    return [
        saved(image, "PNG", exif=exif),
        saved(image.convert("RGBA"), "PNG"),
        saved(image.convert("P"), "PNG", transparency=0),
        saved(image.convert("1"), "PNG"),
        saved(sixteen, "PNG"),
        saved(image, "JPEG", exif=exif),
        saved(image, "JPEG", progressive=True),
        saved(image.convert("CMYK"), "JPEG"),
        saved(image, "BMP"),
        saved(image.convert("P"), "BMP"),
        saved(image, "GIF"),
        saved(image, "TIFF"),
        saved(image, "TIFF", compression="tiff_lzw"),
        saved(floats, "TIFF"),
        saved(image, "WEBP", exif=exif),
        saved(image, "PPM"),
        saved(image, "TGA"),
        saved(image, "ICO"),
        saved(image, "PCX"),
        saved(image, "JPEG2000"),
    ]


@pytest.mark.parametrize("kind", range(20))
def test_spoilt_files_give_an_answer_or_an_image_error(kind, capfd):
    rng = np.random.default_rng(1000 + kind)
    whole = seeds()[kind]
    answers = [prepare(whole)]
    refusals = []
    for _ in range(80 * fuzz_factor()):
        try:
            answers.append(prepare(spoilt(whole, int(rng.integers(WAYS_TO_SPOIL)), rng)))
        except ImageError as error:
            refusals.append(str(error))
    assert all(isinstance(answer, Preparation) for answer in answers)
    assert all(answer.image.shape == (28, 28) for answer in answers)
    assert all(re.fullmatch(r"the image bytes: .+; try .+", message) for message in refusals)
    assert refusals
    if kind != 12:  # libtiff, a library in C, prints its own remarks on a damaged LZW strip
        assert capfd.readouterr().err == ""
