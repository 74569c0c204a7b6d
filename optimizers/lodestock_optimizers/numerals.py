"""Numbers as they stand in a sentence."""

from __future__ import annotations

import math


def plain(value: float, digits: int) -> str:
    """A number with so many significant digits, thousands apart, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞" if value > 0 else "−∞"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, places):,.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
