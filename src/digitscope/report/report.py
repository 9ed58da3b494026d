"""The report of a run: its figures, and one self-contained page, written into its folder."""

from __future__ import annotations

from pathlib import Path

from digitscope.evaluation.evaluate import Evaluation
from digitscope.models.model import load
from digitscope.report.contents import contents
from digitscope.report.history import read_history, read_stop
from digitscope.report.page import render
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
    page = render("report.html.jinja", said | {"pictures": pictures})
    for picture in pictures.values():
        write_atomically(folder.path / picture.file, picture.png)
    path = folder.path / "report.html"
    write_atomically(path, page.encode())
    return path
