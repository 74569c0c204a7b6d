"""The EU study of 2017 gives its own inputs and results: the formula must bring the two together.

The figures are printed rounded, so the test is one of intervals: with every input anywhere in its rounding interval,
can the formula give a result in the rounding interval of the printed one? The formula is linear in each input taken
alone, so its extremes over the box of inputs lie at the corners.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from lodestock_optimizers.risk import SupplyData, eu_supply_risk
from lodestock_server.catalog import bundled_package

Formula = Callable[[float | None, float | None, float | None, float, float, SupplyData], float]
TENTH, POINT = 0.05, 0.5  # half of the last printed digit
# Bounds are decimal fractions, sums of them are not: 2.4500000000000002 is not outside [2.35, 2.45].
ROUNDING_NOISE = 1e-9


@dataclass(frozen=True)
class Material:
    name: str
    hhi_global: float | None
    hhi_sourcing: float | None
    import_reliance_pct: float | None
    eol_rir_pct: float
    si_sr: float
    supply_risk: float
    supply_data: SupplyData


def published() -> list[Material]:
    def read(text: str) -> float | None:
        return float(text) if text else None

    return [
        Material(
            name=row["material"],
            hhi_global=read(row["hhi_wgi_t_global_supply"]),
            hhi_sourcing=read(row["hhi_wgi_t_eu_sourcing"]),
            import_reliance_pct=read(row["import_reliance_pct"]),
            eol_rir_pct=float(row["eol_rir_pct"]),
            si_sr=float(row["si_sr"]),
            supply_risk=float(row["sr_published"]),
            supply_data=SupplyData(row["supply_data_used"]),
        )
        for row in bundled_package("eu_supply_risk_2017").table("eu_supply_risk_2017")
    ]


def ends(printed: float | None, half: float, most: float, unit: float = 1.0) -> tuple[float | None, ...]:
    """Both ends of a rounding interval, cut to what is possible; (None,) if nothing is printed."""
    if printed is None:
        return (None,)
    return max(0.0, printed - half) / unit, min(most, printed + half) / unit


def reachable(material: Material, formula: Formula) -> tuple[float, float]:
    corners = product(
        ends(material.hhi_global, TENTH, 10.0),
        ends(material.hhi_sourcing, TENTH, 10.0),
        ends(material.import_reliance_pct, POINT, 100.0, 100.0),
        ends(material.eol_rir_pct, POINT, 100.0, 100.0),
        ends(material.si_sr, TENTH, 1.0),
    )
    values = [formula(*corner, material.supply_data) for corner in corners]  # type: ignore[arg-type]
    return min(values), max(values)


def agrees(material: Material, formula: Formula) -> bool:
    low, high = reachable(material, formula)
    printed_low, printed_high = material.supply_risk - TENTH, material.supply_risk + TENTH
    return low <= printed_high + ROUNDING_NOISE and high >= printed_low - ROUNDING_NOISE


def failures(formula: Formula) -> list[str]:
    return [material.name for material in published() if not agrees(material, formula)]


def test_all_78_published_materials_are_given_back() -> None:
    materials = published()
    assert len(materials) == 78
    assert failures(eu_supply_risk) == []


def ir_instead_of_half(
    hhi_global: float | None, hhi_sourcing: float | None, ir: float | None, rir: float, si: float, data: SupplyData
) -> float:
    if data is not SupplyData.GLOBAL_AND_SOURCING:
        return eu_supply_risk(hhi_global, hhi_sourcing, ir, rir, si, data)
    assert hhi_global is not None
    assert hhi_sourcing is not None
    assert ir is not None
    return (hhi_global * ir + hhi_sourcing * (1 - ir)) * (1 - rir) * si


def hhis_swapped(
    hhi_global: float | None, hhi_sourcing: float | None, ir: float | None, rir: float, si: float, data: SupplyData
) -> float:
    if data is not SupplyData.GLOBAL_AND_SOURCING:
        return eu_supply_risk(hhi_global, hhi_sourcing, ir, rir, si, data)
    return eu_supply_risk(hhi_sourcing, hhi_global, ir, rir, si, data)


def without_recycling(
    hhi_global: float | None, hhi_sourcing: float | None, ir: float | None, rir: float, si: float, data: SupplyData
) -> float:
    return eu_supply_risk(hhi_global, hhi_sourcing, ir, 0.0, si, data)


def without_substitution(
    hhi_global: float | None, hhi_sourcing: float | None, ir: float | None, rir: float, si: float, data: SupplyData
) -> float:
    return eu_supply_risk(hhi_global, hhi_sourcing, ir, rir, 1.0, data)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [(ir_instead_of_half, 37), (hhis_swapped, 21), (without_recycling, 26), (without_substitution, 17)],
)
def test_a_wrong_formula_is_found_out(wrong: Formula, expected: int) -> None:
    assert len(failures(wrong)) == expected


@pytest.mark.parametrize(
    ("name", "by_hand", "printed"),
    [
        pytest.param("Antimony", (7.1 * 0.5 + 5.7 * 0.5) * 0.72 * 0.9, 4.3, id="both supplies"),
        pytest.param("Bauxite", 0.6 * 0.425 + 3.1 * 0.575, 2.0, id="import reliance below 1"),
        pytest.param("Tantalum", 1.0 * 0.99 * 0.9, 1.0, id="world supply only, though both are printed"),
    ],
)
def test_worked_examples(name: str, by_hand: float, printed: float) -> None:
    material = next(item for item in published() if item.name == name)
    assert material.import_reliance_pct is not None
    value = eu_supply_risk(
        material.hhi_global,
        material.hhi_sourcing,
        material.import_reliance_pct / 100,
        material.eol_rir_pct / 100,
        material.si_sr,
        material.supply_data,
    )
    assert value == pytest.approx(by_hand)
    assert material.supply_risk == printed
    assert agrees(material, eu_supply_risk)
