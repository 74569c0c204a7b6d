"""The client's calls that ask more of a problem than its best plan."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from lodestock.channel import Channel
from lodestock.inputs import ProblemLike, messages, problem_message
from lodestock.question_results import Alternatives, Frontier, WhatIfs
from lodestock.requests import TIMEOUT_S, solve_timeout_s
from lodestock.v1 import sourcing_pb2

BaseLike: TypeAlias = "ProblemLike | str"
"""What is asked about: a problem, or the name of a stored plan, such as "plans/…"."""

ChangeLike: TypeAlias = "sourcing_pb2.Change | Mapping[str, Any]"
"""A change of figures: a message, or a dict in proto's JSON form, such as {"countries": ["COD"], "price_factor": 2}."""


class Base(TypedDict, total=False):
    """The base of a request, one of both."""

    problem: sourcing_pb2.SourcingProblem
    plan: str


def base_of(base: BaseLike) -> Base:
    """The base of a request: a name is that of a stored plan."""
    return {"plan": base} if isinstance(base, str) else {"problem": problem_message(base)}


class QuestionCalls(Channel):
    """The calls that ask more of a problem, or of the problem of a stored plan by its name, than its best plan.

    Contracts with a fixed cost or a least order are refused: these questions are answered for linear problems.
    """

    def trace_frontier(
        self, base: BaseLike, *, points: int = 0, time_limit_s: float | None = None, timeout_s: float | None = None
    ) -> Frontier:
        """Trace what less risk costs: plans from the cheapest to the one of least risk.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            points: Number of plans, both ends included. 0: 10.
            time_limit_s: Most seconds. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        request = sourcing_pb2.TraceFrontierRequest(**base_of(base), points=points, time_limit_s=time_limit_s)
        return Frontier(self._call(self._sourcing.TraceFrontier, request, waiting_s(time_limit_s, timeout_s)))

    def find_alternatives(
        self,
        base: BaseLike,
        *,
        max_increase: float = 0.0,
        count: int = 0,
        time_limit_s: float | None = None,
        timeout_s: float | None = None,
    ) -> Alternatives:
        """Find plans that cost little more than the best and differ most in who supplies.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            max_increase: By how much the objective may exceed the least, as a fraction of it. 0: 0.01.
            count: Most plans. 0: 3.
            time_limit_s: Most seconds. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.
        """
        request = sourcing_pb2.FindAlternativesRequest(
            **base_of(base), max_increase=max_increase, count=count, time_limit_s=time_limit_s
        )
        return Alternatives(self._call(self._sourcing.FindAlternatives, request, waiting_s(time_limit_s, timeout_s)))

    def ask_what_if(
        self,
        base: BaseLike,
        questions: Mapping[str, ChangeLike | Sequence[ChangeLike]],
        *,
        time_limit_s: float | None = None,
        timeout_s: float | None = None,
    ) -> WhatIfs:
        """Say what a plan would become if a few of its figures were others.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            questions: Changes by your name for the question, each put to the base alone: one, or several that are made
                together, such as {"no cobalt from COD": {"countries": ["COD"], "capacity_factor": 0}}.
            time_limit_s: Most seconds. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.

        Raises:
            InvalidRequest: A dict is not of a change's form, or a question cannot be put to the problem.
        """
        asked = [
            sourcing_pb2.WhatIf(
                question_id=name, changes=messages(sourcing_pb2.Change, several(change), f"questions[{i}].changes")
            )
            for i, (name, change) in enumerate(questions.items())
        ]
        request = sourcing_pb2.AskWhatIfRequest(**base_of(base), questions=asked, time_limit_s=time_limit_s)
        return WhatIfs(self._call(self._sourcing.AskWhatIf, request, waiting_s(time_limit_s, timeout_s)))

    def export_model(self, base: BaseLike, *, timeout_s: float = TIMEOUT_S) -> str:
        """Write the model of a problem in the LP format, which other solvers read, to check a plan without Lodestock.

        What its names mean stands in comments at its head; its optimum is the objective of the plan, USD.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan.
            timeout_s: Seconds to wait.
        """
        answer = self._call(self._sourcing.ExportModel, sourcing_pb2.ExportModelRequest(**base_of(base)), timeout_s)
        return gzip.decompress(answer.lp_gzip).decode()


def several(changes: ChangeLike | Sequence[ChangeLike]) -> Sequence[ChangeLike]:
    """Changes as a sequence: one alone is a sequence of it."""
    return [changes] if isinstance(changes, sourcing_pb2.Change | Mapping) else changes


def waiting_s(time_limit_s: float | None, timeout_s: float | None) -> float:
    """Seconds to wait for an answer."""
    return solve_timeout_s(time_limit_s) if timeout_s is None else timeout_s
