"""Counterfactuals: a small change of an image that makes the network answer something else.

Nobody can list all images around one, so the change is searched for; the smallest that was found is
not proved to be the smallest there is. Three kinds of change:

    faint   any pixel by any amount, as little as possible in all: the length (L2) of the difference
    smooth  the same, of changes that a blur leaves as they are: what an eye would see
    few     as few pixels as possible, each made full ink or blank paper

The search for the first two. The margin f is the target's score less the best of the others; it is
above 0 where the target is the answer. Around an image the network is nearly linear, f(x + d) =
f(x) + w d, so the shortest d that makes f zero goes along w (DeepFool: Moosavi-Dezfooli, Fawzi,
Frossard 2016, arXiv:1511.04599), here cut off where a pixel is full or blank. Steps are taken
until the border is crossed, and the way to the original is halved down to the border. From there
the linear picture is drawn again, and the original carried straight onto it, as long as that brings
the border nearer. Where no slope leads across, training images of the target point the way.

The search for `few` sets, one after another, the pixel that gains most, and then takes back every
pixel that has become needless.

The engine sees bytes. So what was found is rounded to bytes, and only what the model then answers
counts; where rounding undoes the change, the change is made a little larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.inside.contributions import slopes
from digitscope.inside.outcomes import Outcome, answers, outcomes, readout
from digitscope.models.model import Model

__all__ = ["KINDS", "Change", "smallest_change"]

Kind = Literal["faint", "smooth", "few"]
KINDS: tuple[Kind, ...] = ("faint", "smooth", "few")
CROSSING = 40  # steps to the border at most
BOLDER = 0.1  # by so much does each step aim farther than the one before it
LONGEST = 2.0  # of one step: a network is linear only nearby (an MNIST digit's length is about 9)
REFINING = 12  # times that the linear picture is drawn anew
WORTH_IT = 0.005  # the part by which the border must come nearer for another try
MOST_PIXELS = 120  # that may be set one after another
TRIED = 6  # pixels that are tried before one is set
REFINED = 4  # of the other digits, the nearest, that are searched for to the end
BLUR = 1.3  # pixels: the standard deviation of the blur that `smooth` must survive
STRETCHES = (1, 1.005, 1.01, 1.02, 1.04, 1.07, 1.1, 1.15, 1.2, 1.3, 1.4, 1.6, 2, 3)
FARTHER = 2.0  # a border so many times as far as a refined one is not refined
POINTERS = 500  # training images among which one is looked for to point the way


@dataclass(frozen=True, eq=False)
class Change:
    """An image [28, 28], uint8, and what it becomes; `after` is None where none was found.

    `outcome` is what the model answers to `after`: the target.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8] | None
    outcome: Outcome
    kind: Kind

    @property
    def difference(self) -> NDArray[np.int16]:
        """After less before, in grey levels -255..255; zeros where none was found."""
        after = self.before if self.after is None else self.after
        return after.astype(np.int16) - self.before

    @property
    def length(self) -> float:
        """The length (L2) of the difference, in pixels of full ink."""
        return _length(self.difference / 255)


def smallest_change(
    model: Model,
    image: NDArray[np.uint8],
    target: Outcome | Literal["other"] = "other",
    kind: Kind = "faint",
) -> Change:
    """The smallest change that was found of an image [28, 28] (uint8) that makes the model answer
    `target`: a digit, or None for "not a digit"; "other" takes whatever other digit is nearest.

    SettingError for a target that the model cannot answer, or that it answers already.

    >>> from digitscope.network.network import Network
    >>> model = Model(Network.initialize("784-16-10"))
    >>> found = smallest_change(model, np.full((28, 28), 40, np.uint8))
    >>> found.after is not None and found.outcome == model.classes[
    ...     int(model.judge(found.after[None]).argmax())]
    True
    """
    names = outcomes(model)
    now = _answer(model, image)
    if kind not in KINDS:
        raise SettingError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if target != "other":
        if target not in names:
            raise SettingError(f"target: the model cannot answer {target}: choose one of {names}")
        if names.index(target) == now:
            raise SettingError(f"target: the model answers {target} already: choose another")
        return _towards(model, image, names.index(target), kind)
    digits = [k for k in range(len(model.classes)) if k != now]
    return _to_nearest(model, image, _nearest(model, image, digits, kind), kind)


def _size(change: Change) -> tuple[float, float]:
    """What is compared: pixels for `few`, else length; infinite where nothing was found."""
    if change.after is None:
        return np.inf, np.inf
    pixels = float(np.count_nonzero(change.difference)) if change.kind == "few" else 0.0
    return pixels, change.length


def _length(d: Floats) -> float:
    """L2, in pixels of full ink."""
    return float(np.sqrt((d * d).sum()))


