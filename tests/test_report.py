"""The report of a run: it holds all numbers, needs nothing else, and nothing breaks out of it."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.errors import RunError
from digitscope.evaluation.evaluate import evaluate
from digitscope.figures.style import percent
from digitscope.network.notation import parse_spec
from digitscope.report import read_history, write_report
from digitscope.report.formulas import LOSS_FORMULAS, formulas
from digitscope.report.history import read_stop
from digitscope.training.recipe import load_recipe, shipped_recipes
from digitscope.training.run_folder import RunFolder
from digitscope.training.train import train

TEST = load_mnist("test")
FEW = Dataset(TEST.images[:600], TEST.labels[:600])
HOSTILE = "</style><script>alert('x')</script> & \"quoted\" <img src=https://example.org/x.png>"
FILES = [
    "results",
    "samples",
    "predictions",
    "mistakes",
    "confusion_matrix",
    "confusion_matrix_normalized",
    "features",
    "reliability",
    "network",
]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A run of the lesson (no validation part), its training, its evaluation and its page."""
    root = tmp_path_factory.mktemp("a run's root")  # with a blank and a quote
    trained = train("lesson", folder=root, train=1000, epochs=2)
    folder = RunFolder(trained.folder)
    evaluation = evaluate(trained.folder, FEW)
    (folder.path / "environment.json").write_text(json.dumps({"cores": 2, "blas": "open<blas>"}))
    path = write_report(folder, evaluation)
    return folder, trained, evaluation, path.read_text("utf-8")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A convolutional run with a validation part, evaluated on it, and an attacker's words."""
    recipe = replace(load_recipe("cnn"), description=HOSTILE, source=HOSTILE)
    settings = {"hidden": "4c5-p2", "train": 300, "validation": 200, "epochs": 3, "digits": "385"}
    trained = train(recipe, folder=tmp_path_factory.mktemp("runs"), **settings)
    folder = RunFolder(trained.folder)
    evaluation = evaluate(trained.folder, FEW, part="validation")
    (folder.path / "environment.json").write_text("{damaged")
    return folder, trained, evaluation, write_report(folder, evaluation).read_text("utf-8")


