"""Teaching: what is learned from a page's drawings goes into model files of its own.

The first lesson of a model makes a new file, NAME-taught, in the folder of runs; lessons of that
one go on in it. Whatever was taught first, a shipped model, a run's weights, a file, is only read.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from digitscope.arrays import Images
from digitscope.errors import DigitscopeError, ModelFileError, SettingError, StorageError
from digitscope.lab.catalog import Catalog
from digitscope.lab.lesson import Row, described, recorded, tested
from digitscope.models.model import Model, save
from digitscope.store import unwritable
from digitscope.training.judge import Judge
from digitscope.training.lessons import Lessons, beside, claim, fingerprint, read_lessons
from digitscope.training.teach import Teacher

BREATH = 0.004  # seconds that looking at many images leaves to the drawings, between batches


class Teaching:
    """The lessons of all models under a folder of runs; one at a time."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._writing = threading.RLock()
        self._preparing = {"teacher": threading.Lock(), "judge": threading.Lock()}
        self._prepared: dict[str, dict[str, Any]] = {"teacher": {}, "judge": {}}

    def lessons(self, id: str, model: Model) -> Lessons:
        """The lessons of a model, none where it was never taught: they must be its own, not those
        of another that lay in its place.
        """
        path = self._file(id)
        if path is not None and beside(path).is_file():
            with contextlib.suppress(ModelFileError):
                found = read_lessons(beside(path))
                if fingerprint(model) in found.models:
                    return found
        return Lessons.none(model, id)

    def prepare(self, id: str, model: Model) -> None:
        """Look at what the model is to see again, and at the test set: a lesson is quick then."""
        base = self.lessons(id, model).base
        self.teacher(base)
        self.judge(base).judge(base, _breathe)

    def teach(self, id: str, model: Model, image: Images, label: int) -> str:
        """One lesson; the id of the model that has learned it."""
        began = time.perf_counter()
        with self._writing:
            lessons = self.lessons(id, model)
            taught_before = bool(lessons.records)
            teacher = self.teacher(lessons.base)
            lessons = lessons.with_drawing(image, label)
            prepared = time.perf_counter()
            taught = teacher.teach(*lessons.to_learn())
            record = recorded(lessons, model, taught) | {
                "seconds": round(taught.seconds, 3),
                "prepared_seconds": round(prepared - began, 3),
            }
            path = self._file(id) if taught_before else None
            path = path or claim(self.catalog.root, lessons.base.name)
            try:
                lessons = replace(lessons, records=(*lessons.records, record))
                self._write(lessons, taught.model, path, fingerprint(model))
            except DigitscopeError:
                if not taught_before:
                    beside(path).unlink(missing_ok=True)
                raise
            return self.catalog.id(path)

    def undo(self, id: str, model: Model) -> str:
        """Take the last lesson back; the id of the model as it was before: the first again, where
        there was only one lesson.
        """
        with self._writing:
            lessons = self.lessons(id, model)
            path = self._file(id)
            if not lessons.records or path is None:
                raise SettingError("nothing was taught to this model yet: there is nothing to undo")
            if len(lessons.records) == 1:
                return self._forget(path, lessons)
            lessons = lessons.without_last()
            self._write(lessons, self._again(lessons), path, fingerprint(model))
            return id

    def test(self, id: str, model: Model) -> Row | None:
        """What the test set says of the last lesson: of the model before it, of that after it, and
        of the first; it is kept with the lesson. None where there was no lesson.
        """
        lessons = self.lessons(id, model)
        if not lessons.records:
            return None
        if lessons.records[-1]["test"] is None:
            judge = self.judge(lessons.base)
            before = lessons.without_last()
            figures = tested(
                judge.judge(lessons.base, _breathe),
                judge.judge(self._again(before) if before.records else lessons.base, _breathe),
                judge.judge(model, _breathe),
            )
            record = lessons.records[-1] | {"test": figures}
            with self._writing:
                if self.lessons(id, model).models != lessons.models:
                    return None  # another lesson was given in the meantime
                lessons = replace(lessons, records=(*lessons.records[:-1], record))
                path = self._file(id)
                assert path is not None
                self._write(lessons, model, path, lessons.models[0])
        figures = lessons.records[-1]["test"]
        return dict(figures)

    def teacher(self, base: Model) -> Teacher:
        """The teacher of a model; those of the last two are kept."""
        found: Teacher = self._made("teacher", base, lambda: Teacher(base, pause=_breathe))
        return found

    def judge(self, base: Model) -> Judge:
        """The judge of a model and of all that it is taught."""
        found: Judge = self._made("judge", base, lambda: Judge(base))
        return found

    def _made(self, what: str, base: Model, make: Any) -> Any:
        key = fingerprint(base)
        with self._preparing[what]:
            kept = self._prepared[what]
            if key not in kept:
                made = make()
                self._prepared[what] = kept = {**dict(list(kept.items())[-1:]), key: made}
            return kept[key]

    def _again(self, lessons: Lessons) -> Model:
        """The model that some lessons made, made again: as many steps give the same weights."""
        taught = self.teacher(lessons.base).teach(
            *lessons.to_learn(), steps=int(lessons.records[-1]["steps"])
        )
        return taught.model

    def _write(self, lessons: Lessons, model: Model, path: Path, before: str) -> None:
        """The drawings first, then the model: a crash in between loses neither."""
        replace(lessons, models=(before, fingerprint(model))).write(beside(path))
        save(described(lessons, model), path, overwrite=True)

    def _forget(self, path: Path, lessons: Lessons) -> str:
        """Take the first lesson back: the page goes back to what it was taught on."""
        try:
            self.catalog.load(lessons.base_id)
        except DigitscopeError:
            raise SettingError(
                f"the first lesson stays: {lessons.base_id}, which it began from, is not there any "
                "more"
            ) from None
        for file in (path, beside(path)):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(unwritable(file, error)) from None
        return lessons.base_id

    def _file(self, id: str) -> Path | None:
        """The model file that an id means; None for what ships, and for a run."""
        try:
            path = self.catalog.path(id)
        except ModelFileError:
            return None
        return path if path.is_file() and path.is_relative_to(self.catalog.root) else None


def _breathe() -> None:
    time.sleep(BREATH)
