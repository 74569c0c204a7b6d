"""Units of mass, price and share as publishers and callers write them, brought to tonnes, USD per tonne and fractions.

Owns the spellings; the sizes of units are pint's, with the trade units that it lacks (flask, metric ton unit, short ton
unit, cent) defined here. A spelling that names several units ("ton", "oz", "MT") is refused, never guessed. pint is
imported when first asked for.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

__all__ = ["share", "tonnes", "usd_per_tonne"]

# One per cent of a (metric, short) ton of ore: the mass of content that tungsten, manganese and iron ore are sold by.
_TRADE_UNITS = (
    "flask = 76 * pound",  # mercury
    "metric_ton_unit = 10 * kilogram",
    "short_ton_unit = 20 * pound",
    "usd = [currency]",
    "us_cent = 0.01 * usd",
)
_MASSES = {
    "t": "metric_ton",
    "kt": "kilotonne",
    "Mt": "megatonne",
    "kg": "kilogram",
    "g": "gram",
    "lb": "pound",
    "tonne": "metric_ton",
    "metric ton": "metric_ton",
    "dry metric ton": "metric_ton",
    "dmt": "metric_ton",
    "thousand t": "kilotonne",
    "thousand metric ton": "kilotonne",
    "million t": "megatonne",
    "million metric ton": "megatonne",
    "kilogram": "kilogram",
    "gram": "gram",
    "pound": "pound",
    "short ton": "short_ton",
    "long ton": "long_ton",
    "troy oz": "troy_ounce",
    "troy ounce": "troy_ounce",
    "flask": "flask",
    "mtu": "metric_ton_unit",
    "metric ton unit": "metric_ton_unit",
    "dmtu": "metric_ton_unit",
    "dry metric ton unit": "metric_ton_unit",
    "stu": "short_ton_unit",
    "short ton unit": "short_ton_unit",
    "carat": "carat",
    "million carat": "megacarat",
}
_MONEY = {
    "usd": "usd",
    "us$": "usd",
    "$": "usd",
    "dollar": "usd",
    "us dollar": "usd",
    "us cent": "us_cent",
    "cent": "us_cent",
    "usc": "us_cent",
}
_SHARES = {"1": "dimensionless", "": "dimensionless", "fraction": "dimensionless", "%": "percent", "percent": "percent"}
_SHARES |= {"per cent": "percent", "pct": "percent"}
_AMBIGUOUS = {
    "ton": "t, short ton or long ton",
    "mt": "t (metric tons) or Mt (million tonnes)",
    "oz": "troy oz",
    "ounce": "troy oz",
    "unit": "mtu or stu",
}
_KNOWN_MASSES = "t, kt, Mt, kg, g, lb, short ton, long ton, troy oz, flask, mtu, stu or carat"


def tonnes(value: float, unit: str) -> float:
    """A mass in tonnes.

    Raises:
        ValueError: no unit of mass, one that may mean several, or no finite figure; the text says which.
    """
    return _finite(value * _tonnes_per(unit), value, unit)


def usd_per_tonne(value: float, unit: str) -> float:
    """A price such as "USD/lb", "US cents/lb" or "dollars per dry metric ton unit", in USD per tonne.

    Raises:
        ValueError: no price per mass, a mass that may mean several units, or no finite figure; the text says which.
    """
    return _finite(value * _usd_per_tonne_per(unit), value, unit)


def share(value: float, unit: str) -> float:
    """A share as a fraction: the unit is "%" (percent) or "1" (fraction).

    Raises:
        ValueError: another unit, or no finite figure.
    """
    spelled = _plain(unit)
    if spelled not in _SHARES:
        raise ValueError(f"{unit!r} is no unit of a share: write % or 1")
    factor = float(_registry().Quantity(1.0, _SHARES[spelled]).to("dimensionless").magnitude)
    return _finite(value * factor, value, unit)


def _finite(converted: float, value: float, unit: str) -> float:
    if not math.isfinite(converted):
        raise ValueError(f"{value:g} {unit} is no finite figure")
    return converted


@cache
def _registry() -> UnitRegistry[Any]:
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry()
    for definition in _TRADE_UNITS:
        registry.define(definition)
    return registry


@lru_cache(maxsize=256)  # callers choose the spellings
def _tonnes_per(unit: str) -> float:
    return float(_registry().Quantity(1.0, _mass(unit)).to("metric_ton").magnitude)


@lru_cache(maxsize=256)
def _usd_per_tonne_per(unit: str) -> float:
    money, _, mass = unit.replace(" per ", "/").partition("/")
    spelled = _plain(money)
    if spelled not in _MONEY or not mass.strip():
        raise ValueError(f"{unit!r} is no unit of a price: write USD/t, USD/kg, USD/lb, US cents/lb, USD/troy oz, ...")
    return float(_registry().Quantity(1.0, f"{_MONEY[spelled]}/{_mass(mass)}").to("usd/metric_ton").magnitude)


def _mass(unit: str) -> str:
    exact, spelled = unit.strip(), _plain(unit)
    if exact in _MASSES:
        return _MASSES[exact]
    if spelled in _AMBIGUOUS:
        raise ValueError(f"{unit!r} may mean several units: write {_AMBIGUOUS[spelled]}")
    if spelled not in _MASSES:
        raise ValueError(f"{unit!r} is no unit of mass: write {_KNOWN_MASSES}")
    return _MASSES[spelled]


def _plain(unit: str) -> str:
    """Lower case, one blank between words, no plural."""
    words = " ".join(unit.lower().replace("tonnes", "tonne").split())
    return words.removesuffix("s") if len(words) > 2 else words
