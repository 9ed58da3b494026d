"""The tables of every format, what its files hold, and how they are written."""

from __future__ import annotations

import ast
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

import digitscope
from digitscope.engines import keras_model
from digitscope.errors import SettingError, SpecError, StorageError
from digitscope.exporting import (
    FORMATS,
    Exported,
    export,
    find_format,
    keras_file,
    onnx_file,
    torch_files,
)
from digitscope.maths.activations import ACTIVATIONS
from digitscope.models.model import Model, load
from digitscope.network.layers import LAYERS, Dense, Flatten
from digitscope.network.network import Network
from digitscope.network.spec import Spec
from digitscope.store import folder_atomically
from tests.exporting.samples import CNN, models, network

# SavedModels are written by Keras.
LAYER_ROWS: dict[str, Any] = {
    "keras": keras_model.KERAS_LAYERS,
    "onnx": onnx_file.LAYER_ROWS,
    "torch": torch_files.LAYER_ROWS,
}
FUNCTIONS: dict[str, Any] = {
    "keras": keras_model.KERAS_ACTIVATIONS | keras_file.OUTPUTS,
    "onnx": onnx_file.FUNCTIONS,
    "torch": torch_files.FUNCTIONS,
}


@pytest.mark.parametrize("kind", sorted(LAYERS))
@pytest.mark.parametrize("format", sorted(LAYER_ROWS))
def test_every_layer_has_a_row(format: str, kind: str) -> None:
    assert kind in LAYER_ROWS[format]


@pytest.mark.parametrize("function", sorted({*ACTIVATIONS, "log_sigmoid"}))
@pytest.mark.parametrize("format", sorted(FUNCTIONS))
def test_every_activation_has_a_row(format: str, function: str) -> None:
    assert function in FUNCTIONS[format]


def test_the_samples_have_every_layer_and_activation() -> None:
    layers = [layer for model in models().values() for layer in model.network.spec.layers]
    assert {type(layer) for layer in layers} == set(LAYERS.values())
    assert {getattr(layer, "function", "relu") for layer in layers} == set(ACTIVATIONS)
    assert {model.network.spec.output for model in models().values()} >= {
        "softmax",
        "sigmoid",
        "linear",
    }


