"""Mass fractions of compounds from the standard atomic weights (IUPAC 2021, abridged to five digits, ciaaw.org)."""

from __future__ import annotations

import re
from dataclasses import dataclass

ATOMIC_WEIGHTS = {
    "H": 1.008,
    "Li": 6.94,
    "Be": 9.0122,
    "B": 10.81,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "Na": 22.990,
    "Mg": 24.305,
    "Al": 26.982,
    "Si": 28.085,
    "P": 30.974,
    "S": 32.06,
    "Cl": 35.45,
    "K": 39.098,
    "Ca": 40.078,
    "Ti": 47.867,
    "V": 50.942,
    "Cr": 51.996,
    "Mn": 54.938,
    "Fe": 55.845,
    "Co": 58.933,
    "Ni": 58.693,
    "Cu": 63.546,
    "Zn": 65.38,
    "Ga": 69.723,
    "Ge": 72.630,
    "As": 74.922,
    "Se": 78.971,
    "Br": 79.904,
    "Sr": 87.62,
    "Y": 88.906,
    "Zr": 91.224,
    "Nb": 92.906,
    "Mo": 95.95,
    "Rh": 102.91,
    "Pd": 106.42,
    "Ag": 107.87,
    "Cd": 112.41,
    "In": 114.82,
    "Sn": 118.71,
    "Sb": 121.76,
    "Te": 127.60,
    "I": 126.90,
    "Ba": 137.33,
    "La": 138.91,
    "Ce": 140.12,
    "Pr": 140.91,
    "Nd": 144.24,
    "Sm": 150.36,
    "Tb": 158.93,
    "Dy": 162.50,
    "Ta": 180.95,
    "W": 183.84,
    "Re": 186.21,
    "Pt": 195.08,
    "Au": 196.97,
    "Hg": 200.59,
    "Pb": 207.2,
    "Bi": 208.98,
    "U": 238.03,
}
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*)|(\()|\)(\d*)|([.·])(\d*)")


@dataclass(frozen=True, slots=True)
class MassFraction:
    """How much of a basis a compound holds, and the sum it comes from."""

    value: float
    reason: str


def atoms(formula: str) -> dict[str, int]:
    """The atoms of a formula such as "Co(OH)2" or "LiOH.H2O".

    Raises:
        ValueError: the formula cannot be read.
    """
    stack: list[dict[str, int]] = [{}]
    total: dict[str, int] = {}
    times, position = 1, 0
    while position < len(formula):
        token = _TOKEN.match(formula, position)
        if token is None:
            raise ValueError(f"cannot read the formula {formula!r} at {formula[position:]!r}")
        element, count, opened, closed, dot, factor = token.groups()
        if element:
            stack[-1][element] = stack[-1].get(element, 0) + int(count or 1)
        elif opened:
            stack.append({})
        elif dot:
            _add(total, stack[0], times)
            stack, times = [{}], int(factor or 1)
        elif len(stack) == 1:
            raise ValueError(f"{formula!r} closes a group that it did not open")
        else:
            group = stack.pop()
            _add(stack[-1], group, int(closed or 1))
        position = token.end()
    if len(stack) > 1:
        raise ValueError(f"{formula!r} opens a group that it does not close")
    _add(total, stack[0], times)
    return total


def molar_mass(formula: str) -> float:
    """Grams per mole of a formula.

    Raises:
        ValueError: the formula cannot be read, or names an element without an atomic weight here.
    """
    counted = atoms(formula)
    if unknown := set(counted) - set(ATOMIC_WEIGHTS):
        raise ValueError(f"no atomic weight of {sorted(unknown)} in {formula!r}")
    return sum(ATOMIC_WEIGHTS[element] * count for element, count in counted.items())


def mass_fraction(basis: str, compound: str) -> MassFraction:
    """Tonnes of the basis (an element or a compound) in a tonne of the compound, by the first element both hold.

    Raises:
        ValueError: the two have no element but oxygen in common.
    """
    of_basis, of_compound = atoms(basis), atoms(compound)
    element = next((element for element in of_basis if element != "O" and element in of_compound), None)
    if element is None:
        raise ValueError(f"{compound} holds nothing of {basis}")
    times = of_compound[element] / of_basis[element]
    value = times * molar_mass(basis) / molar_mass(compound)
    sum_ = f"{compound}: {times:g} x {molar_mass(basis):g} ({basis}) / {molar_mass(compound):g}"
    return MassFraction(value, f"{sum_} (IUPAC 2021 abridged atomic weights)")


def _add(to: dict[str, int], atoms_: dict[str, int], times: int) -> None:
    for element, count in atoms_.items():
        to[element] = to.get(element, 0) + count * times
