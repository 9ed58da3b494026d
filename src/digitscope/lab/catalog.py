"""The models that can be chosen: every run in the folder of runs, every model file in it, and the
models that ship.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from digitscope.errors import DigitscopeError, ModelFileError
from digitscope.lab.kept import Kept
from digitscope.models.model import Model, load
from digitscope.models.shipped import shipped_model, shipped_models
from digitscope.network.notation import format_spec
from digitscope.store import SUFFIX
from digitscope.training.run_folder import RunFolder

MOST = 200  # newest runs; a page lists no more
MODELS = 8  # that are kept, those that were asked for last


@dataclass(frozen=True)
class Entry:
    """One run or model file. `id` is its path as the user would write it, or the name of a model
    that ships; `accuracy` is on test images, None before it was judged.
    """

    id: str
    name: str
    architecture: str
    recipe: str
    engine: str
    accuracy: float | None
    finished: bool
    usable: bool
    changed: float
    ships: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Catalog:
    """The models under `root`, and those that ship; what was loaded is kept until its file
    changes.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.prefix = root, root.resolve().name
        self._models = Kept[Model](MODELS, lambda model: 1)
        self._entries = Kept[Entry](2 * MOST, lambda entry: 1)

    def entries(self) -> list[Entry]:
        """What there is, runs of sweeps too, the newest first. What is damaged is left out: it
        cannot be chosen.
        """
        paths = [path for path in _inside(self.root) if not (path / "grid.json").exists()]
        for grid in self.root.glob("*/grid.json"):
            paths += [path for path in _inside(grid.parent) if path.is_dir()]
        dated = sorted(((_changed(p), p) for p in paths), reverse=True)
        found = (self._entry(path, changed) for changed, path in dated[:MOST])
        return [entry for entry in found if entry]

    def shipped(self) -> list[Entry]:
        """The models that come with the package.

        >>> [entry.id for entry in Catalog(Path("runs")).shipped()]
        ['reader']
        """
        return [self._of_model(name, name, 0.0, ships=True) for name in shipped_models()]

    def default(self) -> str:
        """What a page reads with before anyone has chosen: the newest run that is finished, since
        whoever has trained a network wants to see that one; without any, a model that ships.
        """
        own = next((entry.id for entry in self.entries() if entry.usable and entry.finished), "")
        return own or next(iter(shipped_models()), "")

    def runs(self) -> list[Entry]:
        """The runs alone."""
        return [entry for entry in self.entries() if not entry.id.endswith(SUFFIX)]

    def load(self, id: str) -> Model:
        """The model that an id means; ModelFileError where it is none of these."""
        file = self._weights(id)
        return self._models.get(_stamp(id, file), lambda: load(file))

    def _weights(self, id: str) -> Path:
        if id in shipped_models():
            return shipped_model(id)
        path = self.path(id)
        return path if path.is_file() else RunFolder(path).best

    def path(self, id: str) -> Path:
        """Where an id stands; ModelFileError for what lies outside the folder of runs."""
        given = Path(id)
        if given.is_absolute() or given.parts[:1] != (self.prefix,) or ".." in given.parts:
            raise ModelFileError(f"{id!r}: not in the folder {self.root}: choose from the list")
        path = self.root.joinpath(*given.parts[1:])
        if path == self.root or not path.exists():
            raise ModelFileError(f"{id!r}: is not there any more: choose another model")
        return path

    def id(self, path: Path) -> str:
        """The id of a path in the folder of runs."""
        return Path(self.prefix, path.relative_to(self.root)).as_posix()

    def _entry(self, path: Path, changed: float) -> Entry | None:
        try:
            return self._file(path, changed) if path.is_file() else self._run(path, changed)
        except (DigitscopeError, OSError):
            return None

    def _run(self, path: Path, changed: float) -> Entry | None:
        folder = RunFolder(path)
        if not folder.recipe_file.is_file():
            return None
        recipe = folder.recipe()
        accuracy = _test_accuracy(path)
        return Entry(
            self.id(path),
            path.relative_to(self.root).as_posix(),
            format_spec(recipe.spec()),
            recipe.name,
            recipe.engine,
            accuracy,
            accuracy is not None,
            folder.best.is_file(),
            changed,
        )

    def _file(self, path: Path, changed: float) -> Entry | None:
        if path.suffix != SUFFIX:
            return None
        return self._of_model(self.id(path), path.name, changed)

    def _of_model(self, id: str, name: str, changed: float, ships: bool = False) -> Entry:
        """A model's entry: it is looked at once, and not kept for that."""
        file = self._weights(id)

        def look() -> Entry:
            return self._told(load(file), id, name, changed, ships)

        return self._entries.get((*_stamp(id, file), changed), look)

    def _told(self, model: Model, id: str, name: str, changed: float, ships: bool) -> Entry:
        accuracy = model.measured.get("test_accuracy")
        return Entry(
            id,
            name,
            format_spec(model.network.spec),
            str(model.recipe.get("name", "")),
            str(model.recipe.get("engine", "")),
            accuracy if isinstance(accuracy, float) else None,
            True,
            True,
            changed,
            ships,
        )


def _stamp(id: str, file: Path) -> tuple[str, int, int]:
    """A file as it is now; ModelFileError where there is none."""
    try:
        stat = file.stat()
    except OSError:
        raise ModelFileError(f"{id}: has no weights yet: choose another model") from None
    return id, stat.st_mtime_ns, stat.st_size


def _inside(folder: Path) -> list[Path]:
    """What stands in a folder and is not hidden; nothing where there is no such folder."""
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _changed(path: Path) -> float:
    """When a run or a file was last written to, in seconds since 1970."""
    for written in (path / "weights" / "last.safetensors", path):
        try:
            return written.stat().st_mtime
        except OSError:
            continue
    return 0.0


def _test_accuracy(path: Path) -> float | None:
    """The accuracy in evaluation.json, where there is one of the test set."""
    try:
        found = json.loads((path / "evaluation.json").read_text("utf-8"))
        return float(found["accuracy"]) if found["part"] == "test" else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
