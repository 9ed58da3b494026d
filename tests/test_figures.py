"""Every figure, for every recipe that ships: what it says, and that no text is cut or covered."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.errors import SettingError
from digitscope.evaluation.calibration import measure_calibration
from digitscope.evaluation.evaluate import evaluate
from digitscope.figures.style import percent
from digitscope.figures.sweep import SweepPoint
from digitscope.figures.sweep_curves import verdicts
from digitscope.figures.table import FIGURES, figure_png
from digitscope.maths.activations import ACTIVATIONS
from digitscope.models.model import Model
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.preparation.results import Preparation, Step
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
        "network_diagram": lambda: FIGURES["network_diagram"](model.network.spec, classes),
        "activation_functions": FIGURES["activation_functions"],
        "curves": lambda: FIGURES["curves"](history(10), "validation"),
        "features": lambda: FIGURES["features"](model.network, images[0]),
        "predictions": lambda: FIGURES["predictions"](evaluation),
        "prediction_detail": lambda: FIGURES["prediction_detail"](
            images[0], evaluation.P[0], classes, classes[labels[0]], "test:0"
        ),
        "confusion_matrix": lambda: FIGURES["confusion_matrix"](evaluation),
        "mistakes": lambda: FIGURES["mistakes"](evaluation),
        "reliability": lambda: FIGURES["reliability"](evaluation.calibration),
        "sweep_settings": lambda: FIGURES["sweep_settings"](SWEEP, "learning_rate"),
        "sweep_curves": lambda: FIGURES["sweep_curves"](SWEEP),
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


def test_the_table_and_these_tests_name_the_same_figures():
    assert set(drawings("lesson")) == set(FIGURES)
    assert all(function.__doc__ for function in FIGURES.values())


# Whatever network there is, these are the same.
OF_NO_RECIPE = {
    "activation_functions",
    "preparation_steps",
    "curves",
    "sweep_settings",
    "sweep_curves",
}


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        (name, recipe)
        for name, recipe in itertools.product(FIGURES, RECIPES)
        if name not in OF_NO_RECIPE or recipe == "lesson"
    ],
)
def test_every_figure_of_every_recipe_is_whole(name, recipe):
    figure = drawings(recipe)[name]()
    assert figure.get_suptitle()
    assert figure.get_facecolor() == (1, 1, 1, 1)
    assert 10 <= figure.get_figwidth() <= 17
    check_layout(figure)


@pytest.mark.parametrize(
    "name", ["curves", "sweep_settings", "sweep_curves", "reliability", "activation_functions"]
)
def test_every_panel_says_what_its_axes_are(name):
    for ax in drawings("lesson")[name]().axes:
        assert ax.get_ylabel()
        below = [other for other in ax.get_shared_x_axes().get_siblings(ax) if other.get_xlabel()]
        assert ax.get_xlabel() or below


@pytest.mark.parametrize("digits", range(2, 11))
def test_any_number_of_digits(digits):
    classes = tuple(range(9, 9 - digits, -1))
    evaluation = evaluate(Model(Network.initialize(f"784-12-{digits}"), classes), FEW)
    for normalized in (False, True):
        check_layout(FIGURES["confusion_matrix"](evaluation, normalized=normalized))
    check_layout(FIGURES["mistakes"](evaluation))
    check_layout(FIGURES["prediction_detail"](FEW.images[0], evaluation.P[0], classes))


def test_no_figure_needs_pyplot_or_changes_the_callers_style():
    code = (
        "import sys; from digitscope.figures.table import FIGURES, figure_png;"
        "figure_png(FIGURES['activation_functions']());"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    before = dict(mpl.rcParams)
    figure_png(FIGURES["activation_functions"]())
    assert dict(mpl.rcParams) == before


def test_the_callers_style_does_not_show():
    plain = figure_png(FIGURES["curves"](history(3), "test"))
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "text.usetex": False}):
        assert figure_png(FIGURES["curves"](history(3), "test")) == plain


def test_the_same_figure_is_the_same_bytes():
    first, second = (figure_png(drawings("cnn")["predictions"](), 60) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"Matplotlib" not in first


def test_the_pngs_are_wide_enough_for_print():
    png = figure_png(FIGURES["curves"](history(3), "test"))
    assert int.from_bytes(png[16:20]) == 1440


def test_percent_never_promises_certainty():
    assert [percent(p, 2) for p in (0.999999, 1.0, 0.0, 1e-9, 0.12345)] == [
        ">99.99 %", "100 %", "0.00 %", "<0.01 %", "12.35 %",
    ]  # fmt: skip


# What a network is given


def test_samples_carry_their_digits_and_follow_the_seed():
    images, labels = FEW
    figure = FIGURES["samples"](images[:10], labels[:10])
    captions = [text.get_text() for text in figure.axes[0].texts]
    assert captions == [f"label {digit}" for digit in labels[:10]]
    grids = [FIGURES["samples"](images, labels, seed=seed).axes[0] for seed in (0, 0, 1)]
    picked = [[text.get_text() for text in ax.texts] for ax in grids]
    assert picked[0] == picked[1] != picked[2]


def test_samples_name_digits_not_classes():
    figure = FIGURES["samples"](FEW.images[:2], np.array([0, 1], np.uint8), classes=(4, 9))
    assert [text.get_text() for text in figure.axes[0].texts] == ["label 4", "label 9"]


def test_image_to_input_prints_the_numbers_before_and_after():
    image = FEW.images[0]
    figure = FIGURES["image_to_input"](image, 7)
    printed = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    first = [
        word for value in image.reshape(-1)[:20] for word in (str(value), f"{value / 255:.2f}")
    ]
    row = [word for value in image[14, 4:24] for word in (str(value), f"{value / 255:.2f}")]
    assert printed.count(first) == 1
    assert printed.count(row) == 1
    assert ["0"] * 7 + ["1"] + ["0"] * 2 in printed
    profile = next(
        ax for ax in figure.axes if "row 14" in ax.get_title(loc="left").lower() and ax.lines
    )
    np.testing.assert_array_equal(profile.lines[0].get_ydata(), image[14])
    assert profile.get_ylabel() == "value, 0 to 255"


@pytest.mark.parametrize("steps", [1, 4, 5, 8, 9, 12])
def test_preparation_steps_of_any_number(steps):
    figure = FIGURES["preparation_steps"](preparation(steps))
    check_layout(figure)
    said = words(figure)
    assert "From photo.png to 28×28" in said
    assert all(f"{i + 1}  Step {i}" in said for i in range(steps))
    assert any("darker than the paper" in text and "Warning: small" in text for text in said)


# What it is made of


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            "784-128-10",
            ["784 inputs", "128 neurons", "100,480 parameters", "ReLU", "10 neurons", "softmax"],
        ),
        ("784-128-64-10", ["hidden layer 1", "hidden layer 2", "W2 128×64", "8,256 parameters"]),
        ("28x28-8c5-p2-16c5-p2-10", ["8 maps 24×24", "16 maps 4×4", "W2 5×5×8×16", "max pooling"]),
        ("28x28-8c3s-bn-p2-d0.25-32-10", ["batch norm", "dropout 0.25", "8 maps 28×28"]),
    ],
)
def test_the_sketch_says_what_each_layer_holds(spec, expected):
    figure = FIGURES["network_diagram"](parse_spec(spec))
    check_layout(figure)
    assert set(expected) <= set(words(figure))
    assert f"{parse_spec(spec).parameters:,} parameters" in figure.get_suptitle()


def test_the_sketch_draws_few_neurons_and_names_the_output():
    figure = FIGURES["network_diagram"](parse_spec("784-128-10"), range(10))
    circles = [p for p in figure.axes[0].patches if type(p).__name__ == "Circle"]
    assert sum(circle.radius > 0.05 for circle in circles) == 8 + 8 + 10
    assert sum(circle.radius < 0.05 for circle in circles) == 3 + 3  # the dots
    assert set("0123456789") <= set(words(figure))


def test_the_activations_are_those_that_the_networks_use():
    figure = FIGURES["activation_functions"]()
    for ax, name in zip(figure.axes, ("linear", "sigmoid", "tanh", "relu"), strict=False):
        g, slope = ax.lines[-2:]
        z = g.get_xdata()
        np.testing.assert_array_equal(g.get_ydata(), ACTIVATIONS[name].g(z))
        np.testing.assert_array_equal(
            slope.get_ydata(), ACTIVATIONS[name].derivative(g.get_xdata())
        )
        assert slope.get_linestyle() != g.get_linestyle()
    heights = [bar.get_height() for bar in figure.axes[5].patches]
    assert sum(heights) == pytest.approx(1)


# How it learned, and what it looks for


@pytest.mark.parametrize("epochs", [0, 1, 2, 10, 100])
@pytest.mark.parametrize("watched", ["validation", "test"])
def test_curves_of_any_length(epochs, watched):
    events = history(epochs, watched_only_last=watched == "test")
    figure = FIGURES["curves"](events, watched)
    check_layout(figure)
    loss, accuracy = figure.axes
    train, second = accuracy.lines[:2]
    np.testing.assert_allclose(train.get_ydata(), [100 * e.train_accuracy for e in events])
    np.testing.assert_allclose(second.get_ydata(), [100 * e.watched_accuracy for e in events])
    assert train.get_linestyle() != second.get_linestyle()
    assert (accuracy.get_ylabel(), loss.get_ylabel()) == ("accuracy (%)", "loss")
    assert f"{watched}\n{100 * events[-1].watched_accuracy:.2f} %" in words(figure)


def test_curves_mark_the_epoch_that_was_kept():
    star = FIGURES["curves"](history(10), "validation").axes[1].lines[-1]
    assert (star.get_marker(), list(star.get_xdata())) == ("*", [5])
    assert "epoch 10 (the last)" in " ".join(words(FIGURES["curves"](history(10, True), "test")))


def test_the_untrained_network_does_not_squash_the_curves():
    accuracy = FIGURES["curves"](history(30), "test").axes[1]
    low, high = accuracy.get_ylim()
    assert low > 85
    assert high <= 101
    assert "epoch 0, untrained: 10.00 % ↓" in [text.get_text() for text in accuracy.texts]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_colours_of_weights_are_symmetric_about_zero(recipe):
    figure = FIGURES["features"](MODELS[recipe].network)
    pictures = figure.axes[0].images
    found = {picture.get_clim() for picture in pictures}
    ((low, high),) = found
    assert low == -high < 0
    assert len(pictures) == min(32, RECIPES[recipe].spec().weight_shapes()["W1"][-1])
    assert "weight (W1)" in words(figure)
    white = pictures[0].get_cmap()(0.5)
    assert white[:3] == pytest.approx((1, 1, 1), abs=0.02)


def test_the_maps_of_a_convolution_are_those_of_the_forward_pass():
    network = MODELS["cnn"].network
    figure = FIGURES["features"](network, FEW.images[0])
    pictures = figure.axes[0].images
    assert len(pictures) == 8 + 8 + 1
    steps = network.forward(FEW.images[:1, :, :, None] / np.float32(255)).steps
    np.testing.assert_allclose(pictures[8 + 3].get_array(), steps[1].Y[0, :, :, 3], rtol=1e-5)


def test_features_of_weights_that_are_all_zero():
    network = MODELS["nielsen-15"].network
    zero = replace(network, weights={name: 0 * W for name, W in network.weights.items()})
    check_layout(FIGURES["features"](zero))


# How good it is


@pytest.mark.parametrize("recipe", ["lesson", "binary"])
def test_the_cells_of_the_confusion_matrix_are_the_matrix(recipe):
    evaluation = EVALUATIONS[recipe]
    n = len(evaluation.classes)
    cells = [text.get_text() for text in FIGURES["confusion_matrix"](evaluation).axes[0].texts]
    written = np.array([int(cell.replace(",", "")) for cell in cells]).reshape(n, n)
    np.testing.assert_array_equal(written, evaluation.matrix)
    twin = FIGURES["confusion_matrix"](evaluation, normalized=True).axes[0]
    parts = np.array([float(text.get_text()) for text in twin.texts]).reshape(n, n)
    np.testing.assert_allclose(parts.sum(axis=1), 100, atol=0.05 * n + 1e-9)
    assert (twin.get_xlabel(), twin.get_ylabel()) == ("predicted digit", "true digit")


def test_predictions_tell_right_from_wrong_without_colours():
    evaluation = EVALUATIONS["lesson"]
    figure = FIGURES["predictions"](evaluation)
    said = [text.get_text() for text in figure.axes[0].texts]
    captions = [word for word in said if word[0] in "✓✗"]
    frames = figure.axes[0].patches
    assert len(captions) == len(frames) == 24
    for caption, frame in zip(captions, frames, strict=True):
        assert ("read as" in caption) == caption.startswith("✗") == (frame.get_linewidth() > 2)
    wrong = sum(caption.startswith("✗") for caption in captions)
    assert 0 < wrong < 24
    assert f"{24 - wrong} right (✓), {wrong} wrong (✗)" in " ".join(words(figure)).replace(
        "\n", " "
    )


def test_the_mistakes_are_those_of_the_evaluation_with_their_own_images():
    evaluation = EVALUATIONS["binary"]
    figure = FIGURES["mistakes"](evaluation)
    said = words(figure)
    for mistake, picture in zip(evaluation.mistakes, figure.axes[0].images, strict=True):
        assert f"test:{mistake.index}" in said
        assert f"✗ {mistake.digit} read as {mistake.taken_for}" in said
        np.testing.assert_array_equal(picture.get_array(), TEST.images[mistake.index])


def test_a_model_without_mistakes():
    evaluation = replace(EVALUATIONS["lesson"], mistakes=[], correct=400)
    figure = FIGURES["mistakes"](evaluation)
    check_layout(figure)
    assert any("There are none" in text for text in words(figure))


def test_a_prediction_says_right_wrong_and_rejected():
    P = np.array([0.2, 0.7, 0.1])
    draw = FIGURES["prediction_detail"]
    right = draw(FEW.images[0], P, (3, 5, 8), 5)
    assert right.get_suptitle() == "Read as 5, 70.0 % sure"
    assert "The label says 5: ✓ right." in words(right)
    assert "The label says 8: ✗ wrong." in words(draw(FEW.images[0], P, (3, 5, 8), 8))
    rejected = draw(FEW.images[0], P, (3, 5, 8), rejected="too little ink", name="a$b$.png")
    check_layout(rejected)
    assert rejected.get_suptitle().startswith("Rejected")
    assert "Why: too little ink." in words(rejected)
    assert [bar.get_height() for bar in rejected.axes[1].patches] == pytest.approx([20, 70, 10])


def test_reliability_shows_every_bin_with_images():
    sure = np.array([0.55, 0.55, 0.95, 0.99])
    calibration = measure_calibration(sure, np.array([True, False, True, True]))
    figure = FIGURES["reliability"](calibration)
    check_layout(figure)
    assert f"{100 * calibration.error:.2f} %" in figure.get_suptitle()
    above, below = figure.axes
    dots = next(line for line in above.lines if line.get_label() == "measured")
    np.testing.assert_allclose(dots.get_ydata(), [50, 100])
    assert [text.get_text() for text in below.texts] == ["2", "2"]


# Many runs


def test_learning_rates_are_judged():
    assert verdicts(SWEEP) == {
        0.001: "too small",
        0.1: "right",
        0.3: "right",
        2.0: "too large",
        50.0: "diverging",
    }


def test_sweep_curves_have_a_logarithmic_loss_and_mark_what_diverged():
    figure = FIGURES["sweep_curves"](SWEEP)
    loss = figure.axes[0]
    assert loss.get_yscale() == "log"
    crosses = [
        line for line in loss.lines if line.get_marker() == "X" and len(line.get_xdata()) == 1
    ]
    assert crosses
    said = words(figure)
    assert {"0.1: right", "50: diverging", "0.001: too small", "2: too large"} <= set(said)
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in loss.lines}
    assert len(looks) >= len(SWEEP)


def test_sweep_curves_by_something_that_is_no_number():
    runs = [replace(r, settings={"optimizer": o}) for r, o in zip(SWEEP, "abcde", strict=True)]
    figure = FIGURES["sweep_curves"](runs, "optimizer")
    check_layout(figure)
    assert set("abcde") <= set(words(figure))


def test_sweep_settings_show_accuracy_and_time_of_every_run():
    rows = [
        SweepPoint("", {"hidden": h, "learning_rate": r, "seed": 0}, 0.9 + 0.01 * i, 0.3, 2.0 + i)
        for i, (h, r) in enumerate(itertools.product(("16", "128", "64"), (0.1, 1.0)))
    ]
    figure = FIGURES["sweep_settings"](rows, "hidden")
    check_layout(figure)
    accuracy, seconds = figure.axes
    assert [text.get_text() for text in accuracy.get_xticklabels()] == ["16", "64", "128"]
    drawn = sorted(y for line in accuracy.lines for y in line.get_ydata())
    np.testing.assert_allclose(drawn, [90, 91, 92, 93, 94, 95])
    assert sorted(y for line in seconds.lines for y in line.get_ydata()) == [2, 3, 4, 5, 6, 7]
    assert {"learning rate 0.1", "learning rate 1"} <= set(words(figure))  # and not the seed
    assert seconds.get_ylabel() == "time (s)"


def test_sweep_settings_of_many_combinations_and_of_architectures():
    rows = [
        SweepPoint("", {"hidden": h, "seed": s}, 0.9, 0.3, 2.0)
        for h, s in itertools.product(("8c5-p2-16c5-p2", "128-64", "300-100-50", "64"), range(9))
    ]
    figure = FIGURES["sweep_settings"](rows, "hidden")
    check_layout(figure)
    assert "9 combinations of other settings" in accuracy_labels(figure)
    assert all(line.get_linestyle() == "None" for line in figure.axes[0].lines)  # no order, no line


def accuracy_labels(figure):
    return [line.get_label() for line in figure.axes[0].lines]


def test_a_setting_that_was_not_varied_is_refused():
    with pytest.raises(
        SettingError, match="the sweep did not vary 'hiden': choose one of learning_rate"
    ):
        FIGURES["sweep_settings"](SWEEP, "hiden")


# The checks themselves


def test_the_check_of_the_layout_finds_what_is_cut_and_what_is_covered():
    cut = FIGURES["curves"](history(3), "test")
    cut.text(0.97, 0.5, "far too long for this place")
    with pytest.raises(AssertionError, match="is cut"):
        check_layout(cut)
    covered = FIGURES["curves"](history(3), "test")
    covered.text(0.02, 0.95, "on the title")
    with pytest.raises(AssertionError, match="covers"):
        check_layout(covered)
