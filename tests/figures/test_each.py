"""What each figure shows."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from digitscope.comparison.results import Row
from digitscope.evaluation.calibration import measure_calibration
from digitscope.evaluation.rejection import measure_rejection
from digitscope.figures.table import FIGURES
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.notation import parse_spec
from digitscope.preparation import load
from digitscope.reader import Reader
from tests.figures.drawn import (
    ANSWERS,
    EVALUATIONS,
    FEW,
    MODELS,
    RECIPES,
    TEST,
    check_layout,
    comparison,
    engine_row,
    history,
    preparation,
    read_page,
    words,
)
from tests.reading.pages import compose_page


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


@pytest.mark.parametrize("lines", [0, 1, 40])
def test_reading_steps_of_any_number_of_lines(lines):
    page = read_page(["0123456789 77"] * lines)
    figure = FIGURES["reading_steps"](page, preparation(7).steps)
    check_layout(figure)
    said = words(figure)
    assert "From page.png to its digits" in said
    expected = {
        0: "Nothing to read.",
        1: "1 line with 12 digits; 80.0 % sure of it.",
        40: "40 lines with 480 digits; 80.0 % sure of the least sure line.",
    }
    assert any(text.startswith(expected[lines]) for text in said)
    assert any("upside down" in text for text in said)


def test_the_next_best_of_two_numbers_are_two_numbers():
    page = compose_page(["24 815"])
    layout, (reading,) = Reader().read_layout(load(page))
    figure = FIGURES["lattice"](layout.strips[0].ink, reading)
    (note,) = (text for text in words(figure) if "Next best" in text)
    others = note.replace("\n", " ").partition("Next best: ")[2].rstrip(".").split(", ")
    assert others
    assert all(" " in other for other in others)


@pytest.mark.parametrize("seed", range(3))
def test_words_on_segments_of_a_lattice_stay_in_their_boxes_or_beside_them(seed):
    """Three of the digits touch: narrow segments have their words at their side."""
    page = compose_page(["4071936"], gap=0, seed=seed, part="train")
    layout, (reading,) = Reader().read_layout(load(page))
    figure = FIGURES["lattice"](layout.strips[0].ink, reading)
    check_layout(figure)
    draw = figure.canvas.get_renderer()
    bars = [patch.get_window_extent(draw) for patch in figure.axes[0].patches]
    for text in figure.axes[0].texts:
        if not re.fullmatch(r"[0-9?]  .*%", text.get_text()) or text.get_fontsize() != 7:
            continue
        box = text.get_window_extent(draw)
        for bar in bars:
            inside = bar.x0 <= box.x0 and box.x1 <= bar.x1
            apart = box.x1 <= bar.x0 + 1 or bar.x1 <= box.x0 + 1
            assert inside or apart or box.y1 <= bar.y0 or bar.y1 <= box.y0, text.get_text()


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


def test_what_excites_is_blue_as_in_the_lab():
    figure = FIGURES["features"](MODELS["lesson"].network)
    assert any(
        "blue where ink excites it, orange where ink calms it" in text.replace("\n", " ")
        for text in words(figure)
    )
    (image, *_) = figure.axes[0].images
    red, _, blue, _ = image.cmap(image.norm(image.norm.vmax))
    assert blue > red
    red, _, blue, _ = image.cmap(image.norm(image.norm.vmin))
    assert red > blue


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
    shares = {"3": 0.2, "5": 0.5, "8": 0.1, "none": 0.2}
    draw = FIGURES["prediction_detail"]
    right = draw(FEW.images[0], shares, 5, 5)
    assert right.get_suptitle() == "Read as 5, 50.0 % sure"
    assert "The label says 5: ✓ right." in words(right)
    assert "The label says 8: ✗ wrong." in words(draw(FEW.images[0], shares, 5, 8))
    rejected = draw(FEW.images[0], shares, 5, rejected="too little ink", name="a$b$.png")
    check_layout(rejected)
    assert rejected.get_suptitle().startswith("Rejected")
    assert "Why: too little ink." in words(rejected)
    assert [bar.get_height() for bar in rejected.axes[1].patches] == pytest.approx([20, 50, 10, 20])
    assert [tick.get_text() for tick in rejected.axes[1].get_xticklabels()] == list(shares)


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


def test_risk_and_coverage_mark_what_can_be_had():
    right = np.arange(1000) >= 10  # the ten least sure are wrong
    figure = FIGURES["risk_coverage"](measure_rejection(np.linspace(0.5, 1, 1000), right))
    check_layout(figure)
    told = [text.get_text() for text in figure.axes[0].texts]
    assert told == [
        "99.0 % right on 100 % of the images",
        "99.5 % right on 99.4 % of the images",
        "99.9 % right on 99.0 % of the images",
    ]


# Many runs


# Many engines


def test_engines_show_curves_that_coincide_and_say_what_failed():
    figure = FIGURES["engines"](comparison())
    curves = figure.axes[0].lines
    assert [line.get_label() for line in curves] == [
        "numpy", "fast", "keras:tensorflow", "keras:jax",
    ]  # fmt: skip
    widths = [line.get_linewidth() for line in curves]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == len(widths)
    assert len({line.get_color() for line in curves}) == len(curves)
    assert [line.get_label() for line in figure.axes[1].lines] == [
        "fast: the same bits", "keras:tensorflow", "keras:jax",
    ]  # fmt: skip
    assert words(figure).count("failed") == 3
    assert {"8.48", "2.12", "1,060"} <= set(words(figure))


def test_engines_of_any_number_and_none_that_ran():
    check_layout(FIGURES["engines"](comparison(engine_row("numpy", 0.5))))
    only = comparison(Row("numpy", "failed", "no"))
    check_layout(FIGURES["engines"](only))
    assert "nothing to compare with NumPy" in words(FIGURES["engines"](only))
    check_layout(FIGURES["engines"](comparison(*(engine_row(f"keras:e{i}", 30.0, (0, 1e-9, 0, 1e-2, 1)) for i in range(8)))))  # fmt: skip


def test_side_by_side_marks_what_is_wrong():
    figure = FIGURES["side_by_side"](ANSWERS, TEST.images[:64])
    assert words(figure).count("1, 0, 1") == 32  # read wrongly by one
    assert "32 of them read wrongly" in " ".join(words(figure)).replace("\n", " ")
    assert figure.get_suptitle() == "Label, TensorFlow, NumPy"
