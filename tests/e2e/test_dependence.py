"""Dependence networks through the client and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import risk_pb2
from tests.server_process import ServerProcess

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dependence.md"
OWN = {
    "outputs": [
        {"stage": "MINING", "country": "COD", "tonnes": 90},
        {"stage": "MINING", "country": "AUS", "tonnes": 10},
    ],
    "links": [
        {"from_stage": "MINING", "from_country": "COD", "to_stage": "REFINING", "to_country": "CHN", "tonnes": 90},
        {"from_stage": "MINING", "from_country": "AUS", "to_stage": "REFINING", "to_country": "CHN", "tonnes": 10},
        {"from_stage": "REFINING", "from_country": "CHN", "to_stage": "USE", "to_country": "FRA", "tonnes": 1},
    ],
}


def test_a_stored_network_says_what_it_rests_on_and_what_stops_cost(client: Client) -> None:
    found = client.map_dependence("EU27", "cobalt")
    congo = next(iter(found))
    assert (congo.country, congo.role) == ("COD", risk_pb2.TRADE_ROLE_PRODUCER)
    assert [row["has_flows"] for row in found.step_rows()] == [True, True]
    assert "trade-flows" in {dataset.dataset for dataset in found.record.datasets}
    assert "TRANSIT" in {row["role"] for row in found.rows()}
    first = found.message.stops[0]
    assert (list(first.countries), first.buyer_loss) == (["COD"], congo.buyer_loss)
    assert {row["loss"] for row in found.loss_rows()} <= {
        row["loss"] for row in found.loss_rows() if 0 < row["loss"] <= 1
    }


@pytest.mark.parametrize("buyer", ["EU27", "USA"])
def test_the_page_prints_what_comes_out(client: Client, buyer: str) -> None:
    printed = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {buyer} | ")]
    rows = client.map_dependence(buyer, "cobalt").rows()[: len(printed)]
    assert printed
    assert printed == [f"| {buyer} | {row['country']} | {row['buyer_loss']:.2f} | {row['role']} |" for row in rows]


def test_a_network_of_ones_own_is_taken_as_it_is(client: Client) -> None:
    found = client.map_dependence("FRA", network=OWN, stops=["AUS", ["COD", "AUS"]], cut_loss=0.8)
    assert [(row["countries"], row["buyer_loss"]) for row in found.stop_rows()] == [
        ("COD+AUS", pytest.approx(1.0)),
        ("AUS", pytest.approx(0.1)),
    ]
    assert {row["countries"] for row in found.cut_rows()} == {"CHN", "COD"}
    assert found.severing == ("CHN",)


def test_faults_are_refused_together(client: Client) -> None:
    """Countries that are none, outputs given twice, a link to itself, and no way to the buyer."""
    wrong = {
        "outputs": [{"stage": "MINING", "country": "QQQ", "tonnes": 1}] * 2,
        "links": [
            {"from_stage": "MINING", "from_country": "COD", "to_stage": "MINING", "to_country": "COD", "tonnes": 1}
        ],
    }
    with pytest.raises(InvalidRequest) as caught:
        client.map_dependence("FRA", network=wrong, stops=[["QQQ"]])
    assert {violation.field_path for violation in caught.value.violations} == {
        "inline.outputs[0].country",
        "inline.outputs[1].country",
        "inline.links[0].to_country",
        "inline.links",
        "stops[0].countries[0]",
    }
    with pytest.raises(InvalidRequest, match="unobtainium"):
        client.map_dependence("USA", "unobtainium")
    with pytest.raises(NotFound, match="no sourcing"):
        client.map_dependence("JPN", "cobalt")
    with pytest.raises(ValueError, match="either a material"):
        client.map_dependence("USA")


def test_the_command_line_tells_losses_and_cuts(server: ServerProcess) -> None:
    command = [str(Path(sys.executable).parent / "lodestock"), "dependence", "tungsten", "--buyer", "EU27"]
    environment = {**os.environ, "LODESTOCK_ADDRESS": server.address}

    def run(*options: str) -> str:
        done = subprocess.run(
            [*command, *options], env=environment, capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    assert "CHN" in run()
    assert "no flows between countries" in " ".join(run("--cuts").split())
    stopped = json.loads(run("--stop", "CHN+VNM", "--json"))["stops"]
    assert [stop["countries"] for stop in stopped] == [["CHN", "VNM"]]
