"""Any image of one digit to 28x28, the way MNIST's own images were made.

The one place for it, with a version. The rooms along its way:

    loading, decoding, values   bytes, streams, Pillow images, arrays -> an upright Picture
    paper                       colours -> grey; uneven light; is the ink dark or light?
    levels                      how far paper, noise and ink are apart
    ink                         where the ink is, and which marks belong to the digit
    field                       a box of 20x20, the centre of mass in the centre of 28x28

Every step is a pure function of its own. Importing this loads neither Pillow nor OpenCV.
"""

from __future__ import annotations

from digitscope.preparation.field import centre, fit, frame
from digitscope.preparation.loading import Source, load
from digitscope.preparation.pipeline import PREPARATION_VERSION, prepare
from digitscope.preparation.results import Box, Picture, Preparation, Step

__all__ = [
    "PREPARATION_VERSION",
    "Box",
    "Picture",
    "Preparation",
    "Source",
    "Step",
    "centre",
    "fit",
    "frame",
    "load",
    "prepare",
]
