"""Figures of one's own: from a file, or as dicts; what cannot be read is told by file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock import Client, InvalidRequest
from lodestock.inputs import own_figures
from lodestock.testing import MockChannel
from lodestock.v1 import common_pb2, forecast_pb2, risk_pb2, sourcing_pb2

HEADER = "material,kind,country,year,value,unit,form,source\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poland.csv"


def write(file: Path, *lines: str, header: str = HEADER) -> Path:
    file.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def test_a_file_is_read_row_by_row(file: Path) -> None:
    write(file, "Cobalt,consumption,,2023,1.5,kt,,GUS 2024", "", 'lithium,price,,2024,"14","USD/kg",Li2CO3,')
    first, second = own_figures(file)
    assert first == common_pb2.OwnFigure(
        material="Cobalt",
        kind=common_pb2.OWN_FIGURE_KIND_CONSUMPTION,
        year=2023,
        value=1.5,
        unit="kt",
        source="GUS 2024",
    )
    assert (second.unit, second.form, second.value) == ("USD/kg", "Li2CO3", 14.0)


def test_columns_stand_in_any_order_and_some_may_be_left_out(file: Path) -> None:
    write(file, "2023,imports,cobalt,7", header="\ufeffyear,kind,material,value\n")
    assert own_figures(str(file)) == [
        common_pb2.OwnFigure(material="cobalt", kind=common_pb2.OWN_FIGURE_KIND_IMPORTS, year=2023, value=7)
    ]


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        (",imports,,2023,7,t,,", "material", "is empty"),
        ("cobalt,import,,2023,7,t,,", "kind", "known: CONSUMPTION, IMPORTS"),
        ("cobalt,imports,,23,7,t,,", "year", "'23' is no year"),
        ("cobalt,imports,,2023,,t,,", "value", "is empty"),
        ("cobalt,imports,,2023,7 t,t,,", "value", "'7 t' is no number"),
        ('cobalt,imports,,2023,"1,234",t,,', "value", "'1,234' is no number"),
        ("cobalt,imports,,2023,nan,t,,", "value", "'nan' is no number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_by_line_and_column(file: Path, line: str, column: str, says: str) -> None:
    write(file, "cobalt,imports,,2022,7,t,,", line)
    with pytest.raises(ValueError, match="line 3") as caught:
        own_figures(file)
    assert str(caught.value).startswith(f"{file}, line 3, column '{column}': ")
    assert says in str(caught.value)


def test_all_that_is_wrong_with_a_file_is_told_at_once(file: Path) -> None:
    write(file, "cobalt,imports,,x,y,t,,", "cobalt,none,,2023,7,t,,", "cobalt,imports,,2023,7,t,,,too many")
    with pytest.raises(ValueError, match="line 2") as caught:
        own_figures(file)
    assert [line.partition("line ")[2].partition(":")[0] for line in str(caught.value).splitlines()] == [
        "2, column 'year'",
        "2, column 'value'",
        "3, column 'kind'",
        "4, column 9",
    ]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("material,kind,year\n", "the column value must be there"),
        ("material,kind,year,value,units\n", "there is no column 'units', must be one of material, kind"),
        ("material,kind,year,value,value\n", "the column 'value' stands more than once"),
        ("", "the columns material, kind, year, value must be there"),
    ],
)
def test_a_header_of_another_form_is_told(file: Path, header: str, says: str) -> None:
    write(file, header=header)
    with pytest.raises(ValueError, match="line 1") as caught:
        own_figures(file)
    assert says in str(caught.value)


def test_a_file_that_is_no_text_or_not_there_is_told(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        own_figures(file)
    file.write_bytes(HEADER.encode() + b"cobalt,imports,,2023,7,t,,\xff\xfe\n")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        own_figures(file)


def test_figures_may_be_dicts_or_messages() -> None:
    message = common_pb2.OwnFigure(material="tin", kind=common_pb2.OWN_FIGURE_KIND_PRICE, year=2024, value=30_000)
    given = {"material": "tin", "kind": "imports by country", "country": "PER", "year": 2024, "value": 0.4}
    assert own_figures([message, given]) == [
        message,
        common_pb2.OwnFigure(
            material="tin", kind=common_pb2.OWN_FIGURE_KIND_IMPORTS_BY_COUNTRY, country="PER", year=2024, value=0.4
        ),
    ]
    with pytest.raises(InvalidRequest) as caught:
        own_figures([message, {"material": "tin", "kind": "price", "years": 2024}])
    assert [found.field_path for found in caught.value.violations] == ["own_figures[1].years"]


def test_they_go_with_forecasts_risks_and_problems(file: Path) -> None:
    """The client reads the file for each call that takes it, and passes on what is to be planned for."""
    write(file, "cobalt,consumption,,2023,7,t,,")
    channel = MockChannel()
    with Client(channel=channel) as client:
        client.forecast_demand(buyer="POL", horizon=3, own_figures=file, gdp_scenario="ssp3")
        client.assess_supply_risk("POL", own_figures=file)
        client.build_problem(
            "POL",
            horizon_years=3,
            own_figures=file,
            demand_quantiles=(0.1, 0.5, 0.9),
            demand_probabilities=(0.2, 0.6, 0.2),
            forecast_model="drift",
            gdp_scenario="SSP1",
        )
        client.backtest_models(buyer="POL", horizon=2, models="drift", own_figures=file, most_origins=4)
        with pytest.raises(ValueError, match="known: SSP1, SSP2"):
            client.forecast_demand(buyer="POL", horizon=3, gdp_scenario="SSP9")
        with pytest.raises(ValueError, match="need demand_quantiles"):
            client.build_problem("POL", horizon_years=3, demand_probabilities=(1.0,))
    forecast, risk, build, backtest = (call.request for call in channel.calls)
    assert isinstance(forecast, forecast_pb2.ForecastDemandRequest)
    assert isinstance(risk, risk_pb2.AssessSupplyRiskRequest)
    assert isinstance(build, sourcing_pb2.BuildProblemRequest)
    assert isinstance(backtest, forecast_pb2.BacktestModelsRequest)
    figures = own_figures(file)
    assert list(forecast.stored.own_figures) == figures == list(risk.stored.own_figures)
    assert list(build.own_figures) == figures == list(backtest.stored.own_figures)
    assert forecast.gdp_scenario == common_pb2.GDP_SCENARIO_SSP3
    assert list(build.demand_uncertainty.quantile_levels) == [0.1, 0.5, 0.9]
    assert (build.forecast_model, backtest.most_origins, list(backtest.models)) == ("drift", 4, ["drift"])
