"""Numbers as they stand in a sentence: four significant digits, large money in the scales of a language."""

from __future__ import annotations

from collections.abc import Sequence

from lodestock_optimizers.numerals import plain

DIGITS = 4


def rounded(value: float) -> str:
    """A number with `DIGITS` significant digits, thousands apart, without an exponent."""
    return plain(value, DIGITS)


def scaled(usd: float, scales: Sequence[tuple[float, str]]) -> str:
    """Money in the largest scale that it reaches.

    Args:
        usd: The money.
        scales: (size in USD, template of the amount) of each scale, the largest in front, the last of 1 USD.
    """
    # A value that rounds up to a scale belongs to it; rounded before it is divided, it is the same in all scales.
    told = float(f"{usd:.{DIGITS}g}")
    size, template = next((one for one in scales if abs(told) >= one[0]), scales[-1])
    return template.format(rounded(told / size))
