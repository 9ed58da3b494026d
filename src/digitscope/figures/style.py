"""The one style of all figures: colours, type, and how a figure begins.

The colours are those of Okabe and Ito (2008), which stay apart for colour-blind readers and in
grey print; whatever a colour says, a marker, a line's style or a word says too. Digits are printed
as ink on paper, dark on white.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

INK, MUTED, GRID, PAPER = "#1b1f24", "#57606a", "#e4e7eb", "#ffffff"
HAIRLINE = "#afb8c1"
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
AMBER, SKY, PURPLE = "#e69f00", "#56b4e9", "#cc79a7"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY, INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":")

DIGITS = "gray_r"  # ink is high, and dark
DIVERGING = LinearSegmentedColormap.from_list(  # as in the lab: orange below zero, blue above
    "orange-blue", ["#7f2704", "#d55e00", "#fdb863", "#ffffff", "#92c5de", "#0072b2", "#053061"]
)
BLUES = LinearSegmentedColormap.from_list("blues", ["#f3f8fc", "#9fcbe6", "#0072b2", "#00456b"])
ORANGES = LinearSegmentedColormap.from_list("oranges", ["#fff4ea", "#fdb97e", "#d55e00", "#8a3c00"])

WIDTH = 10.0  # inches; 1440 pixels at the resolution of `figure_png`
MARGIN = 0.18
SETTINGS = {
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so figures are the same everywhere
    "font.size": 10.5,
    "text.color": INK,
    "text.parse_math": False,  # a file may be called a$b$.png
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8c959f",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "lines.linewidth": 1.8,
    "image.interpolation": "nearest",
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a function in this style, whatever the caller has set; theirs comes back after it."""

    @functools.wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with style.context(["default", SETTINGS]):
            return draw(*args, **kwargs)

    return in_style


def new_figure(height: float, title: str, note: str = "", width: float = WIDTH) -> Figure:
    """A figure of so many inches with its heading; what is drawn below finds room by itself.

    The title stands top left, and under it, muted, a note of what there is to see.
    """
    lines = textwrap.wrap(note, int((width - 2 * MARGIN) / 0.079)) if note else []
    heading = heading_height(len(lines))
    fig = Figure(figsize=(width, height))
    fig.set_layout_engine(
        ConstrainedLayoutEngine(
            rect=(
                MARGIN / width,
                0.1 / height,
                1 - 2 * MARGIN / width,
                1 - (heading + 0.1) / height,
            ),
            h_pad=0.06,
            w_pad=0.06,
        )
    )
    fig.suptitle(
        title,
        x=MARGIN / width,
        y=1 - MARGIN / height,
        ha="left",
        va="top",
        fontsize=14,
        fontweight="bold",
    )
    if lines:
        fig.text(
            MARGIN / width,
            1 - (MARGIN + 0.3) / height,
            "\n".join(lines),
            va="top",
            color=MUTED,
            linespacing=1.25,
        )
    return fig


def heading_height(note_lines: int) -> float:
    """The inches that a title and a note of so many lines take."""
    return MARGIN + 0.3 + 0.19 * note_lines + (0.12 if note_lines else 0.05)


def canvas(fig: Figure) -> Axes:
    """Axes over the whole figure, measured in inches from its bottom left, for drawing by hand."""
    width, height = fig.get_size_inches()
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(0, height))
    return ax


def put_image(
    ax: Axes,
    picture: NDArray[Any],
    at: tuple[float, float],
    size: tuple[float, float],
    colours: Colormap | str = DIGITS,
    limits: tuple[float, float] = (0, 255),
) -> Rectangle:
    """An image on a canvas, its lower left corner and size in inches; returns its frame."""
    (x, y), (width, height) = at, size
    ax.imshow(
        picture,
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        extent=(x, x + width, y, y + height),
        aspect="auto",
        interpolation="nearest" if max(picture.shape) < 100 else "antialiased",
    )
    page = ax.get_figure(root=True)
    assert page is not None
    ax.set(xlim=(0, page.get_figwidth()), ylim=(0, page.get_figheight()))  # imshow has changed them
    edge = Rectangle((x, y), width, height, fill=False, edgecolor=HAIRLINE, linewidth=0.8)
    ax.add_patch(edge)
    return edge


def frame(ax: Axes) -> None:
    """Axes that hold an image: a hairline around it, no ticks, no grid."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color=HAIRLINE, linewidth=0.8)


def percent(part: float, digits: int = 1) -> str:
    """A part of 1 as a percentage, never rounded up to a certainty that was not there.

    >>> percent(0.97), percent(0.99996), percent(1.0), percent(0.00001)
    ('97.0 %', '>99.9 %', '100 %', '<0.1 %')
    """
    step = 10.0**-digits
    value = 100 * part
    if value >= 100:
        return "100 %"
    if value > 100 - step / 2:
        return f">{100 - step:.{digits}f} %"
    if 0 < value < step / 2:
        return f"<{step:.{digits}f} %"
    return f"{value:.{digits}f} %"
