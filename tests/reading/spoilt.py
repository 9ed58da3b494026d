"""Images that nobody should send: spoilt files, absurd sizes, arrays of everything."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from digitscope.data.mnist import load_mnist
from digitscope.synthesis.strings import compose_strings
from tests.helpers import WAYS_TO_SPOIL, spoilt

Rng = np.random.Generator
GIANT = 9_990  # pixels a side: just under what is refused from the header
FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {  # name -> mode, format, options
    "PNG": ("RGB", "PNG", {}),
    "PNG with alpha": ("RGBA", "PNG", {}),
    "PNG palette": ("P", "PNG", {"transparency": 0}),
    "PNG grey and alpha": ("LA", "PNG", {}),
    "PNG of 1 bit": ("1", "PNG", {}),
    "PNG of 16 bits": ("I;16", "PNG", {}),
    "JPEG": ("RGB", "JPEG", {}),
    "JPEG progressive": ("L", "JPEG", {"progressive": True}),
    "JPEG of four inks": ("CMYK", "JPEG", {}),
    "BMP": ("RGB", "BMP", {}),
    "BMP palette": ("P", "BMP", {}),
    "GIF": ("P", "GIF", {}),
    "TIFF": ("L", "TIFF", {}),
    "TIFF LZW": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "TIFF of floats": ("F", "TIFF", {}),
    "WEBP": ("RGB", "WEBP", {}),
    "PPM": ("RGB", "PPM", {}),
    "TGA": ("RGB", "TGA", {}),
    "ICO": ("RGBA", "ICO", {}),
    "PCX": ("L", "PCX", {}),
    "JPEG 2000": ("RGB", "JPEG2000", {}),
}
MAGIC = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
)
MAGIC += (
    b"RIFF\x99\0\0\0WEBPVP8 ",
    b"P5 ",
    b"P6\n",
    b"\0\0\1\0\1\0",
    b"\x0a\5\1\x08",
    b"%PDF-1.7\n",
)
MAGIC += (b"II+\0", b"qoif", b"8BPS\0\1", b"\0\0\0\x0cjP  \r\n\x87\n", b"%!PS-Adobe EPSF", b"DDS ")


@cache
def _pages() -> list[np.ndarray[Any, Any]]:
    """Pages with a number or two, uint8 [h, w], dark on light."""
    rng = np.random.default_rng(5)
    strings = compose_strings(12, rng, *load_mnist("train"), lengths=(1, 3))
    pages = []
    for i, string in enumerate(strings):
        page = np.full(
            (string.image.shape[0] * (1 + (i % 4 == 3)) + 20, string.image.shape[1] + 30), 235
        )
        for row in range(1 + (i % 4 == 3)):
            top = 10 + row * string.image.shape[0]
            height, width = string.image.shape
            page[top : top + height, 15 : 15 + width] -= string.image * (i % 3 + 1) // 4
        pages.append(page.astype(np.uint8))
    return pages


def _page(rng: Rng) -> np.ndarray[Any, Any]:
    pages = _pages()
    return pages[rng.integers(len(pages))]


def whole(name: str, page: np.ndarray[Any, Any]) -> bytes:
    """A page as a file of a format."""
    mode, kind, options = FORMATS[name]
    image = Image.fromarray(page)
    if mode == "I;16":
        image = Image.fromarray(page.astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(page.astype(np.float32) / 255)
    elif mode != "L":
        image = image.convert("RGB").convert(mode) if mode != "1" else image.convert("1")
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@cache
def _files() -> list[bytes]:
    return [whole(name, _pages()[i % len(_pages())]) for i, name in enumerate(FORMATS)]


def spoilt_file(rng: Rng) -> bytes:
    """A file whose bytes, header, bits, end or inside are spoilt."""
    files = _files()
    data = files[rng.integers(len(files))]
    way = int(rng.integers(6))
    if way < WAYS_TO_SPOIL:
        return spoilt(data, way, rng)
    other = files[rng.integers(len(files))]  # two files, one in the other
    start = rng.integers(len(data))
    return data[:start] + other[rng.integers(len(other)) :]


def random_bytes(rng: Rng) -> bytes:
    """Bytes that begin as a format does, or not at all."""
    start = MAGIC[rng.integers(len(MAGIC))] if rng.random() < 0.9 else b""
    return start + rng.bytes(int(rng.integers(0, 2000)))


def wrong_size(rng: Rng) -> bytes:
    """A file whose header promises another size: none, too few pixels, too many, no end."""
    width, height = (int(rng.choice([0, 1, 3, 7, 40, 1200, 2**16, 2**31 - 1])) for _ in range(2))
    page = _page(rng)
    way = rng.integers(4)
    if way == 0:
        return _png(min(width, 2**31 - 1), min(height, 2**31 - 1), zlib.compress(page.tobytes()))
    if way == 1:
        numbers = f"{width} {height}" if rng.random() < 0.8 else f"-{width} {height}e9"
        return f"P5 {numbers} 255\n".encode() + page.tobytes()
    name, at, size = [("BMP", 18, "<ii"), ("GIF", 6, "<HH")][way - 2]
    data = bytearray(whole(name, page))
    limit = 2**31 - 1 if size == "<ii" else 2**16 - 1
    struct.pack_into(size, data, at, min(width, limit), min(height, limit))
    return bytes(data)


def _png(width: int, height: int, data: bytes, depth: int = 8) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def odd_array(rng: Rng) -> np.ndarray[Any, Any]:
    """An array of any type, with numbers that are none, or too large, or negative."""
    page = _page(rng)
    kinds: list[Callable[[], np.ndarray[Any, Any]]] = [
        lambda: _with(page / 255, rng, np.nan),
        lambda: _with(page / 255, rng, np.inf),
        lambda: _with(page.astype(np.float64), rng, 1e300),
        lambda: _with(page.astype(np.float16), rng, np.float16(6e4)),
        lambda: page.astype(np.float32) - 128,
        lambda: page.astype(np.uint16) * int(rng.integers(1, 257)),
        lambda: page.astype(np.int64) * int(rng.integers(-3, 2**40)),
        lambda: page > rng.integers(255),
        lambda: page.astype(complex),
        lambda: page.astype(object),
        lambda: page.astype(str),
        lambda: page[..., None].repeat(int(rng.integers(0, 6)), 2),
        lambda: page[None],
        lambda: page[:: int(rng.integers(1, 30)), :: int(rng.integers(1, 30))],
        lambda: page[
            int(rng.integers(page.shape[0] + 1)) :, int(rng.integers(page.shape[1] + 1)) :
        ],
        lambda: np.asfortranarray(page)[::-1, ::-1],
        lambda: page.reshape(-1),
        lambda: np.array(rng.integers(256)),
        lambda: page.astype(">u2"),
    ]
    return kinds[rng.integers(len(kinds))]()


def _with(array: np.ndarray[Any, Any], rng: Rng, value: Any) -> np.ndarray[Any, Any]:
    """Some of its values, all of them now and then, replaced."""
    part = rng.choice([0.0001, 0.01, 1.0])
    return np.where(rng.random(array.shape) <= part, value, array).astype(array.dtype)


def odd_shape(rng: Rng) -> np.ndarray[Any, Any]:
    """Arrays of few rows and many columns, of one row, of none; blank, all ink, grains, bars."""
    short = int(rng.choice([0, 1, 2, 4, 5, 8, 9, 30]))
    long = int(rng.choice([1, 8, 33, 1000, 20_000]))
    shape = (short, long) if rng.random() < 0.5 else (long, short)
    return _filled(shape, rng)


def odd_content(rng: Rng) -> np.ndarray[Any, Any]:
    """Pages of an ordinary size with nothing to read, or far too much."""
    shape = tuple(int(s) for s in rng.integers(8, 260, 2))
    return _filled(shape, rng)


def _filled(shape: tuple[int, int], rng: Rng) -> np.ndarray[Any, Any]:
    """What fills it: one grey, grains, few grains, bars, a slope, squares, digits at every place."""
    y, x = np.indices(shape)
    period = int(rng.integers(1, 20))
    page = _page(rng)
    kinds: list[Callable[[], Any]] = [
        lambda: np.full(shape, rng.integers(256)),
        lambda: rng.integers(0, 256, shape),
        lambda: np.where(rng.random(shape) < rng.choice([0.001, 0.02, 0.5]), 20, 230),
        lambda: 255 * (x // period % 2),
        lambda: 255 * ((x + y) // period % 2),
        lambda: 255 * ((x // period + y // period) % 2),
        lambda: (x + y) % 256,
        lambda: 250 - 230 * ((x % (period + 4) < 3) & (y % (period + 4) < 3)),
        lambda: 250 - 230 * ((x % (period + 8) < 2) & (y % (period + 8) < period + 5)),
        lambda: page[y % page.shape[0], x % page.shape[1]],
        lambda: page[y * 7 % page.shape[0], x],  # its rows in another order
    ]
    if not min(shape):
        return np.zeros(shape, np.uint8)
    made = rng.integers(len(kinds))
    while made == len(kinds) - 1 and shape[1] > page.shape[1]:
        made = rng.integers(len(kinds))
    return np.asarray(kinds[made]()).astype(np.uint8)


def film(rng: Rng) -> bytes:
    """Files of several frames, some of them cut short; TIFF in odd modes and turned by EXIF."""
    frames = [Image.fromarray(_page(rng)) for _ in range(int(rng.integers(1, 4)))]
    stream = io.BytesIO()
    if rng.random() < 0.5:
        frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    else:
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[0x0112] = int(rng.integers(0, 12))
        frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:], tiffinfo=tags)
    data = stream.getvalue()
    return data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.5 else data


def giant(rng: Rng) -> bytes:
    """Just under 100 megapixels of one bit: blank, or bars, or grains in a small tile."""
    tile = rng.bytes(GIANT // 8 + 1) if rng.random() < 0.5 else bytes([rng.integers(256)]) * 1249
    row = b"\0" + (tile * 2)[: (GIANT + 7) // 8]
    return _png(GIANT, GIANT, zlib.compress(row * GIANT, 1), depth=1)


SHARES = {
    spoilt_file: 0.46,
    random_bytes: 0.12,
    wrong_size: 0.1,
    odd_array: 0.14,
    odd_shape: 0.06,
    odd_content: 0.08,
    film: 0.0385,
    giant: 0.0015,
}


def images(seed: int, n: int) -> Iterator[tuple[str, Any]]:
    """So many of them, each with the name of how it was made; the seed fixes them all."""
    kinds = list(SHARES)
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        kind = kinds[rng.choice(len(kinds), p=list(SHARES.values()))]
        yield f"{kind.__name__} [{seed}, {i}]", kind(rng)
