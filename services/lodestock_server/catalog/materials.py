"""Answers about what the minerals are: names, forms, customs codes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property

from lodestock_server.catalog.errors import UnknownMineralError
from lodestock_server.catalog.figures import Form, Mineral, Stage, Statistic
from lodestock_server.catalog.packages import Record
from lodestock_server.catalog.tables import Tables

PACKAGE = "minerals"
LIKE = 0.75
"""How like a name must be to be offered in place of an unknown one: difflib's ratio, of 1 for the same."""


class Materials(Tables):
    """The part of `Catalog` that is about minerals themselves."""

    def minerals(self) -> tuple[Mineral, ...]:
        """See `Catalog.minerals`."""
        return tuple(self._minerals[key] for key in sorted(self._minerals))

    def mineral(self, mineral: str) -> Mineral:
        """See `Catalog.mineral`."""
        if mineral not in self._minerals:
            raise self._unknown(mineral)
        return self._minerals[mineral]

    def find_mineral(self, name: str) -> Mineral:
        """See `Catalog.find_mineral`."""
        wanted = self._ids_by_name.get(_folded(name))
        if wanted is None:
            raise self._unknown(name)
        return self._minerals[wanted]

    def names(self, mineral: str) -> tuple[str, ...]:
        """See `Catalog.names`."""
        known = self.mineral(mineral)
        own = {_folded(known.id), _folded(known.name)}
        listed = {_folded(row["name"]): row["name"] for row in self._where(PACKAGE, "names", "mineral", known.id)}
        return tuple(listed[key] for key in sorted(listed) if key not in own)

    def forms(self, mineral: str) -> tuple[Form, ...]:
        """See `Catalog.forms`."""
        rows = self._where(PACKAGE, "forms", "mineral", self.mineral(mineral).id)
        return tuple(Form(r["form"], r.figure("content_factor"), r["hs_code"], r["reason"]) for r in rows)

    def hs_codes(self, mineral: str) -> tuple[str, ...]:
        """See `Catalog.hs_codes`."""
        known = self.mineral(mineral)
        listed = [row["hs_code"] for row in self._where(PACKAGE, "hs_codes", "mineral", known.id)]
        return tuple(dict.fromkeys(code for code in (known.hs6, *listed) if code))

    def _unknown(self, name: str) -> UnknownMineralError:
        left_out = {_folded(row["mineral"]): row["reason"] for row in self._all(PACKAGE, "excluded")}
        near = get_close_matches(_folded(name), self._ids_by_name, n=3, cutoff=LIKE)
        return UnknownMineralError(
            name, sorted(self._minerals), left_out.get(_folded(name), ""), dict.fromkeys(map(self._shown, near))
        )

    def _shown(self, folded: str) -> str:
        return self._ids_by_name[folded]

    @cached_property
    def _minerals(self) -> Mapping[str, Mineral]:
        return {row["mineral"]: _mineral(row) for row in self._all(PACKAGE, "minerals")}

    @cached_property
    def _ids_by_name(self) -> Mapping[str, str]:
        """Ids by every name, folded; an id goes before a name, and a mineral's own name before those of sources."""
        found = {_folded(row["name"]): row["mineral"] for row in reversed(self._all(PACKAGE, "names"))}
        found |= {_folded(mineral.name): mineral.id for mineral in self._minerals.values()}
        found |= {_folded(known): known for known in self._minerals}
        return {name: known for name, known in found.items() if known in self._minerals}


def _folded(name: str) -> str:
    """A name as it is compared: "Rare-Earths" is "rare earths"."""
    return " ".join(name.replace("-", " ").replace("_", " ").casefold().split())


def _mineral(row: Record) -> Mineral:
    return Mineral(
        id=row["mineral"],
        name=row["name"],
        symbol=row["symbol"],
        form=row["form"],
        content=row["content"],
        hs6=row["hs6"],
        supply_stage=Stage(row["supply_stage"]),
        import_form=row["import_form"],
        consumption_kind=row["consumption_kind"],
        domestic_statistic=Statistic(row["domestic_statistic"]) if row["domestic_statistic"] else None,
        domestic_note=row["domestic_note"],
        secondary_supplies=row["secondary_supplies"] == "true",
        price_fit=row["price_fit"],
        price_note=row["price_note"],
        note=row["note"],
        gaps=row["gaps"],
        origin=row.origin("mineral"),
    )
