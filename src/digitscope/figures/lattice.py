"""A line of digits as the lattice that it was read by: its cuts, its segments, the best way."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from digitscope.arrays import Floats, Images
from digitscope.figures.style import (
    BLUE,
    DIGITS,
    GRID,
    INK,
    MARGIN,
    MUTED,
    VERMILION,
    WIDTH,
    canvas,
    heading_height,
    new_figure,
    percent,
    put_image,
    styled,
)
from digitscope.reading.classifier import NONE
from digitscope.reading.lattice import Lattice, Way, backward, best_strings, forward
from digitscope.reading.numbers import split
from digitscope.reading.reading import Reading

__all__ = ["lattice"]

TALLEST = 1.6  # inches of the strip's picture
LANE = 0.24  # inches of a row of segments
RIVALS = 24  # segments beside the best way that are drawn at most
SHARE = 0.002  # and how probable each is at least
WORDS = 0.5  # inches of what is written on a segment
TILE = 0.8  # inches of a digit as the network was given it


@styled
def lattice(ink: Images, reading: Reading) -> Figure:
    """A strip uint8 [h, w] and its reading: every candidate cut, the segments, the digits.

    Thin lines are candidates, thick ones those of the best way. Below the strip stand the segments
    that were probable, each as wide as its ink, the best way's on top; below them the digits as
    the network was given them.
    """
    found = reading.lattice
    way = [(e, label) for e, label in reading.way if label <= NONE]
    height, width = ink.shape
    wide = min(WIDTH - 2 * MARGIN, TALLEST * width / height)
    tall, scale = wide * height / width, wide / width
    lanes = _lanes(found, {e for e, _ in way}, WORDS / scale, (WIDTH - 2 * MARGIN) / scale)
    below = 0.35 + LANE * (1 + max((lane for _, _, _, lane in lanes), default=0) + 1)
    columns = max(1, int((WIDTH - 2 * MARGIN) // (TILE + 0.2)))
    rows = math.ceil(len(way) / columns)
    note = _note(reading)
    top = heading_height(math.ceil(len(note) / 115)) + 0.1
    fig = new_figure(top + tall + below + rows * (TILE + 0.5) + 0.2, _title(reading), note)
    ax = canvas(fig)
    y = fig.get_figheight() - top - tall
    put_image(ax, ink, (MARGIN, y), (wide, tall), DIGITS)
    _draw_cuts(ax, reading, (MARGIN, y + tall), scale)
    for e, label in way:
        _bar(ax, found, e, (y - 0.35, scale), BLUE)
        x, _, w, _ = found.segments.boxes[e]
        _write(ax, (MARGIN + (x + w / 2) * scale, y - 0.35), _said(label))
    for e, label, sure, lane in lanes:
        at = y - 0.35 - LANE * (lane + 1)
        _bar(ax, found, e, (at, scale), MUTED)
        x, _, w, _ = found.segments.boxes[e]
        place = _place(x, w, WORDS / scale, (WIDTH - 2 * MARGIN) / scale)
        middle = MARGIN + place * scale + WORDS / 2
        _write(ax, (middle, at), f"{_said(label)}  {percent(sure, 0)}")
    top = y - below
    for i, mark in enumerate(reading.marks):
        x = MARGIN + (i % columns) * (TILE + 0.2)
        at = top - (i // columns) * (TILE + 0.5) - TILE
        put_image(ax, mark.image, (x, at), (TILE, TILE))
        colour = VERMILION if mark.repaired or mark.refused else INK
        words = f"{mark.text}  {percent(mark.confidence)}"
        ax.text(x + TILE / 2, at - 0.08, words, ha="center", va="top", fontsize=9, color=colour)
    return fig


def _title(reading: Reading) -> str:
    text = reading.text
    if not text:
        return "Nothing to read"
    return f"Read as {text}" if len(text) <= 40 else f"Read as {text[:37]}..."


def _note(reading: Reading) -> str:
    found = reading.lattice
    cuts = sum(cut is not None for cut in found.nodes.cuts)
    words = (
        f"{len(found.blots)} marks, {cuts} candidate cuts, {len(found.segments)} segments judged. "
        f"The whole line is right with a probability of {percent(reading.confidence)}."
    )
    ways = [way for _, way in best_strings(found, 8)[:4]] if len(found.blots) else []
    told = "".join(mark.text for mark in reading.marks)
    others = [text for way in ways if (text := _string(found, way)).replace(" ", "") != told][:3]
    return " ".join([words, f"Next best: {', '.join(others)}." if others else "", *reading.notes])


def _string(found: Lattice, way: Way) -> str:
    """What a way reads as, its numbers parted as those of the answer are."""
    told = [(e, _said(label)) for e, label in way if label <= NONE]
    if not told:
        return "nothing"
    x, y, w, h = found.segments.boxes[[e for e, _ in told]].T.tolist()
    firsts = set(split(list(zip(x, y, w, h, strict=True)), found.blots.height)[1:])
    return "".join(f" {text}" if i in firsts else text for i, (_, text) in enumerate(told))


def _said(label: int) -> str:
    return "?" if label == NONE else str(label)


def _lanes(
    found: Lattice, taken: set[int], words: float, room: float
) -> list[tuple[int, int, float, int]]:
    """The most probable segments beside the best way: edge, label, probability, row to draw it in.

    `words` is the width of what is written on one, `room` that of the figure, in pixels of the
    strip.
    """
    if not len(found.segments):
        return []
    shares = _shares(found)
    rivals = [int(e) for e in np.argsort(-shares.max(axis=1)) if int(e) not in taken][:RIVALS]
    free: list[list[tuple[float, float]]] = []
    lanes = []
    for e in rivals:
        if shares[e].max() < SHARE:
            break
        x, _, w, _ = found.segments.boxes[e]
        place = _place(x, w, words, room)
        left, right = min(x, place), max(x + w, place + words)
        lane = next((i for i, row in enumerate(free) if _fits(row, left, right)), len(free))
        if lane == len(free):
            free.append([])
        free[lane].append((left, right))
        lanes.append((e, int(shares[e].argmax()), float(shares[e].max()), lane))
    return lanes


def _shares(found: Lattice) -> Floats:
    """The probability of each segment with each label, over all ways."""
    ahead, behind = forward(found), backward(found)
    logs = ahead[found.segments.start, None] + found.scores[:, : NONE + 1]
    return np.exp(np.minimum(logs + behind[found.segments.end, None] - ahead[-1], 0))


def _place(x: float, w: float, words: float, room: float) -> float:
    """Where words begin: in the middle of what is wide enough for them, or else beside it."""
    if w >= words:
        return x + (w - words) / 2
    return x + w if x + w + words <= room else x - words


def _fits(row: list[tuple[float, float]], left: float, right: float) -> bool:
    return all(left >= end + 1 or right + 1 <= start for start, end in row)


def _bar(ax: Axes, found: Lattice, edge: int, at: tuple[float, float], colour: str) -> None:
    """A segment as a bar below the strip, as wide as its ink."""
    y, scale = at
    x, _, w, _ = found.segments.boxes[edge]
    left, wide = MARGIN + x * scale, w * scale
    fill = "#dcebf5" if colour == BLUE else GRID
    ax.add_patch(Rectangle((left, y), wide, LANE - 0.05, facecolor=fill, edgecolor=colour, lw=0.8))


def _write(ax: Axes, at: tuple[float, float], words: str) -> None:
    ax.text(at[0], at[1] + 0.09, words, ha="center", va="center", fontsize=7, color=INK)


def _draw_cuts(ax: Axes, reading: Reading, corner: tuple[float, float], scale: float) -> None:
    """The cuts over the strip whose upper left corner is at `corner`, in inches."""
    found = reading.lattice
    ends = {int(found.segments.end[e]) for e, _ in reading.way}
    for node, cut in enumerate(found.nodes.cuts):
        if cut is None:
            continue
        x, y, w, h = found.blots.boxes[found.nodes.blot[node]]
        inside = (cut > 0) & (cut < w)
        across = corner[0] + (x + cut[inside]) * scale
        down = corner[1] - (y + np.arange(h)[inside] + 0.5) * scale
        best = node in ends
        ax.plot(
            across, down, color=VERMILION if best else BLUE, lw=1.8 if best else 0.4,
            alpha=1.0 if best else 0.6,
        )  # fmt: skip
