"""Friendly inputs become messages, or say why they cannot."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from lodestock import Client
from lodestock.inputs import demand_series, messages, period_label
from lodestock.tables import row_of
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (2025, "2025"),
        ("2025-Q3", "2025-Q3"),
        (pd.Period("2025", "Y"), "2025"),
        (pd.Period("2025Q3", "Q"), "2025-Q3"),
        (pd.Period("2025-07", "M"), "2025-07"),
    ],
)
def test_periods_are_labelled(period: object, label: str) -> None:
    """Years, labels and pandas periods are read."""
    assert period_label(period) == label


@pytest.mark.parametrize(
    "observations", [{"2025": 1.0, "2025-07": 2.0}, {"May": 1.0}, {}], ids=["mixed", "words", "none"]
)
def test_labels_without_one_frequency_are_refused(observations: dict[str, float]) -> None:
    """The message names the series and what would be right."""
    with pytest.raises(ValueError, match="series 'mine': periods must all be years such as 2025"):
        demand_series("mine", observations, "t")


def test_dicts_and_messages_mix() -> None:
    """A list may hold both."""
    override = common_pb2.DefaultOverride(default_id="a", value=1)
    assert messages(common_pb2.DefaultOverride, [override, {"default_id": "a", "value": 1}]) == [override, override]


def test_rows_have_short_names_and_know_unset_fields() -> None:
    """Enums lose the name of their enum; an optional field that is unset is None and not 0."""
    source = sourcing_pb2.Source(source_id="x", kind=common_pb2.SOURCE_KIND_IMPORT, unit_price_usd_per_tonne=[1.0])
    row = row_of(source)
    assert row["kind"] == "IMPORT"
    assert row["take_or_pay"] is None
    assert row["risk"] == 0.0
    assert "unit_price_usd_per_tonne" not in row
    assert row_of(forecast_pb2.DemandSeries(frequency=99))["frequency"] == "99"  # type: ignore[arg-type]


def test_forecast_needs_series_or_buyer() -> None:
    """One of both, and not both."""
    with Client("127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="either series of your own, or a buyer"):
            client.forecast_demand(horizon=1)
        with pytest.raises(ValueError, match="either series of your own, or a buyer"):
            client.forecast_demand({"a": {2020: 1.0}}, buyer="USA", horizon=1)


def test_import_stays_light() -> None:
    """Importing the client loads no data frames, no numbers and nothing of the command line or the server."""
    heavy = "{'pandas', 'numpy', 'typer', 'rich', 'lodestock_server', 'protovalidate'}"
    code = f"import sys, lodestock; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
