"""A recipe: every setting of a training, as plain data that can be read, written and run again."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from digitscope.data.augmentation import parse_augmentation
from digitscope.engines import AUTO, ENGINES, Problem
from digitscope.errors import SettingError, nearest
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.initializers import INITIALIZERS
from digitscope.maths.losses import LOSSES
from digitscope.network.notation import parse_hidden
from digitscope.network.optimizers import OPTIMIZERS
from digitscope.network.schedules import SCHEDULES
from digitscope.network.spec import Spec
from digitscope.synthesis.mixture import holds_none, parse_synthesis
from digitscope.training.setting import (
    Setting,
    architecture,
    choice,
    real,
    some_digits,
    text,
    whole,
    yes_or_no,
)


def _augmentation(name: str, value: Any) -> str:
    parse_augmentation(text(name, value))
    return str(value)


def _synthesis(name: str, value: Any) -> str:
    parse_synthesis(text(name, value))
    return str(value)


def _setting(default: Any, help: str, read: Any, group: str) -> Any:
    return field(default=default, metadata={"setting": Setting(help, read, group)})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings. The defaults are what the third source's lesson uses, with a validation part.

    >>> Recipe().spec().parameters
    101770
    """

    name: str = _setting("custom", "what the recipe is called", text, "About")
    description: str = _setting("", "what it is for", text, "About")
    source: str = _setting("", "the source that it reproduces, if it does", text, "About")

    hidden: str = _setting(
        "128", "hidden layers: 128-64, or 8c5-p2-16c5-p2 for convolutions", architecture, "Network"
    )
    activation: str = _setting("relu", "of the hidden layers", choice(ACTIVATIONS), "Network")
    output: str = _setting("softmax", "activation of the output", choice(ACTIVATIONS), "Network")
    init: str = _setting("he", "how the first weights are drawn", choice(INITIALIZERS), "Network")
    digits: str = _setting("0123456789", "the digits to tell apart", some_digits, "Data")

    train: int = _setting(0, "training images, 0 for all that validation leaves", whole(0), "Data")
    validation: int = _setting(5000, "images held out for every choice", whole(0), "Data")
    augment: str = _setting(
        "", "distortions: 'shift:2 rotate:10 scale:0.1 shear:0.1 elastic:30'", _augmentation, "Data"
    )

    synthesis: str = _setting(
        "",
        "images made by program: 'allographs:0.3 drawn:0.1 coarse:0.1 negatives:0.2 cutouts:0.1 "
        'neighbours:0.1\' (shares); the last three teach the answer "not a digit"',
        _synthesis,
        "Data",
    )

    loss: str = _setting(
        "categorical_cross_entropy", "what is minimized", choice(LOSSES), "Training"
    )
    optimizer: str = _setting("sgd", "how weights are updated", choice(OPTIMIZERS), "Training")
    learning_rate: float = _setting(0.1, "the step's size", real(0, 1e6, False), "Training")
    schedule: str = _setting("constant", "the rate's way over time", choice(SCHEDULES), "Training")
    l2: float = _setting(0.0, "weight of the L2 penalty", real(0, 1e6), "Training")
    batch_size: int = _setting(128, "images an update", whole(1), "Training")
    drop_last: bool = _setting(False, "leave out an incomplete last batch", yes_or_no, "Training")
    epochs: int = _setting(10, "passes over the training images", whole(1, 1_000_000), "Training")
    patience: int = _setting(
        0, "stop after so many epochs without a better one, 0 for never", whole(0), "Training"
    )
    seed: int = _setting(0, "where all chance comes from", whole(0, 2**63 - 1), "Training")
    engine: str = _setting(AUTO, "who does the arithmetic", choice((AUTO, *ENGINES)), "Training")
    threads: int = _setting(
        1, "threads for the arithmetic, 0 for all cores", whole(0, 1024), "Training"
    )
    train_sample: int = _setting(
        10_000,
        "training images that the training curve is measured on, 0 for all",
        whole(0),
        "Training",
    )

    def __post_init__(self) -> None:
        loss = LOSSES[self.loss]
        if self.output not in loss.outputs:
            raise SettingError(
                f"loss {self.loss} needs output {' or '.join(loss.outputs)}, got {self.output!r}: "
                "change --output or --loss"
            )
        if self.loss == "binary_cross_entropy" and len(self.digits) != 2:
            raise SettingError(
                f"loss binary_cross_entropy tells two digits apart, got {len(self.digits)}: "
                "choose two with --digits 01, or loss categorical_cross_entropy"
            )
        if self.refuses and self.loss != "categorical_cross_entropy":
            raise SettingError(
                f"what is no digit needs loss categorical_cross_entropy, got {self.loss}: "
                "change --loss, or leave negatives, cutouts and neighbours out of --synthesis"
            )
        if self.patience and not self.validation:
            raise SettingError(
                f"patience needs a validation part, and recipe {self.name} has none, as its "
                f"source: "
                "leave patience out, or set --validation 5000"
            )
        if self.train + self.validation > 60_000 or self.validation >= 60_000:
            raise SettingError(
                f"{self.train} training and {self.validation} validation images were asked for, "
                f"MNIST has "
                "60000 for both: lower --train or --validation"
            )
        self.spec()

    @property
    def classes(self) -> tuple[int, ...]:
        """The digit of each class."""
        return tuple(int(digit) for digit in self.digits)

    @property
    def refuses(self) -> bool:
        """Whether the network has an output for "not a digit", the last."""
        return holds_none(parse_synthesis(self.synthesis))

    def spec(self) -> Spec:
        """The architecture. Two digits with binary cross-entropy share one output neuron; a network
        that refuses has one output more than digits.
        """
        n_out = 1 if self.loss == "binary_cross_entropy" else len(self.digits) + self.refuses
        return parse_hidden(self.hidden, n_out, self.activation, self.output, self.init)

    def problem(self) -> Problem:
        """What an engine needs to know."""
        return Problem(self.spec(), self.loss, self.optimizer, self.l2)

    def with_settings(self, settings: Mapping[str, Any]) -> Recipe:
        """The recipe with some settings changed; SettingError names an unknown or unusable one.

        >>> Recipe().with_settings({"epochs": "3"}).epochs
        3
        """
        given = read_settings(settings)
        changed = {
            name: given[name]
            for name in SETTINGS
            if name in given and given[name] != getattr(self, name) and name not in SAME_RECIPE
        }
        if changed:
            # What is changed is no longer what the source did, and not as described.
            told = ", ".join(f"{name} {value}" for name, value in changed.items())
            given = {"description": f"{self.description} Changed: {told}.", "source": ""} | given
        return replace(self, **given)

    def command(self) -> str:
        """The command that trains by this recipe again.

        >>> load_recipe("lesson").with_settings({"hidden": "64"}).command()
        'digitscope train --recipe lesson --hidden 64'
        """
        if self.name not in shipped_recipes():
            return "digitscope train --recipe recipe.toml"
        shipped = load_recipe(self.name).to_dict()
        options = [
            f"--{k.replace('_', '-')} {shlex.quote(str(v))}"
            for k, v in self.to_dict().items()
            if v != shipped[k] and SETTINGS[k].group != "About"
        ]
        return (
            " ".join(["digitscope train --recipe", self.name, *options])
            .replace("--drop-last True", "--drop-last")
            .replace("--drop-last False", "--no-drop-last")
        )

    def to_dict(self) -> dict[str, Any]:
        """Every setting, in the order above."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to_toml(self) -> str:
        """The recipe as a TOML file, enough to run it again."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())


