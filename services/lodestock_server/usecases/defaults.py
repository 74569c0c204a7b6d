"""What stands in where the bundled data hold no figure: a table that can be read, and the record of its use.

Each default has a reason and, where there is one, a publication. Most are judgements: they are listed with every
problem that uses them, so that a planner who knows better overrides them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Traced


@dataclass(frozen=True, slots=True)
class Default:
    """One default: value, unit, the range in which it may be overridden, why it is what it is."""

    default_id: str
    value: float
    unit: str
    reason: str
    source: str = ""
    least: float = 0.0
    most: float = math.inf


DEFAULTS: tuple[Default, ...] = (
    Default(
        "capacity.share_of_output",
        0.2,
        "1",
        "The buyer can get at most a fifth of a country's output, since others hold contracts too. A judgement",
        most=1.0,
    ),
    Default(
        "capacity.growth_over_current_imports",
        1.25,
        "1",
        "A supplier that delivers today can deliver a quarter more at once, also where the data know no output of its "
        "own because it refines foreign ore. A judgement",
    ),
    Default(
        "spot.share_of_capacity",
        0.25,
        "1",
        "A quarter of what a source can deliver is sold spot, the rest under contract. A judgement",
        most=1.0,
    ),
    Default(
        "spot.premium",
        0.2,
        "1",
        "Spot tonnes bought at short notice cost a fifth more than contracted ones. A judgement",
    ),
    Default(
        "tariff.rate",
        0.0,
        "1",
        "The bundled data hold no tariffs; give the rates in force for single materials",
    ),
    Default(
        "freight.usd_per_tonne_km",
        0.01,
        "USD/t/km",
        "Door to door over the great-circle distance: some 100 USD/t over 10,000 km. A judgement: the bundle holds "
        "distances but no freight rates",
    ),
    Default(
        "freight.unnamed_km",
        10_000.0,
        "km",
        "Suppliers that the source does not name have no distance: taken as a quarter of the way round the earth",
    ),
    Default(
        "freight.km_from_port_of_bloc",
        500.0,
        "km",
        "Freight to the European Union is counted to the Netherlands, where its largest port is, Rotterdam, and five "
        "hundred kilometres on from there, about as far as its largest users. A judgement",
    ),
    Default(
        "suppliers.part_of_world_output",
        1.0,
        "1",
        "A buyer whose suppliers are not known buys from each country by its part in the world's output outside the "
        "buyer's own; give own_figures of kind IMPORTS_BY_COUNTRY where they are known. A judgement",
        most=1.0,
    ),
    Default(
        "demand.intensity_of_use",
        1.0,
        "1",
        "What the data do not say of a buyer's use is estimated: by its output and its part in its own sourcing, or as "
        "if it used as much for each dollar of its GDP as the world. 1 takes the estimate as it is. A judgement; give "
        "own_figures of kind CONSUMPTION where the use is known",
    ),
    Default(
        "demand.least_share_at_home",
        0.05,
        "1",
        "Output at home says something of a buyer's use where it is at least a twentieth of the sourcing; below that "
        "a share rounded to a per cent says too little, and GDP is taken. A judgement",
        most=1.0,
    ),
    Default(
        "contract.take_or_pay",
        1.0,
        "1",
        "A contract is a commitment: what is contracted and available is taken and paid",
        most=1.0,
    ),
    Default(
        "contract.fee_share_of_price",
        0.0,
        "1",
        "No fee for a contract that must be taken anyway. With take-or-pay below 1 it must be above 0, or the contract "
        "were a free option",
    ),
    Default(
        "contract.lead_years",
        1.0,
        "a",
        "A contract is signed a year before its first delivery. A judgement",
        most=50.0,
    ),
    Default(
        "price.growth_per_year",
        0.0,
        "1/a",
        "Prices stay flat in constant USD of the last year with data. A judgement",
        least=-0.5,
        most=0.5,
    ),
    Default(
        "plan.price_of_risk",
        1.0,
        "1",
        "The surcharge for risk is risk × landed cost once: a source of risk 0.5 counts as half as dear again. Take 0 "
        "where the scenarios already carry the risk",
        most=1e4,
    ),
    Default(
        "plan.discount_rate",
        0.03,
        "1/a",
        "Three per cent a year in constant money, as public investment is often judged. A judgement",
        least=-0.5,
        most=1.0,
    ),
    Default(
        "reserves.share_for_buyer",
        0.2,
        "1",
        "The buyer's part of a country's reserves is its part of the output; the larger one where it buys more today",
        most=1.0,
    ),
    Default(
        "tier.defence_share",
        0.05,
        "1",
        "The bundled data hold no use by defence. A twentieth, to be replaced by the ministry's own figure",
        most=1.0,
    ),
    Default(
        "tier.essential_share",
        0.25,
        "1",
        "The bundled data do not say how essential a use is. A quarter, to be replaced by the ministry's own figure",
        most=1.0,
    ),
    Default(
        "shortage.defence_price_multiple",
        50.0,
        "1",
        "A tonne missing in defence costs fifty times its price: what is not built weighs far more than the mineral in "
        "it. A judgement; the order of the tiers matters more than the figure",
    ),
    Default(
        "shortage.essential_price_multiple",
        20.0,
        "1",
        "A tonne missing in essential uses costs twenty times its price. A judgement, see the defence multiple",
    ),
    Default(
        "shortage.general_price_multiple",
        5.0,
        "1",
        "A tonne missing in other uses costs five times its price: value added is lost, but much use can wait. A "
        "judgement, see the defence multiple",
    ),
    Default(
        "stock.opening_days",
        0.0,
        "d",
        "The bundled data hold no state stocks. Industry's own stocks are working stocks and are not counted",
    ),
    Default(
        "stock.floor_days",
        90.0,
        "d",
        "Ninety days of demand, as the oil stocks of IEA members hold ninety days of net imports",
        "International Energy Agency, Agreement on an International Energy Program (1974), article 2, by analogy",
    ),
    Default(
        "stock.closing_share_of_floor",
        1.0,
        "1",
        "At the end the floor of the last year is in store, or what was there at the start where that is more",
    ),
    Default(
        "stock.shortfall_share_of_shortage_costs",
        0.25,
        "1",
        "A tonne missing from the stock at the end costs a quarter of what it costs in essential and in general use "
        "together; below the floor, that spread over the horizon. So filling a floor never takes an essential tonne",
    ),
    Default(
        "stock.capacity_years",
        2.0,
        "a",
        "Storage for two years' demand: enough never to bind by itself, small enough to keep plans sane. A judgement",
    ),
    Default(
        "stock.holding_share_of_price",
        0.02,
        "1/a",
        "Warehousing, insurance and handling: 2 % of the value a year; capital is in the discount rate. A judgement",
    ),
    Default(
        "stock.loss_rate",
        0.0,
        "1/a",
        "Metals and oxides in proper storage lose nothing that can be measured over a planning horizon. A judgement",
        most=1.0,
    ),
)

_BY_ID = {default.default_id: default for default in DEFAULTS}


@dataclass(frozen=True, slots=True)
class Override:
    """The caller's own value for a default, for one material or ("") for all."""

    default_id: str
    material_id: str
    value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """A default as it was used, for the materials named."""

    default: Default
    value: float
    overridden: bool
    material_ids: tuple[str, ...]


