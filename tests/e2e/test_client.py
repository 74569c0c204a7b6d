"""The client against a real server: results, friendly inputs, errors."""

from __future__ import annotations

import math
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from lodestock import Client, InvalidRequest, Unauthenticated, Unavailable
from lodestock.v1 import forecast_pb2
from tests.server_process import ServerProcess, running_server, until_true
from tests.toy_problem import OPTIMUM_USD, toy_problem

TOKEN = "a token of more than sixteen"


def test_models_and_measures_are_listed(client: Client) -> None:
    """The default combination leads the models; each measure has its scale and source."""
    models = client.list_models()
    assert next(iter(models)).name == "default"
    assert {"naive", "theta_log", "prophet"} <= {model.name for model in models}
    measures = client.list_risk_measures()
    assert {"hhi", "eu_supply_risk"} <= {measure.measure_id for measure in measures}
    assert all(measure.source and measure.scale_high > measure.scale_low for measure in measures)


@pytest.mark.parametrize(
    ("observations", "frequency", "next_period"),
    [
        ({2019: 5.0, 2020: 6.0, 2021: 7.0}, forecast_pb2.FREQUENCY_YEARLY, "2022"),
        ({"2021-Q3": 5.0, "2021-Q4": 6.0}, forecast_pb2.FREQUENCY_QUARTERLY, "2022-Q1"),
        (
            pd.Series([5.0, 6.0], pd.period_range("2021-11", periods=2, freq="M")),
            forecast_pb2.FREQUENCY_MONTHLY,
            "2022-01",
        ),
        (pd.Series([5.0, 6.0], pd.period_range("2020", periods=2, freq="Y")), forecast_pb2.FREQUENCY_YEARLY, "2022"),
        (pd.Series([5.0, 6.0], [2020, 2021]), forecast_pb2.FREQUENCY_YEARLY, "2022"),
    ],
    ids=["dict of years", "dict of quarters", "pandas months", "pandas years", "pandas integers"],
)
def test_own_series_are_forecast_as_they_come(
    client: Client, observations: object, frequency: int, next_period: str
) -> None:
    """Dicts and pandas series are taken, their frequency read off their labels."""
    forecasts = client.forecast_demand({"mine": observations}, horizon=2, unit="kt")
    message = forecasts["mine"].message
    assert message.frequency == frequency
    assert message.unit == "kt"
    assert message.steps[0].period == next_period
    assert all(step.median >= 0 for step in message.steps)


def test_stored_demand_is_forecast_with_its_origins(client: Client) -> None:
    """Every observation of a stored series names its row; the record names versions, datasets and seed."""
    forecasts = client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=3, sample_paths=5, seed=7)
    message = forecasts["cobalt/USA"].message
    assert len(message.history_origins) == len(message.history) > 0
    for observation, figure in zip(message.history, message.history_origins, strict=True):
        assert list(figure.values) == [observation.value]
        assert figure.origins[0].dataset.row > 0
    assert [len(path.values) for path in message.sample_paths] == [3] * 5
    assert forecasts.record.seed == 7
    assert len(forecasts.record.input_digest) == 64
    assert {"lodestock-server", "statsforecast"} <= set(forecasts.record.versions)
    assert forecasts.record.datasets
    frame = forecasts.to_frame()
    assert list(frame.columns[:4]) == ["series_id", "period", "mean", "median"]
    assert len(frame) == 3


def test_same_request_gives_same_figures(client: Client) -> None:
    """A seed makes a forecast repeatable, up to the time it was made at."""
    first, second = (client.forecast_demand(buyer="USA", horizon=2, sample_paths=3, seed=1) for _ in range(2))
    assert list(first.message.forecasts) == list(second.message.forecasts)
    assert first.record.input_digest == second.record.input_digest


def test_risk_of_stored_and_own_supplies(client: Client) -> None:
    """Stored supplies carry the origin of each figure; own ones are measured as given."""
    stored = client.assess_supply_risk("USA", ["cobalt"])
    traded = next(iter(stored))
    assert traded.material_id == "cobalt"
    eu_scores = [score for score in traded.scores if score.measure_id == "eu_supply_risk"]
    assert sum(part.contribution for part in eu_scores[0].contributions) == pytest.approx(eu_scores[0].value)
    assert {source.country for source in traded.sources} >= {"CHN", "NOR"}
    assert all(0 <= source.risk <= 1 for source in traded.sources)
    paths = {figure.field_path for figure in traded.figures}
    assert {
        f"risks[0].sources[{source.country}].global_share" for source in traded.sources if source.global_share
    } <= paths
    own = {
        "material_id": "my alloy",
        "global_supply": [
            {"country": "CHN", "share": 0.8, "governance": 5, "trade_parameter": 1},
            {"country": "AUS", "share": 0.2, "governance": 2, "trade_parameter": 1},
        ],
    }
    scores = {row["measure_id"]: row["value"] for row in client.assess_supply_risk("USA", supplies=[own]).rows()}
    assert scores["hhi"] == pytest.approx(0.8**2 + 0.2**2)
    assert scores["eu_supply_risk"] == pytest.approx(0.8**2 * 5 + 0.2**2 * 2)


