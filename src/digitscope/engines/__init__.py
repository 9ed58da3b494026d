"""Engines: who does the arithmetic of training. One protocol, one table."""

from __future__ import annotations

from importlib import import_module

from digitscope.engines.engine import Engine, Position, Problem
from digitscope.errors import SettingError, nearest

# Name -> module and class, imported when the engine is first asked for.
ENGINES = {
    "numpy": "digitscope.engines.numpy_engine:NumpyEngine",
}

__all__ = ["ENGINES", "Engine", "Position", "Problem", "make_engine"]


def make_engine(name: str, problem: Problem, position: Position) -> Engine:
    """An engine at a position; SettingError for an unknown name."""
    if name not in ENGINES:
        raise SettingError(f"unknown engine {name!r}: {nearest(name, ENGINES)}")
    module, _, attribute = ENGINES[name].partition(":")
    engine: Engine = getattr(import_module(module), attribute)(problem, position)
    return engine
