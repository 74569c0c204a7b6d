"""What docs/operations.md says of settings and metrics is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from lodestock_server import metrics
from lodestock_server.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## Settings")[2].partition("\n## ")[0]


def test_every_setting_is_in_the_table_and_no_other() -> None:
    """A new one has to be told to those who operate."""
    rows = re.findall(r"^\| (`.+?) (?:W )?\|", TABLE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(Settings.model_fields)


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if field.default_factory is None]
)
def test_defaults_are_those_of_the_settings(name: str) -> None:
    """Numbers and words; what has none is not looked at."""
    (row,) = [line for line in TABLE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
    names = re.findall(r"`(\w+)`", row.split("|")[1])
    told = row.split("|")[2].split(",")[names.index(name)].strip() if len(names) > 1 else row.split("|")[2].strip()
    default = Settings.model_fields[name].default
    if default is None:
        return
    assert told.lower() == (f"{default:.0f}" if isinstance(default, float) else str(default).lower())


def test_metrics_that_are_watched_are_there() -> None:
    """By the names under which Prometheus reads them."""
    families = [
        family for one in vars(metrics).values() if isinstance(one, MetricWrapperBase) for family in one.describe()
    ]
    there = {family.name for family in families} | {
        f"{family.name}_total" for family in families if family.type == "counter"
    }
    named = set(re.findall(r"`(lodestock_\w+)", PAGE)) - {"lodestock_server"}
    assert len(named) > 8
    assert named <= there
