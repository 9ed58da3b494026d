"""The figures of sweeps."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from digitscope.errors import SettingError
from digitscope.figures.sweep import SweepPoint
from digitscope.figures.sweep_curves import verdicts
from digitscope.figures.table import FIGURES
from tests.figures.drawn import (
    SWEEP,
    check_layout,
    words,
)


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