@pytest.mark.parametrize("format", ["onnx", "torch"])
def test_a_layer_or_activation_without_a_row_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.delitem(LAYER_ROWS[format], "dropout")
    with pytest.raises(
        SpecError, match=f"^format {format} has no row for 'dropout': choose one of"
    ):
        export(Model(network(CNN)), format, tmp_path / "a")
    monkeypatch.delitem(FUNCTIONS[format], "softmax")
    with pytest.raises(SpecError, match=f"^format {format} has no row for 'softmax'"):
        export(Model(network("784-5-10")), format, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_an_input_of_another_rank_is_one_clear_line(tmp_path: Path) -> None:
    spec = Spec((28, 28), (Flatten(), Dense(10)))
    with pytest.raises(SpecError, match=r"images \(28, 28, 1\), got \(28, 28\)"):
        export(Model(Network.initialize(spec)), "torch", tmp_path / "a")


def test_an_unknown_format_is_told_the_nearest() -> None:
    with pytest.raises(
        SettingError, match=r"^unknown format 'tensorflo': did you mean 'tensorflow'\?$"
    ):
        find_format("tensorflo")


@pytest.mark.parametrize("name", sorted(models()))
@pytest.mark.parametrize("format", ["onnx", "torch"])
def test_the_same_model_gives_the_same_bytes(tmp_path: Path, format: str, name: str) -> None:
    first, second = (export(models()[name], format, tmp_path / n) for n in ("a", "b"))
    if format == "onnx":
        assert first.name == "a.onnx"
        assert first.read_bytes() == second.read_bytes()
        return
    for file in ("network.py", "weights.safetensors"):
        assert (first / file).read_bytes() == (second / file).read_bytes()


def test_onnx_holds_the_facts_and_a_free_batch(tmp_path: Path) -> None:
    import onnx

    recipe, measured = {"hidden": "128", "seed": 0}, {"test_accuracy": 0.97}
    model = Model(network("784-9-1"), (3, 7), 2.0, recipe, measured, preparation=4, name="threes")
    written = onnx.load(export(model, "onnx", tmp_path / "a.onnx"))
    facts = {entry.key: entry.value for entry in written.metadata_props}
    assert json.loads(facts["classes"]) == [3, 7]
    assert json.loads(facts["recipe"]) == recipe
    assert json.loads(facts["measured"]) == measured
    assert json.loads(facts["temperature"]) == 2.0
    assert facts["preparation_version"] == "4"
    assert "28x28 pixels" in facts["preparation"]
    assert "20x20" in facts["preparation"]
    assert facts["digitscope"] == digitscope.__version__
    assert facts["input"] == "float32 [n, 784] in 0..1, ink high"
    assert facts["output"] == "float32 [n, 1], the probability of 7; the rest is that of 3"
    assert (facts["model"], facts["architecture"]) == ("threes", "784-9-1")
    assert [d.dim_param or d.dim_value for d in written.graph.input[0].type.tensor_type.shape.dim] == ["n", 784]  # fmt: skip
    assert (written.ir_version, written.opset_import[0].version) == (8, 17)


def test_pytorchs_files_are_plain_code_and_a_state_dict(tmp_path: Path) -> None:
    folder = export(models()["cnn"], "torch", tmp_path / "cnn")
    tree = ast.parse((folder / "network.py").read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    homes = {
        (node.module or "").split(".")[0] for node in imports if isinstance(node, ast.ImportFrom)
    }
    assert homes == {"collections", "pathlib", "safetensors", "torch"}
    with safe_open(folder / "weights.safetensors", framework="numpy") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(file.metadata()["digitscope"])
    assert shapes["conv1.weight"] == (3, 1, 3, 3)
    assert shapes["linear1.weight"] == (12, 4 * 3 * 3)
    assert shapes["norm1.running_var"] == (3,)
    assert shapes["norm1.num_batches_tracked"] == ()
    assert facts["classes"] == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    with pytest.raises(ValueError, match="expected a digitscope model, got a digitscope PyTorch"):
        load(folder / "weights.safetensors")


def test_nothing_that_a_model_file_says_becomes_code(tmp_path: Path) -> None:
    hostile = '"""\nimport os\nos.abort()\n"""'
    model = Model(
        network("784-5-10"), recipe={"name": hostile}, measured={hostile: 1}, name=hostile
    )
    code = (export(model, "torch", tmp_path / "a") / "network.py").read_text("utf-8")
    assert "abort" not in code
    path = Path(tmp_path, 'a"b')
    line = find_format("onnx").lines(path).splitlines()[2]
    call = ast.parse(line).body[0].value  # type: ignore[attr-defined]
    assert ast.literal_eval(call.args[0]) == path.as_posix()


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_nothing_is_overwritten(tmp_path: Path, format: str) -> None:
    chosen = find_format(format)
    path = tmp_path / f"mine{chosen.suffix}"
    dangling = tmp_path / f"link{chosen.suffix}"
    dangling.symlink_to(tmp_path / "nowhere")
    path.mkdir() if chosen.is_folder else path.write_text("mine")
    for taken in (path, dangling):
        with pytest.raises(StorageError, match="exists, nothing is overwritten: choose another"):
            export(Model(network("784-5-10")), format, taken)
    assert list(path.iterdir()) == [] if chosen.is_folder else path.read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(name: str, error: Exception | None = None) -> None:
        with folder_atomically(tmp_path / name) as folder:
            (folder / "a.txt").write_text("a")
            assert not (tmp_path / name / "a.txt").exists()
            if error:
                raise error

    with pytest.raises(StorageError, match="No space left on device: free some space"):
        fill("a", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(ZeroDivisionError):
        fill("a", ZeroDivisionError())
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="taken: cannot be written"):
        fill("taken")
    assert [p.name for p in tmp_path.rglob("*")] == ["taken", "mine.txt"]
    fill("b")
    assert [p.name for p in (tmp_path / "b").iterdir()] == ["a.txt"]
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o777 & ~mask


def test_the_temperature_is_in_the_last_layer() -> None:
    model = models()["odd"]
    made = Exported.of(model).network
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    np.testing.assert_allclose(
        made.logits(images), model.network.logits(images) / model.temperature, rtol=1e-5
    )
    assert {W.dtype for W in (*made.weights.values(), *made.state.values())} == {np.dtype("f4")}
