"""What mends it: for every difference that the doctor knows, the setting or the retraining."""

from __future__ import annotations

from collections.abc import Callable

from digitscope.preparation.field import BOX
from digitscope.preparation.paper import UNEVEN

ADAPT = "or teach it yours: digitscope adapt FOLDER --out mine.safetensors (labelled digits)"
FAINT = 50  # of 255: below it the preparation warns
NOISY = 10  # of 255: noise that is as large as the edges of faint ink

# The distortions of recipe reader, what it is to be made to read more of than it knows.
READER = {
    "shift": 1,
    "rotate": 12,
    "scale": 0.25,
    "shear": 0.25,
    "elastic": 22,
    "stroke": 0.8,
    "blur": 0.7,
    "grain": 0.4,
}


def _retrain(**more: float) -> str:
    """The command that trains the reader anew, some of its distortions stronger."""
    told = " ".join(f"{name}:{amount:g}" for name, amount in {**READER, **more}.items())
    return f"retrain: digitscope train --recipe reader --augment '{told}'; {ADAPT}"


# Trait and direction -> what to do.
SHAPES = {
    ("stroke width", "thinner"): (
        "write with a softer or broader pen; scan in grey, not in black and white, which loses "
        f"half of a thin stroke; {_retrain(stroke=1)}"
    ),
    ("stroke width", "thicker"): (
        f"write larger with the same pen, or with a finer one; {_retrain(stroke=1)}"
    ),
    ("slant", "more to the left"): (
        f"set the image upright if it was scanned at an angle; {_retrain(shear=0.6, rotate=15)}"
    ),
    ("slant", "more to the right"): (
        f"set the image upright if it was scanned at an angle; {_retrain(shear=0.6, rotate=15)}"
    ),
    ("aspect", "narrower"): (
        "give the images as they were taken: squeezed into another shape they lose their own; "
        f"{_retrain(scale=0.35)}"
    ),
    ("aspect", "wider"): (
        "give the images as they were taken: stretched to a square they lose their own shape; if "
        "they hold several digits, use digitscope read; "
        f"{_retrain(scale=0.35)}"
    ),
}

Hard = tuple[Callable[[float], bool], str, str]

# Trait of the image -> when it is hard, what is said, what to do.
IMAGES: dict[str, list[Hard]] = {
    "size of the digit": [
        (
            lambda size: size < BOX,
            f"size of the digit: its ink is less than {BOX} px high and wide, what a network sees",
            "scan or photograph at twice the resolution: 40 px a digit leave nothing to guess",
        )
    ],
    "contrast": [
        (
            lambda contrast: contrast < FAINT,
            f"contrast: paper and ink are less than {FAINT} of 255 apart",
            "write with a darker pen, give more light, or let the scanner choose the contrast",
        )
    ],
    "noise": [
        (
            lambda noise: noise > NOISY,
            f"noise: the paper varies by more than {NOISY} of 255 from pixel to pixel",
            "give more light, hold the camera still, save JPEG at a higher quality, or scan",
        )
    ],
    "light": [
        (
            lambda varies: varies > UNEVEN,
            f"light: along the rim of the image it varies by more than {UNEVEN} of 255",
            "it is evened out, so most are read; for the rest avoid the shadow of hand and phone",
        )
    ],
}

# How a warning of the preparation begins -> what is said, what to do.
WARNINGS = {
    "the ink touches the edge": (
        "the ink touches the edge of the image: parts of digits may be missing",
        "crop with some paper on every side",
    ),
    "more than one separate mark": (
        "more than one mark of a digit's size: these are read as one digit",
        "read them as numbers: digitscope read; or crop them to one digit each",
    ),
}


def advice_on_shape(trait: str, direction: str) -> str:
    """What to do where a trait of the digits leaves the training data.

    >>> advice_on_shape("slant", "more to the left")[:21]
    'set the image upright'
    """
    return SHAPES[trait, direction]


def advice_on_image(trait: str) -> list[Hard]:
    """When a trait of an image is hard: the condition, what is said, what to do."""
    return IMAGES[trait]


def advice_on_warning(warning: str) -> tuple[str, str]:
    """What is said of a warning that many images have, and what to do; empty for one that a trait
    says already.

    >>> advice_on_warning("faint ink: only 20 of 255 darker or lighter than paper")
    ('', '')
    """
    return next((known for start, known in WARNINGS.items() if warning.startswith(start)), ("", ""))
