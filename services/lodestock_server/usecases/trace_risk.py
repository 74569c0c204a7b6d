"""Trace the numbers of a risk assessment: a score to the shares, indicators and inputs of the countries in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lodestock_optimizers.field_paths import Document, Place, UnknownPath
from lodestock_optimizers.risk import MEASURES
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Origin, TracedField
from lodestock_server.usecases.trace_result import (
    FigureIndex,
    TracedNumber,
    stated_origins,
    unit_of_field,
    united,
    values_at,
)

IDENTIFIERS = {
    "risks": ("material_id", "stage"),
    "scores": ("measure_id", "scope"),
    "sources": ("country",),
    "contributions": ("country",),
}

WORLD_OUTPUT = "world_output"
"""Name of the figure that world shares are parts of."""

FORMULAS = {measure.measure_id: measure for measure in MEASURES}
SHARES = {"global": ("global_share",), "sourcing": ("sourcing_share",), "combined": ("global_share", "sourcing_share")}
INDICATORS = (
    "governance",
    "trade_parameter",
    "political_instability",
    "ability_to_supply",
    "willingness_to_supply",
    "human_development",
    "ecological_pressure",
)

WITHOUT_FIGURE = {
    "governance": "no governance estimates of the country: it counts with the world's mean",
    "trade_parameter": "no restriction of its exports is in the data: it counts as 1",
    "global_share": "the data name no share of the country in world supply",
    "sourcing_share": "the data name no share of the country in the buyer's supply",
}
"""What a number is where the answer carries no figure of it."""

GIVEN_INPUTS = {
    "import_reliance": "the data hold no import reliance",
    "eol_recycling_input_rate": "the data hold no recycling rate: it counts as 0",
    "substitution_index": "the data hold no substitution index: it counts as 1, no substitute",
    "price_usd_per_tonne": "the data hold no price",
    "copper_reference_usd_per_kg": "the price of copper that the method refers to",
    "trade_exposure": "the import reliance stands in for it",
    "economic_vulnerability": "the data hold no economic vulnerability",
}
"""Inputs of scores that are figures of their own, and what they are where the answer carries none of them."""

RECKONED = "reckoned from the countries in the score"
"""All other inputs: parts of the formula."""

RISK_OF_A_SOURCE = "min(1, W/10 · t), W the governance of the country and t its trade parameter; 0 at home"


class RiskTracer:
    """Traces the numbers of an answer of AssessSupplyRisk.

    Args:
        document: The answer's fields.
        figures: The figures of all its risks.
    """

    def __init__(self, document: Mapping[str, Any], figures: Iterable[TracedField]) -> None:
        self._document = Document(document, IDENTIFIERS)
        listed = list(figures)
        self._figures = FigureIndex(self._document, listed)
        self._inputs = dict(self._input_figures(listed))
        self._world = dict(self._world_figures(listed))

    def trace(self, path: str) -> TracedNumber:
        """Trace the number at a path.

        Raises:
            UnknownPath: The path names no number of a risk.
        """
        place = self._document.number(path)
        if place.steps[0] != "risks" or place.steps[2] not in ("scores", "sources"):
            raise UnknownPath("must name a number of a score or of a source")
        unit, derivation, groups = self._basis(place)
        return TracedNumber(TracedField(path, values_at(place), unit, derivation, united(groups)))

    def _input_figures(self, figures: Iterable[TracedField]) -> Iterator[tuple[tuple[int, str], TracedField]]:
        """The figures of scores' inputs, by risk and name: other scores of the same risk use them too."""
        for figure in figures:
            head, _, name = figure.field_path.partition(".inputs[")
            number = head.partition("[")[2].partition("]")[0]
            if name and number.isdecimal():
                yield (int(number), name.removesuffix("]")), figure

    def _world_figures(self, figures: Iterable[TracedField]) -> Iterator[tuple[int, TracedField]]:
        """The world's output, by risk: what every share of it is a share of."""
        for figure in figures:
            head, _, name = figure.field_path.rpartition(".")
            number = head.partition("[")[2].partition("]")[0]
            if name == WORLD_OUTPUT and number.isdecimal():
                yield int(number), figure

    def _basis(self, place: Place) -> tuple[str, str, list[tuple[Origin, ...]]]:
        """Unit, derivation and origins of a number."""
        risk, field = int(place.steps[1]), str(place.steps[-1])
        if place.steps[2] == "sources":
            return self._of_source(risk, self._country(place), field)
        score = self._document.find(f"risks[{risk}].scores[{place.steps[3]}]").value
        if "inputs" in place.steps:
            if field not in GIVEN_INPUTS:
                countries = [part["country"] for part in score["contributions"]]
                return "1", RECKONED, [self._of_country(risk, score, country) for country in countries]
            return self._given(risk, field)
        if "contributions" in place.steps:
            return self._of_contribution(risk, score, self._country(place), field)
        measure = FORMULAS.get(score["measure_id"])
        if field in ("scale_low", "scale_high"):
            source = measure.source if measure else ""
            return "1", "scale of the measure", [(DefaultOrigin("", f"scale of {score['measure_id']}", source),)]
        countries = [part["country"] for part in score["contributions"]]
        groups = [self._of_country(risk, score, country) for country in countries]
        groups += [self._given(risk, name)[2][0] for name in score["inputs"] if name in GIVEN_INPUTS]
        return "1", measure.formula if measure else "", groups or [(CallerOrigin(f"inline.supplies[{risk}]"),)]

    def _country(self, place: Place) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place.steps[:-1])
        return str(self._document.find(where.removeprefix(".")).value["country"])

    def _of_source(self, risk: int, country: str, field: str) -> tuple[str, str, list[tuple[Origin, ...]]]:
        if field == "risk":
            groups = [self._indicator(risk, country, name) for name in ("governance", "trade_parameter")]
            return "1", RISK_OF_A_SOURCE, groups
        found = self._figure(risk, country, field)
        return "1", found.derivation if found else "", [self._indicator(risk, country, field)]

    def _of_contribution(
        self, risk: int, score: Mapping[str, Any], country: str, field: str
    ) -> tuple[str, str, list[tuple[Origin, ...]]]:
        if field == "share":
            return "1", "share of the country", [self._indicator(risk, country, name) for name in self._shares(score)]
        if field in INDICATORS:
            found = self._figure(risk, country, field)
            return "1", found.derivation if found else "", [self._indicator(risk, country, field)]
        return "1", "what the country adds to the score", [self._of_country(risk, score, country)]

    def _of_country(self, risk: int, score: Mapping[str, Any], country: str) -> tuple[Origin, ...]:
        """What a country's part in a score rests on."""
        part = next(part for part in score["contributions"] if part["country"] == country)
        used = [*self._shares(score), *(name for name in INDICATORS if part[name] is not None)]
        return united(self._indicator(risk, country, name) for name in used)

    def _shares(self, score: Mapping[str, Any]) -> tuple[str, ...]:
        return SHARES.get(score["scope"], ())

    def _figure(self, risk: int, country: str, field: str) -> TracedField | None:
        try:
            found = self._figures.of(self._document.find(f"risks[{risk}].sources[{country}].{field}"))
        except UnknownPath:
            return None
        return found[0] if found else None

    def _indicator(self, risk: int, country: str, field: str) -> tuple[Origin, ...]:
        """What a country's share or indicator rests on: its figure; else the caller's, or what stands in for it."""
        if field == "ecological_pressure":
            return (CallerOrigin("pressures"),)
        figure = self._figure(risk, country, field)
        if figure is not None:
            whole = self._world.get(risk) if field == "global_share" else None
            return united(stated_origins(part) for part in (figure, whole) if part is not None)
        if not self._is_stored(risk):
            return (CallerOrigin(f"inline.supplies[{risk}]"),)
        return (DefaultOrigin("", WITHOUT_FIGURE.get(field, "the data hold no figure")),)

    def _given(self, risk: int, name: str) -> tuple[str, str, list[tuple[Origin, ...]]]:
        """An input of a score."""
        figure = self._inputs.get((risk, name))
        if figure is not None:
            return figure.unit, figure.derivation, [stated_origins(figure)]
        if not self._is_stored(risk):
            return unit_of_field(name), "", [(CallerOrigin(f"inline.supplies[{risk}].{name}"),)]
        return unit_of_field(name), "", [(DefaultOrigin("", GIVEN_INPUTS[name]),)]

    def _is_stored(self, risk: int) -> bool:
        """Whether the supply was the server's own, which carries figures; an inline one has none."""
        return bool(self._document.find(f"risks[{risk}].figures").value)
