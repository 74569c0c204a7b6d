"""When a worker takes another one for dead, and when it puts back what is its own."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.store.workers import WorkerBeat
from lodestock_server.workers.attempts import Attempts, Claim
from lodestock_server.workers.guard import AWAY_FOR_S, BUSY_FOR_S, UNATTENDED_S, Guard
from lodestock_server.workers.liveness import Liveness
from lodestock_server.workers.post import Post

LOST_S = 10.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Scene:
    """A database as a worker named "me" sees it, and a clock; stands for the engine and for the table of workers."""

    name: str = "me"
    now_s: float = 0.0
    away: bool = False
    beats: dict[str, int] = field(default_factory=dict)
    seen_at: dict[str, datetime] = field(default_factory=dict)
    at_work: set[str] = field(default_factory=set)
    taken_from: list[str] = field(default_factory=list)
    claimed: dict[str, str] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    put_back: list[Claim] = field(default_factory=list)
    counted: list[Claim] = field(default_factory=list)
    looks_often: bool = True

    def beat(self, name: str, **_about: Any) -> int:
        """Of a worker."""
        self.look()
        self.beats[name] = self.beats.get(name, 0) + 1
        return self.beats[name]

    def look(self) -> None:
        """Use the database."""
        if self.away:
            raise DatabaseUnavailable("away", 1.0)

    def list(self) -> tuple[WorkerBeat, ...]:
        """All workers."""
        self.look()
        return tuple(
            WorkerBeat(name, "host", 1, "1", 1, beat, NOW, self.seen_at.get(name, NOW))
            for name, beat in self.beats.items()
        )

    def remove(self, name: str, _since: datetime | None = None) -> None:
        """Forget a worker."""
        del self.beats[name]

    def claimants(self) -> set[str]:
        """Who is at jobs."""
        return set(self.at_work)

    def take_from(self, name: str) -> int:
        """Take over."""
        self.taken_from.append(name)
        self.at_work.discard(name)
        return 1

    def active(self) -> set[str]:
        """What runs here."""
        return set(self.running)

    def claims(self) -> dict[str, str]:
        """What is to run here."""
        self.look()
        return dict(self.claimed)

    def hand_back(self, claims: Collection[Claim], begun: bool) -> int:
        """Put jobs back."""
        self.put_back += claims
        self.counted += claims if begun else ()
        return len(claims)

    def look_often(self, often: bool) -> None:
        """At the queues."""
        self.looks_often = often

    def clock(self) -> float:
        """Seconds."""
        return self.now_s

    def liveness(self) -> Liveness:
        """What watches the other workers."""
        return Liveness(cast(Any, self), cast(Any, self), Post(self.name, NOW, 1), LOST_S, self.clock)

    def guard(self, attempts: Attempts) -> Guard:
        """What watches the jobs of this one."""
        return Guard(cast(Any, self), attempts, self.clock)


def test_a_worker_is_given_up_once_it_has_not_beaten_for_the_time_set() -> None:
    """As long as it beats, it is not, however slowly; nor is one that is at nothing, nor oneself."""
    scene = Scene(at_work={"me", "slow", "dead"}, beats={"slow": 1, "dead": 1, "idle": 1})
    liveness = scene.liveness()
    for second in range(0, 24, 2):
        scene.now_s = float(second)
        if second % 8 == 0:
            scene.beats["slow"] += 1
        liveness.beat()
        assert scene.taken_from == ([] if second < LOST_S else ["dead"])


def test_a_worker_of_which_nothing_was_ever_heard_is_given_up() -> None:
    """As one is whose machine was restored from a backup without it."""
    scene = Scene(at_work={"unheard"})
    liveness = scene.liveness()
    for scene.now_s in (0.0, LOST_S):
        liveness.beat()
    assert scene.taken_from == ["unheard"]


def test_nobody_is_given_up_for_the_absence_of_the_database() -> None:
    """After it, each has the whole time to beat again."""
    scene = Scene(at_work={"other"}, beats={"other": 1})
    liveness = scene.liveness()
    liveness.beat()
    scene.now_s, scene.away = 100.0, True
    liveness.beat()
    scene.now_s, scene.away = 101.0, False
    liveness.beat()
    assert not scene.taken_from
    scene.now_s = 101.0 + LOST_S
    liveness.beat()
    assert scene.taken_from == ["other"]


def test_workers_of_old_are_forgotten() -> None:
    """By the database's clock, after a day."""
    scene = Scene(beats={"old": 1, "recent": 1}, seen_at={"old": NOW - timedelta(hours=25)})
    scene.liveness().beat()
    assert scene.beats.keys() == {"me", "recent"}