class Margin(NamedTuple):
    """How far a target is from being the answer: below 0 before the border, above 0 behind it."""

    model: Model
    target: int

    def values(self, images: Floats) -> Floats:
        """f [n] of images [n, 28, 28] in 0..1."""
        return self._of(self.model.network.logits(images.astype(np.float32), 32))[0]

    def slope(self, x: Floats) -> tuple[float, Floats]:
        """f of one image [28, 28], and its gradient by the pixels."""
        network = self.model.network
        Z = network.logits(x[None].astype(np.float32))
        f, dS = self._of(Z)
        dZ = readout(self.model) @ dS[0]
        return float(f[0]), slopes(network, x.astype(np.float32), dZ)[1].astype(np.float64)

    def _of(self, Z: Floats) -> tuple[Floats, Floats]:
        """f [n], and its gradient by the scores [n, outcomes]."""
        S = Z.astype(np.float64) @ readout(self.model)
        k, rows = self.target, np.arange(len(S))
        others = S.copy()
        others[:, k] = -np.inf
        dS = np.zeros_like(S)
        dS[:, k] = 1
        if k < len(self.model.classes):
            best = others.argmax(axis=1)
            dS[rows, best] -= 1
            return S[:, k] - S[rows, best], dS
        T = self.model.temperature or 1.0  # "not a digit" must outweigh all the digits together
        L = np.logaddexp.reduce(others / T, axis=1)
        dS -= np.exp(others / T - L[:, None])
        return S[:, k] - T * L, dS


def _answer(model: Model, image: NDArray[np.uint8]) -> int:
    """The place among the outcomes of what the model answers to the bytes of an image."""
    return int(answers(model, model.network.logits(image[None]))[0])


def _nearest(model: Model, image: NDArray[np.uint8], places: list[int], kind: Kind) -> list[int]:
    """The outcomes that are nearest by the linear picture: a margin over its slope."""

    def distance(place: int) -> float:
        f, w = Margin(model, place).slope(image / 255)
        size = np.abs(w).max() if kind == "few" else np.sqrt((w * _way(w, kind)).sum())
        return float(-f / max(size, 1e-12))

    return sorted(places, key=distance)


def _towards(model: Model, image: NDArray[np.uint8], place: int, kind: Kind) -> Change:
    """The smallest change to one outcome that was found."""
    margin, x0 = Margin(model, place), image / 255
    if kind == "few":
        found = _few(margin, x0)
    else:
        at_border = _approach(margin, x0, kind)
        found = None if at_border is None else _refine(margin, x0, at_border, kind)
    return _change(margin, image, found, kind)


def _to_nearest(model: Model, image: NDArray[np.uint8], places: list[int], kind: Kind) -> Change:
    """The smallest change to any of some outcomes that was found."""
    if kind == "few":
        return min((_towards(model, image, k, kind) for k in places[:REFINED]), key=_size)
    x0 = image / 255
    starts = [_start(Margin(model, k), x0, kind) for k in places]
    if all(start is None for start in starts):
        return _towards(model, image, places[0], kind)
    found = Change(image, None, outcomes(model)[places[0]], kind)
    borders = [(x, k) for x, k in zip(starts, places, strict=True) if x is not None]
    order = sorted(borders, key=lambda border: _length(border[0] - x0))
    for x, k in order[:REFINED]:
        if _length(x - x0) < FARTHER * found.length or found.after is None:
            margin = Margin(model, k)
            other = _change(margin, image, _refine(margin, x0, x, kind), kind)
            found = min(found, other, key=_size)
    return found


def _change(margin: Margin, image: NDArray[np.uint8], found: Floats | None, kind: Kind) -> Change:
    """What was found as bytes."""
    after = None if found is None else _to_bytes(margin, image, found, kind)
    return Change(image, after, outcomes(margin.model)[margin.target], kind)


# --- faint and smooth ---


def _approach(margin: Margin, x0: Floats, kind: Kind) -> Floats | None:
    """An image at the border of the target, on a way from x0; None where no way leads there."""
    start = _start(margin, x0, kind)
    if start is None:
        pointer = _pointer(margin, x0)
        start = None if pointer is None else _shrink(margin, x0, pointer)
    return start


def _start(margin: Margin, x0: Floats, kind: Kind) -> Floats | None:
    """An image at the border, by steps along the slope; None where they do not get there."""
    crossed = _cross(margin, x0, kind)
    return None if crossed is None else _shrink(margin, x0, crossed)


def _refine(margin: Margin, x0: Floats, best: Floats, kind: Kind) -> Floats:
    """A place of the border that is nearer to x0, as long as the linear picture finds one."""
    size = _length(best - x0)
    for _ in range(REFINING):
        f, w = margin.slope(best)
        onto = _carry(x0, w, float((w * (best - x0)).sum()) - f, kind)
        crossed = _cross(margin, onto, kind)
        if crossed is None:
            break
        nearer = _shrink(margin, x0, crossed)
        gained = size - _length(nearer - x0)
        if gained > 0:
            best, size = nearer, size - gained
        if gained < WORTH_IT * size:
            break
    return best


def _cross(margin: Margin, x: Floats, kind: Kind) -> Floats | None:
    """Steps along the slope from x until the target is the answer; None if they never get there."""
    for i in range(CROSSING):
        f, w = margin.slope(x)
        if f > 0:
            return x
        if not np.any(w):
            return None
        step = _carry(x, w, (1.02 + BOLDER * i) * -f + 1e-4, kind) - x
        length = _length(step)
        if length < 1e-9:
            return None
        x = np.clip(x + step * min(1, LONGEST / length), 0, 1)
    return None


