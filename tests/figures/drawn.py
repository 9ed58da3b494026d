"""Figures to look at, and the check of their layout."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from digitscope.comparison.results import Answers, Comparison, Difference, Measured, Row
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.evaluation.evaluate import evaluate
from digitscope.figures.sweep import SweepPoint
from digitscope.figures.table import FIGURES
from digitscope.models.model import Model
from digitscope.network.network import Network
from digitscope.preparation.results import Picture, Preparation, Step
from digitscope.reading.strings import read_strip
from digitscope.reading.strip import Strip
from digitscope.reading.tree import Digit, Line, Number, Page
from digitscope.synthesis.strings import compose_strings
from digitscope.training.events import EpochEnded
from digitscope.training.recipe import load_recipe, shipped_recipes

TEST = load_mnist("test")
FEW = Dataset(TEST.images[:400], TEST.labels[:400])
RECIPES = {name: load_recipe(name) for name in shipped_recipes()}


def untrained(name):
    recipe = RECIPES[name]
    return Model(Network.initialize(recipe.spec(), seed=1), recipe.classes)


MODELS = {name: untrained(name) for name in RECIPES}
EVALUATIONS = {name: evaluate(model, FEW) for name, model in MODELS.items()}


def history(epochs, watched_only_last=False):
    events = []
    for e in range(epochs + 1):
        loss = 2.3 if e == 0 else 0.3 / e + 0.1
        accuracy = 0.1 if e == 0 else 0.98 - 0.08 / e
        best = watched_only_last or e == epochs // 2 or e == 0
        events.append(
            EpochEnded(e, loss * 0.9, accuracy + 0.005, loss, accuracy, 0.1, 1.0, 9e3, best)
        )
    return events


def run(rate, loss, accuracy=0.95, diverged=False, **others):
    events = [
        EpochEnded(e, loss, accuracy, loss * (4 - e), accuracy, rate, 1, 1, False) for e in range(4)
    ]
    if diverged:
        events = [replace(events[0], watched_loss=2.3, watched_accuracy=0.1)]
    settings = {"learning_rate": rate, **others}
    return SweepPoint(f"rate {rate}", settings, accuracy, loss, 3.0, diverged, events)


SWEEP = [
    run(0.001, 1.5, 0.6),
    run(0.1, 0.2, 0.97),
    run(0.3, 0.21, 0.968),
    run(2.0, 0.9, 0.8),
    run(50.0, math.nan, math.nan, diverged=True),
]


def preparation(steps=9):
    rng = np.random.default_rng(0)
    shapes = [(120, 200, 3), (120, 200), (90, 40), (28, 28)]
    made = tuple(
        Step(
            f"step {i}",
            "What was found, in one sentence with numbers such as 12x34, and done.",
            image,
        )
        for i, image in enumerate(
            rng.integers(0, 255, shapes[i % 4], np.uint8) for i in range(steps)
        )
    )
    return Preparation(
        "a/long/$path$/photo.png", made[-1].image, made, (10, 20, 30, 40), True, ("small",)
    )


def engine_row(engine, scale, differences=None):
    """An engine's row; `differences` are from NumPy, an epoch each."""
    events = tuple(history(4, True))
    measured = Measured(
        scale, 1.6 * scale, 0.4 * scale, False, 6e4, int(2e8 * scale), 0.97, events, {}
    )
    difference = Difference(1e-6, {"W1": 1e-5, "b1": 2e-6}, differences or (0.0,) * 5, 0)
    return Row(engine, "done", "", measured, difference)


def comparison(*rows):
    rows = rows or (
        engine_row("numpy", 0.5),
        engine_row("fast", 0.45),
        engine_row("keras:tensorflow", 5.3, (0, 1e-6, 4e-6, 9e-6, 1.2e-5)),
        engine_row("keras:jax", 3.1, (0, 2e-6, 3e-6, 7e-6, 1.1e-5)),
        Row("keras:torch", "failed", "its process crashed"),
    )
    return Comparison(RECIPES["lesson"], rows, (), "784-128-10", None, {}, {})