def test_an_attempt_stops_when_its_job_is_not_its_own_any_more() -> None:
    """Cancelled or deleted, or claimed anew, be it by the same worker; not because the database is away."""
    scene, attempts = Scene(claimed={"kept": "1", "anew": "2"}), Attempts()
    with attempts.begin("kept", "1") as kept, attempts.begin("anew", "1") as anew, attempts.begin("gone", "1") as gone:
        scene.away = True
        scene.guard(attempts).look()
        assert all(attempt.wanted() for attempt in (kept, anew, gone))
        scene.away = False
        scene.guard(attempts).look()
        assert [attempt.wanted() for attempt in (kept, anew, gone)] == [True, False, False]
    assert not attempts.living()


def test_a_claim_without_an_attempt_is_put_back_after_a_while() -> None:
    """Seen all the time: an absence of the database begins it anew, and so does another claim of the same job."""
    scene = Scene(claimed={"attended": "1", "lost": "1", "claimed again": "1"}, running={"attended"})
    guard = scene.guard(Attempts())
    guard.look()
    scene.now_s, scene.away = UNATTENDED_S, True
    guard.look()
    back_s = UNATTENDED_S + 1
    scene.now_s, scene.away = back_s, False
    guard.look()
    assert not scene.put_back
    for scene.now_s, claim in ((back_s + 2, "2"), (back_s + UNATTENDED_S - 1, "3"), (back_s + UNATTENDED_S, "3")):
        assert not scene.put_back
        scene.claimed["claimed again"] = claim
        guard.look()
    assert scene.put_back == [Claim("lost", "1")]


def test_what_the_database_ended_is_no_attempt() -> None:
    """Whether the attempt said so, or the database was seen to be away; else it counts."""
    scene, attempts = Scene(claimed={"interrupted": "1", "odd": "1"}), Attempts()
    attempts.interrupt(Claim("interrupted", "1"))
    guard = scene.guard(attempts)
    for scene.now_s in (0.0, UNATTENDED_S):
        guard.look()
    assert (len(scene.put_back), scene.counted) == (2, [Claim("odd", "1")])
    scene.now_s, scene.claimed, scene.away = 1.5 * UNATTENDED_S, {"odd": "2"}, True
    guard.look()
    scene.away = False
    for scene.now_s in (2 * UNATTENDED_S, 3 * UNATTENDED_S):
        guard.look()
    assert (scene.put_back[-1], len(scene.counted)) == (Claim("odd", "2"), 1)
    scene.claimed = {"odd": "3"}
    for scene.now_s in (2 * AWAY_FOR_S, 3 * AWAY_FOR_S):
        guard.look()
    assert scene.counted[-1] == Claim("odd", "3")


def test_a_worker_without_jobs_asks_the_database_less_often() -> None:
    """Some time after the last one; with the next one it is quick again."""
    scene, attempts = Scene(), Attempts()
    guard = scene.guard(attempts)
    seen = []
    for scene.now_s in (0.0, BUSY_FOR_S - 1, BUSY_FOR_S + 1):
        with attempts.begin("job", "1") if scene.now_s == 0.0 else nullcontext():
            guard.look()
        seen.append(scene.looks_often)
    assert seen == [True, True, False]
    with attempts.begin("job", "2"):
        guard.look()
    assert scene.looks_often
