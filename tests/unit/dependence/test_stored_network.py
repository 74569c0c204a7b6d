"""Networks that the data make: cobalt with flows between countries, others with a pool, and what is said of it."""

from __future__ import annotations

import pytest

from lodestock_optimizers.dependence import Node, SupplyShares
from lodestock_server.catalog import BundledCatalog, Stage
from lodestock_server.usecases.dependence_network import POOL, USED, stored_network

CATALOG = BundledCatalog()


def test_cobalt_has_flows_in_a_mean_year_by_content() -> None:
    found = stored_network(CATALOG, "EU27", "cobalt", {})
    feed = found.steps[0]
    assert (feed.origin, feed.target, feed.has_flows) == ("MINING", "REFINING", True)
    assert "282200" in feed.basis
    assert any("260500, 810520 are left out" in remark for remark in found.remarks)
    flow = next(f for f in CATALOG.world_trade("cobalt") if (f.hs_code, f.iso3, f.to_iso3) == ("282200", "COD", "CHN"))
    (link,) = (
        link
        for link in found.network.links
        if (link.origin, link.target) == (Node("TRADE", "COD"), Node("TRADE", "CHN"))
    )
    assert link.tonnes == pytest.approx(flow.figure.value * 0.3 / 3)  # crude hydroxide; three years
    mined = {row.iso3: row.figure.value for row in CATALOG.production("cobalt", Stage.MINING, 2020).rows}
    assert found.network.outputs[Node("MINING", "COD")] == mined["COD"]
    assert {"trade-flows", "world-supply", "eu-minerals"} <= found.datasets


def test_the_callers_contents_count_further_headings() -> None:
    with_ore = stored_network(CATALOG, "EU27", "cobalt", {"260500": 0.08})
    assert {link.product for link in with_ore.network.links} >= {"260500", "282200"}
    assert any(remark.startswith("flows under 810520 are left out") for remark in with_ore.remarks)


def test_the_congo_feeds_the_refiners_of_cobalt() -> None:
    """What is published of the chain: most that China refines comes from the Congo."""
    lost = SupplyShares(stored_network(CATALOG, "USA", "cobalt", {}).network).losses(["COD"])
    assert lost[Node("REFINING", "CHN")] > 0.8


def test_where_no_flows_are_known_all_draw_from_one_pool_and_it_is_said() -> None:
    found = stored_network(CATALOG, "EU27", "tungsten", {})
    assert not found.steps[0].has_flows
    assert "no flows between countries are in the data" in found.steps[0].basis
    lost = SupplyShares(found.network).losses(["CHN"])
    mined = CATALOG.production("tungsten", Stage.MINING).shares()
    china = next(share.share for share in mined if share.iso3 == "CHN")
    assert lost[POOL] == lost[Node("REFINING", "AUT")] == pytest.approx(china)


def test_the_buyer_loses_its_sourcing_weighed_by_what_each_loses() -> None:
    network = stored_network(CATALOG, "EU27", "tungsten", {}).network
    lost = SupplyShares(network).losses(["VNM"])
    fed = network.supplies()[Node(USED, "EU27")]
    expected = sum(share * lost[node] for node, share in fed.items()) / sum(fed.values())
    assert lost[Node(USED, "EU27")] == pytest.approx(expected)
