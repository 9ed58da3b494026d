"""The lines of this package that compute a quantity, found in the functions that do it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

import digitscope
from digitscope.errors import InputError

__all__ = ["Source", "source_of"]

ROOT = Path(digitscope.__file__).parent


@dataclass(frozen=True)
class Source:
    """Where something is computed: a file relative to the package, a line counted from 1, and what
    stands there.
    """

    file: str
    line: int
    code: str


def source_of(function: Callable[..., Any], name: str = "") -> Source:
    """The line of a function that gives `name` its value; without a name all that it does.

    The last statement that assigns `name`, or an element of it, and not a mere None; "return" means
    the last that returns a value. A function within is asked for itself: the way back of a layer is
    the closure that its forward pass gave. InputError where there is no such line, or where the
    sources are not at hand.

    >>> from digitscope.network.layers import Dense
    >>> source_of(Dense.forward, "Z").code
    'Z = X @ W'
    """
    assert hasattr(function, "__code__"), function
    return _source(function.__code__, function.__qualname__, name)


@lru_cache(maxsize=1024)
def _source(code: CodeType, called: str, name: str) -> Source:
    try:
        lines, first = inspect.getsourcelines(code)
        file = Path(code.co_filename).relative_to(ROOT).as_posix()
    except (OSError, ValueError) as problem:
        raise InputError(f"{called}: its source is not there: {problem}") from None
    try:
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:  # a lambda within a statement: its line as it is
        return Source(file, first, "".join(lines).strip())
    found = list(_statements(tree, name))
    if not found:
        raise InputError(f"{called}: no line gives {name!r} its value")
    wanted = found[-1:] if name else found
    start, end = wanted[0].lineno - 1, wanted[-1].end_lineno or wanted[-1].lineno
    return Source(file, first + start, textwrap.dedent("".join(lines[start:end])).rstrip())


def _statements(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """The statements in question; without a name all those of the body below its docstring."""
    body = tree.body[0].body if isinstance(tree.body[0], ast.FunctionDef) else tree.body
    if not name:
        told = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        yield from body[told:]
        return
    for node in _own(body):
        if isinstance(node, ast.Return) and name == "return" and node.value is not None:
            yield node
        elif isinstance(node, ast.Assign) and any(_names(t, name) for t in node.targets):
            if not (isinstance(node.value, ast.Constant) and node.value.value is None):
                yield node
        elif isinstance(node, ast.Expr) and _fills(node.value, name):
            yield node


def _fills(call: ast.expr, name: str) -> bool:
    """Whether a call writes into `name`, as np.maximum(a, b, out=name) does."""
    given = call.keywords if isinstance(call, ast.Call) else []
    return any(k.arg == "out" and _names(k.value, name) for k in given)


def _own(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body in their order, also those of its loops and branches."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef):
            for part in ("body", "orelse"):
                yield from _own(getattr(node, part, []))


def _names(target: ast.expr, name: str) -> bool:
    """Whether an assignment's left side is `name` or an element of it."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and target.id == name
