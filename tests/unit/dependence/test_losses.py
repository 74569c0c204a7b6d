"""Losses downstream of a stop: by hand, in circles, against a walk through the network; roles; cuts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestock_optimizers.dependence import (
    Link,
    Network,
    Node,
    Role,
    SupplyShares,
    cut_sets,
    network_violations,
    re_exports,
    roles,
    severing_countries,
)

USED = Node("USE", "FRA")


def mine(country: str) -> Node:
    return Node("MINING", country)


def trade(country: str) -> Node:
    return Node("TRADE", country)


def plant(country: str) -> Node:
    return Node("REFINING", country)


CHAIN = Network(
    {mine("COD"): 90.0, mine("AUS"): 10.0},
    (
        Link(mine("COD"), trade("COD"), 90.0),
        Link(trade("COD"), trade("ZMB"), 30.0, "282200"),
        Link(trade("COD"), trade("CHN"), 60.0, "282200"),
        Link(trade("ZMB"), trade("CHN"), 30.0, "282200"),
        Link(mine("AUS"), trade("AUS"), 10.0),
        Link(trade("AUS"), trade("CHN"), 10.0, "282200"),
        Link(trade("CHN"), plant("CHN"), 100.0),
        Link(trade("AUS"), plant("AUS"), 5.0),
        Link(plant("CHN"), USED, 0.8),
        Link(plant("AUS"), USED, 0.2),
    ),
)


def test_losses_by_hand() -> None:
    """China's feed is 90 of the Congo, 30 of them through Zambia, and 10 of Australia."""
    supply = SupplyShares(CHAIN)
    assert supply.losses(["COD"])[trade("CHN")] == pytest.approx(0.9)
    assert supply.losses(["COD"])[USED] == pytest.approx(0.9 * 0.8)
    assert supply.losses(["ZMB"])[USED] == pytest.approx(0.3 * 0.8)
    assert supply.losses(["AUS"])[USED] == pytest.approx(0.1 * 0.8 + 0.2)
    assert supply.losses(["CHN"])[plant("AUS")] == 0.0
    assert supply.losses(["COD", "ZMB"])[USED] == pytest.approx(0.72)
    assert supply.losses([])[USED] == 0.0


def test_a_country_that_is_asked_about_need_not_stop_with_itself() -> None:
    network = Network(
        {mine("FRA"): 1.0, mine("AUS"): 1.0}, (Link(mine("FRA"), USED, 1.0), Link(mine("AUS"), USED, 3.0))
    )
    assert SupplyShares(network).losses(["FRA"], USED)[USED] == pytest.approx(0.25)
    assert SupplyShares(network).losses(["FRA"])[USED] == 1.0


def test_trade_that_goes_in_circles_is_followed_to_its_end() -> None:
    """A sends half of what it has to B, which sends all of it back: what B passes on is A's own."""
    circle = Network(
        {mine("AAA"): 10.0},
        (
            Link(mine("AAA"), trade("AAA"), 10.0),
            Link(trade("AAA"), trade("BBB"), 5.0),
            Link(trade("BBB"), trade("AAA"), 5.0),
            Link(trade("AAA"), USED, 10.0),
        ),
    )
    supply = SupplyShares(circle)
    assert supply.losses(["AAA"])[trade("BBB")] == pytest.approx(1.0)
    # A third of what A has went through B.
    assert supply.losses(["BBB"])[USED] == pytest.approx(1 / 3)


def test_a_circle_without_a_producer_loses_what_comes_by_it() -> None:
    lone = Network(
        {},
        (Link(trade("AAA"), trade("BBB"), 5.0), Link(trade("BBB"), trade("AAA"), 5.0), Link(trade("AAA"), USED, 1.0)),
    )
    supply = SupplyShares(lone)
    assert supply.losses(["BBB"])[USED] == pytest.approx(1.0, abs=1e-5)
    assert supply.losses(["CCC"])[USED] == 0.0


