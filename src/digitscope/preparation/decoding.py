"""The one place that touches Pillow's decoders, and that knows what they may throw.

An image of 99 megapixels is decoded once and shrunk band by band, so that no second copy of it
is ever made; an image of 100 is refused from its header.
"""

from __future__ import annotations

import logging
import threading
import warnings
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.errors import ImageError
from digitscope.preparation.results import Picture
from digitscope.preparation.values import BAND_PIXELS, to_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["TOO_MANY_PIXELS", "WORKING_PIXELS", "decode"]

TOO_MANY_PIXELS = 100_000_000  # refused from here on
FILMS = ("GIF", "PNG", "WEBP")
FILM = "the image is a film: one frame was read; save the others as images of their own"
WORKING_PIXELS = 1_000_000  # what the steps after decoding are given at most, or nearly so
NEARLY = 1.05  # a side: shrinking by less would blur strokes for nothing
SHORTEST, LONGEST = 4, 8  # the least that the short and the long side may measure
ORIENTATION = 0x0112  # the EXIF tag

# Warnings are process-wide state, and one decoded giant at a time is enough for the memory.
_one_at_a_time = threading.Lock()


def decode(source: IO[bytes] | Image, name: str) -> Picture:
    """Decode one image (the first frame, if it has several) into a Picture.

    Raises ImageError for whatever Pillow throws. Its plugins parse foreign bytes and throw what
    their parsers throw: OSError, SyntaxError, ValueError, struct.error, EOFError, zlib.error,
    KeyError and more. The list has no end, hence the one broad `except`, around Pillow only.

    >>> import io
    >>> decode(io.BytesIO(b"P5 9 8 255 " + bytes(72)), "a.pgm").note
    'PPM of 9x8 pixels in mode L'
    """
    from PIL import UnidentifiedImageError
    from PIL.Image import DecompressionBombError
    from PIL.Image import Image as PillowImage

    logging.getLogger("PIL").addHandler(logging.NullHandler())  # its remarks are not ours to print
    kind = "image"
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's bomb warning stands below our own limit
        try:
            if isinstance(source, PillowImage):
                return _picture(source, name, may_draft=False)
            with _open(source) as image:
                kind = f"{image.format} image"
                return _picture(image, name, may_draft=True)
        except ImageError:
            raise
        except UnidentifiedImageError as reason:
            raise ImageError(_unknown(source, name)) from reason
        except DecompressionBombError as reason:
            raise ImageError(
                f"{name}: the {kind} is too large, expected less than 100 megapixels ({reason}); "
                "try a smaller scan"
            ) from reason
        except MemoryError as reason:
            raise ImageError(
                f"{name}: the {kind} does not fit into memory; try a smaller scan"
            ) from reason
        except Exception as reason:
            raise ImageError(
                f"{name}: the {kind} is damaged or cut short, expected a complete one "
                f"({reason or type(reason).__name__}); try copying or exporting it again"
            ) from reason


def _open(stream: IO[bytes]) -> Image:
    """Open by content, in every format but those that Pillow hands to another program."""
    from PIL import Image

    Image.init()
    return Image.open(stream, formats=[known for known in Image.ID if known != "EPS"])


def _unknown(source: Any, name: str) -> str:
    source.seek(0)
    start = source.read(16)
    if not start:
        return f"{name}: the file is empty, expected an image; try saving or copying it again"
    if start.startswith(b"%PDF-"):
        return f"{name}: this is a PDF, expected an image; try `digitscope read`, which reads pages"
    text = start.decode("latin-1")
    begins = repr(text) if text.isascii() and text.isprintable() else start.hex(" ")
    return (
        f"{name}: not an image that can be decoded, expected PNG, JPEG, TIFF or another image "
        f"format, got content that begins with {begins}; try saving it as PNG"
    )


