"""Who supplies a plan: expected deliveries by material, country and kind of source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays


@dataclass(frozen=True, slots=True)
class SupplierTonnes:
    """Expected deliveries over the horizon, tonnes, and their share of all deliveries of the material, 0…1."""

    material_id: str
    country: str
    kind: SourceKind
    tonnes: float
    share: float


class Suppliers:
    """The suppliers of an instance: one for each material, country and kind that has a source, in the sources' order.

    Args:
        instance: The numbers.

    Attributes:
        of_source: (L,) the supplier of each source.
        material_of: (S,) the material of each supplier.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        keys = [
            (int(m), s.country, s.kind)
            for m, s in zip(instance.material_of.tolist(), instance.problem.sources, strict=True)
        ]
        self._keys = sorted(set(keys), key=keys.index)
        number = {key: i for i, key in enumerate(self._keys)}
        self.of_source: Ints = np.array([number[key] for key in keys], dtype=np.int64)
        self.material_of: Ints = np.array([m for m, _, _ in self._keys], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def tonnes(self, answer: Answer) -> Floats:
        """(S,) Σ π·(y + z) over nodes and sources, tonnes; what is the solver's rounding is 0."""
        expected = self.instance.tree.probability @ (answer.delivered + answer.spot)
        tonnes = np.bincount(self.of_source, expected, len(self)).astype(np.float64)
        return np.where(tonnes > answer.negligible[self.material_of], tonnes, 0.0)

    def shares(self, tonnes: Floats) -> Floats:
        """(S,) share of each supplier in the expected deliveries of its material; 0 where nothing is delivered."""
        whole = np.bincount(self.material_of, tonnes, self.instance.material_count)[self.material_of]
        return np.divide(tonnes, whole, out=np.zeros_like(tonnes), where=whole > 0)

    def listed(self, tonnes: Floats) -> tuple[SupplierTonnes, ...]:
        """The suppliers that deliver anything."""
        return tuple(self.named(i, tonnes) for i in np.flatnonzero(tonnes > 0).tolist())

    def named(self, i: int, tonnes: Floats) -> SupplierTonnes:
        """Supplier i with its part of (S,) expected tonnes."""
        m, country, kind = self._keys[i]
        name = self.instance.problem.materials[m].material_id
        return SupplierTonnes(name, country, kind, float(tonnes[i]), float(self.shares(tonnes)[i]))

    def objective(self, arrays: LinearArrays, per_tonne: Floats) -> Floats:
        """(columns,) the coefficients of Σ per_tonne·(expected tonnes) over suppliers, from (S,) values a tonne."""
        values = np.outer(self.instance.tree.probability, per_tonne[self.of_source])
        result = np.zeros_like(arrays.cost)
        for name in ("y", "z"):
            if name in arrays.columns:
                family = arrays.columns[name]
                l, n = family.index.T
                result[family.position] = values[n, l]
        return result
