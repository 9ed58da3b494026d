"""The process of one engine: it trains, measures, and leaves what it found in a folder.

    python -m digitscope.comparison.worker FOLDER

FOLDER holds job.json. What it leaves there: the weights after each epoch, the logits before and
after, the numbers of the steps, and last of all result.json. On its standard output it says, a
line of JSON at a time, how far it is. It ends when its standard input ends, so it never outlives
the process that started it; then it removes the folder that the job names as temporary, which
nobody else would.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitscope.training.events import EpochEnded, Stopped
    from digitscope.training.loop import Loop
    from digitscope.training.recipe import Recipe

TO_COMPARE = 256  # test images whose logits are compared before training

REMOVE = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"

Tell = Callable[[dict[str, Any]], None]


def main(folder: Path) -> None:
    """Do the job of a folder."""
    from digitscope.errors import DigitscopeError
    from digitscope.store import write_atomically

    job = json.loads((folder / "job.json").read_text("utf-8"))
    tell = _channel(job["temporary"])
    threading.Thread(target=_end_with_parent, args=[job["temporary"]], daemon=True).start()
    try:
        result = work(job, folder, tell)
    except DigitscopeError as error:
        result = {"failed": str(error)}
    write_atomically(folder / "result.json", json.dumps(result, allow_nan=False).encode())


def work(job: dict[str, Any], folder: Path, tell: Tell) -> dict[str, Any]:
    """Train if that is asked for, and take the steps that are."""
    from digitscope.engines.frameworks import load_keras
    from digitscope.threads import limited_threads
    from digitscope.training.recipe import Recipe

    recipe = replace(Recipe(**job["recipe"]), engine=job["engine"])
    framework, _, backend = recipe.engine.partition(":")
    with limited_threads(recipe.threads):
        if job["train"]:
            seconds = _first_step(recipe, job["started"])
        elif framework == "keras":
            load_keras(backend)
    # A framework brings libraries of its own: they are there now, and are limited like the others.
    with limited_threads(recipe.threads):
        result = _train(recipe, *seconds, folder, tell) if job["train"] else {}
        return result | {"steps": _take_steps(job["steps"], recipe, folder)}


def _train(
    recipe: Recipe, import_seconds: float, first_step_seconds: float, folder: Path, tell: Tell
) -> dict[str, Any]:
    """One training, measured."""
    import numpy as np

    from digitscope.training.split import split_for
    from digitscope.training.train import make_loop

    loop = make_loop(recipe, split=split_for(recipe))
    test = loop.split.test
    np.save(folder / "first.npy", loop.engine.logits(test.images[:TO_COMPARE]))
    history, seconds, images, stopped = _follow(loop, folder, tell)
    memory = peak_memory()
    if stopped.reason == "diverged":
        return {"diverged": stopped.advice}
    Z = loop.engine.logits(test.images)
    np.save(folder / "test.npy", Z)
    epoch_seconds = statistics.median(seconds[1:] or seconds)
    return {
        "import_seconds": import_seconds,
        "first_step_seconds": first_step_seconds,
        "epoch_seconds": epoch_seconds,
        "compile_included": len(seconds) == 1,
        "images_per_second": images / epoch_seconds,
        "memory": memory,
        "test_accuracy": float(np.mean(answered(Z) == test.labels)),
        "history": [asdict(event) for event in history],
        "versions": _versions(recipe.engine),
    }


def _first_step(recipe: Recipe, started: float) -> tuple[float, float]:
    """Seconds from `started` until an engine stands, and until it has done the first update.

    The training has an engine of its own, so that nothing stands between start and first step.
    """
    from digitscope.comparison.first_step import first_batch, first_network
    from digitscope.engines import Position, make_engine
    from digitscope.training.randomness import generator
    from digitscope.training.split import split_for

    start = Position.start(first_network(recipe), recipe.optimizer)
    engine = make_engine(recipe.engine, recipe.problem(), start)
    import_seconds = time.time() - started
    images, labels = first_batch(recipe, split_for(recipe))
    rates = [recipe.learning_rate]
    engine.advance(
        images, labels, recipe.batch_size, rates, lambda i: generator(recipe.seed, "noise")
    )
    return import_seconds, time.time() - started


def _follow(
    loop: Loop, folder: Path, tell: Tell
) -> tuple[list[EpochEnded], list[float], int, Stopped]:
    """Drive the training to its end: its epochs, the seconds of training in each, the images of
    one, and how it ended. The weights after each epoch are kept in the folder.
    """
    from digitscope.training.events import Advanced, EpochEnded, Stopped

    history: list[EpochEnded] = []
    seconds: list[float] = []
    images, counted = 0, 0
    stopped: Stopped | None = None
    for event in loop.events():
        if isinstance(event, Advanced):
            counted += event.images
        elif isinstance(event, EpochEnded):
            _save(folder / f"epoch-{event.epoch}.npz", loop.position().weights)
            history.append(event)
            if event.epoch:
                seconds.append(counted / event.images_per_second)
            images, counted = counted, 0
            tell({"epoch": event.epoch, "epochs": loop.recipe.epochs})
        elif isinstance(event, Stopped):
            stopped = event
    assert stopped is not None, "a loop ends with Stopped"
    return history, seconds, images, stopped


def answered(Z: Any) -> Any:
    """The class of each row of logits; one output neuron is counted at 1/2."""
    return (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)


def _take_steps(names: list[str], recipe: Recipe, folder: Path) -> dict[str, str]:
    """The same step as each of these write it; for each why it did not run, or nothing."""
    if not names:
        return {}
    from digitscope.comparison.first_step import first_step, step_recipe
    from digitscope.comparison.steps import run_step
    from digitscope.training.split import split_for

    recipe = step_recipe(recipe)
    given = first_step(recipe, split_for(recipe))
    errors = {}
    for name in names:
        try:
            with warnings.catch_warnings():
                # What the frameworks deprecate in each other is nothing that a user could change.
                warnings.simplefilter("ignore", DeprecationWarning)
                stepped = run_step(name, given.X, given.Y, given.network.weights, given.eta)
        except Exception as error:  # whatever a framework throws belongs into its row
            errors[name] = f"{type(error).__name__}: {error}"
            continue
        arrays = {f"gradients/{w}": dW for w, dW in stepped.gradients.items()}
        arrays |= {f"weights/{w}": W for w, W in stepped.weights.items()}
        _save(folder / f"step-{name}.npz", {"loss": stepped.loss, **arrays})
        errors[name] = ""
    return errors


def peak_memory() -> int | None:
    """The most bytes of memory that this process has held at once, or None if nobody tells.

    Linux tells it of the program itself; getrusage would count in what the parent held when it
    started us. Elsewhere it is getrusage's, which is in bytes on macOS.

    >>> peak_memory() is None or peak_memory() > 1_000_000
    True
    """
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _save(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    np.savez(path, **arrays)


def _versions(engine: str) -> dict[str, str]:
    """The versions of the frameworks that an engine's name names."""
    loaded = {name: sys.modules[name] for name in engine.split(":") if name in sys.modules}
    return {name: str(module.__version__) for name, module in loaded.items()}


def _channel(temporary: str) -> Tell:
    """Where to say how far it is: our standard output; frameworks that print get standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def tell(said: dict[str, Any]) -> None:
        try:
            channel.write(json.dumps(said) + "\n")
        except BrokenPipeError:  # the parent has died; whoever notices first ends us
            _end(temporary)

    return tell


def _end_with_parent(temporary: str) -> None:
    """Wait for the end of standard input, which comes when the parent dies, and end as well."""
    while os.read(0, 1):
        pass
    _end(temporary)


def _end(temporary: str) -> None:
    """End, and remove the folder; by another program in the place of this one, so that no thread
    goes on writing there.
    """
    try:
        os.execv(sys.executable, [sys.executable, "-I", "-c", REMOVE, temporary])
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
