"""Who may compute next, and who is refused: a bounded queue that callers share fairly.

Terms: a call *holds a place* from its arrival to its end, whether it waits or computes. Its *weight* is the estimated
size of its work, in columns of a model. A refusal says when to come again, from the seconds that calls were measured to
take and from those that wait.

Fair means by weight: of the callers that wait, the one goes next that has been given least since it began to wait
(start-time fair queuing, Goyal, Vin and Cheng 1996). Where all places to wait are taken, a caller who has few takes one
from the caller who has most.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from lodestock_server.errors import Overloaded
from lodestock_server.metrics import CALLS_RUNNING, CALLS_WAITING, REFUSED, WEIGHT_IN_FLIGHT

FIRST_GUESS_S = 1.0
"""Seconds that a call takes, until some have been measured."""
NEWEST_SHARE = 0.1
"""Of the newest measurement in the mean of all."""
LEAST_RETRY_S = 0.5
MOST_RETRY_S = 60.0
SPREAD = 0.5
"""Callers refused at the same moment are told to come again up to this share later than the earliest of them."""
RETRY_JOBS_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be held at once.

    Attributes:
        computing: Calls that compute.
        waiting: Calls that wait for one of these to end.
        of_caller: Calls of one caller, waiting and computing.
        weight: Weight of all calls, waiting and computing. A heavier call is taken in when it is alone.
    """

    computing: int
    waiting: int
    of_caller: int
    weight: float


class Pace:
    """How long calls take, and so how long until there is room."""

    def __init__(self, clock: Callable[[], float], spread: Callable[[], float]) -> None:
        self._clock = clock
        self._spread = spread
        self._mean_s = FIRST_GUESS_S
        self._begun: dict[object, float] = {}

    def begin(self, call: object) -> None:
        """A call begins to compute."""
        self._begun[call] = self._clock()

    def end(self, call: object) -> None:
        """A call has ended."""
        took_s = self._clock() - self._begun.pop(call)
        self._mean_s += NEWEST_SHARE * (took_s - self._mean_s)

    def retry_after_s(self, calls_before: int, computing: int) -> float:
        """Seconds after which there should be room, spread so that not all who are refused come at once.

        Args:
            calls_before: Calls that have to end after the next one of those that compute.
            computing: Calls that compute at once.
        """
        estimate_s = self._until_next_end_s() + calls_before * self._mean_s / computing
        return min(max(estimate_s, LEAST_RETRY_S), MOST_RETRY_S) * (1 + SPREAD * self._spread())

    def _until_next_end_s(self) -> float:
        """Of a call that has taken longer than most, as much again is expected."""
        ages = [self._clock() - begun for begun in self._begun.values()]
        return min((self._mean_s - age if age < self._mean_s else age for age in ages), default=0.0)


class Place:
    """The place of one call, from its arrival to the end of the `with` statement."""

    def __init__(self, admission: Admission, caller: str, weight: float) -> None:
        self.caller = caller
        self.weight = weight
        self.turn_came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._admission = admission

    async def turn(self) -> None:
        """Wait until the call may compute.

        Raises:
            Overloaded: A caller who waits with fewer calls took the place.
        """
        await self.turn_came

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._admission.give_back(self)


