"""Engines: who does the arithmetic of training. One protocol, one table."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from digitscope.engines.engine import Engine, Position, Problem
from digitscope.engines.frameworks import missing
from digitscope.errors import SettingError, nearest

# Name -> module and class, imported when the engine is first asked for.
ENGINES = {
    "numpy": "digitscope.engines.numpy_engine:NumpyEngine",
    "fast": "digitscope.engines.fast_engine:FastEngine",
    "keras:tensorflow": "digitscope.engines.keras_engine:TensorFlowEngine",
    "keras:jax": "digitscope.engines.keras_engine:JaxEngine",
    "keras:torch": "digitscope.engines.keras_engine:TorchEngine",
}

AUTO = "auto"  # `fast` where it can, else `numpy`

__all__ = ["AUTO", "ENGINES", "Engine", "Position", "Problem", "chosen", "lacking", "make_engine"]


def chosen(name: str, problem: Problem) -> tuple[str, str]:
    """The engine that a name means for a problem, and for "auto" why it is not `fast`, if not.

    >>> from digitscope.network.notation import parse_spec
    >>> chosen("auto", Problem(parse_spec("28x28-4c5-10"), "categorical_cross_entropy", "sgd"))
    ('numpy', 'fast does not accelerate conv2d layers')
    """
    if name != AUTO:
        return name, ""
    from digitscope.engines.fast_engine import FastEngine

    reason = FastEngine.covers(problem)
    return ("numpy", f"fast {reason}") if reason else ("fast", "")


def make_engine(name: str, problem: Problem, position: Position) -> Engine:
    """An engine at a position; SettingError for an unknown name or a framework that is not here."""
    if name not in ENGINES:
        raise SettingError(f"unknown engine {name!r}: {nearest(name, ENGINES)}")
    if line := lacking(name):
        raise SettingError(line)
    engine: Engine = _class(name)(problem, position)
    return engine


def lacking(name: str) -> str:
    """The line that says which frameworks an engine needs and how to get them; "" where all are
    here.

    >>> lacking("numpy")
    ''
    """
    line = missing(getattr(_class(name), "needs", ()))
    return f"engine {name} {line}" if line else ""


def _class(name: str) -> Any:
    """The class of an engine; its framework is not loaded yet."""
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(import_module(module), attribute)
