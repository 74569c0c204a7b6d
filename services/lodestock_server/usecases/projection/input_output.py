"""Demand through all stages of an economy: a table of inputs, and the final demand that asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lodestock_forecasters import ModelFailed
from lodestock_forecasters.laws.input_output import material_by_final_demand, requirements
from lodestock_forecasters.series import FloatArray
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.origins import CallerOrigin, TracedField
from lodestock_server.usecases.projection.request import (
    InputOutputLaw,
    MaterialProjection,
    Part,
    Projection,
    ProjectionRequest,
    along,
    path_violations,
)


def input_output_violations(law: InputOutputLaw, years: Sequence[int]) -> Iterator[FieldViolation]:
    """What is wrong across the fields of a table."""
    places: dict[str, int] = {}
    for i, sector in enumerate(law.sectors):
        if places.setdefault(sector.sector_id, i) != i:
            text = f"'{sector.sector_id}' is already that of sectors[{places[sector.sector_id]}], must be unique"
            yield FieldViolation(f"input_output.sectors[{i}].sector_id", text)
    materials = [sector.material_id for sector in law.sectors if sector.material_id]
    if not materials:
        yield FieldViolation("input_output.sectors", "no sector makes a material; name the material of one at least")
    for name in sorted({name for name in materials if materials.count(name) > 1}):
        yield FieldViolation("input_output.sectors", f"{name} is made by several sectors; join them into one")
    yield from _table_violations(law, places)
    named: dict[str, int] = {}
    for i, (sector_id, path) in enumerate(law.final_demand):
        field = f"input_output.final_demand[{i}]"
        if sector_id not in places:
            yield FieldViolation(f"{field}.sector_id", f"'{sector_id}' is no sector of the table")
        elif named.setdefault(sector_id, i) != i:
            yield FieldViolation(
                f"{field}.sector_id", f"'{sector_id}' is already that of final_demand[{named[sector_id]}]"
            )
        yield from path_violations(path, f"{field}.units", years)


def _table_violations(law: InputOutputLaw, places: dict[str, int]) -> Iterator[FieldViolation]:
    cells: dict[tuple[str, str], int] = {}
    for i, (source, target, _) in enumerate(law.coefficients):
        field = f"input_output.coefficients[{i}]"
        for name, sector_id in (("from_sector", source), ("into_sector", target)):
            if sector_id not in places:
                yield FieldViolation(f"{field}.{name}", f"'{sector_id}' is no sector of the table")
        if cells.setdefault((source, target), i) != i:
            text = f"the input of {source} into {target} is already coefficients[{cells[source, target]}]"
            yield FieldViolation(field, text)


def project_input_output(request: ProjectionRequest, law: InputOutputLaw) -> Projection:
    """Solve the table for each year's final demand.

    Raises:
        InvalidRequest: The table breaks rules, or its sectors use up what they make.
    """
    found = list(input_output_violations(law, request.years))
    if found:
        raise InvalidRequest(found)
    places = {sector.sector_id: i for i, sector in enumerate(law.sectors)}
    table = np.zeros((len(places), len(places)))
    for source, target, amount in law.coefficients:
        table[places[source], places[target]] = amount
    try:
        inverse = requirements(table)
    except ModelFailed as failure:
        raise InvalidRequest([FieldViolation("input_output.coefficients", str(failure))]) from failure
    asked = np.zeros((len(places), len(request.years)))
    for sector_id, path in law.final_demand:
        asked[places[sector_id]] = along(path, request.years)
    makers = sorted((sector.material_id, places[sector.sector_id]) for sector in law.sectors if sector.material_id)
    materials = tuple(
        MaterialProjection(material, tuple(_parts(material, material_by_final_demand(inverse, row, asked), law)))
        for material, row in makers
    )
    return Projection(request.years, materials)


def _parts(material: str, by_sector: FloatArray, law: InputOutputLaw) -> Iterator[Part]:
    """The demand for a material by the sector whose final demand asks for it."""
    places = {sector.sector_id: i for i, sector in enumerate(law.sectors)}
    for i, (sector_id, _) in enumerate(law.final_demand):
        tonnes = by_sector[places[sector_id]]
        field = TracedField(
            f"materials[{material}].parts[{sector_id}].tonnes",
            tuple(tonnes.tolist()),
            "t",
            "(I − A)⁻¹, row of the material, column of the sector, × final demand",
            (CallerOrigin("input_output.coefficients"), CallerOrigin(f"input_output.final_demand[{i}].units")),
        )
        yield Part(sector_id, tonnes, field)
