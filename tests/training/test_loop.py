"""The loop: order, measuring, stopping, messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread, active_count

import numpy as np
import pytest

from digitscope.data.mnist import Dataset
from digitscope.data.splits import Split
from digitscope.engines import make_engine
from digitscope.errors import SettingError
from digitscope.training.events import (
    Advanced,
    Continued,
    EpochEnded,
    Event,
    Paused,
    RateChanged,
    Started,
    Stopped,
)
from digitscope.training.feeder import Place, works_ahead
from digitscope.training.loop import FIRST_BATCHES, Loop
from digitscope.training.messages import Advance, Continue, Inbox, Pause, SetLearningRate, Stop
from digitscope.training.recipe import Recipe
from digitscope.training.split import split_for
from digitscope.training.train import make_loop
from tests.helpers import small_recipe


def loop_of(split: Split, inbox: Inbox | None = None, **settings: object) -> Loop:
    return make_loop(small_recipe(**settings), split=split, inbox=inbox)


@pytest.fixture(scope="module")
def split() -> Split:
    return split_for(small_recipe())


def drive(loop: Loop) -> list[Event]:
    return list(loop.events())


def weights_of(loop: Loop) -> dict[str, bytes]:
    return {name: W.tobytes() for name, W in loop.position().weights.items()}


def test_the_order_of_events(split: Split) -> None:
    events = drive(loop_of(split))
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "done"
    ended = [e for e in events if isinstance(e, EpochEnded)]
    assert [e.epoch for e in ended] == [0, 1, 2]
    for epoch in (1, 2):
        advanced = [e for e in events if isinstance(e, Advanced) and e.epoch == epoch]
        assert sum(e.images for e in advanced) == 3000
        assert advanced[-1].batch == 24
    first = {e.batch for e in events if isinstance(e, Advanced) and e.epoch == 1}
    assert {b for b in FIRST_BATCHES if b <= 24} <= first
    assert ended[2].train_accuracy > ended[1].train_accuracy > ended[0].train_accuracy


def test_the_same_seed_gives_the_same_bits_and_another_does_not(split: Split) -> None:
    loops = [loop_of(split, seed=seed, augment="shift:1", hidden="24-d0.2") for seed in (3, 3, 4)]
    for loop in loops:
        drive(loop)
    assert weights_of(loops[0]) == weights_of(loops[1]) != weights_of(loops[2])


def test_images_made_ahead_are_those_made_on_time(split: Split) -> None:
    """A pause in the middle of a group makes the next one another than foreseen."""
    settings = {"augment": "shift:1 elastic:8", "hidden": "24-d0.2", "seed": 3}
    on_time, ahead, cut = (loop_of(split, threads=n, **settings) for n in (1, 2, 2))
    assert not works_ahead(on_time.recipe)
    assert works_ahead(ahead.recipe)
    drive(on_time)
    drive(ahead)
    for batches in (1, 2, 5):
        cut.inbox.put(Advance(batches))
    cut.inbox.put(Continue())
    cut.inbox.put(Continue())
    for event in cut.events():
        if isinstance(event, Paused):
            cut.inbox.put(Advance(3) if event.batch < 15 else Continue())
    assert weights_of(on_time) == weights_of(ahead) == weights_of(cut)


def test_what_is_made_ahead_of_a_pause_is_what_is_asked_for(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    # 300 batches: groups of 8, and the fifth batch is on no grid.
    loop = loop_of(split, inbox, augment="elastic:8", threads=2, batch_size=10, epochs=1)
    made: list[Place] = []
    make = loop._feeder._make
    monkeypatch.setattr(
        loop._feeder, "_make", lambda order, place: made.append(place) or make(order, place)
    )
    inbox.put(Advance(5))
    for event in loop.events():
        if isinstance(event, Paused):
            inbox.put(Stop())
    assert made == [(0, 0, 1), (0, 1, 2), (0, 2, 4), (0, 4, 5)]


def test_the_second_thread_is_gone_when_the_loop_is(split: Split) -> None:
    import cv2

    before, count = cv2.getNumThreads(), active_count()
    cv2.setNumThreads(2)
    try:
        events = loop_of(split, augment="elastic:8", threads=2, epochs=1).events()
        for event in events:
            if isinstance(event, Advanced):
                break
        assert (cv2.getNumThreads(), active_count()) == (1, count + 1)
        events.close()  # type: ignore[attr-defined]
        assert (cv2.getNumThreads(), active_count()) == (2, count)
    finally:
        cv2.setNumThreads(before)


def test_every_image_comes_once_an_epoch_in_a_fresh_order(split: Split) -> None:
    loop = loop_of(split)
    loop.place = replace(loop.place, epoch=0)
    first = loop._order()
    loop.place = replace(loop.place, epoch=1)
    second = loop._order()
    assert sorted(first) == sorted(second) == list(range(3000))
    assert not np.array_equal(first, second)


def test_an_incomplete_last_batch_can_be_left_out(split: Split) -> None:
    assert loop_of(split, batch_size=1000).batches == 3
    assert loop_of(split, batch_size=999).batches == 4
    assert loop_of(split, batch_size=999, drop_last=True).batches == 3
    assert loop_of(split, batch_size=5000, drop_last=True).batches == 1


def test_the_schedule_reaches_its_ends(split: Split) -> None:
    events = drive(loop_of(split, schedule="cosine", epochs=4, learning_rate=0.2))
    rates = [e.learning_rate for e in events if isinstance(e, Advanced)]
    assert rates[0] == 0.2
    assert rates[-1] < 0.01
    assert rates == sorted(rates, reverse=True)


def test_the_best_epoch_is_kept_and_patience_ends_the_run(split: Split) -> None:
    # Labels without sense: what is learned of them cannot help on validation images.
    rng = np.random.default_rng(0)
    assert split.validation is not None
    nonsense = Dataset(split.train.images, rng.integers(0, 10, 3000).astype(np.uint8))
    loop = loop_of(Split(nonsense, split.validation, split.test), epochs=50, patience=3)
    events = drive(loop)
    ended = [e for e in events if isinstance(e, EpochEnded)]
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "patience"
    assert ended[-1].epoch < 50
    best = max(ended, key=lambda e: (e.watched_accuracy, -e.watched_loss))
    assert loop.place.best_epoch == best.epoch == ended[-1].epoch - 3
    assert [e.epoch for e in ended if e.best][-1] == best.epoch
    again = make_loop(loop.recipe, split=split)
    again.engine = make_engine(loop.recipe.engine, loop.recipe.problem(), loop.best)
    assert again._score(split.validation)[1] == best.watched_accuracy


def test_without_validation_the_last_is_the_best() -> None:
    recipe = small_recipe(validation=0)
    loop = make_loop(recipe)
    events = drive(loop)
    assert isinstance(events[0], Started)
    assert events[0].watched == "test"
    assert loop.place.best_epoch == 2
    assert all(e.best for e in events if isinstance(e, EpochEnded))


def test_a_loss_that_diverges_stops_and_is_never_best(split: Split) -> None:
    loop = loop_of(
        split,
        learning_rate=1e6,
        activation="linear",
        optimizer="momentum",
        loss="quadratic",
        output="linear",
    )
    with np.errstate(all="ignore"):
        events = drive(loop)
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "diverged"
    assert "the loss has run away, from " in events[-1].advice
    assert "learning rate 1e+06 is too large" in events[-1].advice
    assert "try 100000" in events[-1].advice
    assert all(np.isfinite(W).all() for W in loop.best.weights.values())
    assert loop.place.best_epoch == 0


@pytest.mark.parametrize("settings", [{}, {"validation": 0}])
def test_a_loss_that_stays_finite_but_gets_worse_has_diverged_too(
    settings: dict[str, int],
) -> None:
    loop = make_loop(small_recipe(learning_rate=30.0, epochs=5, hidden="64", **settings))
    events = drive(loop)
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "diverged"
    assert loop.place.best_epoch == 0
    loss, _ = loop._score(loop.split.watched)
    assert not loss < 2 * loop.place.first_loss


def test_pausing_stepping_and_going_on_change_no_bit(split: Split) -> None:
    plain = loop_of(split)
    drive(plain)
    inbox = Inbox()
    loop = loop_of(split, inbox)
    inbox.put(Pause())
    events: list[Event] = []
    answers = iter([[Advance(3)], [Advance(30)], [Pause(), Continue()]])
    for event in loop.events():
        events.append(event)
        if isinstance(event, Paused):
            for message in next(answers):
                inbox.put(message)
    paused = [(e.epoch, e.batch) for e in events if isinstance(e, Paused)]
    assert paused == [(0, 0), (0, 3), (1, 9)]  # 24 batches an epoch: 3 + 30 = 33 = 24 + 9
    assert sum(isinstance(e, Continued) for e in events) == 3
    assert weights_of(loop) == weights_of(plain)


def test_a_pause_waits_for_a_message_from_another_thread(split: Split) -> None:
    inbox = Inbox()
    loop = loop_of(split, inbox)
    inbox.put(Pause())
    seen: list[Event] = []
    thread = Thread(target=lambda: seen.extend(loop.events()))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    inbox.put(Stop())
    thread.join(30)
    assert not thread.is_alive()
    assert isinstance(seen[-1], Stopped)
    assert seen[-1].reason == "message"


def test_another_rate_from_here_on(split: Split) -> None:
    inbox = Inbox()
    loop = loop_of(split, inbox, schedule="cosine")
    events = []
    for event in loop.events():
        events.append(event)
        if isinstance(event, Advanced) and (event.epoch, event.batch) == (1, 4):
            inbox.put(SetLearningRate(0.5))
    assert any(isinstance(e, RateChanged) and e.learning_rate == 0.5 for e in events)
    rates = [e.learning_rate for e in events if isinstance(e, Advanced)]
    assert rates[0] == 0.1
    assert 0.45 < max(rates) < 0.5


def test_a_group_of_batches_is_never_too_long_to_listen() -> None:
    recipe = Recipe()
    loop = make_loop(recipe)
    loop.place = replace(loop.place, epoch=1)
    assert loop._next_end(loop.place.batch) <= -(-loop.batches // 40)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: SetLearningRate(float("nan")),
        lambda: SetLearningRate(-1.0),
        lambda: SetLearningRate(0.0),
        lambda: Advance(0),
        lambda: Advance(-5),
    ],
)
def test_a_message_that_cannot_be_followed_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(SettingError, match="must be a"):
        wrong()
