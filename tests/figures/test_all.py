"""What holds for every figure."""

from __future__ import annotations

import itertools
import subprocess
import sys

import matplotlib as mpl
import pytest

from digitscope.evaluation.evaluate import evaluate
from digitscope.figures.style import percent
from digitscope.figures.table import FIGURES, figure_png
from digitscope.models.model import Model
from digitscope.network.network import Network
from tests.figures.drawn import (
    FEW,
    RECIPES,
    check_layout,
    drawings,
    history,
    shares,
)


def test_the_table_and_these_tests_name_the_same_figures():
    assert set(drawings("lesson")) == set(FIGURES)
    assert all(function.__doc__ for function in FIGURES.values())


# Whatever network there is, these are the same.
OF_NO_RECIPE = {
    "activation_functions",
    "preparation_steps",
    "reading_steps",
    "lattice",
    "curves",
    "sweep_settings",
    "sweep_curves",
    "engines",
    "side_by_side",
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
    assert 10 <= figure.get_figwidth() <= 19
    check_layout(figure)


@pytest.mark.parametrize(
    "name",
    [
        "curves",
        "sweep_settings",
        "sweep_curves",
        "reliability",
        "risk_coverage",
        "activation_functions",
    ],
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
    check_layout(FIGURES["prediction_detail"](FEW.images[0], shares(evaluation.P[0], classes), 9))


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


def test_the_check_of_the_layout_finds_what_is_cut_and_what_is_covered():
    cut = FIGURES["curves"](history(3), "test")
    cut.text(0.97, 0.5, "far too long for this place")
    with pytest.raises(AssertionError, match="is cut"):
        check_layout(cut)
    covered = FIGURES["curves"](history(3), "test")
    covered.text(0.02, 0.95, "on the title")
    with pytest.raises(AssertionError, match="covers"):
        check_layout(covered)