def _picture(image: Image, name: str, may_draft: bool) -> Picture:
    _check_size(image.size, name)
    whole = image.size
    warnings = (FILM,) if _is_film(image) else ()
    if may_draft and _times(whole) > 1:  # JPEG only: it decodes at 1/2, 1/4 or 1/8 at once
        image.draft(None, _goal(whole))
    drafted = image.size != whole
    image.load()
    if not drafted:  # TIFF turns itself upright on load, ICO and ICNS choose their size there
        whole = image.size
        _check_size(whole, name)
    turn = _orientation(image)
    pixels = _upright(_within(_on_paper(_reduced(image, name))), turn)
    width, height = reversed(whole) if turn >= 5 else whole
    times = np.sqrt(width * height / (pixels.shape[0] * pixels.shape[1]))
    note = f"{image.format or 'image'} of {width}x{height} pixels"
    note += f" in mode {image.mode}" if image.format else ""
    note += ", set upright as its EXIF asks" if turn > 1 else ""
    note += f", shrunk {times:.3g} times" if times > 1 else ""
    return Picture(name, np.ascontiguousarray(pixels), width, height, note, warnings)


def _is_film(image: Image) -> bool:
    """Whether more frames follow; a TIFF's are pages, and a JPEG's are previews."""
    if image.format not in FILMS:
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the next frame is damaged, this one need not be
        return False


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height >= TOO_MANY_PIXELS:
        raise ImageError(
            f"{name}: expected an image of less than 100 megapixels, got {width}x{height} "
            f"({width * height / 1e6:.1f} megapixels); try a smaller scan of the one digit"
        )
    if min(size) < SHORTEST or max(size) < LONGEST:
        raise ImageError(
            f"{name}: expected an image of at least {LONGEST}x{LONGEST} pixels, got "
            f"{width}x{height}; try a larger scan of the digit"
        )


def _times(size: tuple[int, int]) -> float:
    """By how much to shrink, so that the working limit is kept; what is hardly above it stays."""
    times = float(np.sqrt(size[0] * size[1] / WORKING_PIXELS))
    return 1.0 if times < NEARLY else times


def _goal(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) that an image of this size is brought to: a strip keeps one pixel."""
    times = _times(size)
    if times == 1:
        return size
    width, height = (max(1, int(side / times)) for side in size)
    most = [max(1, WORKING_PIXELS // side) for side in (height, width)]
    return min(width, most[0]), min(height, most[1])


def _reduced(image: Image, name: str) -> Images:
    """Average whole pixels, down to no less than the goal: uint8 [h, w], [h, w, 3] or [h, w, 4]."""
    from PIL import Image as pillow

    if image.mode[0] in "IF":  # 16 or 32 bits a pixel
        image = pillow.fromarray(to_bytes(np.asarray(image), name))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    mode = "L" if mode == "RGB" and image.mode in ("1", "L") else mode
    width, height = _goal(image.size)
    factor = (image.width // width, image.height // height)
    rows = max(1, BAND_PIXELS // (image.width * factor[1])) * factor[1]
    bands = []
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        if band.mode == "La":  # Pillow knows no direct way
            band = band.convert("LA")
        band = band.convert(mode)
        bands.append(np.asarray(band.reduce(factor)))
    return np.concatenate(bands)


def _within(pixels: Images) -> Images:
    """Brought to the goal: averaged, by less than two a side."""
    import cv2

    height, width = pixels.shape[:2]
    size = _goal((width, height))
    if size == (width, height):
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _on_paper(pixels: Images) -> Images:
    """Put a transparent image [h, w, 4] on white, or on black if its ink would vanish on white."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    colour = pixels[..., :3].astype(np.float32)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    on_white, on_black = colour * alpha + 255 * (1 - alpha), colour * alpha
    vanished = on_white.std() < 3 <= on_black.std()
    return np.rint(on_black if vanished else on_white).astype(np.uint8)


def _orientation(image: Image) -> int:
    """1 to 8, as EXIF counts them; 1, upright, where EXIF is absent or damaged."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged note must not cost the image
        return 1
    return turn if turn in range(1, 9) else 1


def _upright(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Undo what EXIF says the camera did: mirrors first (2, 4, 5, 7), then quarter turns."""
    if turn in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    quarters = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: -1, 7: -1, 8: 1}[turn]
    return np.rot90(pixels, quarters)
