"""What a page is told of contributions and of the smallest change, on the socket."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscope.inside.contributions import contributions
from digitscope.inside.occlusion import occlusion_logits
from digitscope.inside.outcomes import log_odds, log_ratio
from digitscope.lab.change import told_change
from digitscope.lab.evidence import ways
from digitscope.lab.message import Message
from digitscope.lab.why import told_contributions
from digitscope.models.model import Model, load
from digitscope.models.prediction import Input, predict, take_input
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from tests.lab.served import Page

GIVEN = take_input("test:100")
SPECS: dict[str, tuple[str, str, str, tuple[int, ...]]] = {
    "dense": ("784-12-10", "relu", "softmax", tuple(range(10))),
    "sigmoids": ("784-12-10", "sigmoid", "sigmoid", tuple(range(10))),
    "one output": ("784-12-1", "tanh", "sigmoid", (0, 1)),
    "maps": ("28x28-3c5-p2-11", "relu", "softmax", tuple(range(10))),
    "bent maps": ("28x28-3c5-p2-10", "tanh", "softmax", tuple(range(10))),
    "three outputs": ("784-12-3", "relu", "softmax", (4, 6)),
}


@pytest.fixture(params=SPECS)
def model(request: pytest.FixtureRequest) -> Model:
    text, activation, output, classes = SPECS[request.param]
    spec = parse_spec(text, activation=activation, output=output)
    return Model(Network.initialize(spec, seed=4), classes, temperature=1.3)


def maps_of(told: Message) -> np.ndarray:
    assert told.payload is not None
    return np.frombuffer(told.payload, "<f4").reshape(-1, 28, 28)


@pytest.mark.parametrize("ink", ["there", "missing"])
@pytest.mark.parametrize("by", ["path", "occlusion"])
def test_every_kind_of_model_is_explained(model: Model, by: str, ink: str) -> None:
    digits = {"digit": str(model.classes[1]), "against": model.classes[0]}
    told = told_contributions(model, GIVEN, {"id": 5, "by": by, "ink": ink, **digits})
    fields, maps = told.fields, maps_of(told)
    n = len(fields["outcomes"])
    assert fields["by"] == (by if by in ways(model) else "occlusion")
    assert n == len(model.classes) + model.refuses == len(fields["scores"])
    assert len(maps) == n + 1 + (fields["by"] == "path")
    Z = model.network.logits(GIVEN.image[None])
    shown = fields["shown"]
    if fields["by"] == "path":
        np.testing.assert_allclose(maps[n], maps[1] - maps[0], atol=1e-6)
        if ink == "there":
            total = shown["for"] + shown["against"] + shown["rest"]
            assert total == pytest.approx(shown["total"], abs=1e-4)
            assert maps[n].sum() == pytest.approx(shown["for"] + shown["against"], abs=1e-4)
        else:
            missing = 1 - GIVEN.image / np.float32(255)
            np.testing.assert_allclose(maps[n], maps[n + 1] * missing, atol=1e-5)
    else:
        assert shown["rest"] is None
        _, hidden = occlusion_logits(model.network, GIVEN.image, ink=float(ink == "missing"))
        sign = 1 if ink == "missing" else -1
        ratio = log_ratio(model, hidden, 1, 0) - log_ratio(model, Z, 1, 0)
        np.testing.assert_allclose(maps[n].ravel(), sign * ratio, atol=1e-5)
        odds = log_odds(model, hidden) - log_odds(model, Z)
        np.testing.assert_allclose(maps[1].ravel(), sign * odds[:, 1], atol=1e-5)
    P = model.judgement_of(Z)[0]
    ratio = float(P[model.classes[1]] / P[model.classes[0]])
    assert fields["times"] == pytest.approx(max(ratio, 1 / ratio), rel=1e-4)


def test_a_single_output_speaks_for_both_digits() -> None:
    network = Network.initialize(parse_spec("784-12-1", output="sigmoid"), seed=1)
    told = told_contributions(Model(network, (0, 1)), GIVEN, {})
    found = contributions(network, GIVEN.image)
    maps = maps_of(told)
    np.testing.assert_allclose(maps[0], -found.ink[0], atol=1e-6)
    np.testing.assert_allclose(maps[1], found.ink[0], atol=1e-6)


def test_what_a_model_does_not_know_is_not_shown(model: Model) -> None:
    """An address may name a digit of another model."""
    told = told_contributions(model, GIVEN, {"digit": "9 or so", "against": "x"}).fields
    assert told["digit"] == told["answer"]
    assert told["against"] is None


@pytest.mark.parametrize("kind", ["faint", "smooth", "few"])
def test_the_fade_ends_in_what_the_model_confirms(model: Model, kind: str) -> None:
    heard: list[Any] = []
    told = told_change(model, GIVEN, {"kind": kind, "id": 5}, heard.append)
    fields = told.fields
    others = len(model.classes) - 1  # each is searched for, the four nearest to the end
    parts = min(4, others) + (0 if kind == "few" else others)
    ways = [message.fields for message in heard]
    assert {(way["said"], way["id"], way["of"]) for way in ways} == {("searching", 5, parts)}
    assert [way["done"] for way in ways] == list(range(len(ways)))
    assert min(4, others) <= len(ways) <= parts
    assert fields["to"] in {way["to"] for way in ways}
    assert told.payload is not None
    assert fields["found"]
    difference = np.frombuffer(told.payload[: 4 * 784], "<f4").reshape(28, 28)
    frames = np.frombuffer(told.payload[4 * 784 :], np.uint8).reshape(-1, 28, 28)
    assert len(frames) == len(fields["answers"]) == len(fields["probabilities"]) == 33
    np.testing.assert_array_equal(frames[0], GIVEN.image)
    np.testing.assert_array_equal(frames[-1], GIVEN.image + difference)
    said = predict(model, Input("after", frames[-1].copy()))
    answer: Any = "none" if said.rejected else said.digit
    assert fields["confirmed"] == fields["to"] == fields["answers"][-1] == answer
    assert answer != fields["answers"][0]
    assert fields["pixels"] == np.count_nonzero(difference)
    assert fields["largest"] == np.abs(difference).max()


def test_an_image_is_written_out(page: Page, small_run: Path) -> None:
    """What was changed byte by byte is read byte by byte, and explained."""
    image = GIVEN.image.copy()
    image[3, 3] = 77
    text = base64.urlsafe_b64encode(image.tobytes()).decode().rstrip("=")
    page.say("read", id=1, image=f"pixels:{text}")
    said = page.hear_until("answer")
    assert said["payload"][:784] == image.tobytes()
    assert said["digit"] == predict(load(small_run), Input("x", image)).digit
    page.say("contributions", id=2, digit="3")
    told = page.hear_until("contributions")
    assert (told["id"], told["digit"], len(told["payload"])) == (2, 3, 12 * 4 * 784)
    page.say("smallest_change", id=3, target=str(said["digit"]))
    assert "already" in page.hear_until("error")["what"]
    page.say("smallest_change", id=4, target="none")
    assert "does not know" in page.hear_until("error")["what"]
    page.say("contributions", id=5, by="magic")
    assert "by must be" in page.hear_until("error")["what"]


@pytest.mark.parametrize("text", ["", "AAAA", "*" * 1046, "A" * 2000])
def test_what_is_no_image_is_said(page: Page, text: str) -> None:
    page.say("read", id=1, image=f"pixels:{text}")
    assert "784 bytes" in page.hear_until("error")["what"]


def test_a_newer_question_ends_a_search(page: Page) -> None:
    """The older one is never answered."""
    page.say("read", id=1, image="test:100")
    page.hear_until("answer")
    page.say("smallest_change", id=2)
    assert page.hear_until("searching")["id"] == 2
    page.say("smallest_change", id=3, target="0")
    assert page.hear_until("smallest_change")["id"] == 3


def test_nothing_was_read_yet(page: Page) -> None:
    for question in ("contributions", "smallest_change"):
        page.say(question, id=1)
        assert "draw a digit first" in page.hear_until("error")["what"]
