"""Values that a field can hold and nobody expects: boundaries, NaN, unknown numbers, hostile texts."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from hypothesis import strategies as st

Field = FieldDescriptor

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
UINT32 = (0, 2**32 - 1)
UINT64 = (0, 2**64 - 1)

RANGES: dict[int, tuple[int, int]] = {
    Field.TYPE_INT32: INT32,
    Field.TYPE_SINT32: INT32,
    Field.TYPE_SFIXED32: INT32,
    Field.TYPE_INT64: INT64,
    Field.TYPE_SINT64: INT64,
    Field.TYPE_SFIXED64: INT64,
    Field.TYPE_UINT32: UINT32,
    Field.TYPE_FIXED32: UINT32,
    Field.TYPE_UINT64: UINT64,
    Field.TYPE_FIXED64: UINT64,
}

WHOLE_NUMBERS = (0, 1, 2, 3, 5, 12, 50, 51, 100, 120, 121, 365, 600, 1000, 1001, 2024, 10_000, 10_001)

NUMBERS = (
    *(0.0, -0.0, 1.0, 0.5, 2.0, 10.0, 1000.0, 0.1, 1 / 3, -1.0, -0.5, 1e6, 1e9),
    *(math.nan, math.inf, -math.inf),
    *(5e-324, 1e-300, 1e-12, 1e-9, 1 - 2**-53, 1 + 2**-52, 1e15, 1.1e15, 1e20, 1e100, 1e300),
    *(1.7976931348623157e308, -1.7976931348623157e308, -1e15, 2.0**53 + 1),
)

SINGLES = (0.0, 1.0, -1.0, 0.5, math.nan, math.inf, -math.inf, 1e-45, 3.4028234663852886e38)

KNOWN_TEXTS = (
    *("USA", "COD", "AUS", "CHN", "FRA", "ZZZ", "cobalt", "lithium", "tin", "copper", "cobalt/COD", "cobalt/AUS"),
    *("2024", "2025", "2025-Q2", "2025-07", "default", "naive", "drift", "t", "s", "r", "stock.floor_days"),
    # Page tokens of positions 3 and 10²¹ − 1.
    *("datasets/prices", "prices", "Mw==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"),
)
"""Words that the product knows, so that wrong combinations of right words are tried too."""

HOSTILE_TEXTS = (
    *("", " ", "usa", "US", "USAA", "XQZ", "USA ", " USA", "ÚSA", "U\u200bSA", "USA\n", "\x00", "USA\x00"),
    *("2025-13", "2025-Q5", "20 25", "-2025", "9999", "0000", "٢٠٢٥", "2025-07-01"),
    *("unobtainium", "no such default", "%s%n%d", "{0}{field}", "${jndi}", "<b>&amp;</b>", "'; --", '"', "\\", "\r\n"),
    *("\u202eevil", "e\u0301", "🜁🜂🜃", "ﬀ", "\ufeff", "\u2028", "\U0010ffff", "a" * 101, "b" * 201, "ß" * 2001),
    # What one database takes and another does not, as it is and inside page tokens of either form.
    *("a\x00b", "\x00\x00", "plans/\x00", "operations/a\x00", "NSBhAGI=", "NS9hAGI=", "MjUzNDAyMzAwNzk5OTk5OTk5L2E="),
    *("x" * 9000, "\u202e" * 3000, "🜁" * 2500, "long " * 20_000),
)


@lru_cache(maxsize=256)
def field_values(field: Field) -> st.SearchStrategy[Any]:
    """Values of one field, or of one item of it, for every type but messages."""
    kind = field.type
    if kind in RANGES:
        return whole_numbers(*RANGES[kind])
    if kind == Field.TYPE_DOUBLE:
        return st.one_of(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.floats())
    if kind == Field.TYPE_FLOAT:
        return st.one_of(st.sampled_from(SINGLES), st.floats(width=32))
    if kind == Field.TYPE_BOOL:
        return st.booleans()
    if kind == Field.TYPE_ENUM:
        assert field.enum_type is not None
        known = [value.number for value in field.enum_type.values]
        return st.sampled_from([*known, *known, -1, max(known) + 1, 1000, *INT32])
    if kind == Field.TYPE_BYTES:
        return st.binary(max_size=200)
    return texts()


def whole_numbers(least: int, most: int) -> st.SearchStrategy[int]:
    """Integers of a range, its ends and the limits that rules tend to name."""
    ends = [least, least + 1, most - 1, most, *(value for value in (-1, -2) if least <= value)]
    return st.one_of(st.sampled_from(WHOLE_NUMBERS), st.sampled_from(ends), st.integers(least, most))


@lru_cache(maxsize=1)
def texts() -> st.SearchStrategy[str]:
    """Texts: known words, hostile ones, anything."""
    # Surrogates cannot be written in UTF-8, so no message can hold them.
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    known, hostile = st.sampled_from(KNOWN_TEXTS), st.sampled_from(HOSTILE_TEXTS)
    return st.one_of(known, known, hostile, anything)