@st.composite
def networks(draw: st.DrawFn) -> tuple[Network, list[str]]:
    """Random networks in which everybody produces something, and stops."""
    codes = ["AAA", "BBB", "CCC", "DDD", "EEE"]
    tonnes = st.floats(0.1, 10.0)
    outputs = {trade(code): draw(tonnes) for code in codes}
    pairs = draw(st.lists(st.sampled_from([(a, b) for a in codes for b in codes if a != b]), max_size=12, unique=True))
    links = [Link(trade(a), trade(b), draw(tonnes)) for a, b in pairs]
    links += [Link(trade(code), USED, draw(tonnes)) for code in codes]
    return Network(outputs, tuple(links)), draw(st.lists(st.sampled_from(codes), max_size=3, unique=True))


@given(networks())
@settings(max_examples=25)
def test_losses_solve_their_definition(drawn: tuple[Network, list[str]]) -> None:
    network, stopped = drawn
    lost = SupplyShares(network).losses(stopped)
    supplies = network.supplies()
    for node in network.nodes():
        if node.country in stopped:
            assert lost[node] == pytest.approx(1.0)
            continue
        origins = supplies.get(node, {})
        whole = network.outputs.get(node, 0.0) + sum(origins.values())
        expected = sum(tonnes * lost[origin] for origin, tonnes in origins.items()) / whole
        assert lost[node] == pytest.approx(expected, abs=1e-9)


def test_losses_are_what_tonnes_that_are_followed_come_to() -> None:
    """A second way: follow ten thousand tonnes back from the user, each by chance to one of those that fed it."""
    chance, supplies = random.Random(1), CHAIN.supplies()
    passed = 0
    for _ in range(10_000):
        node, seen = USED, {USED.country}
        while node in supplies:
            origins = supplies[node]
            node = chance.choices(list(origins), list(origins.values()))[0]
            seen.add(node.country)
        passed += "ZMB" in seen
    assert passed / 10_000 == pytest.approx(SupplyShares(CHAIN).losses(["ZMB"])[USED], abs=0.02)


def test_transit_and_re_exports_are_marked() -> None:
    found = roles(CHAIN, "USE")
    assert found == {
        "AUS": Role.PRODUCER,
        "CHN": Role.PRODUCER,
        "COD": Role.PRODUCER,
        "FRA": Role.USER,
        "ZMB": Role.TRANSIT,
    }
    back = Network(CHAIN.outputs, (*CHAIN.links, Link(trade("CHN"), trade("AUS"), 4.0, "282200")))
    assert re_exports(back)["AUS"] == pytest.approx(0.4)
    assert roles(back, "USE")["AUS"] is Role.RE_EXPORTER
    other = Network(CHAIN.outputs, (*CHAIN.links, Link(trade("CHN"), trade("AUS"), 4.0, "810520")))
    assert re_exports(other)["AUS"] == 0.0


def test_cut_sets_are_the_least_that_cost_so_much() -> None:
    supply = SupplyShares(CHAIN)
    assert [cut.countries for cut in cut_sets(supply, USED, 0.75, 2)] == [("CHN",), ("AUS", "COD")]
    assert cut_sets(supply, USED, 0.75, 2)[1].loss == pytest.approx(1.0)
    assert [cut.countries for cut in cut_sets(supply, USED, 0.75, 2, home=["CHN"])] == [("AUS", "COD")]
    assert [cut.countries for cut in cut_sets(supply, USED, 1.0, 1)] == []


def test_the_fewest_countries_sever_every_path() -> None:
    assert severing_countries(CHAIN, USED, 0.0) in (("AUS", "CHN"), ("AUS", "COD"))
    assert severing_countries(CHAIN, USED, 0.3) == ("CHN",) or severing_countries(CHAIN, USED, 0.3) == ("COD",)
    assert severing_countries(CHAIN, USED, 0.0, home=["AUS"]) is None
    assert severing_countries(Network({}, CHAIN.links), USED, 0.0) == ()


def test_everything_wrong_with_a_network_is_told() -> None:
    found = network_violations([(mine("COD"), -1.0), (mine("COD"), 1.0)], [Link(mine("COD"), mine("COD"), 0.0)])
    assert [violation.field_path for violation in found] == [
        "network.outputs[0].tonnes",
        "network.outputs[1].country",
        "network.links[0].tonnes",
        "network.links[0].to_country",
    ]