def override_violations(overrides: Sequence[Override], materials: Iterable[str]) -> list[FieldViolation]:
    """List overrides that name no default, no material of the problem, or a value out of range."""
    known = set(materials)
    found = []
    for i, override in enumerate(overrides):
        path = f"overrides[{i}]"
        default = _BY_ID.get(override.default_id)
        if default is None:
            ids = ", ".join(_BY_ID)
            found.append(FieldViolation(f"{path}.default_id", f"'{override.default_id}' is no default; known: {ids}"))
        elif not (math.isfinite(override.value) and default.least <= override.value <= default.most):
            most = "" if math.isinf(default.most) else f" to {default.most:g}"
            wanted = f"a finite number from {default.least:g}{most or ' up'}"
            found.append(FieldViolation(f"{path}.value", f"is {override.value:g}, must be {wanted}"))
        if override.material_id and override.material_id not in known:
            found.append(
                FieldViolation(f"{path}.material_id", f"'{override.material_id}' is no material of the problem")
            )
    return found


def combination_violations(overrides: Sequence[Override], materials: Iterable[str]) -> list[FieldViolation]:
    """List materials for which overrides that are sound one by one do not go together."""
    book = DefaultsBook(overrides)
    found = []
    for name in materials:
        shares = book.value("tier.defence_share", name) + book.value("tier.essential_share", name)
        if shares > 1:
            text = f"make tier.defence_share and tier.essential_share of {name} {shares:g} together, must be 1 or less"
            found.append(FieldViolation("overrides", text))
        if book.value("contract.take_or_pay", name) < 1 and not book.value("contract.fee_share_of_price", name) > 0:
            text = f"make contract.take_or_pay of {name} less than 1, then contract.fee_share_of_price must be above 0"
            found.append(FieldViolation("overrides", text))
    return found


@dataclass
class DefaultsBook:
    """Gives the value of each default for a material, the caller's before Lodestock's own, and records the use."""

    overrides: Sequence[Override]
    _used: dict[tuple[str, float, bool], dict[str, None]] = field(default_factory=dict)

    def take(self, default_id: str, material_id: str) -> Traced:
        """The value to use for a material, and where it comes from."""
        value, i = self._find(default_id, material_id)
        self._note(default_id, value, i is not None, material_id)
        if i is not None:
            return Traced(value, (CallerOrigin(f"overrides[{i}].value", self.overrides[i].reason),))
        default = _BY_ID[default_id]
        return Traced(value, (DefaultOrigin(default_id, default.reason, default.source),))

    def _find(self, default_id: str, material_id: str) -> tuple[float, int | None]:
        """The value to use, and the override that gives it; None for Lodestock's own."""
        for wanted in (material_id, ""):
            # The last word counts, as in any list of settings.
            for i in reversed(range(len(self.overrides))):
                override = self.overrides[i]
                if (override.default_id, override.material_id) == (default_id, wanted):
                    return override.value, i
        return _BY_ID[default_id].value, None

    def value(self, default_id: str, material_id: str) -> float:
        """The value to use for a material; nothing is recorded."""
        return self._find(default_id, material_id)[0]

    def used(self) -> tuple[DefaultUsed, ...]:
        """Every default used, in the order of the table."""
        order = list(_BY_ID)
        uses = sorted(self._used.items(), key=lambda item: (order.index(item[0][0]), item[0][2]))
        return tuple(
            DefaultUsed(_BY_ID[default_id], value, overridden, tuple(materials))
            for (default_id, value, overridden), materials in uses
        )

    def _note(self, default_id: str, value: float, overridden: bool, material_id: str) -> None:
        materials = self._used.setdefault((default_id, value, overridden), {})
        if material_id:
            materials[material_id] = None
