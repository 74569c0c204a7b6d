"""Demand of a stock in use: what enters to let it grow and to renew it, what leaves, and what of that comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_forecasters import Drivers, ModelFailed
from lodestock_forecasters.laws.stock_flow import StockFlows, flows_of_stock, scrap_flows
from lodestock_forecasters.laws.stock_path import stock_path
from lodestock_forecasters.series import FloatArray
from lodestock_server.catalog import Catalog, CatalogError
from lodestock_server.errors import FieldViolation, InvalidRequest, NotFound
from lodestock_server.usecases.drivers import driver_path
from lodestock_server.usecases.origins import CallerOrigin, Origin, TracedField
from lodestock_server.usecases.projection.request import (
    MaterialProjection,
    Part,
    Projection,
    ProjectionRequest,
    StockLaw,
    StockOutcome,
    StockPerHead,
    YearValues,
    along,
    path_violations,
    shares_violations,
)
from lodestock_server.usecases.projection.sectors import material_of

INTO_USE = "into use"
MOST_PAST_YEARS = 500


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """Inflow of the years before the stock drives it, and what it rests on."""

    years: range
    inflow: FloatArray
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Ahead:
    """Stock of the years that it drives, what it rests on, and what is to be said of it."""

    stock: FloatArray
    origins: tuple[Origin, ...]
    figures: tuple[TracedField, ...] = ()
    remarks: tuple[str, ...] = ()


def stock_violations(law: StockLaw, years: Sequence[int]) -> Iterator[FieldViolation]:
    """What is wrong across the fields of a request for a stock."""
    if not isinstance(law.past, str):
        yield from path_violations(law.past, "stock.past_inflow_tonnes", ())
        yield from _past_violations(law.past, years)
    if isinstance(law.ahead, StockPerHead):
        if not law.ahead.country and law.ahead.drivers is None:
            yield FieldViolation("stock.stock_per_head", "needs population and GDP: name a country, or give drivers")
    else:
        yield from path_violations(law.ahead, "stock.stock_tonnes", years)
    for name, path in (("collection", law.collection), ("recovery", law.recovery)):
        yield from path_violations(path, f"stock.{name}", years)
        yield from shares_violations(path, f"stock.{name}")


def _past_violations(past: YearValues, years: Sequence[int]) -> Iterator[FieldViolation]:
    if past and years and past[-1][0] != years[0] - 1:
        text = f"ends in {past[-1][0]}, must end in {years[0] - 1}, the year before the first one asked for"
        yield FieldViolation("stock.past_inflow_tonnes", text)
    if past and past[-1][0] - past[0][0] >= MOST_PAST_YEARS:
        yield FieldViolation("stock.past_inflow_tonnes", f"spans more than {MOST_PAST_YEARS} years")


def project_stock(catalog: Catalog, request: ProjectionRequest, law: StockLaw) -> Projection:
    """Follow the stock.

    Raises:
        InvalidRequest: The request breaks rules, or a stock cannot be followed.
        NotFound: The data hold no consumption of the buyer, or no population and GDP of the country.
    """
    found = list(stock_violations(law, request.years))
    if found:
        raise InvalidRequest(found)
    material = material_of(catalog, law.material_id)
    past = _past_inflow(catalog, material, law, request.first_year)
    try:
        ahead = _stock_ahead(catalog, law, past, request)
        flows = flows_of_stock(past.inflow, ahead.stock, law.lifetime)
    except ModelFailed as failure:
        raise InvalidRequest([FieldViolation("stock", str(failure))]) from failure
    outcome = _outcome(flows, law, request.years)
    inflow = flows.inflow[-len(request.years) :]
    origins = (CallerOrigin("stock.lifetime"), *past.origins, *ahead.origins)
    text = "what the stock needs to grow and to replace what leaves it"
    field = TracedField(f"materials[{material}].parts[{INTO_USE}].tonnes", tuple(inflow.tolist()), "t", text, origins)
    return Projection(
        request.years,
        (MaterialProjection(material, (Part(INTO_USE, inflow, field),), outcome),),
        (*_flow_figures(material, outcome, law, origins), *ahead.figures),
        (*ahead.remarks, *_remarks(past, outcome, request.years)),
    )


def _past_inflow(catalog: Catalog, material: str, law: StockLaw, first_year: int) -> _Past:
    """What entered until the year before the first one asked for."""
    if not isinstance(law.past, str):
        # One year alone is that year's inflow, not a constant: nothing is known of those before.
        span = range(law.past[0][0], first_year)
        return _Past(span, along(law.past, span), (CallerOrigin("stock.past_inflow_tonnes"),))
    try:
        observed = [one for one in catalog.consumption(law.past, material) if one.year < first_year]
    except CatalogError as error:
        raise NotFound(str(error)) from error
    if not observed:
        raise NotFound(f"the data hold no consumption of {material} by {law.past} before {first_year}")
    if observed[-1].year != first_year - 1:
        text = f"must be {observed[-1].year + 1}: the consumption of {law.past} is known to {observed[-1].year}"
        raise InvalidRequest([FieldViolation("first_year", text)])
    known = tuple((one.year, one.figure.value) for one in observed)
    span = range(known[0][0], first_year)
    return _Past(span, along(known, span), tuple(one.figure.origin for one in observed))


def _stock_ahead(catalog: Catalog, law: StockLaw, past: _Past, request: ProjectionRequest) -> _Ahead:
    """The stock at the end of each year asked for.

    Raises:
        ModelFailed: Stock per head cannot be followed.
    """
    if not isinstance(law.ahead, StockPerHead):
        return _Ahead(along(law.ahead, request.years), (CallerOrigin("stock.stock_tonnes"),))
    drivers, origins, figures, remarks = _drivers(catalog, law.ahead, past.years.start, request.last_year)
    held = np.array([year for year in past.years if not drivers.missing(np.array([year]))], dtype=np.int64)
    missing = drivers.missing(np.array([past.years[-1], *request.years]))
    if missing:
        raise ModelFailed(f"needs population and GDP of {missing[0]}, which are not known")
    stock = flows_of_stock(past.inflow, np.zeros(0), law.lifetime).stock[held - past.years.start]
    known, ahead = drivers.at(held), drivers.at(np.array(request.years))
    path = stock_path(stock, *known, *ahead, law.ahead.saturation_tonnes)
    given = (CallerOrigin("stock.stock_per_head"), *origins)
    return _Ahead(path, given, figures, remarks)


def _drivers(
    catalog: Catalog, per_head: StockPerHead, first: int, last: int
) -> tuple[Drivers, tuple[Origin, ...], tuple[TracedField, ...], tuple[str, ...]]:
    if per_head.drivers is not None:
        return per_head.drivers, (CallerOrigin("stock.stock_per_head.drivers"),), (), ()
    path = driver_path(catalog, per_head.country, per_head.gdp_scenario)
    if path is None:
        raise NotFound(f"the data hold no population and GDP of {per_head.country}")
    return path.drivers, path.origins, path.figures(first, last), (path.remark,)


def _outcome(flows: StockFlows, law: StockLaw, years: range) -> StockOutcome:
    """Stock and flows of the years asked for; before them nothing is recovered, which touches no later year."""
    n, total = len(years), len(flows.stock)
    shares = [np.zeros(total), np.zeros(total)]
    shares[0][-n:] = along(law.collection, years) if law.collection else 0.0
    shares[1][-n:] = along(law.recovery, years) if law.recovery else 1.0
    scrap = scrap_flows(flows, *shares)
    return StockOutcome(
        stock=flows.stock[-n:],
        outflow=flows.outflow[-n:],
        recovered=scrap.recovered[-n:],
        lost=scrap.lost[-n:],
        primary=scrap.primary[-n:],
        surplus=scrap.surplus[-n:],
        above_target=flows.above_target[-n:].tolist(),
    )


def _flow_figures(
    material: str, outcome: StockOutcome, law: StockLaw, origins: tuple[Origin, ...]
) -> Iterator[TracedField]:
    back = tuple(CallerOrigin(f"stock.{name}") for name in ("collection", "recovery") if getattr(law, name))
    for name, values, text, more in (
        ("stock_tonnes", outcome.stock, "what of all inflows is left", ()),
        ("outflow_tonnes", outcome.outflow, "what of all inflows leaves in the year", ()),
        ("recovered_tonnes", outcome.recovered, "outflow × collection × recovery", back),
    ):
        path = f"materials[{material}].stock.{name}"
        yield TracedField(path, tuple(values.tolist()), "t", text, (*origins, *more))


def _remarks(past: _Past, outcome: StockOutcome, years: range) -> Iterator[str]:
    above = [str(year) for year, is_above in zip(years, outcome.above_target, strict=True) if is_above]
    if above:
        yield f"the stock wears out more slowly than it is to shrink; it is above the path in {', '.join(above)}"
    if not outcome.recovered.any():
        yield "nothing is collected, so that all demand is primary"
    yield f"what entered before {past.years.start} is not known and counts as nothing, which leaves the outflow low"