# Settings that leave a recipe what it is.
SAME_RECIPE = ("name", "description", "source", "seed", "threads", "engine", "train_sample")

SETTINGS: dict[str, Setting] = {f.name: f.metadata["setting"] for f in fields(Recipe)}


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Values in their own types."""
    read = {}
    for name, value in settings.items():
        key = name.replace("-", "_")
        if key not in SETTINGS:
            raise SettingError(f"unknown setting {name!r}: {nearest(key, SETTINGS)}")
        read[key] = SETTINGS[key].read(key, value)
    return read


def parse_recipe(toml: str, where: str) -> Recipe:
    """A recipe from the text of a TOML file; settings that it leaves out have their defaults.

    >>> parse_recipe('hidden = "64"', "example").hidden
    '64'
    """
    try:
        data = tomllib.loads(toml)
        return Recipe(**read_settings(data))
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except ValueError as error:  # TOML's own, and numbers of thousands of digits
        raise SettingError(f"{where}: not a TOML file: {error}") from None


def shipped_recipes() -> list[str]:
    """The names of the recipes that ship.

    >>> "lesson" in shipped_recipes()
    True
    """
    folder = files("digitscope.training") / "recipes"
    return sorted(
        p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")
    )


def load_recipe(name: str | Path) -> Recipe:
    """A recipe that ships, by its name, or one of your own, by the path of its TOML file.

    >>> load_recipe("lesson").learning_rate
    0.1
    """
    path = Path(name)
    if str(name) in shipped_recipes():
        resource = files("digitscope.training") / "recipes" / f"{name}.toml"
        return parse_recipe(resource.read_text("utf-8"), f"recipe {name}")
    if path.suffix != ".toml":
        raise SettingError(
            f"unknown recipe {str(name)!r}: {nearest(str(name), shipped_recipes())}, "
            "or give the path of a .toml file"
        )
    try:
        return parse_recipe(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise SettingError(f"{path}: the recipe cannot be read: {reason}") from None
