"""Numbers as they stand in a sentence: four significant digits, large money in millions or billions."""

from __future__ import annotations

import math

DIGITS = 4
MILLION, BILLION = 1e6, 1e9


def rounded(value: float) -> str:
    """A number with `DIGITS` significant digits, thousands apart, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞" if value > 0 else "−∞"
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    shown = round(value, places)
    text = f"{shown:,.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(usd: float) -> tuple[str, str]:
    """Money as a number, and the name of the scale that it is in: "USD", "million" or "billion"."""
    for scale, name in ((BILLION, "billion"), (MILLION, "million")):
        # A value that rounds up to the scale belongs to it.
        if float(f"{abs(usd):.{DIGITS}g}") >= scale:
            return rounded(usd / scale), name
    return rounded(usd), "USD"
