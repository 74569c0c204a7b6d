"""Project demand by whichever law a request names."""

from __future__ import annotations

from lodestock_server.catalog import Catalog
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.projection.input_output import input_output_violations, project_input_output
from lodestock_server.usecases.projection.request import (
    MOST_YEARS,
    InputOutputLaw,
    Projection,
    ProjectionRequest,
    SectorLaw,
    StockLaw,
)
from lodestock_server.usecases.projection.sectors import project_sectors, sector_violations
from lodestock_server.usecases.projection.stock import project_stock, stock_violations


def projection_violations(catalog: Catalog, request: ProjectionRequest) -> list[FieldViolation]:
    """What is wrong across the fields of a request."""
    years = request.years
    if not years or len(years) > MOST_YEARS:
        text = f"must be from {request.first_year} to {request.first_year + MOST_YEARS - 1}, got {request.last_year}"
        return [FieldViolation("last_year", text)]
    match request.law:
        case SectorLaw():
            return list(sector_violations(catalog, request.law, years))
        case InputOutputLaw():
            return list(input_output_violations(request.law, years))
        case StockLaw():
            return list(stock_violations(request.law, years))


def project_demand(catalog: Catalog, request: ProjectionRequest) -> Projection:
    """Project demand.

    Raises:
        InvalidRequest: The request breaks rules that take the data or the law to see.
        NotFound: The data hold nothing of the kind asked for.
    """
    match request.law:
        case SectorLaw():
            return project_sectors(catalog, request, request.law)
        case InputOutputLaw():
            return project_input_output(request, request.law)
        case StockLaw():
            return project_stock(catalog, request, request.law)
