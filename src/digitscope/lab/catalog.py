"""The models that can be chosen: every run in the folder of runs, and every model file in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from digitscope.errors import DigitscopeError, ModelFileError
from digitscope.models.model import Model, load
from digitscope.network.notation import format_spec
from digitscope.store import SUFFIX
from digitscope.training.run_folder import RunFolder

MOST = 200  # newest runs; a page lists no more


@dataclass(frozen=True)
class Entry:
    """One run or model file. `id` is its path as the user would write it; `accuracy` is on test
    images, None before it was judged.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Catalog:
    """The models under `root`; what was loaded is kept until its file changes."""

    def __init__(self, root: Path) -> None:
        self.root, self.prefix = root, root.resolve().name
        self._loaded: dict[str, tuple[int, Model]] = {}

    def entries(self) -> list[Entry]:
        """What there is, the newest first. What is damaged is left out: it cannot be chosen."""
        try:
            paths = [p for p in self.root.iterdir() if not p.name.startswith(".")]
        except OSError:
            return []
        dated = sorted(((_changed(p), p) for p in paths), reverse=True)
        found = (self._entry(path, changed) for changed, path in dated[:MOST])
        return [entry for entry in found if entry]

    def load(self, id: str) -> Model:
        """The model that an id means; ModelFileError where it is none of this folder's."""
        path = self.path(id)
        file = path if path.is_file() else RunFolder(path).best
        try:
            stamp = file.stat().st_mtime_ns
        except OSError:
            raise ModelFileError(f"{id}: has no weights yet: choose another model") from None
        kept = self._loaded.get(id)
        if kept is None or kept[0] != stamp:
            kept = (stamp, load(file))
            self._loaded = {**dict(list(self._loaded.items())[-3:]), id: kept}
        return kept[1]

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
        if not folder.recipe_file.is_file() or (path / "grid.json").exists():
            return None
        recipe = folder.recipe()
        accuracy = _test_accuracy(path)
        return Entry(
            self.id(path),
            path.name,
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
        model = self.load(self.id(path))
        accuracy = model.measured.get("test_accuracy")
        return Entry(
            self.id(path),
            path.name,
            format_spec(model.network.spec),
            str(model.recipe.get("name", "")),
            str(model.recipe.get("engine", "")),
            accuracy if isinstance(accuracy, float) else None,
            True,
            True,
            changed,
        )


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
