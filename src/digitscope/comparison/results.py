"""What a comparison found: plain data, which the command line prints, and figure and page show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from digitscope.comparison.steps import STEPS, step_parts
from digitscope.training.events import EpochEnded
from digitscope.training.recipe import Recipe

FORMAT, VERSION = "digitscope comparison", "1.0"


@dataclass(frozen=True)
class Measured:
    """How one engine did. docs/comparing.md says what each figure includes.

    `epoch_seconds` is the median of the epochs after the first, which may hold a compilation; with
    one epoch it is that one, and `compile_included` is True. `memory` is in bytes, None where the
    system does not tell.
    """

    import_seconds: float
    first_step_seconds: float
    epoch_seconds: float
    compile_included: bool
    images_per_second: float
    memory: int | None
    test_accuracy: float
    history: tuple[EpochEnded, ...]
    versions: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """The largest absolute differences from NumPy.

    Of the logits before training, of each weight after it, of any weight after each epoch (from
    epoch 0, where they are the same); and how many test images are answered differently.
    """

    first_logits: float
    weights: dict[str, float]
    by_epoch: tuple[float, ...]
    answers: int

    @property
    def largest(self) -> float:
        """Of any weight after the training."""
        return max(self.weights.values())


@dataclass(frozen=True)
class Row:
    """One engine: "done", "failed", "diverged" or "interrupted", and why; what it measured."""

    engine: str
    status: str
    message: str = ""
    measured: Measured | None = None
    difference: Difference | None = None


@dataclass(frozen=True)
class StepNumbers:
    """What one way of writing the step gave, in the process of `engine`.

    `norms` are those of the gradients; `difference` is the largest of loss, gradients and new
    weights from NumPy's. All None where `error` says why it did not run.
    """

    name: str
    engine: str
    loss: float | None = None
    norms: dict[str, float] | None = None
    difference: float | None = None
    error: str = ""

    @property
    def title(self) -> str:
        """How it is called: "Keras on JAX", or plainly "JAX"."""
        title, backend = STEPS[self.name].title, self.engine.partition(":")[2]
        return f"{title} on {STEPS[backend].title}" if self.name == "keras" else title


@dataclass(frozen=True)
class Answers:
    """Some test images as NumPy and another engine answer them.

    `numpy` and `other` are probabilities of the second digit; `indices` count in MNIST's test set.
    """

    engine: str
    digits: tuple[int, int]
    indices: tuple[int, ...]
    labels: tuple[int, ...]
    numpy: tuple[float, ...]
    other: tuple[float, ...]

    def answer(self, probability: float) -> int:
        """The digit that a probability of the second one stands for."""
        return self.digits[probability > 0.5]


@dataclass(frozen=True)
class Comparison:
    """Everything. `left_out` names engines that cannot run here, each with the reason."""

    recipe: Recipe
    rows: tuple[Row, ...]
    steps: tuple[StepNumbers, ...]
    step_network: str
    answers: Answers | None
    left_out: dict[str, str]
    machine: dict[str, Any]

    @property
    def interrupted(self) -> bool:
        """Whether it was cut before every engine had its turn."""
        return any(row.status == "interrupted" for row in self.rows)

    @property
    def done(self) -> list[Row]:
        """The engines that went to the end."""
        return [row for row in self.rows if row.measured is not None]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; see docs/formats.md."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "recipe": self.recipe.to_dict(),
            "machine": self.machine,
            "engines": [_row(row) for row in self.rows],
            "left_out": self.left_out,
            "step": steps_to_dict(self.steps, self.step_network),
            "answers": None if self.answers is None else asdict(self.answers),
        }


def in_powers(difference: float) -> str:
    """A difference as it is shown.

    >>> in_powers(0.0000123), in_powers(0.0)
    ('1.2e-05', '0')
    """
    return f"{difference:.1e}" if difference else "0"


def steps_to_dict(steps: tuple[StepNumbers, ...], network: str) -> dict[str, Any]:
    """The same step in each framework, with its source in parts."""
    return {
        "network": network,
        "written_in": [asdict(s) | {"title": s.title, "parts": step_parts(s.name)} for s in steps],
    }


def _row(row: Row) -> dict[str, Any]:
    measured = None if row.measured is None else asdict(row.measured)
    if measured is not None and row.measured is not None:
        measured["history"] = [event.to_dict() for event in row.measured.history]
    difference = None if row.difference is None else asdict(row.difference)
    return {
        "engine": row.engine,
        "status": row.status,
        "message": row.message,
        "measured": measured,
        "difference_from_numpy": difference,
    }
