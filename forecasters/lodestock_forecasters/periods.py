"""Calendar periods: the three frequencies, their labels and their ordinal numbers.

Owns the only place where a label becomes a number. A period's *ordinal* counts periods of its frequency from year 0, so
that neighbours differ by one: year; 4 · year + quarter − 1; 12 · year + month − 1.
"""

from __future__ import annotations

import functools
import re
from enum import Enum


class Frequency(Enum):
    """How many periods a year has."""

    YEARLY = "YEARLY"
    QUARTERLY = "QUARTERLY"
    MONTHLY = "MONTHLY"

    @property
    def periods_per_year(self) -> int:
        """Return the number of periods in a year, which is the length of a season: 1, 4 or 12."""
        return _PERIODS_PER_YEAR[self]

    @property
    def label_form(self) -> str:
        """Return the form of this frequency's labels in words, with an example."""
        return _LABEL_FORMS[self]


_PERIODS_PER_YEAR = {Frequency.YEARLY: 1, Frequency.QUARTERLY: 4, Frequency.MONTHLY: 12}
_LABEL_FORMS = {
    Frequency.YEARLY: "a year such as '2025'",
    Frequency.QUARTERLY: "a quarter such as '2025-Q2'",
    Frequency.MONTHLY: "a month such as '2025-03'",
}
_PATTERNS = {
    Frequency.YEARLY: re.compile(r"([12]\d{3})"),
    Frequency.QUARTERLY: re.compile(r"([12]\d{3})-Q([1-4])"),
    Frequency.MONTHLY: re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])"),
}


@functools.lru_cache(maxsize=4096)
def period_ordinal(label: str, frequency: Frequency) -> int:
    """Return the ordinal number of a period label.

    Args:
        label: ISO form of the frequency: ``2025``, ``2025-Q2`` or ``2025-03``; years 1000 to 2999.
        frequency: what the label must be.

    Raises:
        ValueError: the label has another form; the text says which form is right.
    """
    match = _PATTERNS[frequency].fullmatch(label)
    if match is None:
        raise ValueError(f"{label!r} is not {frequency.label_form}")
    year, *rest = (int(part) for part in match.groups())
    return year * frequency.periods_per_year + (rest[0] - 1 if rest else 0)


def period_label(ordinal: int, frequency: Frequency) -> str:
    """Return the label of a period; the inverse of `period_ordinal`."""
    year, part = divmod(ordinal, frequency.periods_per_year)
    if frequency is Frequency.YEARLY:
        return f"{year:04d}"
    return f"{year:04d}-Q{part + 1}" if frequency is Frequency.QUARTERLY else f"{year:04d}-{part + 1:02d}"


def period_start(ordinal: int, frequency: Frequency) -> str:
    """Return the first day of a period as an ISO date, such as ``2025-04-01``."""
    year, part = divmod(ordinal, frequency.periods_per_year)
    return f"{year:04d}-{1 + part * (12 // frequency.periods_per_year):02d}-01"
