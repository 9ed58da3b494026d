"""The table of all figures: a name, and the function that draws it.

Each function's docstring says what it takes.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from digitscope.figures.activation_functions import activation_functions
from digitscope.figures.confusion_matrix import confusion_matrix
from digitscope.figures.curves import curves
from digitscope.figures.engines import engines
from digitscope.figures.features import features
from digitscope.figures.image_to_input import image_to_input
from digitscope.figures.lattice import lattice
from digitscope.figures.mistakes import mistakes
from digitscope.figures.network_diagram import network_diagram
from digitscope.figures.png import figure_png
from digitscope.figures.prediction_detail import prediction_detail
from digitscope.figures.predictions import predictions
from digitscope.figures.preparation_steps import preparation_steps
from digitscope.figures.reading_steps import reading_steps
from digitscope.figures.reliability import reliability
from digitscope.figures.risk_coverage import risk_coverage
from digitscope.figures.samples import samples
from digitscope.figures.side_by_side import side_by_side
from digitscope.figures.sweep_curves import sweep_curves
from digitscope.figures.sweep_settings import sweep_settings

__all__ = ["FIGURES", "figure_png"]

FIGURES: dict[str, Callable[..., Figure]] = {
    # what a network is given
    "samples": samples,
    "image_to_input": image_to_input,
    "preparation_steps": preparation_steps,
    "reading_steps": reading_steps,
    "lattice": lattice,
    # what it is made of
    "network_diagram": network_diagram,
    "activation_functions": activation_functions,
    # how it learned, and what it looks for
    "curves": curves,
    "features": features,
    # how good it is
    "predictions": predictions,
    "prediction_detail": prediction_detail,
    "confusion_matrix": confusion_matrix,
    "mistakes": mistakes,
    "reliability": reliability,
    "risk_coverage": risk_coverage,
    # many runs
    "sweep_settings": sweep_settings,
    "sweep_curves": sweep_curves,
    # many engines
    "engines": engines,
    "side_by_side": side_by_side,
}
