"""Demand from the bottom up: published uses of the world, the caller's own, what they deploy and what is in it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lodestock_forecasters.laws.sectors import tonnes_of
from lodestock_forecasters.series import FloatArray
from lodestock_server.catalog import Catalog, UnknownMineralError, UseFigure
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.origins import CallerOrigin, Origin, Traced, TracedField
from lodestock_server.usecases.projection.request import (
    Deployment,
    MaterialProjection,
    MaterialUse,
    Part,
    Projection,
    ProjectionRequest,
    PublishedUses,
    SectorLaw,
    along,
    path_violations,
)
from lodestock_server.usecases.vehicle_sales import VehicleSales, vehicles_sold

ALL_DEMAND, ALL_CLEAN, ALL_OTHER = "TOTAL demand", "TOTAL clean technologies", "TOTAL other uses"
OTHER_USES = "Other uses"
UNLISTED = "Clean technologies not listed"
LEAST_UNLISTED = 0.005
"""Part of the published demand from which on what the technologies leave of their published sum is a use of its own."""

Known = Mapping[int, Traced]


def sector_violations(catalog: Catalog, law: SectorLaw, years: Sequence[int]) -> Iterator[FieldViolation]:
    """What is wrong across the fields of a request for sectors."""
    if law.published is None and not law.uses:
        yield FieldViolation("sectors", "holds no use; give published ones or your own")
    if law.published is not None:
        yield from _published_violations(catalog, law.published, years)
    seen: dict[tuple[str, str], int] = {}
    for i, use in enumerate(law.uses):
        path = f"sectors.uses[{i}]"
        if (first := seen.setdefault((material_of(catalog, use.material_id), use.use_id), i)) != i:
            text = f"'{use.use_id}' of {use.material_id} is already that of uses[{first}], must be unique"
            yield FieldViolation(f"{path}.use_id", text)
        if isinstance(use.amount, Deployment):
            yield from _deployment_violations(catalog, use, use.amount, f"{path}.deployment", years)
        else:
            yield from path_violations(use.amount, f"{path}.tonnes", years)


def _published_violations(catalog: Catalog, published: PublishedUses, years: Sequence[int]) -> Iterator[FieldViolation]:
    by_use: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in catalog.published_uses(published.scenario):
        by_use[row.mineral, row.use].add(row.year)
    known = sorted({mineral for mineral, _ in by_use})
    for i, name in enumerate(published.material_ids):
        if material_of(catalog, name) not in known:
            text = f"'{name}' has no published uses, must be one of {', '.join(known)}"
            yield FieldViolation(f"sectors.published.material_ids[{i}]", text)
    wanted = {material_of(catalog, name) for name in published.material_ids} or set(known)
    reached = [found for (mineral, _), found in by_use.items() if mineral in wanted]
    # The years from which all wanted uses are known, to those to which they are.
    common = {max(map(min, reached)), min(map(max, reached))} if reached else set()
    yield from _reach(common, "sectors.published", years)


def _deployment_violations(
    catalog: Catalog, use: MaterialUse, deployment: Deployment, path: str, years: Sequence[int]
) -> Iterator[FieldViolation]:
    if isinstance(deployment.activity, VehicleSales):
        yield from _reach(set(vehicles_sold(catalog, deployment.activity)), f"{path}.vehicles", years)
    else:
        yield from path_violations(deployment.activity, f"{path}.units", years)
    yield from path_violations(deployment.units_each, f"{path}.units_each", years)
    if not isinstance(deployment.intensity, str):
        yield from path_violations(deployment.intensity, f"{path}.kg_per_unit", years)
    elif not catalog.intensities(deployment.intensity, material_of(catalog, use.material_id)):
        known = catalog.technologies()
        text = f"no intensity of {use.material_id} in '{deployment.intensity}' is published"
        more = "" if deployment.intensity in known else f"; technologies are {', '.join(known)}"
        yield FieldViolation(f"{path}.technology", text + more)


def _reach(known: set[int], path: str, years: Sequence[int]) -> Iterator[FieldViolation]:
    if not known:
        yield FieldViolation(path, "nothing of the kind is in the data")
    elif years and not (min(known) <= years[0] and years[-1] <= max(known)):
        text = f"is known from {min(known)} to {max(known)}, not in all years from {years[0]} to {years[-1]}"
        yield FieldViolation(path, text)


def project_sectors(catalog: Catalog, request: ProjectionRequest, law: SectorLaw) -> Projection:
    """Add up the uses of each material.

    Raises:
        InvalidRequest: A path does not reach as far as is asked, or nothing of the kind is in the data.
    """
    found = list(sector_violations(catalog, law, request.years))
    if found:
        raise InvalidRequest(found)
    parts: dict[str, dict[str, Part]] = defaultdict(dict)
    remarks: list[str] = []
    if law.published is not None:
        for material, use, known in _published(catalog, law.published):
            parts[material][use] = _part(material, use, known, request.years)
        remarks += _published_remarks(parts, law.published)
    for i, own in enumerate(law.uses):
        material = material_of(catalog, own.material_id)
        if own.use_id in parts[material]:
            remarks.append(f"{material}: your own '{own.use_id}' takes the place of the published one")
        parts[material][own.use_id] = _own_part(catalog, material, own, f"sectors.uses[{i}]", request.years)
    materials = (MaterialProjection(name, tuple(uses.values())) for name, uses in sorted(parts.items()))
    return Projection(request.years, tuple(materials), remarks=tuple(remarks))


def _published(catalog: Catalog, published: PublishedUses) -> Iterator[tuple[str, str, Known]]:
    """Each published use by material, and what the listed technologies leave of their published sum."""
    wanted = {material_of(catalog, name) for name in published.material_ids}
    by_use: dict[str, dict[str, dict[int, UseFigure]]] = defaultdict(lambda: defaultdict(dict))
    for row in catalog.published_uses(published.scenario):
        if not wanted or row.mineral in wanted:
            by_use[row.mineral][row.use][row.year] = row
    for material, uses in sorted(by_use.items()):
        listed = {use: rows for use, rows in uses.items() if use not in (ALL_DEMAND, ALL_CLEAN, ALL_OTHER)}
        for use, rows in listed.items():
            yield material, use, {year: Traced.read(row.figure) for year, row in rows.items()}
        if unlisted := dict(_unlisted(uses, listed)):
            yield material, UNLISTED, unlisted
        if others := uses.get(ALL_OTHER):
            yield material, OTHER_USES, {year: Traced.read(row.figure) for year, row in others.items()}


def _unlisted(
    uses: Mapping[str, Mapping[int, UseFigure]], listed: Mapping[str, Mapping[int, UseFigure]]
) -> Iterator[tuple[int, Traced]]:
    """What the sum of the clean technologies has beyond those that are listed, in all years, where it counts in one."""
    left = {}
    for year, total in uses.get(ALL_CLEAN, {}).items():
        rows = [total, *(rows[year] for rows in listed.values() if year in rows)]
        rest = max(total.figure.value - sum(row.figure.value for row in rows[1:]), 0.0)
        left[year] = Traced(rest, tuple(row.figure.origin for row in rows), "published sum − listed technologies")
    all_demand = {year: row.figure.value for year, row in uses.get(ALL_DEMAND, {}).items()}
    if any(rest.value > LEAST_UNLISTED * all_demand.get(year, rest.value) for year, rest in left.items()):
        yield from left.items()


def _published_remarks(parts: Mapping[str, Mapping[str, Part]], published: PublishedUses) -> Iterator[str]:
    yield (
        f"demand of the world in the scenario {published.scenario} of the IEA, by technology; straight lines between "
        "the years that are published"
    )
    for material, uses in parts.items():
        if UNLISTED in uses:
            yield f"{material}: the listed technologies do not add up to their published sum; the rest is '{UNLISTED}'"


def _part(material: str, use: str, known: Known, years: Sequence[int]) -> Part:
    tonnes = _between(known, years)
    path = f"materials[{material}].parts[{use}].tonnes"
    text = "; ".join(filter(None, (next(iter(known.values())).derivation, "straight lines between years")))
    return Part(use, tonnes, TracedField(path, tuple(tonnes.tolist()), "t", text, _origins(known)))


def _own_part(catalog: Catalog, material: str, use: MaterialUse, path: str, years: Sequence[int]) -> Part:
    if isinstance(use.amount, Deployment):
        tonnes, origins, text = _deployed(catalog, material, use.amount, f"{path}.deployment", years)
    else:
        tonnes, origins, text = along(use.amount, years), (CallerOrigin(f"{path}.tonnes"),), ""
    field = TracedField(
        f"materials[{material}].parts[{use.use_id}].tonnes", tuple(tonnes.tolist()), "t", text, tuple(origins)
    )
    return Part(use.use_id, tonnes, field)


def _deployed(
    catalog: Catalog, material: str, deployment: Deployment, path: str, years: Sequence[int]
) -> tuple[FloatArray, Sequence[Origin], str]:
    """Tonnes in what is deployed, what they rest on, and how they follow."""
    origins: list[Origin] = []
    if isinstance(deployment.activity, VehicleSales):
        vehicles = vehicles_sold(catalog, deployment.activity)
        units = _between(vehicles, years)
        origins += [*_origins(vehicles), CallerOrigin(f"{path}.vehicles")]
    else:
        units = along(deployment.activity, years)
        origins.append(CallerOrigin(f"{path}.units"))
    if deployment.units_each:
        units = units * along(deployment.units_each, years)
        origins.append(CallerOrigin(f"{path}.units_each"))
    if isinstance(deployment.intensity, str):
        published = catalog.intensities(deployment.intensity, material)
        kg = np.full(len(years), statistics.median(figure.value for figure in published))
        origins += [*(figure.origin for figure in published), CallerOrigin(f"{path}.technology")]
        text = f"units × median of {len(published)} published {published[0].unit} of {deployment.intensity}"
    else:
        kg = along(deployment.intensity, years)
        origins.append(CallerOrigin(f"{path}.kg_per_unit"))
        text = "units × kg in a unit"
    return tonnes_of(units, kg), origins, text


def _between(known: Known, years: Sequence[int]) -> FloatArray:
    return along(tuple((year, figure.value) for year, figure in sorted(known.items())), years)


def _origins(known: Known) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys(origin for figure in known.values() for origin in figure.origins))


def material_of(catalog: Catalog, name: str) -> str:
    """The identifier of a material by any name; the name itself where it is none of the data's."""
    try:
        return catalog.find_mineral(name).id
    except UnknownMineralError:
        return name
