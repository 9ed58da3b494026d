"""A batch step as the view of back-propagation shows it, and as NumPy makes it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, expect

from digitscope.arrays import to_input
from digitscope.inside.source import ROOT
from digitscope.models.model import Model, load, save
from digitscope.models.prediction import take_input
from digitscope.network.network import Network, Step
from tests.helpers import run_cli
from tests.lab.browsing import Person

HERE = "#view=backprop&model=runs/small.safetensors&image=test:100"
MAPS = "#view=backprop&model=runs/maps.safetensors&image=test:100"


def small_and_maps(folder: Path) -> Path:
    """A folder with a network of neurons that has learned a little, and one of feature maps."""
    options = ["--recipe", "lesson", "--hidden", "12", "--train", "1000", "--epochs", "2"]
    done = run_cli("train", *options, "--no-report", cwd=folder)
    assert done.returncode == 0, done.stderr
    save(load(folder / "runs" / "lesson"), folder / "runs" / "small")
    save(Network.initialize("28x28-3c5-p2-4c3-bn-10", seed=1), folder / "runs" / "maps")
    return folder


def own_step(model: Model) -> tuple[Network, Step]:
    """NumPy's step on the image of the tests."""
    given = take_input("test:100")
    network = model.network
    network = Network(
        network.spec,
        {name: W.astype(np.float64) for name, W in network.weights.items()},
        {name: S.astype(np.float64) for name, S in network.state.items()},
    )
    X = to_input(given.image[None], network.spec.input_shape).astype(np.float64)
    return network, network.step(X, np.array([given.label]), "categorical_cross_entropy")


def number(text: str) -> float:
    """A number as the page writes it: −1.234·10⁻⁶."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    found = re.search(r"(−?[\d.]+)(?:·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text)
    assert found, text
    power = found[2].translate(raised) if found[2] else "0"
    return float(f"{found[1].replace('−', '-')}e{power}")


def numbers(someone: Person, figure: int) -> list[float]:
    """The numbers that a figure lists."""
    cells = figure_of(someone, figure).locator("tr td:last-child")
    return [number(text) for text in cells.all_inner_texts()]


def figure_of(someone: Person, k: int) -> Locator:
    """A figure of the stage."""
    return someone.page.locator("#stage-parts figure").nth(k)


def at(someone: Person, stage: str) -> None:
    """The page has come to a stage."""
    expect(someone.page).to_have_url(re.compile(rf"stage={stage}(&|$)"))
    expect(someone.page.locator("#pipeline .current")).to_have_count(1)


def line_is_there(someone: Person, what: str) -> bool:
    """Whether file and line that are named hold the code that is shown."""
    file, _, line = someone.page.inner_text(f"#{what}-where").partition(":")
    code = someone.page.inner_text(f"#{what}-code").splitlines()[0].strip()
    return (ROOT / file).read_text("utf-8").splitlines()[int(line) - 1].strip() == code
