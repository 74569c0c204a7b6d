"""The explanation in plain words: sentences of a fixed set, filled with the figures of the answer and nothing else.

The same answer gives the same words; every number in them is one of its figures, rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from types import ModuleType

from lodestock_optimizers.no_plan.limit_words import stretches, tells_period
from lodestock_optimizers.no_plan.relaxation import ALL_DIGITS
from lodestock_optimizers.numerals import plain
from lodestock_optimizers.plan import ConflictingRule, PlanStatus, Relaxation
from lodestock_optimizers.problem import SourcingProblem

from .limit_prices import WHOLE
from .values import AttributedCost, Explanation, FirmQuantity, Language, LimitPrice, PlanText, ValueOfPlanning, WhyNot
from .words import chinese, english
from .words.numbers import rounded, scaled

WORDS: dict[Language, ModuleType] = {Language.ENGLISH: english, Language.CHINESE: chinese}
TIER = re.compile(r"materials\[(\d+)\]\.demand\[(\d+)\]")
BY_PERIOD = re.compile(r"(?P<owner>\w+?)(\[(?P<i>\d+)\])?\.(?P<field>\w+)\[(?P<t>\d+)\]")
UNNAMED = "ZZZ"
"""Country of the suppliers that the data do not name."""
NEGLIGIBLE_USD = 1e-6
"""Money that is told as none."""
MOST_TOLD = 3
"""Entries of each list that are put into words, the first ones."""


def text_of(problem: SourcingProblem, explanation: Explanation, language: Language) -> PlanText:
    """The sentences of one language about an explanation of a problem's plan."""
    return PlanText(language, tuple(_Teller(problem, WORDS[language]).sentences(explanation)))


