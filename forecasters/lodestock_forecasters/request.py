"""What to forecast: the series and the options of one run, checked when made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestock_forecasters.errors import ViolationCollector
from lodestock_forecasters.models.registry import CARDS
from lodestock_forecasters.series import DemandSeries

DEFAULT_MODEL = "default"
"""Name of the fixed combination."""
MAX_HORIZON = 120
"""Most periods ahead at any frequency."""
MAX_SAMPLE_PATHS = 10_000
MAX_BACKTEST_ORIGINS = 100
DEFAULT_ORIGINS = 4
"""Most origins of the backtest that stands beside a forecast, and that its gate looks at."""
MAX_SEED = 2**63 - 1
DEFAULT_QUANTILE_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRequest:
    """One run: the same options for every series.

    Raises:
        InvalidInput: with every violation, by field.
    """

    series: Iterable[DemandSeries]
    """One or more series with distinct ids; kept as a tuple."""
    horizon: int
    """Periods ahead, counted from the last period of each series, 1 to 120."""
    quantile_levels: Iterable[float] = DEFAULT_QUANTILE_LEVELS
    """Rising levels within (0, 1); kept as a tuple, possibly empty."""
    sample_paths: int = 1000
    """Number of joint sample paths, 0 to 10,000."""
    seed: int = 0
    """Seed of the sample paths, 0 to 2⁶³ − 1: same request and seed, same bytes."""
    model: str = DEFAULT_MODEL
    """``default`` for the fixed combination, or the name of one model from `list_models`."""
    backtest_origins: int = DEFAULT_ORIGINS
    """Most rolling origins of the backtest, 0 (no backtest, and no gate on its results) to 100."""
    lend_strength: bool = False
    """Whether series of fewer than five values take growth and unrest from the longer ones of their frequency in this
    request, if those are five or more, see `lodestock_forecasters.neighbours`. Their answers then depend on these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(self.series))
        object.__setattr__(self, "quantile_levels", tuple(float(level) for level in self.quantile_levels))
        check = ViolationCollector()
        check_unique_ids(check, self.all_series)
        check_range(check, "horizon", self.horizon, 1, MAX_HORIZON)
        self._check_levels(check)
        check_range(check, "sample_paths", self.sample_paths, 0, MAX_SAMPLE_PATHS)
        check_range(check, "seed", self.seed, 0, MAX_SEED)
        check_range(check, "backtest_origins", self.backtest_origins, 0, MAX_BACKTEST_ORIGINS)
        self._check_model(check)
        check.raise_if_any()

    @property
    def all_series(self) -> tuple[DemandSeries, ...]:
        """Return `series` with its true type."""
        return tuple(self.series)

    @property
    def levels(self) -> tuple[float, ...]:
        """Return `quantile_levels` with its true type."""
        return tuple(self.quantile_levels)

    def _check_levels(self, check: ViolationCollector) -> None:
        previous = 0.0
        for i, level in enumerate(self.levels):
            path = f"quantile_levels[{i}]"
            if check.require(0.0 < level < 1.0, path, f"must lie between 0 and 1, both excluded, got {level:g}"):
                check.require(level > previous, path, f"levels must rise, but {level:g} follows {previous:g}")
                previous = level

    def _check_model(self, check: ViolationCollector) -> None:
        if self.model == DEFAULT_MODEL:
            return
        message = f"is a part of the default combination; {self.model!r} is asked for alone"
        check.require(not self.lend_strength, "lend_strength", message)
        names = ", ".join((DEFAULT_MODEL, *CARDS))
        if not check.require(self.model in CARDS, "model", f"{self.model!r} is no model; choose one of {names}"):
            return
        card = CARDS[self.model]
        taken = ", ".join(frequency.value for frequency in card.frequencies)
        for i, one in enumerate(self.all_series):
            message = f"{self.model} takes {taken}; series[{i}] is {one.frequency.value}"
            check.require(one.frequency in card.frequencies, "model", message)


def check_unique_ids(check: ViolationCollector, all_series: Sequence[DemandSeries]) -> None:
    """Require one or more series, each with an id of its own."""
    check.require(len(all_series) > 0, "series", "must hold at least one series")
    first_with: dict[str, int] = {}
    for i, one in enumerate(all_series):
        j = first_with.setdefault(one.id, i)
        check.require(i == j, f"series[{i}].id", f"{one.id!r} is the id of series[{j}] too; ids must differ")


def check_range(check: ViolationCollector, field: str, value: int, low: int, high: int) -> None:
    """Require a number from `low` to `high`."""
    check.require(low <= value <= high, field, f"must be from {low} to {high}, got {value}")
