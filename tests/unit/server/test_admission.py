"""Who may compute next, who is refused, and when they are told to come again."""

from __future__ import annotations

import asyncio

import pytest

from lodestock_server.admission import Admission, JobRoom, Limits, Place
from lodestock_server.errors import Overloaded

ROOMY = Limits(computing=1, waiting=100, of_caller=100, weight=1e9)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def admission(limits: Limits = ROOMY, clock: Clock | None = None) -> Admission:
    """Places whose times to come again are not spread."""
    return Admission(limits, clock or Clock(), spread=lambda: 0.0)


def has_turn(place: Place) -> bool:
    return place.turn_came.done() and place.turn_came.exception() is None


def turns(places: list[Place], admitted: Admission) -> list[str]:
    """The callers in the order in which their turns come, each call ending before the next begins."""
    order = []
    left = list(places)
    while left:
        (now,) = [place for place in left if has_turn(place)]
        order.append(now.caller)
        left.remove(now)
        admitted.give_back(now)
    return order


async def test_as_many_compute_as_may_and_the_next_waits_for_an_end() -> None:
    places = admission(Limits(computing=2, waiting=5, of_caller=9, weight=1e9))
    first, second, third = (places.place("a", 1) for _ in range(3))
    assert has_turn(first)
    assert has_turn(second)
    assert not has_turn(third)
    with first:
        pass
    await asyncio.wait_for(third.turn(), 1)


async def test_one_who_asks_for_much_does_not_keep_others_waiting() -> None:
    """The second caller comes last and goes in turn with the first, not after all of its calls."""
    places = admission()
    calls = [places.place(caller, 10) for caller in "aaaaabb"]
    assert turns(calls, places) == ["a", "b", "a", "b", "a", "a", "a"]


async def test_shares_are_by_weight_and_not_by_calls() -> None:
    """One call of ten times the weight counts as ten: after it, ten of the other caller go first."""
    places = admission()
    running = places.place("other", 1)
    heavy = [places.place("heavy", 10) for _ in range(2)]
    light = [places.place("light", 1) for _ in range(12)]
    order = turns([running, *heavy, *light], places)[1:]
    assert sorted(order[:11]) == ["heavy"] + ["light"] * 10
    assert order.index("heavy", order.index("heavy") + 1) >= 11


async def test_who_was_away_gets_no_credit_for_it() -> None:
    """A caller who comes late goes in turn; what others were given before does not count for it."""
    places = admission()
    early = [places.place("early", 1) for _ in range(10)]
    for place in early[:6]:
        places.give_back(place)
    late = [places.place("late", 1) for _ in range(4)]
    order = turns([*early[6:], *late], places)
    assert order[1:].count("late") == 4
    assert "early" in order[1:4]


async def test_no_caller_takes_all() -> None:
    places = admission(Limits(computing=1, waiting=10, of_caller=2, weight=1e9))
    for _ in range(2):
        places.place("greedy", 1)
    with pytest.raises(Overloaded, match="this caller has 2 calls here already"):
        places.place("greedy", 1)
    places.place("other", 1)


async def test_full_queue_gives_way_to_who_has_less_in_it() -> None:
    """The newest call of the caller with most is refused in place of the first of another."""
    places = admission(Limits(computing=1, waiting=3, of_caller=9, weight=1e9))
    greedy = [places.place("greedy", 1) for _ in range(4)]
    other = places.place("other", 1)
    with pytest.raises(Overloaded, match="3 calls wait already"), greedy[-1] as last:
        await last.turn()
    assert not greedy[1].turn_came.done()
    assert not other.turn_came.done()
    with pytest.raises(Overloaded):
        places.place("greedy", 1)
    assert "other" in turns([*greedy[:3], other], places)


async def test_heavy_calls_are_bounded_together_and_one_alone_is_always_taken() -> None:
    places = admission(Limits(computing=4, waiting=9, of_caller=9, weight=100))
    alone = places.place("a", 1000)
    assert has_turn(alone)
    with pytest.raises(Overloaded, match="as large together"):
        places.place("b", 1)
    places.give_back(alone)
    places.place("a", 60)
    places.place("b", 40)
    with pytest.raises(Overloaded):
        places.place("c", 1)


async def test_who_stops_waiting_leaves_its_place() -> None:
    places = admission(Limits(computing=1, waiting=1, of_caller=9, weight=1e9))
    running = places.place("a", 1)

    async def wait() -> None:
        with places.place("a", 1) as place:
            await place.turn()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        places.place("a", 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    behind = places.place("a", 1)
    places.give_back(running)
    assert has_turn(behind)


async def test_turn_that_comes_as_the_caller_leaves_goes_to_the_next() -> None:
    places = admission()
    running = places.place("a", 1)
    leaving, behind = places.place("a", 1), places.place("a", 1)
    leaving.turn_came.cancel()
    places.give_back(running)
    assert has_turn(behind)
    places.give_back(leaving)
    places.give_back(behind)


async def test_time_to_come_again_follows_from_what_calls_took_and_from_the_queue() -> None:
    clock = Clock()
    places = admission(Limits(computing=1, waiting=2, of_caller=99, weight=1e9), clock)
    for _ in range(60):
        with places.place("a", 1):
            clock.now += 10.0
    for _ in range(3):
        places.place("a", 1)
    clock.now += 4.0
    with pytest.raises(Overloaded) as caught:
        places.place("a", 1)
    # 6 of the running call's 10 seconds are left, then 10 for each of the two that wait.
    assert caught.value.retry_after_s == pytest.approx(26.0, rel=0.02)


async def test_call_that_runs_for_long_is_expected_to_run_on() -> None:
    clock = Clock()
    places = admission(Limits(computing=1, waiting=0, of_caller=99, weight=1e9), clock)
    places.place("a", 1)
    clock.now += 30.0
    with pytest.raises(Overloaded) as caught:
        places.place("a", 1)
    assert caught.value.retry_after_s == pytest.approx(30.0)


def test_room_for_jobs() -> None:
    room = JobRoom(most_of_caller=3, most=5)
    room.check(2, 4)
    with pytest.raises(Overloaded, match="this caller has 3 unfinished jobs") as caught:
        room.check(3, 3)
    assert caught.value.retry_after_s
    with pytest.raises(Overloaded, match="there are 5 unfinished jobs"):
        room.check(0, 5)