class _Teller:
    """Fills one language's sentences."""

    def __init__(self, problem: SourcingProblem, words: ModuleType) -> None:
        self._problem, self._words = problem, words
        self._unnamed = {source.source_id for source in problem.sources if source.country == UNNAMED}

    def sentences(self, explanation: Explanation) -> Iterator[str]:
        """All that is told, in order."""
        if explanation.costs is None:
            yield from self._no_plan(explanation)
            return
        costs = explanation.costs
        told = "cost_tail" if self._problem.tail_weight > 0 else "cost"
        yield self._say(told, cost=self._money(costs.expected_cost_usd), objective=self._money(costs.objective_usd))
        for part in explanation.costs_by_field[:MOST_TOLD]:
            yield self._say("cause", cost=self._money(part.cost_usd), cause=self._cause(part))
        for limit in explanation.limits[:MOST_TOLD]:
            yield from self._limit(limit)
        for answer in explanation.why_not[:MOST_TOLD]:
            yield from self._why_not(answer)
        for quantity in explanation.firm_quantities[:MOST_TOLD]:
            yield self._firm(quantity, explanation.firmness_increase)
        if explanation.value_of_planning is not None:
            yield self._planning(explanation.value_of_planning)
        if explanation.value_of_perfect_information_usd is not None:
            saved = explanation.value_of_perfect_information_usd
            name = "knowing_nothing" if abs(saved) <= NEGLIGIBLE_USD else "knowing" if saved > 0 else "knowing_costs"
            yield self._say(name, cost=self._money(abs(saved)))
        if explanation.has_yes_or_no:
            yield self._say("held" if explanation.are_choices_held else "held_in_limits")
        if explanation.limits_left_out:
            yield self._say("limits_left_out", count=rounded(explanation.limits_left_out))
        if explanation.left_out:
            parts = self._words.JOINT.join(self._words.PARTS[name] for name in explanation.left_out)
            yield self._say("left_out", parts=parts)

    def _no_plan(self, explanation: Explanation) -> Iterator[str]:
        if explanation.status is not PlanStatus.INFEASIBLE:
            yield self._say("none")
            return
        yield self._say("infeasible")
        if explanation.conflict:
            limits = self._words.JOINT.join(self._in_conflict(rule) for rule in explanation.conflict)
            yield self._say("conflict", limits=limits)
        # One value of a field serves all its entries; whoever leaves one of the fields out has no plan.
        by_field = {self._field_of(found): found for found in explanation.relaxations}
        steps = self._words.STEP_JOINT.join(self._step(found) for found in by_field.values())
        if steps:
            yield self._say("relaxation", steps=steps)

    def _step(self, found: Relaxation) -> str:
        """What to write into which field; all its digits, as fewer might not make a plan possible."""
        if found.field_value is None:
            return str(self._words.STEP_AWAY).format(limit=self._named(found), field=found.field_path)
        unit = found.field_unit
        amount = plain(_units(unit) * found.field_value, ALL_DIGITS)
        value = str(self._words.UNITS[unit][0]).format(amount) if unit in self._words.UNITS else f"{amount} {unit}"
        step = self._words.STEP_UP if found.reachable > found.required else self._words.STEP_DOWN
        return str(step).format(limit=self._named(found), field=found.field_path, value=value)

    @staticmethod
    def _field_of(found: Relaxation) -> tuple[str, str, int]:
        """What one value, or one step, is for: a field; of the book, which has no value, a source and a period too."""
        apart = found.field_value is None and found.family == "book"
        return found.field_path, found.subject_id, found.period if apart else -1

    def _in_conflict(self, rule: ConflictingRule) -> str:
        named = self._called(rule)
        if tells_period(rule.family):
            named = str(self._words.IN_PERIOD).format(named=named, period=self._periods(rule.periods))
        if not rule.scenario_ids:
            return named
        told = self._words.JOINT.join(rule.scenario_ids[:MOST_TOLD])
        name = "IF_OTHERS" if len(rule.scenario_ids) > MOST_TOLD else "IF"
        return str(getattr(self._words, name)).format(named=named, scenarios=told)

    def _planning(self, value: ValueOfPlanning) -> str:
        if value.saved_usd is None:
            return self._say("planning_impossible")
        is_nothing = value.saved_usd <= max(NEGLIGIBLE_USD, value.gap_usd)
        return self._say("planning_nothing" if is_nothing else "planning", cost=self._money(value.saved_usd))

    def _limit(self, limit: LimitPrice) -> Iterator[str]:
        if limit.unit == WHOLE:
            yield self._say("lift", limit=self._named(limit), worth=self._money(limit.worth_per_unit_usd))
            return
        relief, tightening = self._words.MORE, self._words.LESS
        ends = limit.most_value, None if limit.least_value is None else max(0.0, limit.least_value)
        if not limit.is_most:
            relief, tightening, ends = tightening, relief, ends[::-1]
        told = {"limit": self._named(limit), "unit": self._unit(limit.unit)}
        told["value"] = self._amount(limit.value, limit.unit)
        if limit.relief_saves_usd is not None:
            yield self._relief(limit, limit.relief_saves_usd, ends[0], told | relief)
            yield from self._tightening(limit, ends[1], told | tightening)
        elif limit.tightening_costs_usd is not None:
            worth = self._worth(limit.tightening_costs_usd, limit.unit)
            yield self._say("tighter_alone", worth=worth, **told, **tightening)
        else:
            yield self._say("priced", worth=self._worth(limit.worth_per_unit_usd, limit.unit), **told, **relief)

    def _relief(self, limit: LimitPrice, saved: float, end: float | None, told: dict[str, str]) -> str:
        if saved <= NEGLIGIBLE_USD:
            return self._say("relief_nothing", **told)
        name = _reach("relief", limit.value, end)
        return self._say(name, worth=self._worth(saved, limit.unit), end=self._amount(end or 0.0, limit.unit), **told)

    def _tightening(self, limit: LimitPrice, end: float | None, told: dict[str, str]) -> Iterator[str]:
        cost = limit.tightening_costs_usd
        if cost is None:
            # Less than nothing is no limit.
            if limit.value > 0 or not limit.is_most:
                yield self._say("tighter_impossible", **told)
        elif cost <= NEGLIGIBLE_USD:
            yield self._say("tighter_nothing", **told)
        elif limit.is_degenerate:
            yield self._say("tighter_first", worth=self._worth(cost, limit.unit), **told)
        else:
            name = _reach("tighter", limit.value, end)
            worth = self._worth(cost, limit.unit)
            yield self._say(name, worth=worth, end=self._amount(end or 0.0, limit.unit), **told)

    def _why_not(self, answer: WhyNot) -> Iterator[str]:
        told = {"tonnes": self._amount(answer.forced_tonnes, "t"), "subject": self._subject(answer.source_id)}
        if answer.cost_difference_usd is None:
            yield self._say("impossible", **told)
        elif answer.cost_difference_usd <= NEGLIGIBLE_USD:
            yield self._say("forced_free", **told)
        else:
            yield self._say("forced", cost=self._money(answer.cost_difference_usd), **told)
        if answer.break_even_price_usd_per_tonne is not None:
            price = answer.break_even_price_usd_per_tonne
            name = "break_even" if answer.is_verified else "break_even_never" if price < 0 else "break_even_estimated"
            yield self._say(
                name,
                period=self._problem.periods[answer.period].label,
                price=self._money(answer.unit_price_usd_per_tonne),
                break_even=self._money(price),
                **told,
            )

    def _cause(self, part: AttributedCost) -> str:
        tier = TIER.match(part.field_path)
        demand = self._problem.materials[int(tier[1])].demand[int(tier[2])] if tier else None
        name = self._words.TIERS[demand.tier.value] if demand else ""
        cause = str(self._words.CAUSES[part.field_path.rsplit(".", 1)[1]])
        return cause.format(subject=self._subject(part.subject_id), tier=name)

    def _firm(self, quantity: FirmQuantity, increase: float) -> str:
        named = self._words.QUANTITIES[quantity.family].format(
            material=quantity.material_id,
            country=self._country(quantity.country),
            subject=self._subject(quantity.source_id),
        )
        is_fixed = rounded(quantity.least_tonnes) == rounded(quantity.most_tonnes)
        return self._say(
            "firm_fixed" if is_fixed else "firm",
            increase=rounded(100 * increase),
            quantity=named,
            tonnes=self._amount(quantity.tonnes, "t"),
            least=self._amount(quantity.least_tonnes, "t"),
            most=self._amount(quantity.most_tonnes, "t"),
        )

    def _say(self, name: str, **figures: str) -> str:
        return str(self._words.SENTENCES[name]).format(**figures)

    def _periods(self, periods: Sequence[int]) -> str:
        """Periods by their labels, stretches of them by the first and the last; many stretches as some of all."""
        labels, told = [period.label for period in self._problem.periods], stretches(periods)
        if len(told) > MOST_TOLD:
            return str(self._words.SOME_OF).format(labels[told[0][0]], labels[told[-1][1]])
        return str(self._words.JOINT).join(
            labels[first] if first == last else str(self._words.FROM_TO).format(labels[first], labels[last])
            for first, last in told
        )

    def _called(self, limit: LimitPrice | ConflictingRule | Relaxation) -> str:
        return str(self._words.LIMITS[limit.family]).format(
            subject=self._subject(limit.subject_id), material=limit.material_id, country=self._country(limit.country)
        )

    def _named(self, limit: LimitPrice | Relaxation) -> str:
        named = self._called(limit)
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
        return scaled(usd, self._words.MONEY)

    def _amount(self, value: float, unit: str) -> str:
        if unit == "USD":
            return self._money(value)
        if unit in self._words.UNITS:
            return str(self._words.UNITS[unit][0]).format(rounded(_units(unit) * value))
        return str(self._words.ANY_UNIT[0]).format(rounded(value), unit)

    def _unit(self, unit: str) -> str:
        return str(self._words.UNITS[unit][1] if unit in self._words.UNITS else self._words.ANY_UNIT[1].format(unit))

    def _worth(self, usd_per_unit: float, unit: str) -> str:
        """Money for one of the units that a sentence counts in."""
        return self._money(usd_per_unit / _units(unit))

    def _subject(self, name: str) -> str:
        return str(self._words.UNNAMED_SOURCE).format(name) if name in self._unnamed else name

    def _country(self, code: str) -> str:
        return str(self._words.UNNAMED) if code == UNNAMED else code


def _units(unit: str) -> float:
    """How many units a sentence makes of one: shares are told in hundredths."""
    return 100.0 if unit == "share" else 1.0


def _reach(name: str, value: float, end: float | None) -> str:
    """The sentence for a price that holds as far as `end`."""
    if end is None or rounded(end) == rounded(value):
        return f"{name}_first"
    return f"{name}_to" if math.isfinite(end) else f"{name}_always"
