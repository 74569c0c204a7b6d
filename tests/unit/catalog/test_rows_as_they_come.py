"""What is answered does not hang on the order of rows, and a row without a figure counts as no row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lodestock_server.catalog import Catalog, Driver, PackageCatalog, Stage, Statistic, bundled_packages
from lodestock_server.catalog.packages import Package, Record, Table

Rewrite = Callable[[Sequence[Record]], Sequence[Record]]


class Rewritten(Package):
    """A package whose tables hold other rows, or the same ones elsewhere; each keeps the number that it had."""

    def __init__(self, package: Package, rewrite: Rewrite) -> None:
        super().__init__()
        self._package = package
        self._rewrite = rewrite

    @property
    def descriptor(self) -> Mapping[str, Any]:
        return self._package.descriptor

    def _read_table(self, table: Table) -> tuple[Record, ...]:
        return tuple(self._rewrite(self._package.table(table.name)))


def catalog_of(rewrite: Rewrite) -> PackageCatalog:
    return PackageCatalog(Rewritten(package, rewrite) for package in bundled_packages())


def answers(catalog: Catalog, mineral: str) -> Iterator[object]:
    """Every figure that the catalog gives of a mineral."""
    yield catalog.prices(mineral)
    yield catalog.latest_price(mineral)
    yield catalog.reserves(mineral)
    yield catalog.refining(mineral)
    yield catalog.eol_recycling_input_rate(mineral)
    yield catalog.trade_parameter(mineral, "CHN")
    yield catalog.world_trade(mineral)
    yield catalog.import_sources("USA", mineral)
    yield catalog.domestic_production("USA", mineral)
    yield catalog.recycled_production("USA", mineral)
    yield from (catalog.statistic("USA", mineral, statistic) for statistic in Statistic)
    for stage in Stage:
        yield catalog.sourcing_shares("EU27", mineral, stage)
        yield catalog.production_years(mineral, stage)
        yield from (catalog.production(mineral, stage, year) for year in catalog.production_years(mineral, stage))


def test_rows_upside_down_answer_the_same() -> None:
    upright, upside_down = PackageCatalog(bundled_packages()), catalog_of(lambda rows: rows[::-1])
    assert upright.minerals() == upside_down.minerals()
    for mineral in upright.minerals():
        assert list(answers(upright, mineral.id)) == list(answers(upside_down, mineral.id))
    for country in upright.countries():
        assert upright.governance(country.iso3) == upside_down.governance(country.iso3)
    for driver in Driver:
        assert upright.driver(driver, "CHN") == upside_down.driver(driver, "CHN")


def without_figure(row: Record, column: str) -> Record:
    return replace(row, cells={**row.cells, column: ""})


@pytest.mark.parametrize("year", ["2024", "2025"])
def test_a_row_without_its_figure_is_as_no_row(year: str) -> None:
    def leave_out(rows: Sequence[Record]) -> Sequence[Record]:
        return [row for row in rows if not of_year(row)]

    def make_empty(rows: Sequence[Record]) -> Sequence[Record]:
        column = {"prices": "usd_per_tonne"}
        return [without_figure(r, column.get(r.resource, "tonnes")) if of_year(r) else r for r in rows]

    def of_year(row: Record) -> bool:
        return row.resource in ("prices", "us_statistics", "production") and row.cells.get("year") == year

    left_out, empty = catalog_of(leave_out), catalog_of(make_empty)
    assert empty.prices("copper") != PackageCatalog(bundled_packages()).prices("copper")
    for mineral in empty.minerals():
        assert list(answers(empty, mineral.id)) == list(answers(left_out, mineral.id))
