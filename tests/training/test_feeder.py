"""Who gets which thread."""

from __future__ import annotations

import os

import pytest

from digitscope.training.feeder import engine_threads
from tests.helpers import small_recipe


def test_the_thread_that_distorts_is_one_of_those_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 5}, raising=False)
    asked = {threads: small_recipe(threads=threads, augment="elastic:8") for threads in (0, 1, 2)}
    assert {n: engine_threads(recipe) for n, recipe in asked.items()} == {0: 2, 1: 1, 2: 1}
    monkeypatch.delattr(os, "sched_getaffinity")
    assert engine_threads(asked[0]) == 63
    assert engine_threads(small_recipe(threads=0)) == 0  # nothing distorts: all there are
