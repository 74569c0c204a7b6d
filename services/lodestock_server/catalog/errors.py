"""Errors of the catalog. Each says what exists, so that a caller can correct the name.

CatalogError (LookupError)
├── UnknownMineralError    no such mineral is in the data
├── UnknownBuyerError      the data hold no figures for this buyer
├── UnknownCountryError    no such country code
└── MissingFigureError     the mineral is known, this figure of it is not published
"""

from collections.abc import Iterable


class CatalogError(LookupError):
    """Base of all catalog errors."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UnknownMineralError(CatalogError):
    """No such mineral is in the data; `known` lists those that are, `reason` why this one was left out."""

    def __init__(self, mineral: str, known: Iterable[str], reason: str = "") -> None:
        self.mineral = mineral
        self.known = tuple(known)
        self.reason = reason
        why = f" (left out: {reason})" if reason else ""
        super().__init__(f"no mineral {mineral!r} in the data{why}; known minerals: {', '.join(self.known)}")


class UnknownBuyerError(CatalogError):
    """The data hold no demand and trade figures for this country."""

    def __init__(self, buyer: str, known: Iterable[str]) -> None:
        self.buyer = buyer
        self.known = tuple(known)
        super().__init__(f"no figures for buyer {buyer!r}; known buyers: {', '.join(self.known)}")


class UnknownCountryError(CatalogError):
    """The code is not an ISO 3166-1 alpha-3 code."""

    def __init__(self, iso3: str) -> None:
        self.iso3 = iso3
        super().__init__(f"no country {iso3!r}; codes are ISO 3166-1 alpha-3 in capitals, such as 'USA' or 'COD'")


class MissingFigureError(CatalogError):
    """A figure that is not published; `available` names what is."""

    def __init__(self, wanted: str, available: Iterable[object]) -> None:
        self.wanted = wanted
        self.available = tuple(str(item) for item in available)
        super().__init__(f"no figure for {wanted}; available: {', '.join(self.available) or 'none'}")
