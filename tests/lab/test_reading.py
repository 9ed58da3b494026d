"""Drawings and answers on the socket, compared with what the library says."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.data.mnist import load_mnist
from digitscope.inside.trace import trace
from digitscope.lab.neuron import neuron
from digitscope.lab.reader import answer
from digitscope.models.model import Model, load
from digitscope.models.prediction import predict, take_input
from digitscope.network.network import Network
from digitscope.preparation import prepare
from digitscope.training.recipe import load_recipe
from tests.lab.drawings import SIDE, drawn
from tests.lab.served import Fields, Page, Served, opened, served


def parts(answer: Fields) -> tuple[np.ndarray, list[np.ndarray]]:
    """The image and every layer's output, out of an answer's bytes."""
    image = np.frombuffer(answer["payload"][:784], np.uint8).reshape(28, 28)
    numbers = np.frombuffer(answer["payload"][784:], "<f4")
    outputs = []
    for layer in answer["layers"]:
        size = int(np.prod(layer["shape"]))
        outputs.append(numbers[:size].reshape(layer["shape"]))
        numbers = numbers[size:]
    assert numbers.size == 0
    return image, outputs


@pytest.fixture(scope="module")
def model(small_run: Path) -> Model:
    return load(small_run)


def test_hello_says_what_can_be_chosen(lab: Served) -> None:
    with opened(lab) as page:
        hello = page.hear()
    assert hello["said"] == "hello"
    assert [m["id"] for m in hello["models"]] == ["runs/small", "reader"]
    assert [m["ships"] for m in hello["models"]] == [False, True]
    entry = hello["models"][0]
    evaluation = json.loads((lab.folder / "runs/small/evaluation.json").read_text())
    assert entry["accuracy"] == evaluation["accuracy"]
    assert (entry["architecture"], entry["finished"], entry["usable"]) == ("784-24-10", True, True)
    assert hello["model"] == "runs/small"
    assert {recipe["name"] for recipe in hello["recipes"]} >= {"lesson", "cnn", "speedrun-98"}
    optimizer = next(s for s in hello["settings"] if s["name"] == "optimizer")
    assert "adam" in optimizer["choices"]
    assert {engine["name"] for engine in hello["engines"]} >= {"numpy", "fast", "keras:jax"}


def test_a_drawing_gets_the_librarys_answer_and_every_layer(page: Page, model: Model) -> None:
    page.say("read", drawn().tobytes(), id=7, width=SIDE, height=SIDE)
    answer = page.hear_until("answer")
    expected = predict(model, drawn())
    assert (answer["id"], answer["digit"], answer["model"]) == (7, expected.digit, "runs/small")
    np.testing.assert_allclose(answer["probabilities"], expected.probabilities, atol=1e-6)
    image, outputs = parts(answer)
    prepared = prepare(drawn())
    np.testing.assert_array_equal(image, prepared.image)
    for layer, output, step in zip(
        answer["layers"], outputs, trace(model.network, prepared.image), strict=True
    ):
        assert layer["name"] == step.name
        np.testing.assert_array_equal(output, step.output.astype(np.float32))


def test_a_brief_answer_leaves_the_network_for_later(page: Page) -> None:
    """While the pen moves; what it leaves out is what the same drawing's full answer has."""
    page.say("read", drawn().tobytes(), id=1, width=SIDE, height=SIDE)
    full = page.hear_until("answer")
    page.say("read", drawn().tobytes(), id=2, width=SIDE, height=SIDE, brief=True)
    brief = page.hear_until("answer")
    assert brief["probabilities"] == full["probabilities"]
    assert brief["payload"] == full["payload"][:784]
    assert not {"layers", "connections"} & set(brief)
    page.say("activations", id=2)
    lit = page.hear_until("activations")
    assert (lit["id"], lit["model"]) == (2, full["model"])
    assert lit["payload"] == full["payload"][784:]
    for name in ("layers", "connections"):
        assert lit[name] == full[name]


def test_an_image_of_mnist_is_taken_as_it_is(page: Page) -> None:
    page.say("read", id="a", image="test:100")
    answer = page.hear_until("answer")
    assert answer["label"] == 6
    np.testing.assert_array_equal(parts(answer)[0], load_mnist("test").images[100])
    page.say("steps", id="b")
    assert page.hear_until("steps")["steps"] == []


def test_a_photograph_is_decoded_here_and_its_steps_are_small_pictures(page: Page) -> None:
    photo = io.BytesIO()
    picture = Image.fromarray(np.kron(drawn(), np.ones((4, 4), np.uint8))).convert("RGB")
    picture.save(photo, "JPEG", exif=_upside_down())
    page.say("read", photo.getvalue(), id=1, file="photo.jpg")
    answer = page.hear_until("answer")
    np.testing.assert_array_equal(parts(answer)[0], prepare(photo.getvalue()).image)
    page.say("steps", id=2)
    told = page.hear_until("steps")
    assert [step["name"] for step in told["steps"]][:2] == ["load", "grey"]
    sizes = [int(np.prod(step["shape"])) for step in told["steps"]]
    assert sum(sizes) == told["bytes"]
    assert max(max(step["shape"][:2]) for step in told["steps"]) == 280
    last = np.frombuffer(told["payload"][-784:], np.uint8)
    np.testing.assert_array_equal(last, parts(answer)[0].ravel())


def _upside_down() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    return exif.tobytes()


