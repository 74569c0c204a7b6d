"""Trace numbers of an answer: to rows of datasets, to defaults with their reasons, and to what the caller gave.

Owns what each kind of answer says about its numbers. An answer comes as a document whose fields are named as in the
contract, with the figures that the answer itself carries; how a plan's numbers follow from its problem is the matter of
`lodestock_optimizers.tracing.lineage`. Which cells the rows hold is looked up by whoever has the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lodestock_optimizers.field_paths import Document, Place, UnknownPath, is_number
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.tracing.lineage import PlanLineage
from lodestock_optimizers.tracing.recompute import Recomputation, disagrees
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Origin, TracedField

MOST_ENTRIES = 250_000
"""Origins and fields of the problem that one answer may hold, counted once a number: some 40 MB with the rows."""

PROBLEM_IDENTIFIERS = {
    "materials": ("material_id",),
    "demand": ("tier",),
    "sources": ("source_id",),
    "deposits": ("deposit_id",),
    "rules": ("rule_id",),
    "scenarios": ("scenario_id",),
    "periods": ("label",),
    "substitutions": ("substitution_id",),
    "footprint_policies": ("kind",),
    "footprints": ("kind",),
    "defaults": ("default_id",),
}

WHERE_NOT_GIVEN: Mapping[str, str] = {
    "price_of_risk": "where it is not given, λ = 1",
    "discount_rate": "where it is not given, 0.03 a year",
    "tail_level": "where it is not given, 0.95: the dearest twentieth",
    "materials.demand.shortage_cost_usd_per_tonne": "where it is not given, that of the next tier that gives one",
    "materials.stock.capacity_tonnes": "where it is not given, the larger of the opening stock and two years of demand",
    "materials.stock.closing_tonnes": "where it is not given, the larger of the opening stock and the last floor",
    "materials.stock.closing_shortfall_usd_per_tonne": (
        "where it is not given, ¼ · (shortage cost of GENERAL + of ESSENTIAL), at least the dearest landed cost"
    ),
    "materials.stock.floor_shortfall_usd_per_tonne_year": (
        "where it is not given, the cost of a tonne missing at the end / years of the horizon"
    ),
    "materials.stock.max_in_tonnes": "where it is not given, no limit",
    "materials.stock.max_out_tonnes": "where it is not given, no limit",
    "sources.tariff_rate": "where it is not given, no duty",
    "sources.spot_capacity_tonnes": "where it is not given, no spot",
    "sources.take_or_pay": "where it is not given, 1: a contract is a commitment",
    "footprint_policies.max_units": "where it is not given, no limit",
    "sources.expansion.life_years": "where it is not given, 20",
    "sources.lead_periods": "where it is not given, one year, rounded up to whole periods",
    "scenarios.end_period": "where it is not given, the last period",
    "scenarios.rebuilding_periods": "where it is not given, two years, rounded up to whole periods",
    "scenarios.disruptions.availability": "where it is not given, 1: all is available",
    "scenarios.disruptions.price_factor": "where it is not given, 1: the price stays",
}
"""What the model takes where a problem leaves a field unset: docs/model.md, "Where a field is not given"."""

MODEL_PAGE = "docs/model.md"

NEUTRAL = {"scenarios.disruptions.availability": 1.0, "scenarios.disruptions.price_factor": 1.0}
"""Values that a problem may as well leave out."""

BUILT = ("materials", "sources", "deposits")
"""Lists that BuildProblem writes whole: what is 0 in them and has no figure was given by nobody."""

UNITS = (
    ("_usd_per_tonne_year", "USD/t/a"),
    ("_tonnes_per_year", "t/a"),
    ("_usd_per_tonne", "USD/t"),
    ("_usd", "USD"),
    ("_tonnes", "t"),
    ("_days", "d"),
    ("_years", "a"),
    ("_per_year", "1/a"),
)
"""Units by how a field's name ends; a number without one is a plain one."""


@dataclass(frozen=True, slots=True)
class TracedNumber:
    """A number with all that it rests on, and, for a plan's, the fields of its problem in between."""

    figure: TracedField
    problem_fields: tuple[str, ...] = ()


class Tracer(Protocol):
    """Traces the numbers of one answer."""

    def trace(self, path: str) -> TracedNumber:
        """Trace the number at a path.

        Raises:
            UnknownPath: The path names no number.
        """