def _carry(x: Floats, w: Floats, gain: float, kind: Kind) -> Floats:
    """The image nearest to x on which w gains that much, pixels kept in 0..1: x + t w, cut off; or
    the farthest along that way, if no image gains as much.
    """
    way = _way(w, kind)
    way = way * (gain / max(float((w * way).sum()), 1e-30))

    def along(t: float) -> Floats:
        return np.clip(x + t * way, 0, 1)

    low, high = 0.0, 1.0
    while float((w * (along(high) - x)).sum()) < gain and high < 1e4:
        low, high = high, 2 * high
    for _ in range(25):
        middle = (low + high) / 2
        reached = float((w * (along(middle) - x)).sum()) >= gain
        low, high = (low, middle) if reached else (middle, high)
    return along(high)


def _way(w: Floats, kind: Kind) -> Floats:
    """The steepest way up: the slope itself; among smooth changes, the slope blurred twice (B B' w
    is the way of steepest gain where every change is a blurred one, B u).
    """
    if kind != "smooth":
        return w
    return np.asarray(_BLUR @ w @ _BLUR.T)


def _blur(sigma: float) -> Floats:
    """A Gaussian blur along one axis as a matrix [28, 28], applied twice."""
    at = np.arange(28)
    B = np.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    B /= B.sum(axis=1, keepdims=True)
    return np.asarray(B @ B.T)


_BLUR = _blur(BLUR)


def _shrink(margin: Margin, x0: Floats, x: Floats) -> Floats:
    """The nearest image to x0 on the way from x, where the target is still the answer."""
    low, high = 0.0, 1.0
    for _ in range(2):  # a grid, and a finer one in the first cell that crosses
        parts = np.linspace(low, high, 17)[1:]
        f = margin.values(x0 + parts[:, None, None] * (x - x0))
        crossed = int(np.argmax(f > 0)) if (f > 0).any() else len(parts) - 1
        low, high = np.concatenate([[low], parts])[crossed], parts[crossed]
    return np.asarray(x0 + high * (x - x0))


def _pointer(margin: Margin, x0: Floats) -> Floats | None:
    """The training image nearest to x0 that is answered with the target; None if none is."""
    images = load_mnist("train").images[:POINTERS] / np.float32(255)
    images = images[margin.values(images) > 0]
    if not len(images):
        return None
    nearest = ((images - x0) ** 2).sum(axis=(1, 2)).argmin()
    return np.asarray(images[nearest], np.float64)


# --- few ---


def _few(margin: Margin, x0: Floats) -> Floats | None:
    """An image with few pixels set to ink or paper where the target is the answer."""
    x, chosen = x0.copy(), list[int]()
    f, w = margin.slope(x)
    while f <= 0:
        extreme = (w > 0).astype(float)
        gains = (w * (extreme - x)).ravel()
        gains[chosen] = 0
        likely = np.argsort(-gains)[:TRIED]
        if len(chosen) == MOST_PIXELS or gains[likely[0]] <= 0:
            return None
        tried = _set(x, likely, extreme.ravel()[likely])
        best = int(margin.values(tried).argmax())
        x = tried[best]
        chosen.append(int(likely[best]))
        f, w = margin.slope(x)
    while chosen:  # the early ones were set before the later ones helped
        without = _set(x, np.array(chosen), x0.ravel()[chosen])
        values = margin.values(without)
        if values.max() <= 0:
            break
        x = without[int(values.argmax())]
        del chosen[int(values.argmax())]
    return x


def _set(x: Floats, pixels: NDArray[np.intp], values: Floats) -> Floats:
    """Copies of x [n, 28, 28], in each one pixel set."""
    copies = np.tile(x.ravel(), (len(pixels), 1))
    copies[np.arange(len(pixels)), pixels] = values
    return copies.reshape(-1, *x.shape)


# --- bytes ---


def _to_bytes(
    margin: Margin, image: NDArray[np.uint8], x: Floats, kind: Kind
) -> NDArray[np.uint8] | None:
    """The image as bytes that the model itself answers with the target; None if there is none."""
    x0 = image / 255
    longer = (STRETCHES[-1] * 1.5**i for i in range(1, 30))  # of one below a byte's resolution
    stretches = [*STRETCHES, *(s for s in longer if s * _length(x - x0) < 1)]
    stretched = [np.rint(255 * np.clip(x0 + s * (x - x0), 0, 1)) for s in stretches]
    after = _first(margin, np.array(stretched).astype(np.uint8))
    if after is None or kind != "faint":
        return after
    # Changes of a level or two are noise that the rounding left: drop what is not needed.
    change = after.astype(np.int16) - image
    spared = [np.where(np.abs(change) > t, after, image) for t in range(12, 0, -1)]
    return _first(margin, np.array([*spared, after]))


def _first(margin: Margin, images: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The first of some images [n, 28, 28] that the model answers with the target."""
    model = margin.model
    right = answers(model, model.network.logits(images, 32)) == margin.target
    return images[int(right.argmax())] if right.any() else None
