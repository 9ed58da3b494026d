"""A checkpoint: everything that a training needs to go on as though it had never stopped, in one
file.

One file, because one rename makes it valid at once: tensors, place and the lengths of the logs
always belong together.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from digitscope.arrays import Weights
from digitscope.engines import Position, Problem
from digitscope.errors import ModelFileError
from digitscope.network.network import Network
from digitscope.network.optimizers import initial_slots
from digitscope.store import read_tensors, write_tensors
from digitscope.training.loop import Place
from digitscope.training.run_folder import RunFolder

FORMAT = "digitscope checkpoint"
VERSION = 1
PARTS = ("weights", "state", "slots")


@dataclass(frozen=True)
class Checkpoint:
    """Place and position of the loop, the best position so far, and how long each log was."""

    place: Place
    position: Position
    best: Position
    log_lengths: dict[str, int]
    machine: dict[str, Any]


def save_checkpoint(folder: RunFolder, checkpoint: Checkpoint) -> None:
    """Replace the run's checkpoint."""
    tensors: Weights = {}
    for whose, position in (("now", checkpoint.position), ("best", checkpoint.best)):
        for part in PARTS:
            tensors |= {f"{whose}/{part}/{n}": T for n, T in getattr(position, part).items()}
    place = {
        k: None if v in (math.inf, -math.inf) else v for k, v in asdict(checkpoint.place).items()
    }
    metadata = {
        "format": FORMAT,
        "version": f"{VERSION}.0",
        "place": place,
        "updates": checkpoint.position.updates,
        "best_updates": checkpoint.best.updates,
        "log_lengths": checkpoint.log_lengths,
        "machine": checkpoint.machine,
    }
    write_tensors(folder.checkpoint, tensors, metadata)


def load_checkpoint(folder: RunFolder, problem: Problem) -> Checkpoint | None:
    """The run's checkpoint, or None where it was cut before the first; ModelFileError where it is
    damaged.
    """
    if not folder.checkpoint.exists():
        return None
    tensors, metadata = read_tensors(folder.checkpoint, FORMAT, VERSION)
    try:
        known = {field.name for field in fields(Place)}
        place = Place(
            **{k: v for k, v in metadata["place"].items() if k in known and v is not None}
        )
        return Checkpoint(
            place,
            _position(tensors, "now", int(metadata["updates"]), problem),
            _position(tensors, "best", int(metadata["best_updates"]), problem),
            {name: int(length) for name, length in metadata["log_lengths"].items()},
            dict(metadata["machine"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{folder.checkpoint}: not a usable checkpoint: {error}") from None


def _position(tensors: Weights, whose: str, updates: int, problem: Problem) -> Position:
    """One position, checked against the architecture and the optimizer."""
    parts = {}
    for part in PARTS:
        start = f"{whose}/{part}/"
        parts[part] = {n.removeprefix(start): T for n, T in tensors.items() if n.startswith(start)}
    order = problem.spec.weight_shapes()
    weights = {name: parts["weights"][name] for name in order}
    state = {name: parts["state"][name] for name in problem.spec.state_shapes()}
    network = Network(problem.spec, weights, state)
    slots = {name: parts["slots"][name] for name in initial_slots(problem.optimizer, weights)}
    return Position(network.weights, network.state, slots, updates)
