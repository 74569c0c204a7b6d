"""The dependence network of a material from the data: mines, trade where flows are known, refiners, and the buyer.

Between miners and refiners stand the flows of the material's own headings in a mean year, counted by their content,
where the data have them; else all refiners draw from one pool of what the world mines. The buyer's own sourcing says
whom it buys from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lodestock_optimizers.dependence import Link, Network, Node
from lodestock_server.catalog import Catalog, CountryTable, DatasetOrigin, Stage, TradeFlow
from lodestock_server.usecases.assess_supply_risk import LifeCycleStage, MaterialSupply, first_few
from lodestock_server.usecases.stored_supply import stored_supplies

MINED, TRADED, REFINED = LifeCycleStage.MINING.name, LifeCycleStage.TRADE.name, LifeCycleStage.REFINING.name
USED = LifeCycleStage.USE.name
POOL = Node(TRADED, "")
Counted = list[tuple[TradeFlow, float]]
"""Flows with the tonnes of content that go in a mean year."""
OWN_CONTENT = "give contents to count them"


@dataclass(frozen=True, slots=True)
class NetworkStep:
    """A step of the network, whether flows between countries are known for it, and what it rests on."""

    origin: str
    target: str
    has_flows: bool
    basis: str


@dataclass(frozen=True, slots=True)
class StoredNetwork:
    """A network with what it rests on, and what is missing."""

    network: Network
    steps: tuple[NetworkStep, ...]
    remarks: tuple[str, ...]
    datasets: frozenset[str]


def stored_network(catalog: Catalog, buyer: str, material: str, contents: Mapping[str, float]) -> StoredNetwork:
    """The network that the data make.

    Args:
        catalog: Where the figures are.
        buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
        material: Id of a mineral.
        contents: The caller's content of the material in a tonne of a traded product, by heading.

    Raises:
        NotFound: Nobody says how the buyer sources the material.
        UnknownMineralError: No such mineral.
    """
    return _Builder(catalog, buyer, material, contents).build()


class _Builder:
    """Collects outputs, links and what they rest on."""

    def __init__(self, catalog: Catalog, buyer: str, material: str, contents: Mapping[str, float]) -> None:
        self._catalog = catalog
        self._buyer = buyer
        self._material = catalog.mineral(material).id
        self._contents = contents
        self._outputs: dict[Node, float] = {}
        self._links: list[Link] = []
        self._steps: list[NetworkStep] = []
        self._remarks: list[str] = []
        self._datasets: set[str] = {"minerals"}

    def build(self) -> StoredNetwork:
        """Put the stages together, from the mine on."""
        flows = self._counted(self._catalog.world_trade(self._material))
        period = flows[0][0].period if flows else ""
        mined, refined = self._mined(period), self._refined()
        if mined is not None:
            for country, tonnes in by_country(mined):
                self._outputs[Node(MINED, country)] = tonnes
        if refined is not None:
            self._feed(mined, refined, flows)
        self._use(refined is not None)
        self._without_feed()
        return StoredNetwork(
            Network(self._outputs, tuple(self._links)),
            tuple(self._steps),
            tuple(self._remarks),
            frozenset(self._datasets),
        )

    def _mined(self, period: str) -> CountryTable | None:
        """World mining, of the last year of the flows where there are any, else of the latest one."""
        years = self._catalog.production_years(self._material, Stage.MINING)
        if not years:
            self._remarks.append("no world mining by country is in the data: the network begins with the refiners")
            return None
        last = int(period.rpartition("-")[2]) if period else years[-1]
        table = self._catalog.production(self._material, Stage.MINING, last if last in years else years[-1])
        self._read(row.figure.origin for row in table.rows)
        return table

    def _refined(self) -> CountryTable | None:
        """Who refines the material, where the data know it."""
        table = self._catalog.refining(self._material)
        if table.stage is not Stage.REFINING:
            self._remarks.append("no world refining by country is in the data: the buyer is fed by the mines")
            return None
        self._read(row.figure.origin for row in table.rows)
        return table

    def _feed(self, mined: CountryTable | None, refined: CountryTable, flows: Counted) -> None:
        """Links into the refiners: from trade where flows are known, else from one pool."""
        if mined is None:
            self._outputs.update({Node(REFINED, country): tonnes for country, tonnes in by_country(refined)})
            return
        basis = f"mining of {mined.period}, refining of {refined.period}"
        if not flows:
            basis = f"{basis}; no flows between countries are in the data: all refiners draw from one pool"
            self._links += [
                Link(node, POOL, tonnes) for node, tonnes in self._outputs.items() if node.stage == MINED and tonnes > 0
            ]
            self._links += [
                Link(POOL, Node(REFINED, country), tonnes) for country, tonnes in by_country(refined) if tonnes > 0
            ]
        else:
            headings = ", ".join(sorted({flow.hs_code for flow, _ in flows}))
            basis = f"{basis}; CEPII BACI, headings {headings}, content of a mean year of {flows[0][0].period}"
            self._trade(flows, refined)
        self._steps.append(NetworkStep(MINED, REFINED, bool(flows), basis))
        self._remarks.append("scrap and stocks are not in the network: refiners are fed by mines alone")

    def _trade(self, flows: Counted, refined: CountryTable) -> None:
        """Mines into trade at home, trade between countries, and from trade at home into the refiners."""
        self._read(flow.figure.origin for flow, _ in flows)
        traded = {code for flow, _ in flows for code in (flow.iso3, flow.to_iso3)}
        self._links += [
            Link(node, Node(TRADED, node.country), tonnes)
            for node, tonnes in self._outputs.items()
            if node.stage == MINED and tonnes > 0
        ]
        self._links += [
            Link(Node(TRADED, flow.iso3), Node(TRADED, flow.to_iso3), tonnes, flow.hs_code)
            for flow, tonnes in flows
            if flow.iso3 != flow.to_iso3
        ]
        mined = {node.country for node in self._outputs if node.stage == MINED}
        self._links += [
            Link(Node(TRADED, country), Node(REFINED, country), tonnes)
            for country, tonnes in by_country(refined)
            if tonnes > 0 and country in traded | mined
        ]

    def _use(self, is_refined: bool) -> None:
        """Links into the buyer: its sourcing at the stage at which it buys."""
        supply = self._sourcing()
        stage = supply.stage.name if supply.stage else REFINED
        if stage == REFINED and not is_refined:
            stage = MINED
        used = Node(USED, self._buyer)
        for share in supply.sourcing:
            if share.share > 0:
                self._feed_from_trade(Node(stage, share.country))
                self._links.append(Link(Node(stage, share.country), used, share.share))
        self._steps.append(
            NetworkStep(stage, USED, True, f"shares of the sourcing of {self._buyer}, what it produces itself included")
        )
        self._remarks += supply.sourcing_remarks
        self._read(
            origin for figure in supply.figures for origin in figure.origins if isinstance(origin, DatasetOrigin)
        )

    def _feed_from_trade(self, supplier: Node) -> None:
        """A supplier that the world's table does not name refines what it trades in, where that is known."""
        at_home = Node(TRADED, supplier.country)
        linked = {node for link in self._links for node in (link.origin, link.target)}
        if supplier.country and supplier not in {*linked, *self._outputs} and at_home in linked:
            self._links.append(Link(at_home, supplier, 1.0))

    def _sourcing(self) -> MaterialSupply:
        """The supply at the stage at which the buyer's sourcing is known; the refined one where both are."""
        known = [one for one in stored_supplies(self._catalog, self._buyer, [self._material]) if one.sourcing]
        return next((one for one in known if one.stage is LifeCycleStage.REFINING), known[0])

    def _without_feed(self) -> None:
        """Suppliers whose own feed is not in the data count as producers, since they do supply."""
        fed = {link.target for link in self._links}
        unfed = {link.origin: link.tonnes for link in self._links if link.origin not in fed}
        found = {node: tonnes for node, tonnes in unfed.items() if not self._outputs.get(node)}
        self._outputs.update(found)
        names = sorted({node.country for node in found if node.country})
        if names:
            text = f"what feeds {first_few(names)} is not in the data: it counts as output of their own"
            self._remarks.append(text)

    def _counted(self, flows: Sequence[TradeFlow]) -> Counted:
        """Flows with their content in a mean year; those under headings without a known content are left out."""
        contents = {**self._published_contents(), **self._contents}
        left = sorted({flow.hs_code for flow in flows} - set(contents))
        if left:
            self._remarks.append(f"flows under {', '.join(left)} are left out, their content varies: {OWN_CONTENT}")
        counted = [flow for flow in flows if flow.hs_code in contents]
        return [(flow, flow.figure.value * contents[flow.hs_code] / years_of(flow.period)) for flow in counted]

    def _published_contents(self) -> dict[str, float]:
        """The least content of the forms under a heading: what leaves the mines is the poorest of them."""
        found: dict[str, float] = {}
        for form in self._catalog.forms(self._material):
            if form.hs_code:
                factor = form.content_factor.value
                found[form.hs_code] = min(factor, found.get(form.hs_code, factor))
        return found

    def _read(self, origins: Iterator[DatasetOrigin]) -> None:
        self._datasets.update(origin.dataset for origin in origins)


def by_country(table: CountryTable) -> Iterator[tuple[str, float]]:
    """Countries with their figures; those without a name as ""."""
    return ((row.iso3 or "", row.figure.value) for row in table.rows)


def years_of(period: str) -> int:
    """How many years a period such as "2018-2020" has."""
    first, _, last = period.partition("-")
    return int(last or first) - int(first) + 1
