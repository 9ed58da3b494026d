"""What carries the checks of engines out names the one that fails, and no other."""

from __future__ import annotations

import sys

from tests.contracts.engine_checks import Place


def passes(name: str) -> None:
    """Nothing is wrong."""


def speaks(name: str) -> None:
    """A user would see this."""
    print(f"a warning of {name}", file=sys.stderr)


def fails(name: str) -> None:
    raise AssertionError(f"{name} is wrong")


CHECKS = {"passes": passes, "speaks": speaks, "fails": fails}


def test_only_the_check_that_fails_is_named() -> None:
    place = Place("numpy", __name__)
    try:
        first, spoken, second, failure, again, third = (
            place.ask(check)
            for check in ("passes", "speaks", "passes", "fails", "speaks", "passes")
        )
    finally:
        place.close()
    assert first == second == third == ""
    assert spoken == again == "a warning of numpy\n"
    assert failure.endswith("AssertionError: numpy is wrong\n")
