"""Numbers as they stand in a sentence."""

from __future__ import annotations

import pytest

from lodestock_optimizers.explanation.words.numbers import scaled
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


def test_money_half_way_between_two_roundings_is_the_same_in_every_scale() -> None:
    """Divided first, 1.0935 is a little less than half way, where 10,935 is half way."""
    assert scaled(10_935.0, [(1.0, "{}")]) == "10,940"
    assert scaled(10_935.0, [(1e4, "{}"), (1.0, "{}")]) == "1.094"
