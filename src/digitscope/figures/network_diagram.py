"""The sketch of a network: its layers from left to right, and a few neurons of each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscope.figures.diagram_columns import Column, columns_of
from digitscope.figures.diagram_shapes import Body, draw_maps, draw_neurons, join
from digitscope.figures.style import (
    INK,
    MARGIN,
    MUTED,
    WIDTH,
    canvas,
    heading_height,
    new_figure,
    styled,
)
from digitscope.network.notation import format_spec
from digitscope.network.spec import Spec

__all__ = ["network_diagram"]

BODY = 3.5  # inches that a layer is high
LINE = 0.2  # inches a line of words


@styled
def network_diagram(spec: Spec, classes: Sequence[int] = ()) -> Figure:
    """The layers with their sizes, activations and parameters; `classes` names the output neurons.

    Of a dense layer at most eight neurons are drawn, with dots for the rest. Of convolutions and
    poolings the maps are drawn as a stack, their side in proportion to the pixels.

    >>> from digitscope.network.notation import parse_spec
    >>> network_diagram(parse_spec("784-128-10")).get_suptitle()
    'Network 784-128-10: 101,770 parameters'
    """
    columns = columns_of(spec)
    width = max(WIDTH, 1.66 * len(columns))
    words = max(len(column.lines) for column in columns)
    top = heading_height(1)
    fig = new_figure(
        top + 0.45 + BODY + 0.25 + LINE * words + 0.1,
        f"Network {format_spec(spec)}: {spec.parameters:,} parameters",
        _note(columns),
        width,
    )
    ax = canvas(fig)
    middle = fig.get_size_inches()[1] - top - 0.5 - BODY / 2
    pitch = (width - 2 * MARGIN) / len(columns)
    bodies = []
    for i, column in enumerate(columns):
        x = MARGIN + (i + 0.5) * pitch
        last = i == len(columns) - 1
        bodies.append(
            _body(ax, column, (x, middle), pitch, _names(classes, column) if last else ())
        )
        _words(ax, column, x, middle)
    for column, before, after in zip(columns[1:], bodies, bodies[1:], strict=False):
        join(ax, before, after, column.window)
    return fig


def _note(columns: list[Column]) -> str:
    dense = "Circles are neurons, lines are weights; dots stand for the neurons that are not drawn."
    maps = "Squares are feature maps; the small window is what one pixel of the next map sees."
    return maps if any(column.maps for column in columns) else dense


def _names(classes: Sequence[int], column: Column) -> Sequence[str]:
    """What the output neurons stand for."""
    if column.size == 1 and len(classes) == 2:
        return (f"is it {classes[1]}?",)
    return [str(digit) for digit in classes] if len(classes) == column.size else ()


def _body(
    ax: Axes, column: Column, at: tuple[float, float], pitch: float, names: Sequence[str]
) -> Body:
    if column.maps:
        return draw_maps(ax, at, column.shape, min(pitch * 0.62, 1.5))
    return draw_neurons(ax, at, column.size, BODY, names)


def _words(ax: Axes, column: Column, x: float, middle: float) -> None:
    """The layer's name above it, and below it what it holds."""
    ax.text(
        x,
        middle + BODY / 2 + 0.18,
        column.title,
        ha="center",
        fontsize=11,
        weight="bold",
        color=INK,
    )
    y = middle - BODY / 2 - 0.12
    for i, line in enumerate(column.lines):
        ax.text(
            x,
            y - i * LINE,
            line,
            ha="center",
            va="top",
            fontsize=10 if i == 0 else 9,
            weight="bold" if i == 0 else "normal",
            color=INK if i == 0 else MUTED,
        )
