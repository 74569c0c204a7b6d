"""The client's call that puts sudden stops to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lodestock.channel import Channel
from lodestock.inputs import messages
from lodestock.question_calls import BaseLike, base_of, waiting_s
from lodestock.stress_results import StressTest
from lodestock.v1 import sourcing_pb2


class StressCalls(Channel):
    """The call for stress tests."""

    def stress_test(
        self,
        base: BaseLike,
        onset_period: int = 1,
        *,
        scenarios: Iterable[sourcing_pb2.Scenario | Mapping[str, Any]] = (),
        each_country: bool = False,
        pairs_of: int = 0,
        routes: Mapping[str, Iterable[str]] | None = None,
        duration_periods: int | None = None,
        availability: float = 0.0,
        candidates: Mapping[str, BaseLike] | None = None,
        time_limit_s: float | None = None,
        timeout_s: float | None = None,
    ) -> StressTest:
        """Say what sudden stops would do to a plan that was made without knowing of them.

        What is signed and stored before the onset holds. With no scenarios, pairs and routes every country that
        imports come from stops, each alone.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            onset_period: First period, counted from 0, in which something may happen.
            scenarios: What may happen, as one tree together with "nothing happens"; messages or dicts.
            each_country: Every country stops alone.
            pairs_of: Every pair of so many countries stops, those that most is paid to.
            routes: Every route stops alone: the countries behind it by its name.
            duration_periods: Periods that a stop lasts. None: a year.
            availability: What a stop leaves, 0 to 1.
            candidates: Problems or names of stored plans to compare with the base by their regrets, by names of yours.
            time_limit_s: Most seconds. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        given = messages(sourcing_pb2.Scenario, scenarios, "scenarios")
        request = sourcing_pb2.StressTestRequest(
            **base_of(base),
            onset_period=onset_period,
            scenarios=given,
            sweep=sourcing_pb2.StressSweep(
                each_country=each_country or not (given or pairs_of or routes),
                pairs_of=pairs_of,
                routes=[
                    sourcing_pb2.StressRoute(route_id=name, countries=countries)
                    for name, countries in (routes or {}).items()
                ],
                duration_periods=duration_periods,
                availability=availability,
            ),
            candidates=[
                sourcing_pb2.StressCandidate(candidate_id=name, **base_of(candidate))
                for name, candidate in (candidates or {}).items()
            ],
            time_limit_s=time_limit_s,
        )
        return StressTest(self._call(self._sourcing.StressTest, request, waiting_s(time_limit_s, timeout_s)))