def trace_numbers(tracer: Tracer, field_paths: Sequence[str]) -> list[TracedNumber]:
    """Trace numbers of an answer, in the order of their paths.

    Raises:
        InvalidRequest: Paths name no number, or together rest on more than an answer can hold; all are listed.
    """
    found: list[TracedNumber] = []
    violations: list[FieldViolation] = []
    entries = 0
    for i, path in enumerate(field_paths):
        try:
            number = tracer.trace(path)
        except UnknownPath as error:
            violations.append(FieldViolation(f"field_paths[{i}]", f"'{path}': {error}"))
            continue
        entries += len(number.figure.origins) + len(number.problem_fields)
        if entries > MOST_ENTRIES:
            text = f"makes over {MOST_ENTRIES:,} origins and fields up to here, the most for a call: give fewer paths"
            violations.append(FieldViolation(f"field_paths[{i}]", text))
            break
        found.append(number)
    if violations:
        raise InvalidRequest(violations)
    return found


def unit_of_field(name: str) -> str:
    """The unit that a field's name says."""
    return next((unit for ending, unit in UNITS if name.endswith(ending)), "1")


def values_at(place: Place) -> tuple[float, ...]:
    """The number, or the numbers of a list, at a place."""
    return (float(place.value),) if is_number(place.value) else tuple(float(value) for value in place.value)


def united(groups: Iterable[Iterable[Origin]]) -> tuple[Origin, ...]:
    """All origins, each once, in the order in which they come."""
    return tuple(dict.fromkeys(origin for group in groups for origin in group))


def stated_origins(figure: TracedField) -> tuple[Origin, ...]:
    """What a figure rests on; one that rests on nothing else rests on the convention that its derivation states."""
    return figure.origins or (DefaultOrigin("", figure.derivation or "by convention"),)


class FigureIndex:
    """The figures that an answer carries, by the place that each is of."""

    def __init__(self, document: Document, figures: Iterable[TracedField]) -> None:
        self._figures: dict[tuple[str | int, ...], TracedField] = {}
        for figure in figures:
            try:
                self._figures[document.find(figure.field_path).steps] = figure
            except UnknownPath:
                # A figure of something that the answer leaves out, such as a share of a source of 0.
                continue

    def of(self, place: Place) -> tuple[TracedField, tuple[float, ...]] | None:
        """The figure of a place and the values that it states there; None where the answer carries none."""
        figure = self._figures.get(place.steps)
        if figure is not None:
            return figure, figure.values
        whole = self._figures.get(place.steps[:-1]) if place.steps and isinstance(place.steps[-1], int) else None
        if whole is None:
            return None
        position = int(place.steps[-1])
        values = whole.values if len(whole.values) > 1 else whole.values * (position + 1)
        return (whole, (values[position],)) if position < len(values) else None


class ProblemTracer:
    """Traces the numbers of a built problem.

    Args:
        document: The problem's fields, and the defaults used as "defaults".
        figures: The figures that came with it.
    """

    def __init__(self, document: Mapping[str, Any], figures: Iterable[TracedField]) -> None:
        self._document = Document(document, PROBLEM_IDENTIFIERS)
        listed = list(figures)
        self._is_built = bool(listed)
        self._figures = FigureIndex(self._document, listed)
        self._known: dict[str, tuple[Origin, ...]] = {}

    def trace(self, path: str) -> TracedNumber:
        """See `Tracer`."""
        place = self._document.number(path.removeprefix("problem."))
        values = values_at(place)
        found = self._figures.of(place)
        origins = self._origins(place)
        if found is None or found[1] != values:
            default = self._document.find("defaults").value[int(place.steps[1])] if self._is_default(place) else {}
            unit = str(default.get("unit", "")) or unit_of_field(place.family.rpartition(".")[2])
            return TracedNumber(TracedField(path, values, unit, "", origins))
        figure = found[0]
        return TracedNumber(TracedField(path, values, figure.unit, figure.derivation, origins))

    def origins_of(self, field_path: str) -> tuple[Origin, ...]:
        """What a field of the problem rests on, be it a number, a switch, or left out."""
        if field_path not in self._known:
            self._known[field_path] = self._origins(self._document.find(field_path))
        return self._known[field_path]

    def _origins(self, place: Place) -> tuple[Origin, ...]:
        if self._is_default(place):
            return (self._default_origin(place),)
        is_list = isinstance(place.value, Sequence) and not isinstance(place.value, str)
        is_left_out = place.value is None or (is_list and not place.value)
        if is_left_out or NEUTRAL.get(place.family) == place.value:
            reason = WHERE_NOT_GIVEN.get(place.family, "not given: the model does without it")
            return (DefaultOrigin("", reason, MODEL_PAGE),)
        found = self._figures.of(place)
        if found is not None and (is_list or is_number(place.value)) and found[1] == values_at(place):
            return stated_origins(found[0])
        return self._without_figure(place)

    def _without_figure(self, place: Place) -> tuple[Origin, ...]:
        """What a value rests on that no figure states: in a built problem what nobody gave, else the caller."""
        if found := self._figures.of(place):
            return (CallerOrigin(path_text(place), f"in place of {found[0].values[0]:g}" if found[0].values else ""),)
        if self._is_built and place.steps[0] in BUILT and place.value == 0:
            return (DefaultOrigin("", "left at 0: the data hold none, and no default stands in", MODEL_PAGE),)
        if place.family == "periods.length_years" and self._is_built and place.value == 1.0:
            return (CallerOrigin("horizon_years", "one period a year"),)
        return (CallerOrigin(path_text(place)),)

    def _is_default(self, place: Place) -> bool:
        return place.steps[:1] == ("defaults",)

    def _default_origin(self, place: Place) -> Origin:
        used = self._document.find("defaults").value[int(place.steps[1])]
        if used["overridden"]:
            return CallerOrigin(f"overrides[{used['default_id']}]", str(used["reason"]))
        return DefaultOrigin(str(used["default_id"]), str(used["reason"]), str(used["source"]))


