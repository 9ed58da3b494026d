"""Training on the page, as a person does it: to the end, further, step by step."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from digitscope.training.recipe import load_recipe
from digitscope.training.run_folder import RunFolder
from tests.lab.browsing import ONE, address_of, person
from tests.lab.served import Served, served, with_run
from tests.lab.story import log

pytestmark = pytest.mark.needs_chromium
LONG = {"epochs": 900}
RUN_AWAY = (
    r"^Stopped\. The loss has run away, from \d\S* before training to \S+ (in|after) .*\d: the learning "
    r"rate 1e\+06 is too large for this network; try 100000\. Its folder is runs/deep\."
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def test_a_training_to_its_end(browser: Browser, lab: Served) -> None:
    """The settings come from the form; what the page shows at the end is what the run recorded."""
    with person(browser, lab.address, "#view=train") as someone:
        page = someone.page
        page.select_option("#set-recipe", "deep")
        page.fill("#set-hidden", "24")
        page.fill("#set-epochs", "3")
        page.select_option("#set-activation", "tanh")
        page.click("summary")
        page.fill("#set-train", "3000")
        page.fill("#set-validation", "1000")
        page.keyboard.press("Tab")
        page.click("#play")
        someone.says("train-state", "On the test set")
        run = lab.folder / "runs" / "deep"
        with (run / "results.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3]
        last = float(rows[-1]["validation_accuracy"])
        assert someone.number("fact-accuracy") == pytest.approx(100 * last, abs=0.006)
        assert page.inner_text("#fact-epoch") == "3 of 3"
        assert page.inner_text("#fact-batch") == "24 of 24"
        assert someone.number("fact-speed") > 0
        judged = json.loads((run / "evaluation.json").read_text("utf-8"))["accuracy"]
        someone.says("train-state", f"{100 * judged:.2f} %")
        expect(page.locator("#loss .mark.watched")).to_have_count(4)
        expect(page.locator("#accuracy .mark.train")).to_have_count(3)  # the first lies far below
        someone.says("confusion-words", "epoch 3:")
        counts = page.locator("#confusion td").all_inner_texts()
        assert sum(int(count or 0) for count in counts) == 1000
        right = sum(int(count or 0) for count in counts[::11])
        assert right / 1000 == pytest.approx(last)
        someone.says("features-words", "24 neurons")
        toml = (run / "recipe.toml").read_text("utf-8")
        assert 'activation = "tanh"' in toml
        page.click("#try")  # and it reads
        someone.draw(ONE)
        page.locator(".bar.best").wait_for()
        expect(page.locator("#model")).to_have_value("runs/deep")


def test_a_network_that_was_trained_is_the_model_of_its_page(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """To the end, stopped after a reload, and not where another was chosen in the meantime; a page
    beside it keeps its own.
    """
    with_run(tmp_path, small_run)
    chosen = "&model=runs/small"
    with (
        served(tmp_path) as lab,
        person(browser, lab.address, address_of(epochs=1) + chosen) as someone,
        person(browser, lab.address, "#" + chosen) as other,
    ):
        page = someone.page
        model = page.locator("#model")
        expect(model).to_have_value("runs/small")
        page.click("#play")
        someone.says("train-state", "It is the model chosen above now")
        expect(model).to_have_value("runs/deep")
        page.reload()
        expect(model).to_have_value("runs/deep")
        page.fill("#set-epochs", "900")
        page.click("#play")
        page.locator("#loss .mark.watched").nth(2).wait_for(timeout=30_000)
        expect(model).to_have_value("runs/deep")
        page.reload()
        page.click("#stop")
        someone.says("train-state", "It is the model chosen above now")
        expect(model).to_have_value("runs/deep-2")
        expect(page).to_have_url(re.compile("model=runs%2Fdeep-2"))
        page.click("#play")
        expect(page.locator("#play")).to_have_text("Pause", timeout=30_000)
        page.select_option("#model", "runs/small")
        page.click("#stop")
        someone.says("train-state", "Stopped.")
        page.wait_for_timeout(500)
        expect(model).to_have_value("runs/small")
        expect(other.page.locator("#model")).to_have_value("runs/small")


def test_a_finished_run_is_trained_further(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """A run of the command line is opened on the page, and gets two epochs more."""
    with_run(tmp_path, small_run)
    with served(tmp_path) as lab, person(browser, lab.address, "#view=train") as someone:
        page = someone.page
        page.click("#open-run")
        before = log(lab.folder / "runs" / "small")
        done = max(int(str(e["epoch"])) for e in before if e["event"] == "epoch_ended")
        expect(page.locator("#fact-epoch")).to_have_text(f"{done} of {done}")
        recipe = RunFolder(lab.folder / "runs" / "small").recipe()
        assert recipe.hidden != load_recipe("lesson").hidden
        expect(page.locator("#set-hidden")).to_have_value(recipe.hidden)  # its settings
        expect(page.locator("#rate-number")).to_have_value(f"{recipe.learning_rate:g}")
        page.fill("#set-hidden", "7")  # what is chosen here is not taken away again
        page.reload()
        expect(page.locator("#fact-epoch")).to_have_text(f"{done} of {done}")
        expect(page.locator("#set-hidden")).to_have_value("7")
        page.fill("#more-epochs", "2")
        expect(page).to_have_url(re.compile("more=2"))
        page.click("#train-on")
        expect(page.locator("#fact-epoch")).to_have_text(
            f"{done + 2} of {done + 2}", timeout=60_000
        )
        someone.says("train-state", "On the test set")
        expect(page.locator("#loss .mark.watched")).to_have_count(done + 3)
        after = log(lab.folder / "runs" / "small")
        assert after[: len(before) - 1] == before[:-1]  # all but that it stopped
        epochs = [event["epoch"] for event in after if event["event"] == "epoch_ended"]
        assert epochs == list(range(done + 3))
        assert f"epochs = {done + 2}" in (lab.folder / "runs/small/recipe.toml").read_text("utf-8")


def test_when_a_training_ends_what_excites_its_neurons_is_looked_for_again(
    browser: Browser, lab: Served
) -> None:
    """What was found belonged to the weights of a moment."""
    with person(browser, lab.address, address_of(hidden=16, **LONG)) as someone:
        page, asked = someone.page, []

        def listen(socket: WebSocket) -> None:
            socket.on("framesent", lambda frame: "favourites" in str(frame) and asked.append(frame))

        page.on("websocket", listen)
        page.click("#step-batch")
        expect(page.locator("#fact-batch")).to_have_text("1 of 24", timeout=30_000)
        run = re.search("run=([^&]+)", page.url)
        assert run
        page.goto(f"{lab.address}#view=draw&image=test:5&neuron=1,3&model={run[1]}&run={run[1]}")
        page.reload()
        expect(page.locator(".thumb")).to_have_count(9, timeout=30_000)
        page.click("#tab-train")
        before = len(asked)
        assert before
        page.click("#stop")
        someone.says("train-state", "Stopped")
        page.click("#tab-draw")
        expect(page.locator(".thumb")).to_have_count(9, timeout=30_000)
        page.wait_for_timeout(500)
        assert len(asked) > before


def test_step_by_step_with_another_rate(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, address_of(hidden=16, **LONG)) as someone:
        page = someone.page
        expect(page.locator("#step-batch")).to_be_enabled()
        at_once = "button => { button.click(); return document.getElementById('train-state').textContent; }"
        assert (
            page.locator("#step-batch").evaluate(at_once) == "Starting…"
        )  # at once, and not when the images are read
        expect(page.locator("#fact-batch")).to_have_text("1 of 24", timeout=30_000)
        someone.says("train-state", "Paused")
        expect(page.locator("#loss .mark.batches")).to_have_count(1)  # a point, for want of a line
        someone.says("loss", re.compile("batch$"))  # the axis
        someone.says("accuracy", "The next point comes after epoch 1")
        someone.says("confusion-words", "before training: ")
        someone.says("features-words", "16 neurons")  # and not as many as fill rows
        expect(page.get_by_text("columns: what is answered")).to_be_visible()
        expect(page.locator("#play")).to_have_text("Continue")
        page.click("#step-batch")
        expect(page.locator("#fact-batch")).to_have_text("2 of 24")
        page.fill("#rate-number", "0.025")
        page.keyboard.press("Enter")
        page.click("#step-epoch")
        expect(page.locator("#fact-epoch")).to_have_text("1 of 900")
        expect(page.locator("#fact-batch")).to_have_text("24 of 24")
        line = page.locator("#accuracy polyline.watched")  # from the untrained network on
        expect(line).to_have_attribute("points", re.compile(r"^\S+ \S+$"))
        events = log(lab.folder / "runs" / "deep")
        changed = next(event for event in events if event["event"] == "rate_changed")
        assert (changed["epoch"], changed["learning_rate"]) == (0, 0.025)
        rates = [event["learning_rate"] for event in events if event["event"] == "advanced"]
        assert rates[:2] == [0.1, 0.1]
        assert set(rates[2:]) == {0.025}
        expect(page.locator("#play")).to_have_text("Continue")
        page.click("#play")
        expect(page.locator("#fact-epoch")).not_to_have_text("1 of 900")
        page.click("#play")
        someone.says("train-state", "Paused")
        low = page.locator("#accuracy polyline.watched").evaluate(
            "line => Math.max(...line.getAttribute('points').split(' ').map(p => +p.split(',')[1]))"
        )
        axis = page.locator("#accuracy .axis").get_attribute("y1")
        assert low <= float(axis or 0)  # no stub of a line that comes from below the axis
        page.click("#stop")
        someone.says("train-state", "Stopped.")
        expect(page.locator("#set-hidden")).to_be_enabled()
        page.click("#resume")  # it goes on from there
        expect(page.locator("#play")).to_have_text("Pause", timeout=30_000)
        page.click("#stop")
        someone.says("train-state", "Stopped.")
        page.click("#reset")
        someone.says("train-state", "Press Train")
        expect(page.locator("#loss polyline")).to_have_count(0)
        assert (lab.folder / "runs" / "deep" / "results.csv").exists()


def test_what_cannot_be_trained_is_said_in_one_line(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, address_of(hidden="12-what")) as someone:
        someone.page.click("#play")
        someone.says("train-error", "what")
        someone.page.fill("#set-hidden", "8")
        someone.page.fill("#set-epochs", "1")
        someone.page.keyboard.press("Tab")
        someone.page.click("#play")
        someone.says("train-state", "On the test set")
        expect(someone.page.locator("#train-error")).to_have_text("")


def test_a_rate_that_is_none_is_said_and_not_taken(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#view=train") as someone:
        field = someone.page.locator("#rate-number")
        expect(field).not_to_have_value("")
        before = field.input_value()
        field.fill("abc")
        field.press("Enter")
        expect(someone.page.locator("#train-error")).to_contain_text("a number above 0")
        expect(field).to_have_value(before)


def test_a_step_that_could_not_begin_is_not_made_later(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, address_of(hidden="12-what", **LONG)) as someone:
        page = someone.page
        page.click("#step-batch")
        someone.says("train-error", "what")
        page.fill("#set-hidden", "8")
        page.click("#play")
        page.locator("#loss .mark.watched").nth(1).wait_for(timeout=30_000)
        page.click("#play")
        someone.says("train-state", "Paused")
        page.wait_for_timeout(500)
        events = [event["event"] for event in log(lab.folder / "runs" / "deep")]
        assert events.count("paused") == 1
        page.click("#stop")
        someone.says("train-state", "Stopped.")


def test_a_curve_that_grows_is_as_fine_as_one_found_later(browser: Browser, lab: Served) -> None:
    settings = {"train": 12000, "batch_size": 16, "epochs": 2}
    with person(browser, lab.address, address_of(**settings)) as someone:
        someone.page.click("#play")
        someone.says("train-state", "On the test set")
        points = "document.querySelector('#loss .line.batches').points.length"
        live = someone.page.evaluate(points)
        someone.page.reload()
        someone.page.locator("#loss .line.batches").wait_for()
        assert someone.page.evaluate(points) >= live >= 0.8 * someone.page.evaluate(points) > 20


def test_errors_stand_as_sentences(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, address_of(hidden="12-what")) as someone:
        said = someone.page.locator("#train-error")
        someone.page.click("#play")
        expect(said).to_have_text(re.compile(r"^[A-Z'].*what.*\.$"))
        someone.page.fill("#set-hidden", "8")
        someone.page.fill("#set-epochs", "many")
        someone.page.click("#play")
        expect(said).to_have_text(re.compile(r"^Epochs must be a whole number .*'many'\.$"))
        someone.page.fill("#rate-number", "abc")
        someone.page.press("#rate-number", "Enter")
        expect(said).to_have_text("The learning rate must be a number above 0, such as 0.1.")


def test_a_network_that_has_run_away_is_shown(browser: Browser, lab: Served) -> None:
    """One update so far that the next answers overflow: they are shown as no numbers."""
    settings = {"hidden": "-".join(["24"] * 8), "batch_size": 3000, "learning_rate": 1e6}
    with person(browser, lab.address, address_of(**settings)) as someone:
        page = someone.page
        page.click("#play")
        someone.says("train-state", re.compile(RUN_AWAY), timeout=20_000)
        page.click("#tab-time")
        page.click("#time-any")
        page.locator("#past-confusion td").first.wait_for(timeout=20_000)
        someone.says("updates", "1 ", timeout=20_000)
        expect(page.locator("#moment-loss")).to_have_text("–")
        page.keyboard.press("Home")
        someone.says("moment-loss", "2.")


def test_while_a_network_trains_a_search_stays(browser: Browser, lab: Served) -> None:
    """Its answers come anew all the time; the smallest change is searched when it pauses."""
    asked: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: asked.append(str(frame)))

    def searches() -> int:
        return sum('"smallest_change"' in one for one in asked)

    with person(browser, lab.address, address_of(hidden=16, **LONG)) as someone:
        page = someone.page
        page.click("#play")
        page.locator("#accuracy .mark.watched").nth(1).wait_for(timeout=30_000)
        page.on("websocket", listen)
        page.reload()  # its best weights are on the list now
        page.select_option("#model", "runs/deep")
        page.click("#tab-why")
        page.click("#why-first")
        someone.says("why-searching", "The network trains on", timeout=30_000)
        before, says = searches(), page.inner_text("#why-maps")
        expect(page.locator("#why-maps")).not_to_have_text(
            says, use_inner_text=True
        )  # it answers on
        page.wait_for_timeout(1500)
        assert searches() == before > 0
        page.click("#tab-train")
        page.click("#play")
        someone.says("train-state", "Paused")
        before = searches()
        page.click("#tab-why")
        expect(page.locator("#why-searching")).to_have_text("", timeout=30_000)
        page.locator("#why-bars .best").wait_for()
        assert searches() > before
        page.click("#tab-train")
        page.click("#stop")
        someone.says("train-state", "Stopped.")
