"""Model files: what is saved is loaded, and nothing else is."""

from __future__ import annotations

import errno
import json
import os
import random
import stat
from pathlib import Path

import numpy as np
import pytest

from digitscope import store
from digitscope.errors import InputError, ModelFileError, StorageError
from digitscope.models.model import Model, load, save
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.store import METADATA_KEY, write_atomically, write_tensors
from tests.helpers import fuzz_factor

SPECS = ["784-5-10", "28x28-2c3-bn-p2-4-bn-10"]


def assert_same(a: Model, b: Model) -> None:
    assert a.network.spec == b.network.spec
    for part in ("weights", "state"):
        x, y = getattr(a.network, part), getattr(b.network, part)
        assert list(x) == list(y)
        for name in x:
            np.testing.assert_array_equal(x[name], y[name])


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_saved_is_loaded(tmp_path: Path, spec: str) -> None:
    model = Model(
        Network.initialize(spec, 1), temperature=1.5, recipe={"a": 1}, measured={"b": 0.5}
    )
    path = save(model, tmp_path / "m")
    assert path.name == "m.safetensors"
    again = load(path)
    assert_same(model, again)
    assert (again.temperature, again.recipe, again.measured) == (1.5, {"a": 1}, {"b": 0.5})
    assert again.classes == tuple(range(10))
    assert again.preparation == model.preparation
    assert path.read_bytes() == save(model, tmp_path / "n").read_bytes()


def test_a_network_is_saved_as_a_model(tmp_path: Path) -> None:
    network = Network.initialize("784-5-10")
    assert_same(Model(network), load(save(network, tmp_path / "a.safetensors")))


@pytest.mark.parametrize("spec", SPECS)
def test_thousands_of_mutated_files_are_refused_or_right(tmp_path: Path, spec: str) -> None:
    rng = random.Random(spec)
    model = Model(Network.initialize(spec, 1))
    whole = save(model, tmp_path / "m").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    path = tmp_path / "mutated.safetensors"
    refused = 0
    for _ in range(tries := 3000 * fuzz_factor()):
        data = bytearray(whole)
        kind = rng.randrange(4)
        if kind == 0:
            del data[rng.randrange(len(data)) :]
        elif kind == 1:
            for _ in range(rng.randint(1, 5)):
                data[rng.randrange(header)] = rng.randrange(256)
        elif kind == 2:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        else:
            start = rng.randrange(header)
            data[start:start] = rng.randbytes(rng.randint(1, 20))
        path.write_bytes(data)
        try:
            assert_same(load(path), model)
        except ModelFileError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
            refused += 1
    assert refused > 0.96 * tries


def test_a_digit_that_changed_in_the_metadata_is_noticed(tmp_path: Path) -> None:
    path = save(Model(Network.initialize("784-5-10"), temperature=1.25), tmp_path / "m")
    whole = path.read_bytes()
    changed = whole.replace(b"1.25", b"7.25")
    assert changed != whole
    path.write_bytes(changed)
    with pytest.raises(ModelFileError, match="corrupt metadata: use another copy"):
        load(path)


def write_metadata(path: Path, **change: object) -> None:
    """A model file with its metadata changed and everything else right."""
    network = Network.initialize("784-5-10")
    metadata: dict[str, object] = {
        "format": "digitscope model",
        "version": "1.0",
        "spec": network.spec.to_dict(),
        "classes": list(range(10)),
        "temperature": None,
        "preparation": 1,
        "recipe": {},
        "measured": {},
    }
    write_tensors(path, network.weights, metadata | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"version": "1.9"}, None),
        (
            {"version": "2.0"},
            "written in format 2.0, this digitscope reads up to 1.x: install a newer",
        ),
        ({"version": "x"}, "corrupt metadata"),
        (
            {"format": "digitscope checkpoint"},
            "expected a digitscope model, got a digitscope checkpoint",
        ),
        ({"classes": [0, 1]}, "not a usable model: a model of 2 digits cannot have 10 outputs"),
        ({"classes": [0] * 10}, "classes must be different digits"),
        ({"classes": 3}, "not a usable model"),
        ({"temperature": -1}, "a temperature must be positive"),
        ({"spec": {}}, "an architecture needs"),
        ({"spec": None}, "not a usable model"),
        ({"recipe": 5}, "not a usable model"),
        ({"preparation": "new"}, "not a usable model"),
    ],
)
def test_metadata(tmp_path: Path, change: dict[str, object], message: str | None) -> None:
    path = tmp_path / "m.safetensors"
    write_metadata(path, **change)
    if message is None:
        load(path)
        return
    with pytest.raises(ModelFileError) as caught:
        load(path)
    assert message in str(caught.value)


