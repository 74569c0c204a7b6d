"""What limits say, in words: one sentence a family, with numbers, material or source, and periods."""

from __future__ import annotations

from collections.abc import Sequence

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.numerals import plain
from lodestock_optimizers.problem import ShareFloor

DIGITS = 6
"""Significant digits of a number that is told."""
MOST_NAMED = 3
"""Scenarios, materials, countries or stretches of periods that are told by name."""

SENTENCES = {
    "stock_floor": "the stock of {material} at the end of {period} must be at least {number}",
    "closing_stock": "the closing stock of {material} must be at least {number}",
    "storage": "the store of {material} holds at most {number}",
    "stock_in": "at most {number} of {material} can be put into stock in {period}",
    "stock_out": "at most {number} of {material} can be taken out of stock in {period}",
    "quota": "rule '{subject}' allows deliveries of at most {number} in {period}",
    "share_cap": "rule '{subject}' allows {country} at most {share} of the {base} of {material} in {period}",
    "share_floor": "rule '{subject}' asks for at least {share} of the {base} of {material} as {kind} in {period}",
    "embargo": "rule '{subject}' is an embargo that stops {material} from {country}",
    "budget": "at most {number} may be spent in {period}",
    "footprint_cap": "at most {number} may be caused in {period}",
    "reserves": "deposit '{subject}' holds {number} for all periods together",
    "capacity": "source '{subject}' can deliver at most {number} in {period}",
    "expansion": "at source '{subject}' at most {number} can be built and stand in {period}",
    "spot_capacity": "source '{subject}' sells at most {number} spot in {period}",
    "min_order": "source '{subject}' sells at least {number} at a time in {period}",
    "book": "{number} of source '{subject}' are contracted already for {period}",
}


def sentence(limits: NamedLimits, members: Sequence[int]) -> str:
    """What limits of one rule say, in all periods in which they hold, with the least and the most of their numbers."""
    named = [limits.named(i) for i in members]
    limit = named[0]
    problem = limits.instance.problem
    said = {
        "subject": limit.subject_id,
        "material": _listed([one.material_id for one in named]),
        "country": _listed([one.country for one in named]),
        "period": _each_of([one.period for one in named], [period.label for period in problem.periods]),
        "number": f"{_between([float(limits.limit[i]) for i in members])} {limit.unit}",
    }
    if limit.family in ("share_cap", "share_floor"):
        row = limits.rows[int(limits.index[members[0], 0])]
        rule = problem.rules[row.rule].rule
        said["share"] = f"{_between([100 * _share(limits, i) for i in members])} %"
        said["base"] = rule.denominator.value.lower()  # type: ignore[union-attr]
        said["kind"] = rule.kind.value.lower() if isinstance(rule, ShareFloor) else ""
    return SENTENCES[limit.family].format(**said)


def if_they_happen(scenario_ids: Sequence[str]) -> str:
    """In which scenarios something is so, at most some of them by name; empty for none."""
    named = ", ".join(f"'{name}'" for name in scenario_ids[:MOST_NAMED])
    if not named:
        return ""
    others = len(scenario_ids) - MOST_NAMED
    if others <= 0:
        return f", if {named} happens"
    return f", if {named} or {'another' if others == 1 else f'one of {others} others'} happens"


def tells_period(family: str) -> bool:
    """Whether what a family of limits says is said of a period."""
    return "{period}" in SENTENCES[family]


def stretches(periods: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of each stretch of periods that follow each other, rising."""
    found: list[tuple[int, int]] = []
    for period in sorted(set(periods)):
        follows = bool(found) and period == found[-1][1] + 1
        if follows:
            found[-1] = (found[-1][0], period)
        else:
            found.append((period, period))
    return found


def _each_of(periods: Sequence[int], labels: Sequence[str]) -> str:
    """Periods by their labels: one by itself, stretches by their first and last."""
    told = stretches(periods)
    if len(told) > MOST_NAMED:
        return f"each of {len(set(periods))} periods from {labels[told[0][0]]} to {labels[told[-1][1]]}"
    named = [labels[first] if first == last else f"{labels[first]} to {labels[last]}" for first, last in told]
    return named[0] if told[0][0] == told[-1][1] else f"each of {_listed(named)}"


def _listed(names: Sequence[str]) -> str:
    """Names, each once, at most some of them."""
    apart = list(dict.fromkeys(names))
    if len(apart) > MOST_NAMED:
        apart = [*apart[: MOST_NAMED - 1], f"{len(apart) - MOST_NAMED + 1} others"]
    return " and ".join(filter(None, (", ".join(apart[:-1]), apart[-1])))


def _between(numbers: Sequence[float]) -> str:
    """The least and the most of some numbers; one where they are told alike."""
    return " to ".join(dict.fromkeys(plain(number, DIGITS) for number in (min(numbers), max(numbers))))


def _share(limits: NamedLimits, i: int) -> float:
    return limits.rows[int(limits.index[i, 0])].at(int(limits.node[i])).share
