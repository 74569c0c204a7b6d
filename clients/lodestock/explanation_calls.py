"""The client's call for the explanation of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestock.channel import Channel
from lodestock.explanation_results import Explanation
from lodestock.inputs import enum_number
from lodestock.question_calls import BaseLike, base_of, waiting_s
from lodestock.v1 import sourcing_pb2


class ExplanationCalls(Channel):
    """The call that explains a plan."""

    def explain_plan(
        self,
        base: BaseLike,
        *,
        why_not: Sequence[str] | Mapping[str, float | None] = (),
        firmness_increase: float = 0.0,
        firm_quantities: int | None = None,
        value_of_perfect_information: bool | None = None,
        value_of_planning: bool | None = None,
        languages: Sequence[str] = (),
        time_limit_s: float | None = None,
        timeout_s: float | None = None,
    ) -> Explanation:
        """Explain a plan: what limits it and what that is worth, how firm it is, why a supplier is not in it.

        Args:
            base: The problem, as `optimize_sourcing` takes it, or the name of a stored plan, such as "plans/…".
            why_not: Sources to ask after, or tonnes by source that they are made to deliver more (None: a tenth of the
                source's capacity). Empty: those nearest to being bought.
            firmness_increase: By how much the objective may exceed the least where the least and most of quantities
                are sought, as a fraction of it. 0: 0.01.
            firm_quantities: Number of these quantities, the dearest first. None: few in large models.
            value_of_perfect_information: Whether to find what knowing the future is worth. None: in small models.
            value_of_planning: Whether to find what planning for disruption saves. None: in small models.
            languages: Languages of the text: "ENGLISH", "CHINESE". Empty: English.
            time_limit_s: Most seconds; what they are not enough for is left out. None: the server's default, a minute.
            timeout_s: Seconds to wait. None: enough for the time limit.

        Raises:
            ValueError: There is no such language.
        """
        tonnes: Mapping[str, float | None] = why_not if isinstance(why_not, Mapping) else dict.fromkeys(why_not)
        request = sourcing_pb2.ExplainPlanRequest(
            **base_of(base),
            time_limit_s=time_limit_s,
            firmness_increase=firmness_increase,
            firm_quantities=firm_quantities,
            why_not=[sourcing_pb2.WhyNotQuestion(source_id=name, tonnes=amount) for name, amount in tonnes.items()],
            value_of_perfect_information=value_of_perfect_information,
            value_of_planning=value_of_planning,
            languages=[language_number(name) for name in languages],
        )
        return Explanation(self._call(self._sourcing.ExplainPlan, request, waiting_s(time_limit_s, timeout_s)))


def language_number(name: str) -> sourcing_pb2.Language.ValueType:
    """A language by its name.

    Raises:
        ValueError: There is no such language; the text lists them.
    """
    return sourcing_pb2.Language.ValueType(enum_number(sourcing_pb2.Language.items(), name, "language"))