def path_text(place: Place) -> str:
    """A place as a path, elements by number."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place.steps)
    return text.removeprefix(".")


class PlanTracer:
    """Traces the numbers of a plan through its problem; paths that begin with "problem." are the problem's own.

    Args:
        problem: The problem, without violations.
        plan: Its plan, checked by `lodestock_optimizers.tracing.consistency`.
        of_problem: Traces the problem's figures.
    """

    def __init__(self, problem: SourcingProblem, plan: Plan, of_problem: ProblemTracer) -> None:
        self._plan = plan
        self._lineage = PlanLineage(problem, plan)
        self._again = Recomputation(problem, plan)
        self._of_problem = of_problem
        self._united: dict[tuple[str, ...], tuple[Origin, ...]] = {}
        self._of_one_another(problem)

    def _of_one_another(self, problem: SourcingProblem) -> None:
        """See that plan and problem belong together, whichever of its numbers is asked for.

        Raises:
            InvalidRequest: They do not.
        """
        if self._plan.price_of_risk != problem.price_of_risk:
            text = f"is {self._plan.price_of_risk:g}, that of the problem is {problem.price_of_risk:g}"
            raise InvalidRequest([FieldViolation("plan.plan.price_of_risk", f"{text}: they do not belong together")])
        for name in ("expected_cost_usd", "risk_charge_usd") if self._plan.costs else ():
            try:
                self._compare(self._lineage.place(f"costs.{name}"))
            except UnknownPath as error:
                raise InvalidRequest([FieldViolation(f"plan.plan.costs.{name}", str(error))]) from error

    def trace(self, path: str) -> TracedNumber:
        """See `Tracer`."""
        if path.startswith("problem."):
            return self._of_problem.trace(path)
        place = self._lineage.place(path)
        found = self._lineage.trace(place)
        if found is None:
            raise UnknownPath("is a time, which rests on the machine and on no data")
        self._compare(place)
        figure = TracedField(path, found.values, found.unit, found.derivation, self._origins(found.problem_fields))
        return TracedNumber(figure, found.problem_fields)

    def _compare(self, place: Place) -> None:
        again = self._again.value(place)
        in_usd = place.family.endswith("_usd")
        if again is not None and disagrees(float(place.value), again, self._plan.costs, in_usd):
            text = (
                f"is {place.value:g}, the plan's quantities and the problem make {again:g}: they do not belong together"
            )
            raise UnknownPath(text)

    def _origins(self, problem_fields: tuple[str, ...]) -> tuple[Origin, ...]:
        if problem_fields not in self._united:
            groups = (self._of_problem.origins_of(field) for field in problem_fields)
            self._united[problem_fields] = united(groups)
        found = self._united[problem_fields]
        return found or (DefaultOrigin("", "nothing of the problem changes it: no scenario is given", MODEL_PAGE),)
