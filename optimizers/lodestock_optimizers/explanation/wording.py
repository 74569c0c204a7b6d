"""The explanation in plain words: sentences of a fixed set, filled with the figures of the answer and nothing else.

The same answer gives the same words; every number in them is one of its figures, rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import ModuleType

from lodestock_optimizers.plan import ConflictingRule, PlanStatus, Relaxation
from lodestock_optimizers.problem import SourcingProblem

from .limit_prices import WHOLE
from .values import AttributedCost, Explanation, FirmQuantity, Language, LimitPrice, PlanText, WhyNot
from .words import chinese, english
from .words.numbers import rounded, scaled

WORDS: dict[Language, ModuleType] = {Language.ENGLISH: english, Language.CHINESE: chinese}
TIER = re.compile(r"materials\[(\d+)\]\.demand\[(\d+)\]")
BY_PERIOD = re.compile(r"(?P<owner>\w+?)(\[(?P<i>\d+)\])?\.(?P<field>\w+)\[(?P<t>\d+)\]")
MOST_TOLD = 3
"""Entries of each list that are put into words, the first ones."""


def text_of(problem: SourcingProblem, explanation: Explanation, language: Language) -> PlanText:
    """The sentences of one language about an explanation of a problem's plan."""
    return PlanText(language, tuple(_Teller(problem, WORDS[language]).sentences(explanation)))


