"""The client's call that projects demand by a law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lodestock.channel import Channel
from lodestock.inputs import parsed
from lodestock.projection_results import Projection
from lodestock.requests import TIMEOUT_S
from lodestock.short_forms import spelled_out
from lodestock.v1 import forecast_pb2

Law: TypeAlias = "Mapping[str, Any]"
"""A law in proto's JSON form, in which a path may be given as figures by year or as one figure for all years, and an
enum by its short name."""


class ProjectionCalls(Channel):
    """The call for projections."""

    def project_demand(
        self,
        first_year: int,
        last_year: int,
        *,
        sectors: Law | None = None,
        input_output: Law | None = None,
        stock: Law | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Projection:
        """Say what demand follows from what is deployed, from final demand for goods, or from a stock in use.

        Args:
            first_year: First year of the answer.
            last_year: Last year.
            sectors: Uses, such as `{"published": {"scenario": "STEPS", "material_ids": ["lithium"]}}`.
            input_output: A table of inputs with final demand by sector.
            stock: A stock in use, such as `{"material_id": "copper", "lifetime": {"law": "NORMAL", "years": 30,
                "spread": 10}, "past_inflow_tonnes": {1950: 2e5, 2025: 9e5}, "stock_tonnes": {2025: 2e7, 2050: 3e7},
                "collection": 0.6}`.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: No law is given, or more than one.
            InvalidRequest: A law is not of its message's form.
        """
        laws = {"sectors": sectors, "input_output": input_output, "stock": stock}
        given = {name: law for name, law in laws.items() if law is not None}
        if len(given) != 1:
            raise ValueError("give one law: sectors, input_output or stock")
        kind = forecast_pb2.ProjectDemandRequest
        request = parsed(kind, spelled_out(given, kind.DESCRIPTOR), "")
        request.first_year, request.last_year = first_year, last_year
        return Projection(self._call(self._forecast.ProjectDemand, request, timeout_s))
