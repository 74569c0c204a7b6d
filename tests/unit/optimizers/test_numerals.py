"""Numbers as they stand in a sentence."""

from __future__ import annotations

import pytest

from lodestock_optimizers.numerals import plain


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1.941e6, 6, "1,941,000"),
        (1e8, 6, "100,000,000"),
        (1_234_567.8, 6, "1,234,570"),
        (4.109589, 6, "4.10959"),
        (1e-6, 6, "0.000001"),
        (0.0, 6, "0"),
        (-0.0, 6, "0"),
        (-2_500.0, 2, "-2,500"),
        (float("inf"), 4, "∞"),
    ],
)
def test_a_number_has_no_exponent(value: float, digits: int, text: str) -> None:
    assert plain(value, digits) == text
