"""The step as it is written in each framework: what is shown is whole, and NumPy's is right. That
the others give the same numbers is tested where they run, in tests/cli/test_compare.py.
"""

from __future__ import annotations

import ast
import inspect
from importlib import import_module

import numpy as np
import pytest

from digitscope.comparison.compare import STEPS_OF
from digitscope.comparison.first_step import first_step, step_recipe
from digitscope.comparison.steps import PARTS, STEPS, run_step, step_parts
from digitscope.engines import ENGINES
from digitscope.training.recipe import load_recipe
from digitscope.training.split import split_for
from digitscope.training.train import make_loop
from tests.helpers import small_recipe

LESSON = load_recipe("lesson").with_settings({"train": 1000, "engine": "numpy"})


def test_every_framework_of_the_engines_has_its_step() -> None:
    backends = {name.partition(":")[2] for name in ENGINES if ":" in name}
    assert backends <= set(STEPS)
    assert set(STEPS_OF) == {"numpy", *(name for name in ENGINES if ":" in name)}
    assert {step for steps in STEPS_OF.values() for step in steps} == set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_the_parts_are_the_whole_function(name: str) -> None:
    parts = step_parts(name)
    assert tuple(parts) == PARTS
    assert all(part.strip() for part in parts.values())
    module = import_module(f"digitscope.comparison.steps.{STEPS[name].module}")
    tree = ast.parse(inspect.getsource(module.step))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    shown = "\n".join(["def step():", *(f"    {line}" for part in parts.values() for line in part.splitlines())])  # fmt: skip
    again = ast.parse(shown).body[0]
    assert isinstance(again, ast.FunctionDef)
    assert ast.dump(ast.Module(again.body, [])) == ast.dump(ast.Module(function.body[1:], []))


def test_lines_are_short_enough_to_stand_side_by_side() -> None:
    for name in STEPS:
        for part in step_parts(name).values():
            assert max(map(len, part.splitlines())) <= 60


def test_numpys_step_is_the_first_of_the_training() -> None:
    split = split_for(LESSON)
    given = first_step(LESSON, split)
    stepped = run_step("numpy", given.X, given.Y, given.network.weights, given.eta)
    loop = make_loop(LESSON, split=split)
    expected = next(e for e in loop.events() if getattr(e, "batch", 0) == 1)
    assert stepped.loss == pytest.approx(expected.loss, rel=1e-6)  # type: ignore[attr-defined]
    for name, W in loop.position().weights.items():
        np.testing.assert_allclose(stepped.weights[name], W, rtol=0, atol=1e-7)


def test_numpys_gradients_are_the_networks_in_float64() -> None:
    given = first_step(LESSON, split_for(LESSON))
    weights = {name: W.astype(np.float64) for name, W in given.network.weights.items()}
    X, Y = given.X.astype(np.float64), given.Y.astype(np.float64)
    stepped = run_step("numpy", X, Y, weights, 0.1)
    network = type(given.network)(given.network.spec, weights, {})
    expected = network.step(X, Y.argmax(axis=1), "categorical_cross_entropy")
    assert stepped.loss == pytest.approx(expected.loss, rel=1e-12)
    for name, dW in expected.gradients.items():
        np.testing.assert_allclose(stepped.gradients[name], dW, rtol=0, atol=1e-15)


def test_other_networks_borrow_the_lessons() -> None:
    assert step_recipe(LESSON) is LESSON
    other = step_recipe(small_recipe(seed=7, hidden="24-16"))
    assert (other.name, other.seed) == ("lesson", 7)
    assert step_recipe(LESSON.with_settings({"optimizer": "adam"})).optimizer == "sgd"
