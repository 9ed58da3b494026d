"""Write tests/golden: files of format version 1, which every later version must read.

python scripts/write_golden.py       only for a new format version, never to mend a test
"""

import csv
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from digitscope.data.idx import format_idx
from digitscope.data.mnist import load_mnist
from digitscope.models.model import load
from digitscope.store import write_atomically
from digitscope.training.finish import finish
from digitscope.training.recipe import load_recipe
from digitscope.training.train import started_run

TARGET = Path(__file__).parent.parent / "tests" / "golden" / "version-1"
SETTINGS = {
    "name": "golden",
    "hidden": "2c5-bn-p4-d0.1-4",
    "train": 400,
    "validation": 100,
    "train_sample": 50,
    "epochs": 2,
    "optimizer": "adam",
    "learning_rate": 0.01,
}


def main() -> None:
    """A small run, what its model answers, and an IDX file."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = load_recipe("deep").with_settings(SETTINGS)
        with started_run(recipe, Path(folder), "golden") as run:
            for _ in run.events:
                pass
            finish(run.folder, recipe, run.loop.split)
            shutil.rmtree(TARGET, ignore_errors=True)
            TARGET.mkdir(parents=True)
            for path in (run.folder.best, run.folder.checkpoint, run.folder.recipe_file):
                shutil.copy(path, TARGET)
            for path in (
                run.folder.results,
                run.folder.events,
                run.folder.path / "evaluation.json",
            ):
                shutil.copy(path, TARGET)
    P = load(TARGET / "best.safetensors").probabilities(load_mnist("test").images[:8])
    write_atomically(TARGET / "answers.json", (json.dumps(P.tolist(), indent=1) + "\n").encode())
    idx = format_idx(np.arange(6, dtype=np.int16).reshape(2, 3))
    write_atomically(TARGET / "numbers.idx", idx)
    with (TARGET / "results.csv").open(newline="") as stream:
        assert len(list(csv.reader(stream))) == 4


if __name__ == "__main__":
    main()