def read_page(lines, warnings=("the page reads nearly as well upside down",)):
    """A page with these lines of text, an image of paper."""
    made = []
    for text in lines:
        digits = tuple(
            Digit(c, int(c), 0.9, (5, 5, 9, 9), (), TEST.images[0]) for c in text.replace(" ", "")
        )
        made.append(Line((Number(digits, 0.8, (5, 5, 50, 9)),), 0.8, (5, 5, 50, 9), ("a note",)))
    paper = np.full((60, 90), 255, np.uint8)
    picture = Picture("a/long/$path$/page.png", paper, 90, 60, "PNG")
    return Page(tuple(made), picture, 0, warnings)


PAGE = read_page(["2024 17", "815"])

ANSWERS = Answers(
    "keras:tensorflow", (0, 1), tuple(range(64)), (0, 1) * 32, (0.1, 0.99) * 32, (0.2, 0.3) * 32
)


STRING = compose_strings(1, np.random.default_rng(0), *TEST, gaps=(-3, -1))[0]


def string_reading():
    """A line read by someone who guesses."""
    rng = np.random.default_rng(0)
    guess = lambda images: rng.dirichlet(np.full(11, 0.2), len(images))  # noqa: E731
    return read_strip(Strip(STRING.image, np.eye(3)), guess)


def shares(P, classes):
    """The probability of every digit by its name."""
    return dict(zip(map(str, classes), map(float, P), strict=True))


def drawings(name):
    """Every figure of the table, for one recipe."""
    model, evaluation = MODELS[name], EVALUATIONS[name]
    images, labels = evaluation.data
    classes = evaluation.classes
    return {
        "samples": lambda: FIGURES["samples"](images, labels, classes, seed=0),
        "image_to_input": lambda: FIGURES["image_to_input"](
            images[0], int(labels[0]), classes, "test:0"
        ),
        "preparation_steps": lambda: FIGURES["preparation_steps"](preparation()),
        "reading_steps": lambda: FIGURES["reading_steps"](PAGE, preparation().steps),
        "lattice": lambda: FIGURES["lattice"](STRING.image, string_reading()),
        "network_diagram": lambda: FIGURES["network_diagram"](model.network.spec, classes),
        "activation_functions": FIGURES["activation_functions"],
        "curves": lambda: FIGURES["curves"](history(10), "validation"),
        "features": lambda: FIGURES["features"](model.network, images[0]),
        "predictions": lambda: FIGURES["predictions"](evaluation),
        "prediction_detail": lambda: FIGURES["prediction_detail"](
            images[0], shares(evaluation.P[0], classes), classes[0], classes[labels[0]], "test:0"
        ),
        "confusion_matrix": lambda: FIGURES["confusion_matrix"](evaluation),
        "mistakes": lambda: FIGURES["mistakes"](evaluation),
        "reliability": lambda: FIGURES["reliability"](evaluation.calibration),
        "risk_coverage": lambda: FIGURES["risk_coverage"](evaluation.rejection),
        "sweep_settings": lambda: FIGURES["sweep_settings"](SWEEP, "learning_rate"),
        "sweep_curves": lambda: FIGURES["sweep_curves"](SWEEP),
        "engines": lambda: FIGURES["engines"](comparison()),
        "side_by_side": lambda: FIGURES["side_by_side"](ANSWERS, TEST.images[:64]),
    }


def boxes(figure):
    """Every visible text with its box in pixels, and the canvas's own."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    # Texts that a tick keeps in store, outside the axes, are not drawn: only what is drawn counts.
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    stored = set()
    for ax in figure.axes:
        on = ax.axison and ax.get_visible()
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            low, high = sorted(limits)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not on or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    stored |= {tick.label1, tick.label2}
            if not on:
                stored |= {axis.label, axis.get_offset_text()}
        if not on:
            stored |= {ax.title, ax._left_title, ax._right_title}
    return [(t, t.get_window_extent(renderer)) for t in texts if t not in stored], figure.bbox


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def overlap(a, b, slack=1.5):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack


def check_layout(figure):
    found, page = boxes(figure)
    for text, box in found:
        inside = (
            box.x0 >= -0.5
            and box.y0 >= -0.5
            and box.x1 <= page.x1 + 0.5
            and box.y1 <= page.y1 + 0.5
        )
        assert inside, f"{text.get_text()!r} is cut: {box} on {page}"
    for (a, box_a), (b, box_b) in itertools.combinations(found, 2):
        covered = overlap(box_a, box_b)
        assert not covered, f"{a.get_text()!r} covers {b.get_text()!r}: {box_a} {box_b}"