class Admission:
    """The places, of one event loop."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ) -> None:
        """Describe the places.

        Args:
            limits: How much may be held.
            clock: Seconds.
            spread: Gives numbers from 0 to 1 by which times to come again are spread.
        """
        self._limits = limits
        self._pace = Pace(clock, spread)
        self._computing: set[Place] = set()
        self._waiting: dict[str, deque[Place]] = {}
        self._held: Counter[str] = Counter()
        self._weight = 0.0
        self._given: dict[str, float] = {}
        """Weight that each caller has been given, on the scale of `_level`."""
        self._level = 0.0
        """What the caller had been given whose turn came last; who begins to wait begins there."""

    def place(self, caller: str, weight: float) -> Place:
        """Take a place.

        Raises:
            Overloaded: There is none for this call.
        """
        self._refuse_beyond_limits(caller, weight)
        place = Place(self, caller, weight)
        self._held[caller] += 1
        self._weight += weight
        self._waiting.setdefault(caller, deque()).append(place)
        self._let_in()
        return place

    def give_back(self, place: Place) -> None:
        """End a call, whether its turn had come or not."""
        if place in self._computing:
            self._computing.discard(place)
            self._pace.end(place)
        else:
            self._stop_waiting(place)
        self._held[place.caller] -= 1
        if not self._held[place.caller]:
            del self._held[place.caller]
        self._weight -= place.weight
        if not self._held:
            self._given.clear()
            self._level = self._weight = 0.0
        self._let_in()

    @property
    def _count_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _refuse_beyond_limits(self, caller: str, weight: float) -> None:
        held, waiting = self._held[caller], self._count_waiting
        if held >= self._limits.of_caller:
            self._refuse("caller", f"this caller has {held} calls here already, as many as one may", 0)
        if self._held and self._weight + weight > self._limits.weight:
            self._refuse("weight", "the calls that are here already are as large together as they may be", waiting)
        if len(self._computing) >= self._limits.computing and waiting >= self._limits.waiting:
            self._make_room(caller, waiting)

    def _refuse(self, reason: str, message: str, calls_before: int) -> None:
        REFUSED.labels(reason=reason).inc()
        raise Overloaded(message, self._pace.retry_after_s(calls_before, self._limits.computing))

    def _make_room(self, caller: str, waiting: int) -> None:
        """Take the place of the newest call of the caller who waits with most, where that is fairer; else refuse.

        Raises:
            Overloaded: No caller waits with so many more.
        """
        message = f"all {self._limits.computing} processes are busy and {waiting} calls wait already"
        greediest = max(self._waiting, key=lambda name: len(self._waiting[name]), default=caller)
        if len(self._waiting.get(greediest, ())) <= len(self._waiting.get(caller, ())) + 1:
            self._refuse("waiting", message, waiting)
        newest = self._waiting[greediest][-1]
        self._stop_waiting(newest)
        REFUSED.labels(reason="waiting").inc()
        if not newest.turn_came.done():
            retry_after_s = self._pace.retry_after_s(waiting, self._limits.computing)
            newest.turn_came.set_exception(Overloaded(message, retry_after_s))

    def _stop_waiting(self, place: Place) -> None:
        queue = self._waiting.get(place.caller)
        if queue is not None and place in queue:
            queue.remove(place)
            if not queue:
                del self._waiting[place.caller]

    def _let_in(self) -> None:
        """Let those compute whose turn it is."""
        while self._waiting and len(self._computing) < self._limits.computing:
            caller = min(self._waiting, key=self._standing)
            place = self._waiting[caller][0]
            self._stop_waiting(place)
            self._level = self._standing(caller)
            self._given[caller] = self._level + place.weight
            if place.turn_came.cancelled():
                continue
            self._computing.add(place)
            self._pace.begin(place)
            place.turn_came.set_result(None)
        CALLS_RUNNING.set(len(self._computing))
        CALLS_WAITING.set(self._count_waiting)
        WEIGHT_IN_FLIGHT.set(self._weight)

    def _standing(self, caller: str) -> float:
        return max(self._level, self._given.get(caller, 0.0))


class JobRoom:
    """How many unfinished jobs there may be."""

    def __init__(self, most_of_caller: int, most: int) -> None:
        self._most_of_caller = most_of_caller
        self._most = most

    def check(self, of_caller: int, in_all: int) -> None:
        """See whether there is room for one more.

        Args:
            of_caller: Unfinished jobs of the caller.
            in_all: Unfinished jobs.

        Raises:
            Overloaded: There is none.
        """
        if of_caller >= self._most_of_caller:
            self._refuse("jobs_of_caller", f"this caller has {of_caller} unfinished jobs already, as many as one may")
        if in_all >= self._most:
            self._refuse("jobs", f"there are {in_all} unfinished jobs already, as many as there may be")

    def _refuse(self, reason: str, message: str) -> None:
        REFUSED.labels(reason=reason).inc()
        raise Overloaded(message, RETRY_JOBS_S)