class Page(HTMLParser):
    """Elements with their attributes, the text, and a complaint for each element left open."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.elements, self.open, self.text, self.complaints = [], [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(params=["lesson", "hostile"])
def page(request):
    return Page(request.getfixturevalue(request.param)[3])


def test_every_picture_is_a_file_and_stands_in_the_page(lesson):
    folder, _, _, source = lesson
    embedded = {
        base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
        for image in Page(source).all("img")
    }
    saved = {name: (folder.path / f"{name}.png").read_bytes() for name in FILES}
    assert all(png.startswith(b"\x89PNG") for png in saved.values())
    assert embedded == set(saved.values())


def test_the_page_asks_for_nothing(page):
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "a", "base"}
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "href" for name in attributes), tag
    style = re.search(r"<style>(.*?)</style>", page.source, re.DOTALL)[1]
    assert "max-width" in style
    assert not re.search(r"url\(|@import", style)


def test_no_address_of_the_network_stands_in_it(lesson):
    assert not re.search(r"https?://|//[a-z]+\.", re.sub(r"base64,[^\"]*", "", lesson[3]))


def test_the_page_is_well_formed(page):
    assert page.complaints == []
    assert page.open == []
    assert page.all("html") == [{"lang": "en"}]
    names = {attributes.get("name") for attributes in page.all("meta")}
    assert {"viewport", "color-scheme"} <= names
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert all(image["alt"].strip() and int(image["width"]) > 0 for image in page.all("img"))
    assert all("scope" in cell for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_what_comes_from_a_recipe_is_escaped(hostile):
    source = hostile[3]
    assert "<script" not in source
    assert html.escape("<script>alert('x')</script>", quote=False).split("(")[0] in source
    page = Page(source)
    assert HOSTILE.partition(" & ")[0] in page.words  # as text, whole
    assert all(image["src"].startswith("data:") for image in page.all("img"))


def test_the_page_holds_what_was_measured(lesson):
    _, trained, evaluation, source = lesson
    words = Page(source).words
    low, high = evaluation.interval
    expected = [
        percent(evaluation.accuracy, 2),
        f"{100 * low:.2f} to {100 * high:.2f} %",
        f"{evaluation.correct} rightly and {600 - evaluation.correct} wrongly",
        percent(evaluation.calibration.error, 2),
        *(percent(score.recall, 2) for score in evaluation.digits),
        *(percent(score.precision, 2) for score in evaluation.digits),
        *(str(confusion.count) for confusion in evaluation.confusions),
        *evaluation.in_common,
    ]
    for event in trained.history:
        expected += [percent(event.train_accuracy, 2), percent(event.watched_accuracy, 2)]
        expected += [f"{event.train_loss:.4f}", f"{event.watched_loss:.4f}"]
    untrained, first, last = (event.watched_accuracy for event in trained.history)
    expected += [f"{100 * (last - untrained):+.2f} percentage points since the untrained network"]
    expected += [f"{100 * (last - first):+.2f} since epoch 1"]
    missing = [text for text in expected if text not in words]
    assert missing == []


def test_the_page_says_what_was_trained(lesson):
    folder, _, _, source = lesson
    recipe = folder.recipe()
    words = Page(source).words
    assert recipe.description in words
    assert recipe.source in words
    for text in ("784-128-10", "101,770", "W1 784×128, b1 128", "A1 = ReLU(Z1)", "A = softmax(Z2)"):
        assert text in words
    for name, value in recipe.to_dict().items():
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert re.search(rf"\b{name} {re.escape(shown)}", words), name


def test_the_command_repeats_the_run(lesson):
    folder, _, _, source = lesson
    command = html.unescape(re.search(r"<pre><code>(.*?)</code></pre>", source)[1])
    words = shlex.split(command)
    assert words[:4] == ["digitscope", "train", "--recipe", "lesson"]
    options = {k.removeprefix("--"): v for k, v in zip(words[4::2], words[5::2], strict=True)}
    assert load_recipe("lesson").with_settings(options) == folder.recipe()


def test_the_page_counts_the_images_of_each_part(hostile):
    words = Page(hostile[3]).words
    parts = re.findall(r"(training|validation|test) ((?:[\d,]+ ){3})([\d,]+)", words)
    assert [name for name, _, _ in parts] == ["training", "validation", "test"]
    for _, counts, total in parts:
        numbers = [int(count.replace(",", "")) for count in counts.split()]
        assert sum(numbers) == int(total.replace(",", ""))
    labels = [np.count_nonzero(TEST.labels == digit) for digit in (3, 8, 5)]
    assert " ".join(f"{n:,}" for n in labels) in parts[2][1]


def test_a_page_on_validation_images_says_so_plainly(hostile, lesson):
    words, other = Page(hostile[3]).words, Page(lesson[3]).words
    assert "The test images play no part in it" in words
    assert "The test images play no part in it" not in other
    assert "never on the test images" in words
    assert "validation accuracy" in words


def test_a_page_without_a_validation_part_says_so_plainly(lesson):
    words = Page(lesson[3]).words
    assert "There is no validation part" in words
    assert (
        "It follows its source" not in words
    )  # settings were changed, so it is the source's no more
    assert "Changed: " in words
    assert "The weights kept are those of the last epoch, 2." in words
    assert "validation accuracy" not in words


def test_the_machine_is_named_where_it_is_known(lesson, hostile):
    assert "blas open<blas>" in Page(lesson[3]).words
    assert "cores 2" in Page(lesson[3]).words
    assert "The machine that trained it" not in hostile[3]


def test_the_same_run_gives_the_same_page(hostile):
    folder, _, evaluation, source = hostile
    assert write_report(folder, evaluation).read_text("utf-8") == source
    assert not list(folder.path.glob(".*.tmp"))


def test_the_history_is_that_of_the_training(lesson, hostile):
    for watched, (folder, trained, _, _) in (("test", lesson), ("validation", hostile)):
        name, history = read_history(folder.results)
        assert name == watched
        assert [event.best for event in history] == [event.best for event in trained.history]
        for read, event in zip(history, trained.history, strict=True):
            assert read.epoch == event.epoch
            assert read.watched_loss == pytest.approx(event.watched_loss, abs=1e-6)
            assert read.train_accuracy == pytest.approx(event.train_accuracy, abs=1e-6)


def test_of_equal_accuracies_the_lower_loss_is_the_best(tmp_path):
    path = tmp_path / "results.csv"
    head = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy"
    rows = ["0,2,.1,2,.1", "1,1,.5,1,.9", "2,1,.5,1.5,.9", "3,1,.5,.7,.9", "4,1,.5,.1,.8"]
    rates = ",learning_rate,seconds,images_per_second"
    path.write_text("\n".join([head + rates, *(f"{row},0.1,1,1" for row in rows)]))
    assert [event.best for event in read_history(path)[1]] == [True, True, False, True, False]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        ("", "no epoch has been measured yet"),
        ("epoch,train_loss\n", "no epoch has been measured yet"),
        ("epoch,train_loss\n0,1\n", "the column train_accuracy, learning_rate"),
        (
            "epoch,train_loss,train_accuracy,learning_rate,seconds,images_per_second\n0,1,1,1,1,1\n",
            "the column validation_accuracy or test_accuracy is missing",
        ),
        (
            "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,seconds,"
            "images_per_second\n0,1,1,x,1,1,1,1\n",
            "damaged: could not convert string to float: 'x'",
        ),
        (
            "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,seconds,"
            "images_per_second\n0,1,1\n",
            "damaged",
        ),
    ],
)
def test_results_that_cannot_be_used_are_one_error(tmp_path, content, complaint):
    path = tmp_path / "results.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=re.escape(complaint)) as caught:
        read_history(path)
    assert str(path) in str(caught.value)


def test_why_a_run_ended(tmp_path, lesson):
    assert read_stop(lesson[0].events) == "done"
    assert read_stop(tmp_path / "none.jsonl") == ""
    for content, reason in (("", ""), ("{", ""), ("[1]", ""), ('{"event": "advanced"}', "")):
        (tmp_path / "events.jsonl").write_text(content)
        assert read_stop(tmp_path / "events.jsonl") == reason


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_recipe_can_be_put_into_formulas(name):
    recipe = load_recipe(name)
    lines = formulas(recipe.spec())
    assert lines[0][0].startswith("Z1 = X ")
    assert lines[-1][0].startswith(f"A = {recipe.output}(")
    assert recipe.loss in LOSS_FORMULAS
    assert all(formula and words for formula, words in lines)


def test_formulas_of_a_network_with_everything():
    lines = dict(formulas(parse_spec("28x28-8c3s-bn-p2-d0.25-32-10", "tanh", "sigmoid")))
    assert lines["Z1 = X ∗ W1 + b1"] == "8 kernels of 3×3 slide over it; maps of 28×28"
    assert "in training 25% of the numbers, at random, are set to 0" in lines.values()
    assert any(words == "all maps as one row of 1568 numbers" for words in lines.values())
    assert list(lines)[-1].startswith("A = sigmoid(Z")
