"""Demand as a law has it: a thin wrapper with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lodestock.answers import Computed
from lodestock.inputs import ProblemLike, problem_message
from lodestock.tables import Row, row_of
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2


@dataclass(frozen=True, slots=True)
class Projection(Computed[forecast_pb2.ProjectDemandResponse]):
    """Demand for materials by year."""

    def __iter__(self) -> Iterator[forecast_pb2.MaterialProjection]:
        return iter(self.message.materials)

    def __len__(self) -> int:
        return len(self.message.materials)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the figures."""
        return tuple(self.message.remarks)

    def rows(self) -> list[Row]:
        """One row a material and year, with stock and flows where a stock drives the demand."""
        return [
            {
                "material_id": material.material_id,
                **row_of(year),
                **(row_of(year.stock) if year.HasField("stock") else {}),
            }
            for material in self
            for year in material.years
        ]

    def part_rows(self) -> list[Row]:
        """One row a material, year and use, or sector whose final demand asks for it."""
        return [
            {"material_id": material.material_id, "year": year.year, **row_of(part)}
            for material in self
            for year in material.years
            for part in year.parts
        ]

    def secondary_supply(self) -> dict[str, dict[int, float]]:
        """Tonnes that scrap gives back, by material and year; empty where no stock is followed."""
        return {
            material.material_id: {year.year: year.stock.recovered_tonnes for year in material.years}
            for material in self
            if any(year.stock.recovered_tonnes for year in material.years)
        }

    def put_into(
        self, problem: ProblemLike, *, country: str, unit_price_usd_per_tonne: float | Mapping[str, float]
    ) -> sourcing_pb2.SourcingProblem:
        """A copy of a problem with what scrap gives back as RECYCLED sources, such as "copper/USA/recovered".

        Args:
            problem: The problem; its periods' labels begin with their year.
            country: Where the scrap is recovered, ISO 3166-1 alpha-3.
            unit_price_usd_per_tonne: Price of the secondary material, for all materials or by material.

        Raises:
            ValueError: A period's label does not begin with a year of the projection.
            KeyError: A material has no price.
        """
        copied = sourcing_pb2.SourcingProblem()
        copied.CopyFrom(problem_message(problem))
        wanted = {material.material_id for material in copied.materials}
        for material_id, supply in self.secondary_supply().items():
            if material_id not in wanted:
                continue
            prices = unit_price_usd_per_tonne
            price = prices[material_id] if isinstance(prices, Mapping) else prices
            copied.sources.add(
                source_id=f"{material_id}/{country}/recovered",
                material_id=material_id,
                country=country,
                kind=common_pb2.SOURCE_KIND_RECYCLED,
                unit_price_usd_per_tonne=[price] * len(copied.periods),
                capacity_tonnes=[supply[year_of(one, supply)] * one.length_years for one in copied.periods],
            )
        return copied


def year_of(period: sourcing_pb2.Period, supply: Mapping[int, float]) -> int:
    """The year that a period's label begins with.

    Raises:
        ValueError: It begins with none that the projection has.
    """
    text = period.label[:4]
    if not text.isdigit() or int(text) not in supply:
        years = f"{min(supply)} to {max(supply)}"
        raise ValueError(f"the period '{period.label}' must begin with a year of the projection, {years}")
    return int(text)
