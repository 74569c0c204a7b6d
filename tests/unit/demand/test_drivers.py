"""Population and GDP of a country: recorded years, and the growth of a pathway after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import pytest

from lodestock_server.catalog import BundledCatalog, Catalog, DatasetOrigin, Driver, Figure, Observation
from lodestock_server.errors import NotFound
from lodestock_server.usecases.drivers import DriverPath, GdpScenario, driver_path

Rows = Mapping[tuple[Driver, str, str], Mapping[int, float]]


class FakeCatalog:
    """A catalog of nothing but drivers."""

    def __init__(self, rows: Rows, members: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._rows = rows
        self._members = members or {}

    def bloc(self, buyer: str) -> tuple[str, ...]:
        return self._members.get(buyer, (buyer,))

    def driver(self, driver: Driver, iso3: str, scenario: str = "historical") -> tuple[Observation, ...]:
        values = self._rows.get((driver, iso3, scenario), {})
        return tuple(
            Observation(
                year, Figure(value, "any", DatasetOrigin("drivers", "1", f"{driver}-{scenario}", row, iso3, "test"))
            )
            for row, (year, value) in enumerate(values.items())
        )


def path_of(
    rows: Rows,
    country: str = "AAA",
    scenario: GdpScenario = GdpScenario.SSP1,
    members: Mapping[str, tuple[str, ...]] | None = None,
) -> DriverPath | None:
    return driver_path(cast(Catalog, FakeCatalog(rows, members)), country, scenario)


def figures(path: DriverPath | None) -> dict[int, tuple[float, float]]:
    """Population and GDP by year."""
    assert path is not None
    population, gdp = (np.asarray(values).tolist() for values in (path.drivers.population, path.drivers.gdp))
    return dict(zip(path.drivers.years.tolist(), zip(population, gdp, strict=True), strict=True))


def country(code: str, size: float = 1.0) -> dict[tuple[Driver, str, str], dict[int, float]]:
    """Recorded to 2022; the pathway has other people, other money, and doubles GDP from 2025 to 2030."""
    return {
        (Driver.POPULATION, code, "historical"): {
            2019: 90 * size,
            2020: 100 * size,
            2021: 101 * size,
            2022: 102 * size,
        },
        (Driver.GDP_PER_CAPITA_PPP, code, "historical"): {2020: 10.0, 2021: 11.0, 2022: 12.0},
        (Driver.POPULATION, code, "SSP1"): {2020: 50 * size, 2025: 50 * size, 2030: 55 * size},
        (Driver.GDP_PPP, code, "SSP1"): {2020: 400 * size, 2025: 800 * size, 2030: 1600 * size},
    }


def test_recorded_years_stay_and_the_pathway_gives_the_growth_after_them() -> None:
    found = figures(path_of(country("AAA")))
    # The year 2019 has no GDP.
    assert list(found) == list(range(2020, 2031))
    assert [found[year] for year in (2020, 2021, 2022)] == [(100, 1000), (101, 1111), (102, 1224)]
    # GDP doubles in five years along constant growth: × 2^(1/5) a year, from the recorded 1,224 of 2022 on.
    for year in range(2023, 2031):
        assert found[year][1] == pytest.approx(1224 * 2 ** ((year - 2022) / 5))
    assert found[2025][0] == pytest.approx(102)
    assert found[2028][0] == pytest.approx(102 * 1.1 ** (3 / 5))


def test_the_remark_says_where_the_two_meet() -> None:
    path = path_of(country("AAA"))
    assert path is not None
    # The pathway has 50 persons in 2022, and 400 · 2^(2/5) = 527.8 USD.
    assert path.remark == (
        "population and GDP of AAA: World Bank to 2022, then the growth of SSP1 "
        "(population ×2.0400, GDP ×2.3190 to meet 2022)"
    )


def test_the_cells_that_were_read_are_named_once() -> None:
    path = path_of(country("AAA"))
    assert path is not None
    # Three recorded years and three of the pathway, two figures each; 2019 is not used.
    assert len(path.origins) == len(set(path.origins)) == 12


def test_a_union_is_the_sum_of_its_members() -> None:
    rows = country("AAA") | country("BBB", 3.0)
    one, both = figures(path_of(rows)), figures(path_of(rows, "EU27", members={"EU27": ("AAA", "BBB")}))
    for year, (population, gdp) in one.items():
        assert both[year] == pytest.approx((4 * population, 4 * gdp))


def test_a_year_that_a_member_lacks_is_no_year_of_the_union() -> None:
    rows = country("AAA") | country("BBB")
    del rows[(Driver.GDP_PER_CAPITA_PPP, "BBB", "historical")][2022]
    path = path_of(rows, "EU27", members={"EU27": ("AAA", "BBB")})
    assert path is not None
    assert "World Bank to 2021" in path.remark


@pytest.mark.parametrize(("size", "spliced"), [(1.0, True), (3.0, False)])
def test_a_small_member_without_a_pathway_goes_along_with_the_others(size: float, spliced: bool) -> None:
    """Sizes 20 and 1: 95 % of the GDP have a pathway; 20 and 3: 87 %, too little."""
    rows = country("AAA", 20.0) | country("BBB", size)
    del rows[(Driver.GDP_PPP, "BBB", "SSP1")]
    path = path_of(rows, "EU27", members={"EU27": ("AAA", "BBB")})
    assert path is not None
    assert ("without BBB" in path.remark) is spliced
    assert path.drivers.periods[-1] == ("2030" if spliced else "2022")
    assert figures(path)[2022] == pytest.approx((102 * (20 + size), 1224 * (20 + size)))


def test_what_is_missing_is_left_out_and_said() -> None:
    recorded = {key: rows for key, rows in country("AAA").items() if key[2] == "historical"}
    alone = path_of(recorded)
    assert alone is not None
    assert alone.drivers.periods == ("2020", "2021", "2022")
    assert alone.remark.endswith("World Bank to 2022, none of SSP1")
    pathway = {key: rows for key, rows in country("AAA").items() if key[2] != "historical"}
    future = path_of(pathway)
    assert future is not None
    assert future.drivers.periods[0] == "2020"
    assert future.remark.endswith("SSP1 alone, none is recorded")
    assert path_of({}) is None


def test_a_record_that_ends_before_the_pathway_begins_is_not_spliced() -> None:
    rows = country("AAA")
    rows[(Driver.GDP_PER_CAPITA_PPP, "AAA", "historical")] = {2019: 9.0}
    path = path_of(rows)
    assert path is not None
    assert path.drivers.periods == ("2019",)
    assert path.remark.endswith("World Bank to 2019, SSP1 has no figures of that year")


def test_the_data_reach_from_1990_to_2100_for_the_usa_and_the_european_union() -> None:
    """GDP per head of the last recorded year is the World Bank's; SSP1 grows faster than SSP3 in both."""
    catalog = BundledCatalog()
    for code in ("USA", "EU27"):
        sustainable, rivalry = (
            figures(driver_path(catalog, code, scenario)) for scenario in (GdpScenario.SSP1, GdpScenario.SSP3)
        )
        assert list(sustainable) == list(range(1990, 2101))
        assert sustainable[2024] == rivalry[2024]
        assert sustainable[2050][1] / sustainable[2050][0] > rivalry[2050][1] / rivalry[2050][0]
        growth = np.diff(np.log([gdp for _, gdp in sustainable.values()]))
        assert np.abs(growth).max() < 0.1
    (income,) = (
        o.figure.value for o in catalog.driver(Driver.GDP_PER_CAPITA_PPP, "USA", "historical") if o.year == 2024
    )
    population, gdp = figures(driver_path(catalog, "USA"))[2024]
    assert gdp / population == pytest.approx(income)


def test_an_unknown_country_is_not_found() -> None:
    with pytest.raises(NotFound, match="QQQ"):
        driver_path(BundledCatalog(), "QQQ")
