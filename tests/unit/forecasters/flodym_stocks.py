"""Stocks and flows as flodym (MIT) has them, kept in `flodym_stocks.json`.

flodym 1.1 depends on a package that has no wheel, so it is not among the locked packages. Write the file anew with
`pip install flodym==1.1.0` and `python -m tests.unit.forecasters.flodym_stocks`, and read the difference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from lodestock_forecasters.laws.survival import Lifetime, LifetimeLaw

LIFETIMES = (
    Lifetime(LifetimeLaw.NORMAL, 12.0, 4.0),
    Lifetime(LifetimeLaw.FOLDED_NORMAL, 8.0, 6.0),
    Lifetime(LifetimeLaw.LOG_NORMAL, 15.0, 5.0),
    Lifetime(LifetimeLaw.WEIBULL, 20.0, 2.2),
)
YEARS = 40
INFLOW = 100.0 * 1.04 ** np.arange(YEARS) + 20.0 * np.sin(np.arange(YEARS))
STOCK = 3_000.0 / (1.0 + np.exp(-(np.arange(YEARS) - 15.0) / 5.0))
DRIVEN = {"inflow": "InflowDrivenDSM", "stock": "StockDrivenDSM"}
"""What is given of a stock, and flodym's class for it."""
STORED = Path(__file__).with_name("flodym_stocks.json")

Paths = dict[str, list[float]]


def stored(driver: str, lifetime: Lifetime) -> Paths:
    """Paths of stock, inflow and outflow by flodym, by name."""
    found: Paths = json.loads(STORED.read_text(encoding="utf-8"))[driver][lifetime.law.value]
    return found


def of_flodym(driver: str, lifetime: Lifetime, path: Sequence[float]) -> Paths:
    """The same, computed now."""
    # Not installed for mypy.
    flodym: Any = import_module("flodym")
    kinds: dict[LifetimeLaw, tuple[Any, str, str]] = {
        LifetimeLaw.NORMAL: (flodym.NormalLifetime, "mean", "std"),
        LifetimeLaw.FOLDED_NORMAL: (flodym.FoldedNormalLifetime, "mean", "std"),
        LifetimeLaw.LOG_NORMAL: (flodym.LogNormalLifetime, "mean", "std"),
        LifetimeLaw.WEIBULL: (flodym.WeibullLifetime, "weibull_scale", "weibull_shape"),
    }
    kind, years, spread = kinds[lifetime.law]
    time = flodym.Dimension(letter="t", name="time", items=list(range(len(path))), dtype=int)
    dims = flodym.DimensionSet(dim_list=[time])
    law = kind(dims=dims, **{years: lifetime.years, spread: lifetime.spread})
    model = getattr(flodym, DRIVEN[driver])(dims=dims, lifetime_model=law)
    getattr(model, driver).values[...] = path
    model.compute()
    return {name: getattr(model, name).values.tolist() for name in ("stock", "inflow", "outflow")}


def main() -> None:
    """Write the file."""
    given = {"inflow": INFLOW, "stock": STOCK}
    found: dict[str, Any] = {
        driver: {lifetime.law.value: of_flodym(driver, lifetime, path.tolist()) for lifetime in LIFETIMES}
        for driver, path in given.items()
    }
    text = json.dumps({"flodym": version("flodym"), **found}, indent=1)
    STORED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
