"""A page: one HTML file with a drawing pad, the network and its forward pass; it needs nobody.

It opens from disk in any browser of today, on a computer or a phone, with or without a network
connection; its Content-Security-Policy lets it ask nobody for anything. Its parts lie in `page/`:
the preparation of drawings and the forward pass are written in JavaScript there, and tested against
Python's. One draws as in the lab: with the same modules, of `drawing/`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.drawing import MODULES
from digitscope.errors import SpecError
from digitscope.exporting.exported import Exported
from digitscope.exporting.format import Format
from digitscope.preparation import PREPARATION_VERSION
from digitscope.store import write_atomically

PARTS = files("digitscope.exporting") / "page"
# A module stands behind those that it imports: together they are one script.
SCRIPTS = (
    *("forward", "weights", "filters", "levels", "paper", "ink", "field", "prepare"),
    *("stroke", "pen", "pad", "answer", "page"),
)
POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
    "img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)


def render(exported: Exported, made: date) -> str:
    """The page's HTML; SpecError for a network that does not take MNIST's images.

    >>> from digitscope.models.model import Model
    >>> from digitscope.network.network import Network
    >>> small = Exported.of(Model(Network.initialize("784-16-10"), name="small"))
    >>> page = render(small, date(2026, 11, 23))
    >>> page.count("<script"), "http://" in page, "https://" in page
    (3, False, False)
    """
    if exported.input_shape() not in ((784,), (28, 28, 1)):
        raise SpecError(f"a page draws images of 28x28, got inputs of {exported.input_shape()}")
    script, style = _script(), _text("page.css")
    policy = POLICY.format(script=_digest(script), style=_digest(style))
    weights, order = _weights(exported)
    filled = {
        "title": html.escape(f"{exported.name} reads digits"),
        "policy": policy,
        "style": style,
        "model": json.dumps(_facts(exported, order, made)).replace("<", "\\u003c"),
        "weights": base64.b64encode(weights).decode(),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: filled[found[1]], _text("page.html"))


def _facts(exported: Exported, order: list[dict[str, list[int]]], made: date) -> dict[str, Any]:
    """What the page knows of its network. `arrays` names, for each layer, what stands in the
    weights, one after another, by symbol, with its shape.
    """
    facts = exported.facts
    measured, recipe = json.loads(facts["measured"]), json.loads(facts["recipe"])
    taught = recipe.get("taught", [])
    return {
        "name": exported.name,
        "spec": exported.network.spec.to_dict(),
        "output": list(exported.output),
        "classes": list(exported.classes),
        "arrays": order,
        "architecture": facts["architecture"],
        "parameters": exported.network.spec.parameters,
        "calibrated": facts["temperature"] != "null",
        "taught": 0 if recipe.get("calibrated_since") else len(taught),
        "measured": {
            name: measured[name]
            for name in ("test_accuracy", "test_interval_95", "test_images")
            if name in measured
        },
        "preparation": int(facts["preparation_version"]),
        "page_preparation": PREPARATION_VERSION,
        "digitscope": facts["digitscope"],
        "made": made.isoformat(),
    }


def _weights(exported: Exported) -> tuple[bytes, list[dict[str, list[int]]]]:
    """All arrays as float32, little-endian, layer by layer, and the order in which they stand."""
    network = exported.network
    arrays = network.weights | network.state
    chunks, order = [], []
    for own, kept in zip(network.spec.weight_names, network.spec.state_names, strict=True):
        names = own | kept
        order.append({symbol: list(arrays[name].shape) for symbol, name in names.items()})
        chunks += [np.ascontiguousarray(arrays[name], "<f4").tobytes() for name in names.values()]
    return b"".join(chunks), order


def _script() -> str:
    """The modules as one: without what they import from, and export to, each other."""
    parts = [_text(f"{name}.js") for name in SCRIPTS]
    between = r'^(import \{.*\} from "[./\w]+\.js"|export \{.*\});\n'
    return re.sub(between, "", "\n".join(parts), flags=re.M)


def _text(name: str) -> str:
    return next(p for p in (PARTS / name, MODULES / name) if p.is_file()).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def write(exported: Exported, path: Path) -> None:
    """Write the page, dated today; StorageError where it cannot be written."""
    write_atomically(path, render(exported, date.today()).encode())


def lines(path: Path) -> str:
    """How to ask it: a person draws; a program uses the console of the browser."""
    return (
        f"// Open {path.name} in a browser and draw. In its console:\n"
        "const P = digitscope.probabilities(X);"
    )


PAGE = Format(".html", write, lines)
