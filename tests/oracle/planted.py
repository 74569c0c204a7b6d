"""One problem that uses every feature, and one wrong figure at a time planted in it, by the family that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Deposit,
    Disruption,
    Embargo,
    Expansion,
    Feed,
    Footprint,
    FootprintPolicy,
    Material,
    MaterialState,
    Period,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SignedContract,
    Source,
    SourceKind,
    SourcingProblem,
    StateValue,
    StockPolicy,
    Substitution,
    TierDemand,
    TradeRule,
)

EMERGENCY, EXTREME = MaterialState.EMERGENCY, MaterialState.EXTREME


Change = Callable[[SourcingProblem], SourcingProblem]


def base() -> SourcingProblem:
    """A small problem in which nearly everything binds or costs."""
    return SourcingProblem(
        periods=(Period("2030"), Period("2031", 0.5), Period("2032", 0.5), Period("2033")),
        materials=(
            Material(
                "cobalt",
                (
                    TierDemand(DemandTier.DEFENCE, (5.0,), 4000.0),
                    TierDemand(DemandTier.ESSENTIAL, (8.0, 9.0, 10.0, 11.0)),
                    TierDemand(DemandTier.GENERAL, (20.0,), 1000.0),
                ),
                StockPolicy(
                    opening_tonnes=10.0,
                    capacity_tonnes=40.0,
                    closing_tonnes=15.0,
                    floor_days=60.0,
                    holding_usd_per_tonne_year=5.0,
                    loss_rate_per_year=0.05,
                    disposal_usd_per_tonne=2.0,
                ),
            ),
            Material("nickel", (TierDemand(DemandTier.GENERAL, (12.0,), 700.0),)),
        ),
        sources=(
            Source(
                "cobalt/COD",
                "cobalt",
                "COD",
                SourceKind.IMPORT,
                (100.0, 110.0, 120.0, 130.0),
                (26.0,),
                tariff_rate=(0.1,),
                freight_usd_per_tonne=6.0,
                spot_capacity_tonnes=(6.0,),
                spot_premium=0.2,
                risk=0.3,
                take_or_pay=0.8,
                reservation_fee_usd_per_tonne=4.0,
                lead_periods=1,
            ),
            Source(
                "cobalt/AUS",
                "cobalt",
                "AUS",
                SourceKind.IMPORT,
                (210.0,),
                (6.0,),
                fixed_price=True,
                risk=0.1,
                lead_periods=2,
            ),
            Source("cobalt/DEU", "cobalt", "DEU", SourceKind.DOMESTIC, (320.0,), (5.0,), lead_periods=0),
            Source("cobalt/scrap", "cobalt", "DEU", SourceKind.RECYCLED, (400.0,), (4.0,), risk=0.05),
            Source("nickel/IDN", "nickel", "IDN", SourceKind.IMPORT, (80.0,), (12.0,), risk=0.2, lead_periods=1),
            Source("nickel/FIN", "nickel", "FIN", SourceKind.DOMESTIC, (150.0,), (6.0,), lead_periods=1),
        ),
        scenarios=(
            Scenario(
                "crisis",
                0.2,
                1,
                2,
                (Disruption(("COD",), availability=0.3, price_factor=1.5), Disruption(("AUS",), price_factor=1.2)),
                (DemandFactor(1.25, ("cobalt",)),),
                rebuilding_periods=1,
            ),
            Scenario("boom", 0.1, 2, None, (), (DemandFactor(1.1, ("nickel",)),)),
        ),
        price_of_risk=0.5,
        discount_rate=0.04,
        buyer="DEU",
        price_year=2024,
    )


def _same(problem: SourcingProblem) -> SourcingProblem:
    return problem


def _all(*changes: Change) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        for one in changes:
            p = one(p)
        return p

    return change


def _source(name: str, **changes: object) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        assert any(l.source_id == name for l in p.sources)
        return replace(
            p,
            sources=tuple(replace(l, **changes) if l.source_id == name else l for l in p.sources),  # type: ignore[arg-type]
        )

    return change


def _stock(**changes: object) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        cobalt, nickel = p.materials
        assert cobalt.stock is not None
        return replace(p, materials=(replace(cobalt, stock=replace(cobalt.stock, **changes)), nickel))  # type: ignore[arg-type]

    return change


def _tier(place: int, **changes: object) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        cobalt, nickel = p.materials
        demand = tuple(replace(d, **changes) if i == place else d for i, d in enumerate(cobalt.demand))  # type: ignore[arg-type]
        return replace(p, materials=(replace(cobalt, demand=demand), nickel))

    return change


def _scenario(**changes: object) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        return replace(p, scenarios=(replace(p.scenarios[0], **changes), *p.scenarios[1:]))  # type: ignore[arg-type]

    return change


def _disruption(**changes: object) -> Change:
    def change(p: SourcingProblem) -> SourcingProblem:
        crisis = p.scenarios[0]
        first = replace(crisis.disruptions[0], **changes)  # type: ignore[arg-type]
        return replace(p, scenarios=(replace(crisis, disruptions=(first, *crisis.disruptions[1:])), *p.scenarios[1:]))

    return change


def _problem(**changes: object) -> Change:
    return lambda p: replace(p, **changes)  # type: ignore[arg-type]


def _rule(
    rule: Embargo | Quota | ShareCap | ShareFloor,
    materials: tuple[str, ...] = (),
    countries: tuple[str, ...] = (),
    periods: tuple[int, ...] = (),
    states: tuple[MaterialState, ...] = (),
    limit_by_state: tuple[StateValue, ...] = (),
) -> Change:
    return lambda p: replace(p, rules=(TradeRule("R", rule, materials, countries, periods, states, limit_by_state),))


def _deposit(tonnes: float, *names: str) -> Change:
    return lambda p: replace(p, deposits=(Deposit("D", names, tonnes),))


def _budget(*usd: float, by_state: tuple[StateValue, ...] = ()) -> Change:
    return lambda p: replace(p, budget=Budget(usd, by_state))


def _substitution(**changes: object) -> Change:
    """Nickel, dear to do without, in place of general cobalt, of which some is short."""
    made = Substitution("Ni for Co", "cobalt", "nickel", DemandTier.GENERAL, 1.5, 40.0, 0.1)
    return lambda p: replace(p, substitutions=(replace(made, **changes),))  # type: ignore[arg-type]


def _book(tonnes: float, source: str = "cobalt/AUS", period: int = 0) -> Change:
    return lambda p: replace(p, book=(*p.book, SignedContract(source, period, tonnes)))


def _footprint(cod: float = 5.0, **changes: object) -> Change:
    """A tonne from COD leaves more CO₂ than one from AUS; its price and limit."""

    def change(p: SourcingProblem) -> SourcingProblem:
        for name, units in (("cobalt/COD", cod), ("cobalt/AUS", 2.0), ("nickel/IDN", 3.0)):
            p = _source(name, footprints=(Footprint("co2e_tonnes", units),))(p)
        return replace(p, footprint_policies=(FootprintPolicy("co2e_tonnes", **changes),))  # type: ignore[arg-type]

    return change


def _ordered(**changes: object) -> Change:
    """Two tonnes of nickel are wanted from FIN, which saves 1,100 but for what it brings besides."""
    return _all(_source("nickel/IDN", capacity_tonnes=(10.0,)), _source("nickel/FIN", **changes))


def _expansion(**changes: object) -> Change:
    """More of a fixed price that is below what cobalt is worth to whoever lacks it."""
    made = Expansion(5.0, 100.0, 1, 2.0, 10.0)
    return _source("cobalt/AUS", expansion=replace(made, **changes))  # type: ignore[arg-type]


def _feed(tonnes: float = 0.5, material_id: str = "nickel") -> Change:
    """Cobalt from home that takes nickel, of which there is enough."""
    return _source("cobalt/DEU", feed=Feed(material_id, tonnes))


def _taking_cobalt(tonnes: float, **stock: object) -> Change:
    return _all(_source("nickel/FIN", feed=Feed("cobalt", tonnes), capacity_tonnes=(20.0,)), _stock(**stock))


def _tail(weight: float, level: float) -> Change:
    return _problem(tail_weight=weight, tail_level=level)


def _periods(*lengths: float) -> Change:
    return lambda p: replace(p, periods=tuple(Period(f"P{t}", years) for t, years in enumerate(lengths)))


def _without_book(p: SourcingProblem) -> SourcingProblem:
    return replace(p, book=())


COBALT, COD = ("cobalt",), ("COD",)
DEMAND, SUPPLY, IMPORTS = ShareDenominator.DEMAND, ShareDenominator.SUPPLY, ShareDenominator.IMPORTS
DOMESTIC, RECYCLED, IMPORT = SourceKind.DOMESTIC, SourceKind.RECYCLED, SourceKind.IMPORT
FLOOR = StateValue(EMERGENCY, 40.0)
SLUMP = _all(
    _disruption(availability=1.0),
    _scenario(demand_factors=(DemandFactor(0.2, COBALT),), end_period=None),
    _stock(capacity_tonnes=12.0),
)
"""Contracts that the scenario leaves without use."""

SIGNED_AND_NOT = _all(
    _ordered(fixed_cost_usd=400.0, capacity_tonnes=(1.5,)), _source("cobalt/scrap", fixed_cost_usd=1e5)
)
"""One source is signed up to its capacity, another not at all, though its tonnes are wanted."""

PLANTED: dict[str, tuple[Change, Change]] = {
    # what both sides get, what one side gets
    "unit price": (_same, _source("cobalt/COD", unit_price_usd_per_tonne=(100.0, 110.0, 120.0, 131.0))),
    "tariff": (_same, _source("cobalt/COD", tariff_rate=(0.11,))),
    "freight": (_same, _source("cobalt/COD", freight_usd_per_tonne=6.1)),
    "fixed price": (_same, _source("cobalt/AUS", fixed_price=False)),
    "capacity": (_same, _source("cobalt/COD", capacity_tonnes=(26.0, 26.0, 26.1, 26.0))),
    "capacity of contract and spot together": (
        _source("cobalt/COD", spot_capacity_tonnes=(26.0,), lead_periods=3),
        _source("cobalt/COD", spot_capacity_tonnes=(26.0,), lead_periods=3, capacity_tonnes=(26.1,)),
    ),
    "spot capacity": (
        _source("cobalt/DEU", spot_capacity_tonnes=(1.0,), lead_periods=3),
        _source("cobalt/DEU", spot_capacity_tonnes=(1.1,), lead_periods=3),
    ),
    "spot premium": (
        _source("cobalt/DEU", spot_capacity_tonnes=(1.0,), lead_periods=3),
        _source("cobalt/DEU", spot_premium=0.01),
    ),
    "risk": (_same, _source("nickel/IDN", risk=0.21)),
    "price of risk": (_same, _problem(price_of_risk=0.51)),
    "discount rate": (_same, _problem(discount_rate=0.041)),
    "take or pay": (SLUMP, _source("cobalt/COD", take_or_pay=0.81)),
    "reservation fee": (_same, _source("cobalt/COD", reservation_fee_usd_per_tonne=4.1)),
    "lead": (SLUMP, _source("cobalt/COD", lead_periods=0)),
    "default lead": (
        _all(SLUMP, _source("cobalt/COD", lead_periods=None)),
        _source("cobalt/COD", lead_periods=1),
    ),
    "period length": (_same, _periods(1.0, 0.5, 0.6, 1.0)),
    "demand": (_same, _tier(1, demand_tonnes=(8.0, 9.0, 10.0, 11.1))),
    "shortage cost": (_same, _tier(2, shortage_cost_usd_per_tonne=1010.0)),
    "shortage cost of the next tier": (
        _tier(2, demand_tonnes=(60.0,), shortage_cost_usd_per_tonne=5000.0),
        _tier(1, shortage_cost_usd_per_tonne=4000.0),
    ),
    "no stock": (_same, lambda p: replace(p, materials=(replace(p.materials[0], stock=None), p.materials[1]))),
    "opening stock": (_same, _stock(opening_tonnes=10.1)),
    "storage capacity": (_stock(capacity_tonnes=12.0), _stock(capacity_tonnes=12.1)),
    "default storage capacity": (
        _stock(capacity_tonnes=None, floor_days=1000.0, floor_shortfall_usd_per_tonne_year=3000.0),
        _stock(capacity_tonnes=60.0, floor_days=1000.0, floor_shortfall_usd_per_tonne_year=3000.0),
    ),
    "closing stock": (_same, _stock(closing_tonnes=15.1)),
    "default closing stock": (_stock(closing_tonnes=None), _stock(closing_tonnes=9.0)),
    "hard closing stock": (
        _stock(closing_is_hard=True, closing_shortfall_usd_per_tonne=1.0),
        _stock(closing_is_hard=False, closing_shortfall_usd_per_tonne=1.0),
    ),
    "closing shortfall cost": (
        _stock(closing_shortfall_usd_per_tonne=50.0),
        _stock(closing_shortfall_usd_per_tonne=51.0),
    ),
    "default closing shortfall cost": (
        _stock(closing_tonnes=50.0),
        _stock(closing_tonnes=50.0, closing_shortfall_usd_per_tonne=505.0),
    ),
    "floor": (_stock(floor_days=200.0), _stock(floor_days=201.0)),
    "hard floor": (
        _stock(floor_days=90.0, floor_is_hard=True, floor_shortfall_usd_per_tonne_year=1.0),
        _stock(floor_is_hard=False),
    ),
    "hard floor that cannot be met": (
        _stock(floor_days=60.0),
        _stock(floor_days=300.0, floor_is_hard=True),
    ),
    "floor shortfall cost": (
        _stock(floor_days=200.0, floor_shortfall_usd_per_tonne_year=50.0),
        _stock(floor_days=200.0, floor_shortfall_usd_per_tonne_year=51.0),
    ),
    "default floor shortfall cost": (
        _stock(floor_days=300.0),
        _stock(floor_days=300.0, floor_shortfall_usd_per_tonne_year=400.0),
    ),
    "floor states": (_same, _stock(floor_states=(MaterialState.NORMAL, EMERGENCY))),
    "floor by state": (_stock(floor_days_by_state=(FLOOR,)), _stock(floor_days_by_state=(replace(FLOOR, value=41.0),))),
    "holding cost": (_same, _stock(holding_usd_per_tonne_year=5.1)),
    "loss": (_same, _stock(loss_rate_per_year=0.06)),
    "disposal cost": (
        _source("cobalt/COD", take_or_pay=1.0, capacity_tonnes=(80.0,), unit_price_usd_per_tonne=(1.0,)),
        _stock(disposal_usd_per_tonne=3.0),
    ),
    "most into stock": (_stock(max_in_tonnes=4.0), _stock(max_in_tonnes=4.1)),
    "most out of stock": (_stock(max_out_tonnes=4.0), _stock(max_out_tonnes=4.1)),
    "reserves": (_deposit(60.0, "cobalt/COD"), _deposit(60.1, "cobalt/COD")),
    "reserves shared": (
        _deposit(80.0, "cobalt/COD", "cobalt/AUS"),
        _deposit(80.0, "cobalt/COD"),
    ),
    "embargo": (_same, _rule(Embargo(), countries=("AUS",))),
    "embargo of a period": (
        _rule(Embargo(), countries=("AUS",), periods=(1,)),
        _rule(Embargo(), countries=("AUS",), periods=(2,)),
    ),
    "quota": (_rule(Quota(20.0), COBALT, COD), _rule(Quota(20.1), COBALT, COD)),
    "quota over materials": (
        _rule(Quota(30.0), (), ("COD", "IDN")),
        _rule(Quota(30.1), (), ("COD", "IDN")),
    ),
    "quota by state": (
        _all(
            _scenario(end_period=None),
            _rule(Quota(20.0), COBALT, COD, limit_by_state=(StateValue(EMERGENCY, 3.0),)),
        ),
        _rule(Quota(20.0), COBALT, COD, limit_by_state=(StateValue(EMERGENCY, 3.1),)),
    ),
    "share cap of demand": (
        _rule(ShareCap(0.5, DEMAND), COBALT, COD),
        _rule(ShareCap(0.51, DEMAND), COBALT, COD),
    ),
    "share cap of supply": (
        _rule(ShareCap(0.5, SUPPLY), COBALT, COD),
        _rule(ShareCap(0.51, SUPPLY), COBALT, COD),
    ),
    "share cap of imports": (
        _rule(ShareCap(0.6, IMPORTS), COBALT, COD),
        _rule(ShareCap(0.61, IMPORTS), COBALT, COD),
    ),
    "share cap per country": (
        _rule(ShareCap(0.1, DEMAND), COBALT, ("COD", "AUS")),
        _rule(ShareCap(0.1, DEMAND), COBALT, COD),
    ),
    "share floor of demand": (
        _rule(ShareFloor(RECYCLED, 0.05, DEMAND), COBALT),
        _rule(ShareFloor(RECYCLED, 0.06, DEMAND), COBALT),
    ),
    "share floor of supply": (
        _rule(ShareFloor(DOMESTIC, 0.2, SUPPLY), ("nickel",)),
        _rule(ShareFloor(DOMESTIC, 0.21, SUPPLY), ("nickel",)),
    ),
    "share floor of imports": (
        _rule(ShareFloor(IMPORT, 0.3, IMPORTS), COBALT, ("AUS",)),
        _rule(ShareFloor(IMPORT, 0.31, IMPORTS), COBALT, ("AUS",)),
    ),
    "denominator": (
        _rule(ShareCap(0.5, DEMAND), COBALT, COD),
        _rule(ShareCap(0.5, SUPPLY), COBALT, COD),
    ),
    "states of a rule": (
        _rule(ShareCap(0.5, DEMAND), COBALT, COD),
        _rule(ShareCap(0.5, DEMAND), COBALT, COD, states=(EMERGENCY,)),
    ),
    "periods of a rule": (
        _rule(ShareCap(0.5, DEMAND), COBALT, COD),
        _rule(ShareCap(0.5, DEMAND), COBALT, COD, periods=(0, 1, 2)),
    ),
    "materials of a rule": (
        _rule(ShareFloor(DOMESTIC, 0.1, DEMAND)),
        _rule(ShareFloor(DOMESTIC, 0.1, DEMAND), COBALT),
    ),
    "budget": (_budget(6000.0), _budget(6000.0, 6000.0, 6000.0, 6010.0)),
    "budget by state": (
        _budget(6000.0),
        _budget(6000.0, by_state=(StateValue(MaterialState.NORMAL, 6010.0),)),
    ),
    "substitution": (_same, _substitution()),
    "tonnes of a substitute": (_substitution(), _substitution(tonnes_per_tonne=1.6)),
    "cost of a substitution": (_substitution(), _substitution(cost_usd_per_tonne=41.0)),
    "share of a substitution": (_substitution(), _substitution(max_share=0.11)),
    "tier of a substitution": (_substitution(), _substitution(tier=DemandTier.ESSENTIAL)),
    "what is replaced": (
        _substitution(cost_usd_per_tonne=0.0),
        _substitution(cost_usd_per_tonne=0.0, material_id="nickel", substitute_material_id="cobalt"),
    ),
    "substitutes and shortage of a tier together": (
        _all(
            _substitution(cost_usd_per_tonne=0.0, tonnes_per_tonne=0.5, max_share=0.6), _tier(2, demand_tonnes=(5.0,))
        ),
        _all(
            _substitution(cost_usd_per_tonne=0.0, tonnes_per_tonne=0.5, max_share=0.6), _tier(2, demand_tonnes=(5.1,))
        ),
    ),
    "book": (_book(2.0), _book(2.1)),
    "what the book fixes": (_book(2.0), _without_book),
    "several entries of the book": (_book(2.0), _book(1.0)),
    "period of the book": (_book(2.0), _all(_without_book, _book(2.0, period=1))),
    "footprint": (_footprint(price_usd_per_unit=3.0), _footprint(5.1, price_usd_per_unit=3.0)),
    "price of a footprint": (_footprint(price_usd_per_unit=3.0), _footprint(price_usd_per_unit=3.1)),
    "footprint cap": (_footprint(max_units=(100.0,)), _footprint(max_units=(101.0,))),
    "footprint cap by state": (
        _footprint(max_units=(100.0,)),
        _footprint(max_units=(100.0,), max_units_by_state=(StateValue(MaterialState.NORMAL, 101.0),)),
    ),
    "states of a footprint cap": (_footprint(max_units=(100.0,)), _footprint(max_units=(100.0,), states=(EMERGENCY,))),
    "periods of a footprint cap": (_footprint(max_units=(100.0,)), _footprint(max_units=(100.0, 100.0, 100.0, 101.0))),
    "fixed cost": (_ordered(fixed_cost_usd=400.0), _ordered(fixed_cost_usd=401.0)),
    "fixed cost beyond what it saves": (SIGNED_AND_NOT, _source("cobalt/scrap", fixed_cost_usd=10.0)),
    "least order": (_ordered(min_order_tonnes=3.0), _ordered(min_order_tonnes=3.1)),
    "feed": (_feed(), _feed(0.6)),
    "who takes a feed": (_feed(), _source("cobalt/DEU", feed=None)),
    "what is taken in a share of demand": (
        _all(_feed(), _rule(ShareCap(0.5, DEMAND), ("nickel",), ("IDN",))),
        _rule(ShareCap(0.51, DEMAND), ("nickel",), ("IDN",)),
    ),
    "a floor by what is taken": (
        _taking_cobalt(0.1, floor_days=200.0, floor_shortfall_usd_per_tonne_year=50.0),
        _taking_cobalt(0.2, floor_days=200.0, floor_shortfall_usd_per_tonne_year=50.0),
    ),
    "most capacity built": (_expansion(), _expansion(max_tonnes_per_year=5.1)),
    "capital of an expansion": (_expansion(), _expansion(capital_usd_per_tonne_year=101.0)),
    "fixed cost of an expansion": (_expansion(), _expansion(fixed_usd_per_tonne_year=2.1)),
    "lead of an expansion": (_expansion(), _expansion(lead_periods=0)),
    "life of an expansion": (_expansion(), _expansion(life_years=9.0)),
    "tail weight": (_tail(0.3, 0.7), _tail(0.31, 0.7)),
    "tail level": (_tail(0.3, 0.7), _tail(0.3, 0.71)),
    "the charge for risk outside the tail": (_tail(0.3, 0.7), _all(_tail(0.3, 0.7), _problem(price_of_risk=0.51))),
    "availability": (_same, _disruption(availability=0.31)),
    "price factor": (_same, _disruption(price_factor=1.51)),
    "who is hit": (_same, _disruption(countries=("COD", "DEU"))),
    "demand factor": (_same, _scenario(demand_factors=(DemandFactor(1.26, COBALT),))),
    "periods of a demand factor": (_same, _scenario(demand_factors=(DemandFactor(1.25, COBALT, (1,)),))),
    "a demand factor before the onset": (
        _scenario(demand_factors=(DemandFactor(1.25, COBALT, (0, 1, 2)),)),
        _scenario(demand_factors=(DemandFactor(1.25, COBALT, (1, 2)),)),
    ),
    "a demand factor after the end": (
        _scenario(demand_factors=(DemandFactor(1.25, COBALT, (1, 2, 3)),)),
        _scenario(demand_factors=(DemandFactor(1.25, COBALT, (1, 2)),)),
    ),
    "probability": (_same, _scenario(probability=0.21)),
    "onset": (_same, _scenario(onset_period=2)),
    "end": (_same, _scenario(end_period=1)),
    "state": (
        _stock(floor_states=(MaterialState.NORMAL, EMERGENCY)),
        _scenario(state=EXTREME),
    ),
    "materials in the state": (_same, _scenario(state_material_ids=("nickel",))),
    "rebuilding": (_same, _scenario(rebuilding_periods=0)),
}