def test_weights_that_do_not_fit_or_are_not_numbers(tmp_path: Path) -> None:
    network = Network.initialize("784-5-10")
    path = tmp_path / "m.safetensors"
    write_metadata(path, spec=Network.initialize("784-6-10").spec.to_dict())
    with pytest.raises(ModelFileError, match="do not fit the architecture 784-6-10"):
        load(path)
    broken = {**network.weights, "b1": np.full(5, np.nan, np.float32)}
    save(Network(network.spec, broken, {}), path, overwrite=True)
    with pytest.raises(ModelFileError, match="b1 holds numbers that are not finite"):
        load(path)


def test_foreign_files(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": np.zeros(3)}, foreign)
    with pytest.raises(ModelFileError, match="not one of digitscope's"):
        load(foreign)
    save_file({"a": np.zeros(3)}, foreign, {METADATA_KEY: "{"})
    with pytest.raises(ModelFileError, match="corrupt metadata"):
        load(foreign)
    save_file({"a": np.zeros(3)}, foreign, {METADATA_KEY: "[" * 100_000})
    with pytest.raises(ModelFileError, match="corrupt metadata"):
        load(foreign)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "no such model file or run folder"),
        (lambda p: p.write_bytes(b""), "the file is empty"),
        (lambda p: p.write_text("hello, this is text"), "no safetensors file"),
        (lambda p: p.mkdir(), "got a folder without one"),
    ],
)
def test_what_is_no_file_of_ours(tmp_path: Path, make: object, message: str) -> None:
    path = tmp_path / "m.safetensors"
    make(path)  # type: ignore[operator]
    with pytest.raises(ModelFileError) as caught:
        load(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    save(Network.initialize("784-5-10"), tmp_path / "lesson.safetensors")
    with pytest.raises(ModelFileError, match=r"did you mean '.*lesson\.safetensors'"):
        load(tmp_path / "leson.safetensors")


def test_a_run_folder_means_its_best_weights(small_run: Path) -> None:
    assert_same(load(small_run), load(small_run / "weights" / "best.safetensors"))
    assert load(small_run).name == "small"


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_full_disk_in_the_middle_of_a_save_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "m.safetensors"
    before = save(Network.initialize("784-5-10", 1), path).read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if moment == "write":
        monkeypatch.setattr(store.os, "fdopen", full)
    else:
        monkeypatch.setattr(store.os, moment, full)
    with pytest.raises(StorageError, match="No space left on device: free some space"):
        save(Network.initialize("784-5-10", 2), path, overwrite=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_file_gets_the_rights_of_any_new_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "b").stat().st_mode
    )


def test_a_model_that_is_there_is_overwritten_only_where_that_is_said(tmp_path: Path) -> None:
    one, other = (Network.initialize("784-5-10", seed) for seed in (1, 2))
    path = save(one, tmp_path / "m")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"m\.safetensors: exists, .* or say overwrite=True"):
        save(other, tmp_path / "m")
    assert path.read_bytes() == before
    assert_same(Model(other), load(save(other, path, overwrite=True)))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="make the folder first"):
        write_atomically(tmp_path / "no" / "a", b"x")


def test_outputs_and_classes_must_agree() -> None:
    with pytest.raises(InputError, match="a model of 3 digits cannot have 10 outputs"):
        Model(Network.initialize("784-5-10"), classes=(1, 2, 3))


def test_metadata_is_one_entry_of_sorted_json(tmp_path: Path) -> None:
    whole = save(Network.initialize("784-5-10"), tmp_path / "m").read_bytes()
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    assert list(header["__metadata__"]) == [METADATA_KEY]
    metadata = json.loads(header["__metadata__"][METADATA_KEY])
    assert list(metadata) == sorted(metadata)


def test_a_model_that_refuses_judges_and_is_kept(tmp_path: Path) -> None:
    model = Model(Network.initialize("784-5-11", 3), temperature=2.0)
    assert model.refuses
    again = load(save(model, tmp_path / "m"))
    assert again.refuses
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    J, P = again.judge(images), again.probabilities(images)
    np.testing.assert_allclose(J.sum(axis=1), 1)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_allclose(J[:, :10] / J[:, :10].sum(axis=1, keepdims=True), P)
    assert (J[:, 10] > 0).all()


def test_what_a_model_does_not_know_it_judges_as_nothing() -> None:
    pair = Model(Network.initialize(parse_spec("784-5-1", output="sigmoid"), 3), classes=(3, 8))
    J = pair.judge(np.zeros((1, 28, 28), np.uint8))
    assert J.shape == (1, 11)
    assert J.sum() == pytest.approx(1)
    assert set(np.flatnonzero(J[0])) <= {3, 8}
    plain = Model(Network.initialize("784-5-10"))
    assert plain.judge(np.zeros((1, 28, 28), np.uint8))[0, 10] == 0
    assert not plain.refuses
