"""The lessons of a model: the drawings that it was taught, kept in a file beside it.

The file also holds the model that was taught first, so that the next lesson can begin from it even
where that is gone. docs/formats.md describes it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.errors import InputError, ModelFileError, StorageError
from digitscope.models.model import STATE_PREFIX, Model
from digitscope.network.network import Network
from digitscope.network.spec import Spec
from digitscope.store import SUFFIX, digest, read_tensors, unwritable, write_tensors

__all__ = ["Lessons", "beside", "claim", "fingerprint", "read_lessons"]

FORMAT, VERSION, MINOR = "digitscope lessons", 1, 0
ENDING = ".lessons"
BASE = "base."  # before the names of the first model's tensors


@dataclass(frozen=True, eq=False)
class Lessons:
    """The first model and the id it had, drawings uint8 [n, 28, 28] with what they are [n] (10 is
    "not a digit"), in the order in which they were taught, a record of each lesson, and the
    fingerprints of the model before and after the last one.
    """

    base: Model
    base_id: str
    drawings: Images
    labels: Labels
    records: tuple[dict[str, Any], ...] = ()
    models: tuple[str, ...] = ()

    @classmethod
    def none(cls, base: Model, base_id: str) -> Lessons:
        """Before the first."""
        return cls(base, base_id, np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))

    def with_drawing(self, image: Images, label: int) -> Lessons:
        """One drawing more."""
        drawings = np.concatenate([self.drawings, image[None]])
        return replace(
            self, drawings=drawings, labels=np.append(self.labels, np.uint8(label)), models=()
        )

    def without_last(self) -> Lessons:
        """One lesson less."""
        return replace(
            self,
            drawings=self.drawings[:-1],
            labels=self.labels[:-1],
            records=self.records[:-1],
            models=(),
        )

    def to_learn(self) -> tuple[Images, Labels]:
        """Each drawing once, as what it was called last: a mistake can be taught away.

        >>> lessons = Lessons.none(Model(Network.initialize("784-8-10")), "small")
        >>> one = np.full((28, 28), 9, np.uint8)
        >>> images, labels = lessons.with_drawing(one, 7).with_drawing(one, 1).to_learn()
        >>> len(images), labels.tolist()
        (1, [1])
        """
        last = {image.tobytes(): i for i, image in enumerate(self.drawings)}
        kept = sorted(last.values())
        return self.drawings[kept], self.labels[kept]

    def write(self, path: Path) -> None:
        """Write the file; StorageError where it cannot be written."""
        base = self.base
        tensors: dict[str, Any] = {f"{BASE}{n}": W for n, W in _tensors(base.network).items()}
        tensors |= {"drawings": self.drawings, "labels": self.labels}
        metadata = {
            "format": FORMAT,
            "version": f"{VERSION}.{MINOR}",
            "base": {
                "id": self.base_id,
                "name": base.name,
                "spec": base.network.spec.to_dict(),
                "classes": list(base.classes),
                "temperature": base.temperature,
                "preparation": base.preparation,
                "recipe": base.recipe,
                "measured": base.measured,
            },
            "lessons": list(self.records),
            "models": list(self.models),
        }
        write_tensors(path, tensors, metadata)


def read_lessons(path: Path) -> Lessons:
    """The lessons in a file; ModelFileError says in one line what is wrong with it."""
    tensors, metadata = read_tensors(path, FORMAT, VERSION)
    try:
        told = metadata["base"]
        arrays = {n.removeprefix(BASE): W for n, W in tensors.items() if n.startswith(BASE)}
        spec = Spec.from_dict(told["spec"])
        weights = {name: arrays[name] for name in spec.weight_shapes()}
        state = {name: arrays[STATE_PREFIX + name] for name in spec.state_shapes()}
        base = Model(
            Network(spec, weights, state),
            classes=tuple(int(digit) for digit in told["classes"]),
            temperature=told["temperature"],
            recipe=dict(told["recipe"]),
            measured=dict(told["measured"]),
            preparation=int(told["preparation"]),
            name=str(told["name"]),
        )
        drawings = np.asarray(tensors["drawings"], np.uint8)
        labels = np.asarray(tensors["labels"], np.uint8)
        records = tuple(dict(record) for record in metadata["lessons"])
        if drawings.shape != (len(labels), 28, 28) or len(records) != len(labels):
            raise ValueError(f"drawings {drawings.shape} and {len(records)} lessons do not agree")
        models = tuple(str(model) for model in metadata["models"])
        return Lessons(base, str(told["id"]), drawings, labels, records, models)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: not usable lessons: {error}: remove the file") from None


def beside(path: Path) -> Path:
    """Where the lessons of a model file lie.

    >>> beside(Path("runs/reader-taught.safetensors")).name
    'reader-taught.lessons'
    """
    return path.with_name(path.name.removesuffix(SUFFIX) + ENDING)


def fingerprint(model: Model) -> str:
    """The digest of a model's weights: lessons belong to the model that they made, and to no other
    that has come to lie in its place.
    """
    return digest(_tensors(model.network))


def claim(folder: Path, name: str) -> Path:
    """A free path for a taught model: NAME-taught, or NAME-taught-2 and so on. It is taken by an
    empty file where its lessons will lie, so that nobody else takes it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as runs:
    ...     [claim(Path(runs), n).name for n in ("reader", "reader", "reader-taught-2")]
    ['reader-taught.safetensors', 'reader-taught-2.safetensors', 'reader-taught-3.safetensors']
    """
    stem = re.sub(r"-taught(-\d+)?$", "", name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            path = folder / f"{stem}-taught{'' if number == 1 else f'-{number}'}{SUFFIX}"
            if path.exists() or path.with_suffix("").exists():
                continue
            with contextlib.suppress(FileExistsError):
                beside(path).open("x").close()
                return path
    except OSError as error:
        raise StorageError(unwritable(folder / f"{stem}-taught", error)) from None
    raise AssertionError("names never end")


def _tensors(network: Network) -> dict[str, Any]:
    return network.weights | {STATE_PREFIX + name: T for name, T in network.state.items()}