@pytest.mark.parametrize(
    ("request_", "payload", "what"),
    [
        ({"width": SIDE, "height": SIDE}, bytes([255]) * SIDE * SIDE, "no ink found"),
        ({"width": 10, "height": 10}, b"abc", "expected 10 x 10 bytes"),
        ({"width": -1, "height": 10}, b"abc", "width must be a whole number from 0, got -1"),
        ({"width": "9" * 99, "height": 10}, b"abc", "width must be a whole number"),
        ({"width": 0, "height": 0}, b"", "expected 0 x 0 bytes"),
        ({"file": "a.png"}, b"no picture", "a.png: not an image that can be decoded"),
        ({"image": "test:10000"}, None, "expected an image of MNIST from test:0 to test:9999"),
        ({"image": "/etc/passwd"}, None, "expected an image of MNIST such as test:100"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    page: Page, request_: Fields, payload: bytes | None, what: str
) -> None:
    page.say("read", payload, id=5, **request_)
    error = page.hear_until("error")
    assert what in error["what"]
    assert (error["id"], error["about"]) == (5, "read")
    assert "\n" not in error["what"]


def test_only_the_newest_drawing_is_answered(page: Page) -> None:
    """A hand is faster than any answer to a large photograph; the last stroke decides."""
    large = np.kron(drawn(), np.ones((7, 7), np.uint8))
    for id in range(30):
        page.say("read", large.tobytes(), id=id, width=len(large), height=len(large))
    answered = []
    while not answered or answered[-1] != 29:
        answered.append(page.hear_until("answer")["id"])
    assert answered == sorted(answered)
    assert len(answered) < 25


def test_a_page_that_reads_nothing_holds_up_nobody(lab: Served) -> None:
    """It asks for answers and never takes them; another page is answered as fast as ever."""
    with opened(lab, max_queue=1) as deaf, opened(lab) as other:
        for id in range(300):
            deaf.say("read", id=id, image="test:1")
        other.hear()
        times = []
        for id in range(20):
            began = time.perf_counter()
            other.say("read", drawn().tobytes(), id=id, width=SIDE, height=SIDE)
            assert other.hear_until("answer")["id"] == id
            times.append(time.perf_counter() - began)
        print(f"answers beside a deaf page: median {np.median(times) * 1000:.1f} ms")
        assert np.median(times) < 0.5
        deaf.socket.socket.close()  # and is gone without a word


def test_one_output_neuron_tells_two_digits_apart() -> None:
    model = Model(Network.initialize(load_recipe("binary").spec(), seed=2), classes=(0, 1))
    given = take_input("test:2")
    told = answer(model, given, 1).fields
    expected = predict(model, given)
    np.testing.assert_allclose(told["probabilities"], expected.probabilities, atol=1e-6)
    assert (told["classes"], told["digit"]) == ([0, 1], expected.digit)
    sums = neuron(model, given, {"layer": 4, "index": 0}).fields
    assert sums["chain"][-1]["value"] == pytest.approx(expected.probabilities[1], abs=1e-5)


def test_another_model_answers_from_then_on(page: Page, lab: Served) -> None:
    from digitscope.models.model import save

    other = Model(Network.initialize("784-12-10", seed=4), name="other")
    save(other, lab.folder / "runs" / "other")
    page.say("models")
    ids = {m["id"] for m in page.hear_until("models")["models"]}
    assert ids == {"runs/small", "runs/other.safetensors", "reader"}
    page.say("read", id=1, image="test:5")
    page.hear_until("answer")
    page.say("model", id="runs/other.safetensors")
    about = page.hear_until("model")
    assert (about["architecture"], about["calibrated"]) == ("784-12-10", False)
    assert [layer["shape"] for layer in about["layers"]] == [[784], [12], [12], [10], [10]]
    again = page.hear_until("answer")  # by itself: the drawing that is shown needs a new answer
    expected = predict(other, "test:5")
    np.testing.assert_allclose(again["probabilities"], expected.probabilities, atol=1e-6)
    (lab.folder / "runs" / "other.safetensors").unlink()
    page.say("read", id=2, image="test:5")
    assert "is not there any more" in page.hear_until("error")["what"]


def test_without_a_run_the_model_that_ships_answers(tmp_path: Path) -> None:
    with served(tmp_path) as lab, opened(lab) as page:
        hello = page.hear()
        assert ([m["id"] for m in hello["models"]], hello["model"]) == (["reader"], "reader")
        page.say("neuron", layer=1, index=0)
        assert "draw a digit first" in page.hear_until("error")["what"]
        page.say("model", id="reader")
        assert page.hear_until("model")["refuses"] is True
        reader = load("reader")
        grid = np.full((SIDE, SIDE), 255, np.uint8)
        for at in range(20, 240, 30):
            grid[at : at + 8, 20:260] = grid[20:260, at : at + 8] = 0
        for image in (drawn(), grid):
            page.say("read", image.tobytes(), id=1, width=SIDE, height=SIDE)
            answer, expected = page.hear_until("answer"), predict(reader, image)
            assert answer["digit"] == expected.digit
            assert answer["rejected"] is expected.rejected is (image is grid)
            np.testing.assert_allclose(
                answer["judged"], reader.judge(prepare(image).image[None])[0], atol=1e-6
            )
        assert lab.end() == ""
    assert list(tmp_path.iterdir()) == []  # a lab that was only looked at writes nothing
