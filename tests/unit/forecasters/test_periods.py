import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.periods import period_start


@pytest.mark.parametrize(
    ("label", "frequency", "following", "start"),
    [
        ("2025", lf.Frequency.YEARLY, "2026", "2025-01-01"),
        ("2025-Q4", lf.Frequency.QUARTERLY, "2026-Q1", "2025-10-01"),
        ("2025-03", lf.Frequency.MONTHLY, "2025-04", "2025-03-01"),
        ("2025-12", lf.Frequency.MONTHLY, "2026-01", "2025-12-01"),
    ],
)
def test_a_label_and_its_number_agree(label: str, frequency: lf.Frequency, following: str, start: str) -> None:
    ordinal = lf.period_ordinal(label, frequency)
    assert lf.period_label(ordinal, frequency) == label
    assert lf.period_label(ordinal + 1, frequency) == following
    assert period_start(ordinal, frequency) == start


@pytest.mark.parametrize("label", ["2025-13", "2025-3", "2025", "25-03", "2025-03-01", "", " 2025-03"])
def test_a_label_of_another_form_is_refused_with_the_right_form(label: str) -> None:
    with pytest.raises(ValueError, match="a month such as '2025-03'"):
        lf.period_ordinal(label, lf.Frequency.MONTHLY)
