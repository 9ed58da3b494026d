"""Several networks that judge together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import ModelFileError, SettingError
from digitscope.models.committee import Committee, load_committee
from digitscope.models.model import load
from digitscope.reader import Reader

DIGITS, LABELS = load_mnist("test")


def test_a_judgement_is_the_mean_of_the_members() -> None:
    committee = load_committee()
    seeds = [member.recipe["seed"] for member in committee.members]
    assert len(seeds) == len(set(seeds)) == 3
    each = [member.judge(DIGITS[:50]) for member in committee.members]
    together = committee.judge(DIGITS[:50])
    np.testing.assert_allclose(together, sum(each) / 3, atol=1e-12)
    np.testing.assert_allclose(together.sum(axis=1), 1)
    assert len(np.unique(np.round(each, 6), axis=0)) == 3  # else it would be one network thrice


def test_a_committee_of_one_is_that_model_and_of_none_is_none() -> None:
    reader = load("reader")
    assert (Committee((reader,)).judge(DIGITS[:9]) == reader.judge(DIGITS[:9])).all()
    with pytest.raises(SettingError, match="at least one model"):
        Committee(())


def test_its_answers_are_no_worse_than_those_of_its_members() -> None:
    committee = load_committee()
    right = [
        int((judge.judge(DIGITS)[:, :10].argmax(axis=1) == LABELS).sum())
        for judge in (committee, *committee.members)
    ]
    assert right[0] >= np.mean(right[1:])


@pytest.mark.parametrize("runtime", ["numpy", "onnxruntime"])
def test_it_reads_a_page(runtime: str) -> None:
    strip = np.hstack([255 - DIGITS[i] for i in (0, 1, 2, 3)])
    page = Reader("committee", runtime=runtime).read(np.pad(strip, 20, constant_values=255))
    assert page.text == "7210"
    together = load_committee().judge
    own = Reader(together).read(np.pad(strip, 20, constant_values=255))
    assert [d.confidence for d in page.digits] == pytest.approx(
        [d.confidence for d in own.digits], abs=1e-4
    )


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Reader("committee").name == "committee"
    (tmp_path / "committee").write_bytes(b"mine")
    with pytest.raises(ModelFileError, match="truncated, corrupt"):
        Reader("committee")


def test_what_needs_one_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match=r"choose one of reader$"):
        load("comittee")
    with pytest.raises(ModelFileError, match="did you mean 'committee'"):
        Reader("comittee")
    with pytest.raises(ModelFileError, match="several networks, which only read"):
        load("committee")
