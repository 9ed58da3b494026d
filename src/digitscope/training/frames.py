"""Frames: the moments of a training whose weights were kept, so that one can go back to them.

The recorder writes them; docs/formats.md says which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitscope.arrays import Floats
from digitscope.data.mnist import Dataset
from digitscope.engines.fast_engine import FastNetwork, covers_spec
from digitscope.engines.kernels import why_none
from digitscope.errors import ModelFileError, RunError
from digitscope.evaluation.metrics import Counts, confusion_matrix
from digitscope.maths.losses import LOSSES
from digitscope.models.model import FORMAT, VERSION, Model, load
from digitscope.network.layers import Conv2D, Dense
from digitscope.network.spec import Spec
from digitscope.store import read_metadata
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import RunFolder, open_run
from digitscope.training.split import split_for

# Multiplications that judging one frame may cost, so that one can scrub: by the kernels, by NumPy.
WORK = {True: 1.1e9, False: 1e8}
LEAST = 500  # images, though: fewer say nothing about an accuracy


@dataclass(frozen=True)
class Frame:
    """One moment: `epoch` whole epochs are done and `batch` batches of the next, in all `updates`
    updates of the weights.
    """

    path: Path
    epoch: int
    batch: int
    updates: int

    def load(self) -> Model:
        """The network of that moment; ModelFileError where its file is damaged or gone. It has no
        temperature: that is fitted when a training is done.
        """
        return load(self.path)


def frames(run: str | Path) -> list[Frame]:
    """The frames of a run folder, the untrained network first. Damaged files are left out.

    RunError where there is no such run, or it has no frames.

    >>> import tempfile
    >>> from digitscope.training.train import train
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = train("lesson", epochs=1, train=500, hidden="8", folder=folder).folder
    ...     [frame.updates for frame in frames(run)], frames(run)[0].load().network
    ([0, 1, 2, 4], Network('784-8-10', 6,370 parameters))
    """
    found, damaged = scan_frames(open_run(Path(run)))
    if not found:
        raise RunError(damaged[0] if damaged else f"{run}: has no frames: train it anew")
    return found


def scan_frames(folder: RunFolder) -> tuple[list[Frame], list[str]]:
    """The frames of a run in their order, and a line for each that cannot be read."""
    found, damaged = [], []
    for path in folder.frames.glob("step-*.safetensors"):
        try:
            found.append(_read(path))
        except FileNotFoundError:
            continue  # thinned out while we looked
        except ModelFileError as error:
            damaged.append(str(error))
    return sorted(found, key=lambda frame: frame.updates), sorted(damaged)


def frame_after(folder: RunFolder, updates: int) -> Frame:
    """The frame after so many updates; RunError where there is none."""
    try:
        return _read(folder.frames / f"step-{updates:08d}.safetensors")
    except FileNotFoundError:
        raise RunError(
            f"{folder.path}: has no frame after {updates} updates: choose another moment"
        ) from None


def _read(path: Path) -> Frame:
    """The frame that a file holds."""
    try:
        measured = read_metadata(path, FORMAT, VERSION)["measured"]
        updates = int(path.stem.removeprefix("step-"))
        return Frame(path, int(measured["epoch"]), int(measured["batch"]), updates)
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(
            f"{path}: does not say which moment it is: it was not written by a training"
        ) from None


@dataclass(frozen=True)
class Judged:
    """What a network of some moment says of images: how many are right, the loss, and how often
    which class (rows) is taken for which; a network that refuses has a last column for that.
    """

    images: int
    accuracy: float
    loss: float
    matrix: Counts


def judge(model: Model, data: Dataset, loss: str) -> Judged:
    """Judge a network as the loop does after every epoch: the largest output counts, and one output
    neuron at 1/2. Labels are class ids, as a split has them.

    >>> from digitscope.network.network import Network
    >>> data = Dataset(np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 2, 3], np.uint8))
    >>> model = Model(Network.initialize("784-16-10"))
    >>> judge(model, data, "categorical_cross_entropy").accuracy
    0.25
    """
    Z = _logits(model, data)
    with np.errstate(all="ignore"):
        J, _ = LOSSES[loss].loss(Z, data.labels, model.network.spec.output)
    predicted = (Z[:, 0] > 0).astype(np.int64) if Z.shape[1] == 1 else Z.argmax(axis=1)
    rows = len(model.classes)
    matrix = confusion_matrix(data.labels, predicted, max(rows, Z.shape[1]))[:rows]
    return Judged(len(Z), float(np.mean(predicted == data.labels)), float(J), matrix)


def watched_images(recipe: Recipe) -> tuple[Dataset, str, int]:
    """The images that a run's frames are judged on, their part's name, and how many that part has.

    It is what the run's second curve was measured on: the validation part, or the test set without
    one. Where judging all of it would take long, it is a sample, the same for every frame.
    """
    split = split_for(recipe)
    part = split.watched
    n = len(part.labels)
    spec = recipe.spec()
    count = min(n, max(LEAST, int(WORK[_covered(spec)] / multiplications(spec))))
    if count < n:
        chosen = np.sort(np.random.default_rng(recipe.seed).permutation(n)[:count])
        part = Dataset(part.images[chosen], part.labels[chosen])
    return part, split.watched_name, n


def multiplications(spec: Spec) -> int:
    """Multiplications of weights and inputs for one image.

    >>> from digitscope.network.notation import parse_spec
    >>> multiplications(parse_spec("784-128-10")), multiplications(parse_spec("28x28-8c5-p2-10"))
    (101632, 126720)
    """
    total = 0
    for layer, names, shape in zip(spec.layers, spec.weight_names, spec.shapes(), strict=True):
        if isinstance(layer, Dense | Conv2D):
            weights = math.prod(spec.weight_shapes()[names["W"]])
            total += weights * math.prod(shape[:-1])
    return total


def _logits(model: Model, data: Dataset) -> Floats:
    """Z [n, n_out], by the kernels where they cover the network."""
    network = model.network
    if not _covered(network.spec):
        return network.logits(data.images)
    return FastNetwork(network.spec, network.weights).logits(data.images)


def _covered(spec: Spec) -> bool:
    """Whether the kernels can compute a network."""
    return not (covers_spec(spec) or why_none())
