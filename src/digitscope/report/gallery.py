"""The gallery: any figure by its name, drawn from a model or a recipe, and an image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from digitscope.data.mnist import load_mnist
from digitscope.errors import ImageError, SettingError, nearest
from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.figures.table import FIGURES
from digitscope.models.model import Model, load
from digitscope.models.prediction import MORE_LIKELY_NONE, Input, predict, take_input
from digitscope.network.network import Network
from digitscope.network.spec import Spec
from digitscope.reader import READER, Reader
from digitscope.reading.documents import load_pages
from digitscope.report.history import read_history
from digitscope.training.randomness import generator
from digitscope.training.recipe import load_recipe


@dataclass
class Wish:
    """What the user named; everything is looked up only when a figure needs it."""

    name: str
    model_path: Path | None
    recipe: str
    image: str

    @cached_property
    def model(self) -> Model:
        """The model, which some figures need."""
        if self.model_path is None:
            raise SettingError(
                f"figure {self.name} needs a model: digitscope figure {self.name} MODEL"
            )
        return load(self.model_path)

    @cached_property
    def network(self) -> Network:
        """The model's network, or the recipe's untrained one."""
        if self.model_path is not None:
            return self.model.network
        recipe = load_recipe(self.recipe)
        return Network.initialize(recipe.spec(), generator(recipe.seed, "weights"))

    @cached_property
    def spec(self) -> Spec:
        """Its architecture."""
        return self.network.spec

    @cached_property
    def evaluation(self) -> Evaluation:
        """The model on the test set."""
        return evaluate(self.model)

    @cached_property
    def input(self) -> Input:
        """The image."""
        return take_input(self.image)


def draw_prediction(given: Input, model: Model, limit: float = 0.0) -> Figure:
    """The image beside the probabilities."""
    p = predict(model, given, limit)
    rejected = ""
    if p.rejected:
        rejected = "not a digit" if p.not_a_digit > MORE_LIKELY_NONE else f"below {limit:g}"
    name = Path(given.name).name if given.preparation else given.name
    return FIGURES["prediction_detail"](given.image, p.shares, p.digit, given.label, name, rejected)


def _samples(wish: Wish) -> Figure:
    return FIGURES["samples"](*load_mnist("train"))


def _image_to_input(wish: Wish) -> Figure:
    if wish.input.label is None:
        raise SettingError(f"{wish.image} has no label: give --image test:100 or train:0")
    return FIGURES["image_to_input"](wish.input.image, wish.input.label, name=wish.input.name)


def _preparation_steps(wish: Wish) -> Figure:
    if wish.input.preparation is None:
        raise SettingError(
            f"{wish.image} is an image of MNIST, which needs no preparation: give --image FILE"
        )
    return FIGURES["preparation_steps"](wish.input.preparation)


def _reader(wish: Wish) -> Reader:
    if wish.image.startswith(("test:", "train:")):
        raise SettingError(f"{wish.image} is an image of MNIST, no page: give --image FILE")
    return Reader(wish.model if wish.model_path else READER)


def _reading_steps(wish: Wish) -> Figure:
    reader = _reader(wish)
    page = next(reader.read_pages(wish.image))
    return FIGURES["reading_steps"](page, reader.explain(page))


def _lattice(wish: Wish) -> Figure:
    """Of many lines the one that is least sure."""
    layout, readings = _reader(wish).read_layout(next(load_pages(wish.image)))
    if not readings:
        raise ImageError(f"{wish.image}: nothing to read, expected a line of digits")
    unsure = min(range(len(readings)), key=lambda i: readings[i].confidence)
    return FIGURES["lattice"](layout.strips[unsure].ink, readings[unsure])


def _curves(wish: Wish) -> Figure:
    if wish.model_path is None or not (wish.model_path / "results.csv").is_file():
        raise SettingError("figure curves needs a run folder: digitscope figure curves runs/lesson")
    watched, history = read_history(wish.model_path / "results.csv")
    return FIGURES["curves"](history, watched)


class Entry(NamedTuple):
    """A row of the table: what the figure shows, and how it is drawn."""

    help: str
    draw: Callable[[Wish], Figure]


GALLERY: dict[str, Entry] = {
    "samples": Entry("some training images with their labels", _samples),
    "image_to_input": Entry("the way from an image to numbers (--image)", _image_to_input),
    "preparation_steps": Entry("how a file becomes 28x28 (--image FILE)", _preparation_steps),
    "reading_steps": Entry("how a page becomes digits (--image FILE)", _reading_steps),
    "lattice": Entry("how a line was cut into digits, the least sure one (--image FILE)", _lattice),
    "network_diagram": Entry(
        "the network's sketch (MODEL or --recipe)", lambda w: FIGURES["network_diagram"](w.spec)
    ),
    "activation_functions": Entry(
        "the activation functions and their derivatives",
        lambda w: FIGURES["activation_functions"](),
    ),
    "curves": Entry("loss and accuracy over epochs (RUN)", _curves),
    "features": Entry(
        "what the first layer looks for (MODEL)",
        lambda w: FIGURES["features"](w.model.network, w.input.image),
    ),
    "predictions": Entry(
        "test images, marked right and wrong (MODEL)",
        lambda w: FIGURES["predictions"](w.evaluation),
    ),
    "prediction_detail": Entry(
        "one image beside its probabilities (MODEL, --image)",
        lambda w: draw_prediction(w.input, w.model),
    ),
    "confusion_matrix": Entry(
        "the confusion matrix with counts (MODEL)",
        lambda w: FIGURES["confusion_matrix"](w.evaluation),
    ),
    "confusion_matrix_normalized": Entry(
        "the same in percent of each digit (MODEL)",
        lambda w: FIGURES["confusion_matrix"](w.evaluation, normalized=True),
    ),
    "mistakes": Entry(
        "the most confident mistakes (MODEL)", lambda w: FIGURES["mistakes"](w.evaluation)
    ),
    "reliability": Entry(
        "how far the confidence can be trusted (MODEL)",
        lambda w: FIGURES["reliability"](w.evaluation.calibration),
    ),
    "risk_coverage": Entry(
        "what refusing the least sure answers gains (MODEL)",
        lambda w: FIGURES["risk_coverage"](w.evaluation.rejection),
    ),
}


def draw(
    name: str, model: Path | None = None, recipe: str = "lesson", image: str = "test:0"
) -> Figure:
    """A figure by its name; SettingError for an unknown one, or one that lacks its model.

    >>> draw("activation_functions").get_axes() != []
    True
    """
    key = name.replace("-", "_")
    if key not in GALLERY:
        raise SettingError(f"unknown figure {name!r}: {nearest(key, GALLERY)}")
    return GALLERY[key].draw(Wish(key, model, recipe, image))