class _Teller:
    """Fills one language's sentences."""

    def __init__(self, problem: SourcingProblem, words: ModuleType) -> None:
        self._problem, self._words = problem, words

    def sentences(self, explanation: Explanation) -> Iterator[str]:
        """All that is told, in order."""
        if explanation.costs is None:
            yield from self._no_plan(explanation)
            return
        costs = explanation.costs
        yield self._say("cost", cost=self._money(costs.expected_cost_usd), objective=self._money(costs.objective_usd))
        for part in explanation.costs_by_field[:MOST_TOLD]:
            yield self._say("cause", cost=self._money(part.cost_usd), cause=self._cause(part))
        for limit in explanation.limits[:MOST_TOLD]:
            yield from self._limit(limit)
        for answer in explanation.why_not[:MOST_TOLD]:
            yield from self._why_not(answer)
        for quantity in explanation.firm_quantities[:MOST_TOLD]:
            yield self._firm(quantity, explanation.firmness_increase)
        if explanation.value_of_perfect_information_usd is not None:
            saved = explanation.value_of_perfect_information_usd
            yield self._say("knowing" if saved >= 0 else "knowing_costs", cost=self._money(abs(saved)))
        if explanation.has_yes_or_no:
            yield self._say("held")
        if explanation.left_out:
            parts = self._words.JOINT.join(self._words.PARTS[name] for name in explanation.left_out)
            yield self._say("left_out", parts=parts)

    def _no_plan(self, explanation: Explanation) -> Iterator[str]:
        if explanation.status is not PlanStatus.INFEASIBLE:
            yield self._say("none")
            return
        yield self._say("infeasible")
        if explanation.conflict:
            limits = self._words.JOINT.join(self._named(rule) for rule in explanation.conflict)
            yield self._say("conflict", limits=limits)
        for found in explanation.relaxations[:MOST_TOLD]:
            yield self._say(
                "relaxation",
                limit=self._named(found),
                required=self._amount(found.required, found.unit),
                reachable=self._amount(found.reachable, found.unit),
            )

    def _limit(self, limit: LimitPrice) -> Iterator[str]:
        named, worth = self._named(limit), self._money(limit.worth_per_unit_usd)
        if limit.unit == WHOLE:
            yield self._say("lift", limit=named, worth=worth)
            return
        units = self._words.UNITS
        unit = units[limit.unit][1] if limit.unit in units else self._words.ANY_UNIT[1].format(limit.unit)
        yield self._say("more" if limit.is_most else "less", unit=unit, limit=named, worth=worth)
        yield from self._range(limit)
        if limit.is_degenerate and limit.relief_saves_usd is not None:
            relief = self._money(limit.relief_saves_usd)
            if limit.tightening_costs_usd is not None:
                yield self._say("beside", relief=relief, tightening=self._money(limit.tightening_costs_usd))
            elif limit.value > 0:
                yield self._say("beside_none", relief=relief)

    def _range(self, limit: LimitPrice) -> Iterator[str]:
        least, most = limit.least_value, limit.most_value
        if least is None or most is None or rounded(least) == rounded(most):
            return
        ends = {
            "value": self._amount(limit.value, limit.unit),
            "least": self._amount(least, limit.unit),
            "most": self._amount(most, limit.unit),
        }
        has_least, has_most = math.isfinite(least), math.isfinite(most)
        name = "between" if has_least and has_most else "from" if has_least else "up_to" if has_most else "always"
        yield self._say(name, **ends)

    def _why_not(self, answer: WhyNot) -> Iterator[str]:
        tonnes = self._amount(answer.forced_tonnes, "t")
        if answer.cost_difference_usd is None:
            yield self._say("impossible", tonnes=tonnes, subject=answer.source_id)
        else:
            yield self._say(
                "forced", tonnes=tonnes, subject=answer.source_id, cost=self._money(answer.cost_difference_usd)
            )
        if answer.break_even_price_usd_per_tonne is not None:
            yield self._say(
                "break_even",
                subject=answer.source_id,
                period=self._problem.periods[answer.period].label,
                price=self._money(answer.unit_price_usd_per_tonne),
                break_even=self._money(answer.break_even_price_usd_per_tonne),
            )

    def _cause(self, part: AttributedCost) -> str:
        tier = TIER.match(part.field_path)
        demand = self._problem.materials[int(tier[1])].demand[int(tier[2])] if tier else None
        name = self._words.TIERS[demand.tier.value] if demand else ""
        cause = str(self._words.CAUSES[part.field_path.rsplit(".", 1)[1]])
        return cause.format(subject=part.subject_id, tier=name)

    def _firm(self, quantity: FirmQuantity, increase: float) -> str:
        named = self._words.QUANTITIES[quantity.family].format(
            material=quantity.material_id, country=quantity.country, subject=quantity.source_id
        )
        return self._say(
            "firm",
            increase=rounded(100 * increase),
            quantity=named,
            tonnes=self._amount(quantity.tonnes, "t"),
            least=self._amount(quantity.least_tonnes, "t"),
            most=self._amount(quantity.most_tonnes, "t"),
        )

    def _say(self, name: str, **figures: str) -> str:
        return str(self._words.SENTENCES[name]).format(**figures)

    def _named(self, limit: LimitPrice | ConflictingRule | Relaxation) -> str:
        named = str(self._words.LIMITS[limit.family]).format(
            subject=limit.subject_id, material=limit.material_id, country=limit.country
        )
        period = self._period_of(limit.field_path)
        return str(self._words.IN_PERIOD).format(named=named, period=period) if period else named

    def _period_of(self, path: str) -> str:
        """The period of a field that holds a value for each of several; empty for any other field."""
        found = BY_PERIOD.fullmatch(path)
        if found is None:
            return ""
        owner = self._problem.budget if found["owner"] == "budget" else None
        if found["i"] is not None:
            owner = getattr(self._problem, found["owner"])[int(found["i"])]
        return self._problem.periods[int(found["t"])].label if len(getattr(owner, found["field"])) > 1 else ""

    def _money(self, usd: float) -> str:
        number, scale = scaled(usd)
        return str(self._words.MONEY[scale]).format(number)

    def _amount(self, value: float, unit: str) -> str:
        if unit == "USD":
            return self._money(value)
        if unit in self._words.UNITS:
            return str(self._words.UNITS[unit][0]).format(rounded(value))
        return str(self._words.ANY_UNIT[0]).format(rounded(value), unit)
