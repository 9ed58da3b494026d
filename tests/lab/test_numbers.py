"""The numbers of a picture that holds several digits, on the socket: what the library reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscope.models.model import Model, save
from digitscope.network.network import Network
from digitscope.reader import Reader
from tests.lab.drawings import drawn
from tests.lab.served import Fields, Page, Served, opened, served, with_run

PAGE = Path(__file__).parents[2] / "examples" / "numbers.jpg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    folder = with_run(tmp_path_factory.mktemp("numbers"), small_run)
    two = Model(Network.initialize("784-16-2"), classes=(3, 8))
    save(two, folder / "runs" / "two")
    return folder


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[Served]:
    with served(home) as running:
        yield running


def ask(page: Page, payload: bytes, **fields: object) -> Fields:
    page.say("numbers", payload, bytes=len(payload), **fields)
    return page.hear_until("numbers", lambda told: told["id"] == fields["id"])


def choose(page: Page, id: str) -> None:
    page.say("model", id=id)
    page.hear_until("model")


def rounded(told: Any) -> Any:
    """The same with its numbers to a millionth."""
    if isinstance(told, dict):
        return {key: rounded(value) for key, value in told.items()}
    if isinstance(told, list):
        return [rounded(value) for value in told]
    return round(told, 6) if isinstance(told, float) else told


def test_a_drawing_and_a_file_are_read_as_by_the_library(page: Page) -> None:
    """Lines, numbers, confidences, boxes, and the bytes of every digit."""
    choose(page, "reader")
    both = np.hstack([drawn(0), drawn(1)])
    size = {"width": both.shape[1], "height": both.shape[0]}
    told = [ask(page, both.tobytes(), id=1, **size)]
    told.append(ask(page, PAGE.read_bytes(), id=2, file="numbers.jpg"))
    for said, source in zip(told, (both, PAGE), strict=True):
        read = Reader().read(source, said["image"])
        assert len(read.digits) > 1
        expected = read.to_dict()
        found = {name: said[name] for name in expected}
        assert rounded(found) == rounded(expected)  # the server's arithmetic has one thread
        assert (said["model"], said["cannot"]) == ("reader", "")
        images = np.frombuffer(said["payload"], np.uint8).reshape(-1, 28, 28)
        np.testing.assert_array_equal(images, [digit.image for digit in read.digits])
    assert told[0]["text"] == "72"


def test_a_network_that_refuses_nothing_reads_with_a_word_of_warning(page: Page) -> None:
    choose(page, "runs/small")
    both = np.hstack([drawn(0), drawn(1)])
    told = ask(page, both.tobytes(), id=3, width=both.shape[1], height=both.shape[0])
    assert told["model"] == "runs/small"
    assert len(told["lines"][0]["numbers"][0]["digits"]) >= 2
    (warning,) = told["warnings"]
    assert "anything for a digit" in warning


def test_a_network_of_two_digits_says_why_it_reads_no_numbers(page: Page) -> None:
    choose(page, "runs/two.safetensors")
    told = ask(page, drawn().tobytes(), id=4, width=drawn().shape[1], height=drawn().shape[0])
    assert "knows 3 and 8 alone" in told["cannot"]
    assert (told["lines"], told["payload"]) == ([], b"")


def test_what_cannot_be_read_is_said_in_one_line(lab: Served) -> None:
    with opened(lab) as page:
        choose(page, "reader")
        for fields, words in (
            ({"file": "list.png"}, "list.png"),
            ({"width": 30, "height": 30}, "expected 30 x 30 bytes"),
        ):
            page.say("numbers", b"milk", bytes=4, id=5, **fields)
            said = page.hear_until("error")
            assert (said["about"], said["id"]) == ("numbers", 5)
            assert words in said["what"]


def test_no_file_of_the_servers_machine_is_opened(lab: Served) -> None:
    """The bytes come in a frame of their own. Words in their place would be a path."""
    with opened(lab) as page:
        choose(page, "reader")
        asked = {"do": "numbers", "id": 7, "file": "a.jpg", "payload": str(PAGE.resolve())}
        page.socket.send(json.dumps(asked))
        said = page.hear_until("error")
        assert (said["about"], said["id"]) == ("numbers", 7)
        assert "a.jpg" in said["what"]


def test_an_empty_file_is_one_error_and_the_page_goes_on(lab: Served) -> None:
    with opened(lab) as page:
        choose(page, "reader")
        page.say("numbers", b"", bytes=0, id=8, file="empty.png")
        said = page.hear_until("error")
        assert (said["about"], said["id"]) == ("numbers", 8)
        page.say("models")
        page.hear_until("models")  # and no error before it


def test_an_answer_counts_the_marks_and_leaves_the_advice_to_the_page(page: Page) -> None:
    """On the command line `digitscope read` is named; here the numbers stand beside the answer."""
    for marks, source in ((2, np.hstack([drawn(0), drawn(1)])), (1, drawn(0))):
        page.say("read", source.tobytes(), id=6, width=source.shape[1], height=source.shape[0])
        said = page.hear_until("answer")
        assert said["marks"] == marks
        assert not [told for told in said["warnings"] if "digitscope read" in told]
