from __future__ import annotations

from pathlib import Path

import pytest

from digitscope.errors import SettingError
from digitscope.network.notation import format_spec
from digitscope.training.recipe import Recipe, load_recipe, parse_recipe, shipped_recipes
from digitscope.training.sweep import combinations

SHIPPED = {
    "best-mlp": "784-128-10",
    "binary": "784-25-1",
    "cnn": "28x28-8c5-p2-16c5-p2-10",
    "deep": "784-128-64-10",
    "lesson": "784-128-10",
    "nielsen-100": "784-100-10",
    "nielsen-15": "784-15-10",
    "nielsen-30": "784-30-10",
    "neighbours": "28x28-16c5-p2-32c3s-32c3s-bn-p2-64c3s-64c3s-bn-p2-128-11",
    "reader": "28x28-16c5-p2-32c3s-32c3s-bn-p2-64c3s-64c3s-bn-p2-128-11",
    "speedrun-98": "784-256-10",
    "speedrun-99": "784-768-10",
}


def test_what_ships() -> None:
    assert {name: format_spec(load_recipe(name).spec()) for name in shipped_recipes()} == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_recipe_survives_toml(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    assert parse_recipe(recipe.to_toml(), "again") == recipe


def test_the_lessons_figures() -> None:
    r = load_recipe("lesson")
    assert (r.activation, r.output, r.init, r.loss) == (
        "relu",
        "softmax",
        "he",
        "categorical_cross_entropy",
    )
    assert (r.batch_size, r.learning_rate, r.epochs, r.optimizer) == (128, 0.1, 10, "sgd")


@pytest.mark.parametrize("name", ["nielsen-15", "nielsen-30", "nielsen-100"])
def test_the_books_figures(name: str) -> None:
    r = load_recipe(name)
    assert (r.activation, r.output, r.loss) == ("sigmoid", "sigmoid", "quadratic")
    assert r.init == ("scaled_normal" if name == "nielsen-100" else "normal")
    assert (r.batch_size, r.learning_rate, r.epochs, r.train) == (10, 3.0, 30, 50_000)


def test_recipes_that_reproduce_a_source_choose_nothing_and_the_others_do() -> None:
    for name in SHIPPED:
        recipe = load_recipe(name)
        assert bool(recipe.source) == (recipe.validation == 0), name
        if recipe.source:
            with pytest.raises(SettingError, match=f"recipe {name} has none"):
                recipe.with_settings({"patience": 3})


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nhidden = [64, 32]\nlearning-rate = 0.05\n')
    recipe = load_recipe(path)
    assert format_spec(recipe.spec()) == "784-64-32-10"
    assert recipe.learning_rate == 0.05
    assert recipe.epochs == Recipe().epochs


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1 to 1000000, got 0"),
        ({"epochs": "+20"}, None),
        ({"epochs": "many"}, "got 'many'"),
        ({"epochs": True}, "got True"),
        ({"epochs": 1.5}, "got 1.5"),
        ({"batch_size": "0"}, "batch_size must be a whole number of at least 1, got '0'"),
        ({"hidden": "-3"}, "hidden layers are joined by hyphens, got '-3'"),
        (
            {"learning_rate": "fast"},
            "learning_rate must be a number above 0 up to 1e+06, got 'fast'",
        ),
        ({"learning_rate": "nan"}, "got 'nan'"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": "inf"}, "got 'inf'"),
        ({"learning_rte": 1}, "unknown setting 'learning_rte': did you mean 'learning_rate'?"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm': did you mean 'adam'?"),
        ({"loss": "binary-cross-entropy"}, "needs output sigmoid, got 'softmax'"),
        ({"loss": "binary_cross_entropy", "output": "sigmoid"}, "tells two digits apart, got 10"),
        ({"digits": "00"}, "two or more different digits"),
        ({"digits": "0"}, "two or more different digits"),
        ({"digits": "0x"}, "two or more different digits"),
        ({"validation": 60_000}, "MNIST has 60000 for both"),
        ({"train": 59_000}, "59000 training and 5000 validation images"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"drop_last": "maybe"}, "drop_last must be true or false, got 'maybe'"),
        ({"augment": "blurr:2"}, "unknown augmentation 'blurr'"),
        ({"augment": 3}, "augment must be text"),
        ({"engine": "fasst"}, "unknown engine 'fasst'"),
        ({"threads": -1}, "threads must be"),
        ({"l2": -1}, "l2 must be a number from 0"),
    ],
)
def test_settings(settings: dict[str, object], message: str | None) -> None:
    if message is None:
        assert Recipe().with_settings(settings).epochs == 20
        return
    with pytest.raises(SettingError) as caught:
        Recipe().with_settings(settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", ["negatives", "cutouts", "neighbours"])
def test_what_is_no_digit_needs_its_loss_and_the_advice_names_where_it_comes_from(
    share: str,
) -> None:
    with pytest.raises(SettingError, match=rf"or leave .*{share}.* out of --synthesis"):
        Recipe(synthesis=f"{share}:0.2", loss="quadratic", output="sigmoid")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = ", "not a TOML file"),
        ("epoch = 3", "mine.toml: unknown setting 'epoch': did you mean 'epochs'?"),
        ("epochs = 0", "mine.toml: epochs must be a whole number"),
    ],
)
def test_a_recipe_file_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingError) as caught:
        load_recipe(path)
    assert message in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_combinations_whose_names_would_be_the_same_are_told_apart() -> None:
    grid = {"augment": ["shift:1 rotate:2", "shift:1,rotate:2"]}
    names = [name for name, _ in combinations(Recipe(), grid)]
    assert names == ["augment=shift_1_rotate_2", "augment=shift_1_rotate_2+1"]


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="unknown recipe 'leson': did you mean 'lesson'"):
        load_recipe("leson")
    with pytest.raises(SettingError, match="cannot be read: No such file"):
        load_recipe(tmp_path / "x.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match="not text in UTF-8"):
        load_recipe(tmp_path / "b.toml")
