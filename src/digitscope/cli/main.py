"""The command `digitscope`: its verbs, and what an error looks like.

Only the verb that was asked for is imported, so that help and short answers come at once.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import typer
from typer.exceptions import TyperException

import digitscope
from digitscope.cli.usage import complaint
from digitscope.errors import DigitscopeError

# Verb -> module, and its line in the help.
VERBS = {
    "train": (
        "digitscope.cli.train",
        "Train a network on MNIST, evaluate it, and keep it in a run folder.",
    ),
    "evaluate": (
        "digitscope.cli.evaluate",
        "Say how good a model is on the test set, and where it fails.",
    ),
    "predict": ("digitscope.cli.predict", "Read the digit on an image."),
    "read": (
        "digitscope.cli.read",
        "Read the numbers on images of pages: lines, numbers, digits.",
    ),
    "doctor": (
        "digitscope.cli.doctor",
        "Say how your images differ from the training data, and what mends it.",
    ),
    "adapt": ("digitscope.cli.adapt", "Train a model of your own from ours, on your digits."),
    "sweep": (
        "digitscope.cli.sweep",
        "Train every combination of some settings, and compare them.",
    ),
    "compare": (
        "digitscope.cli.compare",
        "Train in every engine side by side: speed, memory, difference from NumPy.",
    ),
    "lab": ("digitscope.cli.lab", "Open a page on which to draw, train and look inside."),
    "report": (
        "digitscope.cli.report",
        "Draw the figures and the report of a run, such as one of a sweep.",
    ),
    "export": ("digitscope.cli.export", "Write a model for Keras, ONNX, TensorFlow or PyTorch."),
    "data": ("digitscope.cli.data", "Show what MNIST is, and how an image becomes numbers."),
    "summary": (
        "digitscope.cli.summary",
        "Show a network's layers, shapes and parameters; draw it.",
    ),
    "figure": ("digitscope.cli.figure", "Draw one of the figures."),
    "recipes": ("digitscope.cli.recipes", "List the recipes that ship, or print one."),
    "check": ("digitscope.cli.check", "Compare a network's gradients with finite differences."),
}

DONE, IN_PART, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def build(arguments: list[str]) -> typer.Typer:
    """The command line, with the one verb in it that the arguments name."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Handwritten digits with neural networks: train one, look inside it, use it.",
    )
    app.callback()(_options)
    asked = next((word for word in arguments if not word.startswith("-")), "")
    for verb, (module, help) in VERBS.items():
        known = import_module(module) if verb == asked else None
        command: Callable[..., Any] = known.command if known else _unasked
        app.command(verb, help=help, epilog=getattr(known, "EPILOG", None))(command)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        print(f"digitscope {digitscope.__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", is_eager=True, callback=_print_version
    ),
) -> None:
    """The options of the command itself, ahead of a verb."""


def _unasked() -> None:
    """Stands for a verb that was not asked for; its help line comes from the table."""


def main(arguments: list[str]) -> int:
    """Run a command; returns the exit code."""
    arguments = arguments or ["--help"]
    try:
        code = build(arguments)(arguments, standalone_mode=False)
        sys.stdout.flush()
        return int(code or DONE)
    except DigitscopeError as error:
        complain(str(error))
    except TyperException as error:
        hint = " ".join(["digitscope", *(w for w in arguments[:1] if w in VERBS), "--help"])
        complain(f"{complaint(error)}: see '{hint}'")
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except MemoryError:
        complain("not enough memory: use a smaller network, batch or image")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}")
    return BAD_INPUT


def complain(message: str) -> None:
    """One line on standard error."""
    print(f"digitscope: error: {' '.join(message.split())}", file=sys.stderr)


class Outlet(io.TextIOWrapper):
    """Standard output that goes on when its reader has gone (| head), and when it lacks a
    character.
    """

    def write(self, text: str) -> int:
        """Write, or drop what nobody reads."""
        with self._reader():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what nobody reads."""
        with self._reader():
            super().flush()

    @contextlib.contextmanager
    def _reader(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())


def run() -> None:
    """The entry point."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - as long as the process lives
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding, live = sys.stdout.encoding, sys.stdout.line_buffering
        sys.stdout = Outlet(sys.stdout.detach(), encoding, "backslashreplace", line_buffering=live)
    sys.exit(main(sys.argv[1:]))