def test_plan_of_a_problem(client: Client) -> None:
    """A plan has its status, costs and tables; a problem may be a message or a dict."""
    plan = client.optimize_sourcing(toy_problem(), time_limit_s=30)
    assert plan
    assert plan.status == "OPTIMAL"
    assert plan.costs.objective_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)
    assert plan.plan.check.passed
    assert set(plan.to_frame("contracts")["source_id"]) == {"cobalt/COD", "cobalt/AUS"}
    assert len(plan.to_frame("balances")) == 5
    with pytest.raises(ValueError, match="no table 'figures'"):
        plan.to_frame("figures")
    as_dict = {"buyer": "USA", "periods": [{"label": "2027", "length_years": 1}], "materials": [], "sources": []}
    assert {found.field_path for found in client.validate_problem(as_dict).violations} == {"materials"}


def test_built_problem_can_be_optimised(client: Client) -> None:
    """What BuildProblem makes, OptimizeSourcing takes as it is."""
    built = client.build_problem("USA", ["cobalt", "gallium"], horizon_years=3, floor_days=90)
    assert {material.material_id for material in built.problem.materials} == {"cobalt", "gallium"}
    assert built.message.defaults
    assert built.message.figures
    assert client.validate_problem(built)
    assert client.optimize_sourcing(built).status == "OPTIMAL"


@pytest.mark.parametrize("limit_s", [math.nan, math.inf, 0.0, -100.0, 1e300])
def test_time_limit_that_is_none_is_refused_by_the_server(client: Client, limit_s: float) -> None:
    """The client leaves the server the time to say what is wrong."""
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing(toy_problem(), time_limit_s=limit_s)
    assert {found.field_path for found in caught.value.violations} == {"time_limit_s"}


def test_single_material_may_be_a_text(client: Client) -> None:
    """Wherever the client takes materials, one name is one material."""
    assert {risk.material_id for risk in client.assess_supply_risk("USA", "tin")} == {"tin"}
    assert [forecast.series_id for forecast in client.forecast_demand(buyer="USA", materials="tin", horizon=1)] == [
        "tin/USA"
    ]
    assert [one.material_id for one in client.build_problem("USA", "tin", horizon_years=1).problem.materials] == ["tin"]
    assert len(client.list_series("us-minerals", "tin")) == len(client.list_series("us-minerals", ["tin"])) > 0
    assert len(client.observations("us-minerals", "tin")) == len(client.observations("us-minerals", ["tin"])) > 0


def test_no_server_is_unavailable_soon() -> None:
    """Where nobody listens, the client tries a few times and gives up within seconds."""
    with Client("127.0.0.1:1") as client:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            client.list_models()
        assert time.monotonic() - began < 10


def test_server_with_a_token_wants_it() -> None:
    """Without the token no call but health is answered."""
    with running_server(environment={"LODESTOCK_TOKEN": TOKEN}) as server:
        with Client(server.address) as stranger:
            assert stranger.health() == "SERVING"
            with pytest.raises(Unauthenticated):
                stranger.list_models()
        with Client(server.address, token=TOKEN) as friend:
            assert len(friend.list_models()) > 1


def test_call_is_found_in_the_log_by_its_correlation_id(server: ServerProcess, client: Client) -> None:
    """What an error names, the server's log has."""
    with pytest.raises(InvalidRequest) as caught:
        client.forecast_demand(buyer="USA", horizon=-1)
    assert until_true(lambda: f'"correlation_id": "{caught.value.correlation_id}"' in server.log())


def test_encrypted_server_is_reached_with_its_authority(tmp_path: Path) -> None:
    """With certificate, key and token the server may listen to other machines; clients name the authority."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    secrets = {
        "LODESTOCK_TLS_CERTIFICATE_FILE": str(certificate),
        "LODESTOCK_TLS_KEY_FILE": str(key),
        "LODESTOCK_TOKEN": TOKEN,
    }
    with running_server("--host", "0.0.0.0", environment=secrets) as server:
        address = f"127.0.0.1:{server.address.rpartition(':')[2]}"
        with Client(address, ca_file=certificate, token=TOKEN) as friend:
            assert len(friend.list_models()) > 1
        with Client(address, token=TOKEN) as careless, pytest.raises(Unavailable):
            careless.list_models()
