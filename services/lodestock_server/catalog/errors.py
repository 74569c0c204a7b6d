"""Errors of the catalog. Each says what exists, so that a caller can correct the name.

CatalogError (LookupError)
├── UnknownMineralError    no such mineral is in the data
├── UnknownBuyerError      no country and no union has this code
├── UnknownCountryError    no such country code
└── MissingFigureError     the mineral is known, this figure of it is not published
"""

from collections.abc import Iterable


class CatalogError(LookupError):
    """Base of all catalog errors."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UnknownMineralError(CatalogError):
    """No such mineral is in the data.

    Attributes:
        known: those that are.
        reason: why this one was left out, where that was decided.
        near: names in the data that look like this one, the likest first.
    """

    def __init__(self, mineral: str, known: Iterable[str], reason: str = "", near: Iterable[str] = ()) -> None:
        self.mineral = mineral
        self.known = tuple(known)
        self.reason = reason
        self.near = tuple(near)
        why = f" (left out: {reason})" if reason else ""
        guess = f"; like it are: {', '.join(self.near)}" if self.near else ""
        super().__init__(f"no mineral {mineral!r} in the data{why}{guess}; known minerals: {', '.join(self.known)}")


class UnknownBuyerError(CatalogError):
    """No country and no union that can buy has this code."""

    def __init__(self, buyer: str, known: Iterable[str]) -> None:
        self.buyer = buyer
        self.known = tuple(known)
        super().__init__(
            f"no buyer {buyer!r}; a buyer is 'EU27' or an ISO 3166-1 alpha-3 code in capitals, such as 'DEU'; "
            f"buyers whose consumption is in the data: {', '.join(self.known)}"
        )


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
