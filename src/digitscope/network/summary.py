"""The table that says what a network is made of."""

from __future__ import annotations

import math

from digitscope.network.notation import format_spec
from digitscope.network.spec import KINDS, Spec


def layer_rows(spec: Spec) -> list[tuple[str, str, str, int]]:
    """A row a layer: its kind, its output's shape, its weights with shapes, its parameters."""
    rows = [("input", _shape(spec.input_shape), "", 0)]
    named = spec.weight_shapes()
    for layer, shape, names in zip(spec.layers, spec.shapes(), spec.weight_names, strict=True):
        own = {name: named[name] for name in names.values()}
        kind = getattr(layer, "function", KINDS[type(layer)])
        held = "  ".join(f"{name} {_shape(s)}" for name, s in own.items())
        rows.append((kind, _shape(shape), held, sum(math.prod(s) for s in own.values())))
    rows.append((spec.output, _shape(spec.shapes()[-1]), "", 0))
    return rows


def summarize(spec: Spec) -> str:
    """The table as text.

    >>> from digitscope.network.notation import parse_spec
    >>> print(summarize(parse_spec("784-128-10")))
    network 784-128-10
      layer       output      weights               parameters
      input          784
      dense          128      W1 784x128  b1 128       100,480
      relu           128
      dense           10      W2 128x10  b2 10           1,290
      softmax         10
      total                                            101,770
    """
    rows = layer_rows(spec)
    kinds = max(10, *(len(kind) for kind, _, _, _ in rows))
    shapes = max(6, *(len(shape) for _, shape, _, _ in rows))
    weights = max(18, *(len(held) for _, _, held, _ in rows))
    lines = [
        f"network {format_spec(spec)}",
        f"  {'layer':<{kinds}}  {'output':>{shapes}}      {'weights':<{weights}}" + "    "
        "parameters",
    ]
    for kind, shape, held, count in rows:
        line = f"  {kind:<{kinds}}  {shape:>{shapes}}"
        lines.append(f"{line}      {held:<{weights}}  {count:>12,}" if count else line)
    lines.append(f"  {'total':<{kinds + shapes + weights + 8}}  {spec.parameters:>12,}")
    return "\n".join(lines)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
