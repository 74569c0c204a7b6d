"""Small problems whose models are stored as LP files, which people and any solver can read.

`python -m tests.unit.optimizers.stored_lp` writes them anew: read the difference before you commit it. Names are those
of columns and rows in `lodestock_optimizers.formulation`, with their indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import highspy
import numpy as np
from scipy import sparse

from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import (
    Budget,
    DemandTier,
    Deposit,
    Expansion,
    Feed,
    Footprint,
    FootprintPolicy,
    Material,
    Quota,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SignedContract,
    SourceKind,
    SourcingProblem,
    Substitution,
    TradeRule,
)
from lodestock_optimizers.sizing import Sizing
from lodestock_optimizers.solving.arrays import Family, LinearArrays
from lodestock_optimizers.solving.highs import Solver
from tests.unit.optimizers.problems import material, problem, source, stock, stop

FOLDER = Path(__file__).parent / "lp"

CO2 = "co2e_tonnes"


def cases() -> dict[str, SourcingProblem]:
    """The problems by the name of their file: one for each part of the model, as small as shows it."""
    cod = source("COD", lead_periods=1)
    crisis = (stop("stop", 0.25, 1),)
    option = source("AUS", price=30.0, take_or_pay=0.5, reservation_fee_usd_per_tonne=2.0)
    held = stock(
        20.0,
        floor_days=73.0,
        floor_shortfall_usd_per_tonne_year=50.0,
        closing_tonnes=15.0,
        closing_shortfall_usd_per_tonne=40.0,
        loss_rate_per_year=0.1,
        holding_usd_per_tonne_year=3.0,
        disposal_usd_per_tonne=1.0,
        max_in_tonnes=30.0,
        max_out_tonnes=25.0,
    )
    nickel = source("IDN", material_id="nickel")
    in_place = Substitution("j", "cobalt", "nickel", DemandTier.ESSENTIAL, 1.5, 5.0, 0.4)
    leaving = (source("COD", footprints=(Footprint(CO2, 5.0),)), source("AUS", 30.0, footprints=(Footprint(CO2, 1.0),)))
    return {
        "supply": problem(
            (source("COD", lead_periods=1, risk=0.5, spot_capacity_tonnes=(30.0,), spot_premium=0.2), option),
            2,
            scenarios=crisis,
            price_of_risk=1.0,
            discount_rate=0.25,
        ),
        "stock": problem((cod,), 2, (material(stock=held),), scenarios=crisis),
        "rules": problem(
            (cod, source("AUS", price=30.0), source("USA", price=50.0, kind=SourceKind.RECYCLED)),
            rules=(
                TradeRule("quota", Quota(90.0), countries=("COD", "AUS")),
                TradeRule("cap", ShareCap(0.6, ShareDenominator.SUPPLY), countries=("COD",)),
                TradeRule("floor", ShareFloor(SourceKind.RECYCLED, 0.1)),
            ),
        ),
        "budget_and_reserves": problem(
            (cod, option), 2, deposits=(Deposit("mine", ("COD",), 120.0),), budget=Budget((900.0, 800.0))
        ),
        "substitution": problem((cod, nickel), 1, (material(), material("nickel")), substitutions=(in_place,)),
        "footprints": problem(leaving, 2, footprint_policies=(FootprintPolicy(CO2, 4.0, (300.0, 400.0)),)),
        "book": problem((cod,), 2, book=(SignedContract("COD", 0, 30.0),)),
        "expansion": problem(
            (
                source(
                    "COD", expansion=Expansion(50.0, 100.0, 1, 5.0, 10.0), spot_capacity_tonnes=(30.0,), lead_periods=1
                ),
            ),
            3,
            scenarios=crisis,
        ),
        "feed": problem(
            (cod, source("DEU", price=5.0, feed=Feed("ore", 2.0)), source("CHL", price=3.0, material_id="ore")),
            1,
            (material(), Material("ore", (), stock(5.0))),
            rules=(TradeRule("cap", ShareCap(0.6), ("ore",), ("CHL",)),),
        ),
        "orders": problem((source("COD", fixed_cost_usd=70.0, min_order_tonnes=40.0), source("AUS", price=30.0))),
        "tail": problem((cod, option), 2, scenarios=crisis, tail_weight=0.25, tail_level=0.9),
    }


def instances() -> dict[str, Instance]:
    """The numbers of the problems by the name of their file, and those of a stockpile that is to be sized."""
    sized = problem(
        (source("COD"), source("AUS", price=30.0, capacity=40.0)),
        2,
        (material(stock=stock(20.0, loss_rate_per_year=0.1, closing_shortfall_usd_per_tonne=40.0)),),
        scenarios=(stop("stop", 0.25, 0, 0),),
    )
    sizing = Sizing({0: 12.5}, (0,), 0.75)
    return {**{case: Instance(stated) for case, stated in cases().items()}, "sizing": Instance(sized, sizing=sizing)}


def stored(case: str) -> LinearArrays:
    """The model of a stored file."""
    reader = _quiet()
    assert reader.readModel(str(FOLDER / f"{case}.lp")) == highspy.HighsStatus.kOk
    lp = reader.getLp()
    assert lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    shape = lp.num_row_, lp.num_col_
    matrix = sparse.csc_array((lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_), shape=shape)
    whole = [j for j, kind in enumerate(lp.integrality_) if kind == highspy.HighsVarType.kInteger]
    return LinearArrays(
        matrix=matrix,
        cost=np.array(lp.col_cost_),
        offset=lp.offset_,
        lower=np.array(lp.col_lower_),
        upper=np.array(lp.col_upper_),
        row_lower=np.array(lp.row_lower_),
        row_upper=np.array(lp.row_upper_),
        columns=_families(lp.col_names_),
        rows=_families(lp.row_names_),
        integer=np.array(whole, dtype=np.int64),
    )


def _families(names: Sequence[str]) -> dict[str, Family]:
    found: dict[str, list[tuple[list[int], int]]] = {}
    for position, name in enumerate(names):
        family, _, index = name.removesuffix(")").partition("(")
        found.setdefault(family, []).append(([int(i) for i in index.split(",")], position))
    return {
        family: Family(np.array([index for index, _ in members]), np.array([at for _, at in members]))
        for family, members in found.items()
    }


def _named(arrays: LinearArrays) -> highspy.HighsLp:
    """The arrays in HiGHS' form, every row and column named."""
    lp: highspy.HighsLp = Solver(arrays)._highs.getLp()
    lp.col_names_ = _names(arrays.columns, arrays.shape[1])
    lp.row_names_ = _names(arrays.rows, arrays.shape[0])
    if len(arrays.integer):
        kinds = np.full(arrays.shape[1], highspy.HighsVarType.kContinuous)
        kinds[arrays.integer] = highspy.HighsVarType.kInteger
        lp.integrality_ = kinds.tolist()
    return lp


def _names(families: dict[str, Family], count: int) -> list[str]:
    names = [""] * count
    for name, family in families.items():
        for index, position in zip(family.index.tolist(), family.position.tolist(), strict=True):
            names[position] = f"{name}({','.join(map(str, index))})"
    return names


def _quiet() -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    return highs


def write() -> None:
    """Write every file anew."""
    FOLDER.mkdir(exist_ok=True)
    for case, instance in instances().items():
        writer = _quiet()
        writer.passModel(_named(arrays_of(instance)))
        assert writer.writeModel(str(FOLDER / f"{case}.lp")) == highspy.HighsStatus.kOk


if __name__ == "__main__":
    write()
