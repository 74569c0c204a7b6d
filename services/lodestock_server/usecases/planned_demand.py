"""The demand of a plan: the caller's own or the forecast's median path, and the forecast's spread as factors of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lodestock_optimizers.problem import Scenario
from lodestock_server.usecases.build_request import BuildRequest
from lodestock_server.usecases.buyers import Yearly
from lodestock_server.usecases.demand_scenarios import MEDIAN, CrossedScenario, cross_with_demand
from lodestock_server.usecases.origins import CallerOrigin, ForecastOrigin, Origin, Traced, TracedField


@dataclass(frozen=True, slots=True)
class ForecastPath:
    """Quantile paths of a demand forecast, by level and year, and the models behind them in words.

    The level 0.5, the median path, is always among them. Origins are those of what the forecast follows beside the
    observed demand; remarks say how that was put together.
    """

    model: str
    quantiles: Mapping[float, Mapping[int, float]]
    origins: tuple[Origin, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def by_year(self) -> Mapping[int, float]:
        """The median path."""
        return self.quantiles[MEDIAN]


Forecast = Callable[[Mapping[str, Sequence[Yearly]], int, Sequence[float]], Mapping[str, ForecastPath]]
"""From the demand of each material, a number of years ahead and the levels wanted beside the median to the paths."""


class PlannedDemand:
    """The demand of each material in each year to plan.

    Args:
        request: What is planned, with the caller's own paths.
        histories: Demand so far; may be empty for materials with a path of the caller's own.
        first_year: First year to plan.
        forecast: The forecaster.
    """

    def __init__(
        self, request: BuildRequest, histories: Mapping[str, Sequence[Yearly]], first_year: int, forecast: Forecast
    ) -> None:
        self._request, self._histories = request, histories
        self.years = range(first_year, first_year + request.horizon_years)
        self._given = {path.material_id: i for i, path in enumerate(request.demand)}
        asked = {name: history for name, history in histories.items() if name not in self._given}
        earliest = min((history[-1].year for history in asked.values()), default=first_year)
        uncertainty = request.demand_uncertainty
        levels = [level for level in uncertainty.quantile_levels if level != MEDIAN] if uncertainty else []
        self._forecasts = forecast(asked, self.years[-1] - earliest, levels) if asked else {}

    def path(self, material: str) -> tuple[Traced, ...]:
        """Demand year by year, tonnes: the caller's own, else the median path of the forecast."""
        if material in self._given:
            i = self._given[material]
            values = self._request.demand[i].demand_tonnes
            values *= len(self.years) if len(values) == 1 else 1
            return tuple(Traced(value, (CallerOrigin(f"demand[{i}].demand_tonnes"),)) for value in values)
        found, origins = self._forecasts[material], self._origins(material, "median path")
        return tuple(Traced(found.by_year[year], origins, "median of the forecast") for year in self.years)

    def remarks(self, material: str) -> tuple[str, ...]:
        """What is to be said of the forecast of a material; nothing where the caller gives its demand."""
        if material not in self._given:
            return self._forecasts[material].remarks
        if self._request.demand_uncertainty is None:
            return ()
        return (f"{material}: its demand is given, so no quantile of a forecast moves it",)

    def scenarios(self) -> tuple[Scenario, ...]:
        """The caller's scenarios, crossed with the forecast's quantile paths where the caller asks for that."""
        if self._request.demand_uncertainty is None:
            return self._request.scenarios
        return tuple(crossed.scenario for crossed in self._crossed)

    def scenario_figures(self) -> Iterator[TracedField]:
        """Probabilities, times and demand factors of crossed scenarios, with what they rest on."""
        for crossed in self._crossed:
            where = f"scenarios[{crossed.scenario.scenario_id}]"
            yield from self._of_the_caller(where, crossed)
            own = 0 if crossed.given is None else len(self._request.scenarios[crossed.given].demand_factors)
            for k, factor in enumerate(crossed.scenario.demand_factors[own:], start=own):
                origins = self._origins(factor.material_ids[0], f"path of quantile {crossed.level:g}")
                at = f"{where}.demand_factors[{k}]"
                text = "quantile path / median path of the forecast"
                yield TracedField(f"{at}.factor", (factor.factor,), "1", text, origins)
                periods = tuple(float(t) for t in factor.periods)
                yield TracedField(f"{at}.periods", periods, "1", "periods in which the paths are so far apart", origins)

    def _of_the_caller(self, where: str, crossed: CrossedScenario) -> Iterator[TracedField]:
        """What follows from the caller's scenarios and quantiles alone."""
        scenario, given, asked = crossed.scenario, crossed.given, CallerOrigin("demand_uncertainty")
        alone = given is None
        rest = CallerOrigin("scenarios") if alone else CallerOrigin(f"scenarios[{given}].probability")
        text = "probability of the path × " + ("what the scenarios leave" if alone else "that of the scenario")
        yield TracedField(f"{where}.probability", (scenario.probability,), "1", text, (asked, rest))
        for name, period in (("onset_period", scenario.onset_period), ("end_period", scenario.end_period)):
            if period is not None:
                origin = asked if alone else CallerOrigin(f"scenarios[{given}].{name}")
                yield TracedField(f"{where}.{name}", (float(period),), "1", "", (origin,))

    @cached_property
    def _crossed(self) -> tuple[CrossedScenario, ...]:
        uncertainty = self._request.demand_uncertainty
        if uncertainty is None:
            return ()
        levels = [level for level in uncertainty.quantile_levels if level != MEDIAN]
        factors = {
            level: {name: self._factors(name, level) for name in self._histories if name not in self._given}
            for level in levels
        }
        return cross_with_demand(self._request.scenarios, uncertainty, factors)

    def _origins(self, material: str, statistic: str) -> tuple[Origin, ...]:
        """A statistic of the forecast, the observed demand behind it, and the economy that it follows."""
        found = self._forecasts[material]
        observed = (origin for of_year in self._histories[material] for origin in of_year.figure.origins)
        behind = dict.fromkeys((*observed, *found.origins))
        return (ForecastOrigin(found.model, statistic, self._request.seed), *behind)

    def _factors(self, material: str, level: float) -> tuple[float, ...]:
        """Quantile path over median path, year by year; 1 where the median is 0."""
        found = self._forecasts[material]
        return tuple(
            found.quantiles[level][year] / found.by_year[year] if found.by_year[year] > 0 else 1.0
            for year in self.years
        )
