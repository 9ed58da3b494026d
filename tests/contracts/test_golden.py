"""Files of format version 1 are read as they were written; docs/formats.md and the code say the
same.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np

from digitscope.data.idx import parse_idx
from digitscope.data.mnist import load_mnist
from digitscope.evaluation.evaluate import evaluate
from digitscope.models.model import load
from digitscope.models.prediction import predict
from digitscope.training import events
from digitscope.training.checkpoint import load_checkpoint
from digitscope.training.recipe import load_recipe
from digitscope.training.run_folder import RunFolder

GOLDEN = Path(__file__).parent.parent / "golden" / "version-1"
FORMATS = Path(__file__).parent.parent.parent / "docs" / "formats.md"


def test_a_model_gives_the_answers_that_it_gave() -> None:
    model = load(GOLDEN / "best.safetensors")
    P = model.probabilities(load_mnist("test").images[:8])
    np.testing.assert_allclose(P, json.loads((GOLDEN / "answers.json").read_text()), atol=1e-5)
    assert model.calibrated
    assert list(model.network.weights) == ["W1", "b1", "gamma2", "beta2", "W3", "b3", "W4", "b4"]
    assert list(model.network.state) == ["mean2", "variance2"]
    assert model.network.weights["W1"].shape == (5, 5, 1, 2)


def test_a_checkpoint_is_read(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    data = (GOLDEN / "checkpoint.safetensors").read_bytes()
    (tmp_path / "checkpoint" / "checkpoint.safetensors").write_bytes(data)
    recipe = load_recipe(GOLDEN / "recipe.toml")
    checkpoint = load_checkpoint(RunFolder(tmp_path), recipe.problem())
    assert checkpoint is not None
    assert (checkpoint.place.epoch, checkpoint.position.updates) == (2, 8)
    assert "W1.m" in checkpoint.position.slots
    assert set(checkpoint.log_lengths) == {"events.jsonl", "results.csv"}


def test_an_idx_file_is_read() -> None:
    array = parse_idx((GOLDEN / "numbers.idx").read_bytes())
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert array.dtype == np.int16


def test_results_have_the_columns_of_the_formats_page() -> None:
    header = next(csv.reader((GOLDEN / "results.csv").read_text().splitlines()))
    text = FORMATS.read_text("utf-8").split("**results.csv**")[1].split("**events.jsonl**")[0]
    named = [word for word in re.findall(r"`(\w+)`", text) if not word.startswith("test_")]
    assert header == named


def test_events_have_the_keys_of_the_formats_page() -> None:
    text = FORMATS.read_text("utf-8").split("**events.jsonl**")[1].split("**checkpoint")[0]
    documented = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 2 and cells[0].startswith("`"):
            keys = re.findall(r"`(\w+)`", cells[1])
            documented |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), keys)
    kinds = [
        k for k in vars(events).values() if isinstance(k, type) and issubclass(k, events.Event)
    ]
    for kind in set(kinds) - {events.Event}:
        fields = list(kind.__dataclass_fields__)
        name = kind(*[0] * len(fields)).to_dict()["event"]
        assert documented[name] == fields
    for line in (GOLDEN / "events.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert list(row) == ["event", *documented[row["event"]]]


def test_json_has_the_keys_of_the_formats_page() -> None:
    text = FORMATS.read_text("utf-8")
    model = load(GOLDEN / "best.safetensors")
    kept = json.loads((GOLDEN / "evaluation.json").read_text())
    now = evaluate(model).to_dict()
    assert set(now) - set(kept) == {"coverage_at_accuracy"}  # since 1.1
    assert set(kept) <= set(now)
    assert abs(kept["accuracy"] - now["accuracy"]) < 0.001
    of_evaluation = text.split("**`digitscope evaluate --json`**")[1].split(
        "**`digitscope predict"
    )[0]
    for key in now:
        assert f"`{key}`" in of_evaluation, key
    of_prediction = text.split("**`digitscope predict --json`**")[1]
    for key in predict(model, "test:0").to_dict():
        assert f"`{key}`" in of_prediction, key
