"""The report of a run: its figures, and one self-contained page, written into its folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from digitscope.evaluation.evaluate import Evaluation
from digitscope.figures.style import percent
from digitscope.models.model import load
from digitscope.report.contents import contents
from digitscope.report.history import read_history, read_stop
from digitscope.report.pictures import draw_pictures
from digitscope.store import write_atomically
from digitscope.training.run_folder import RunFolder
from digitscope.training.split import split_for

__all__ = ["write_report"]


def write_report(folder: RunFolder, evaluation: Evaluation) -> Path:
    """Save a run's figures, and report.html with all of them inside; returns the page's path.

    `evaluation` is that of the run's best weights. The page needs no other file and no network,
    runs no script, and can be printed. Saved beside it: results, samples, predictions, mistakes,
    features, network, reliability, confusion_matrix and confusion_matrix_normalized, each a PNG.
    RunError says what the folder lacks, ModelFileError what is wrong with its weights,
    StorageError why a file could not be written.
    """
    recipe = folder.recipe()
    watched, history = read_history(folder.results)
    network = load(folder.best).network
    split = split_for(recipe)
    pictures = draw_pictures(network, evaluation, split.train, watched, history)
    said = contents(folder, recipe, split, evaluation, watched, history, read_stop(folder.events))
    page = _render(said | {"pictures": pictures})
    for picture in pictures.values():
        write_atomically(folder.path / picture.file, picture.png)
    path = folder.path / "report.html"
    write_atomically(path, page.encode())
    return path


def _render(said: dict[str, Any]) -> str:
    """The page. Whatever is put into it is escaped; a name that the template misses is an error."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    home = files("digitscope.report")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    template = environment.from_string((home / "report.html.jinja").read_text("utf-8"))
    css = Markup((home / "report.css").read_text("utf-8"))
    return template.render(said, css=css)
