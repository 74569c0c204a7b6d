"""Short series that take growth and unrest from the longer ones of their request."""

import numpy as np
import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.history import History
from lodestock_forecasters.neighbours import neighbourhoods

from .conftest import SeriesMaker, yearly


def growing(name: str, rate: float = 0.02, unrest: float = 0.0, size: float = 1000.0, n: int = 20) -> lf.DemandSeries:
    """A series whose square root grows by the same share of its last value a year."""
    roots = 1.0 + rate * (np.arange(n) - n + 1) + unrest * np.random.default_rng(len(name)).normal(0, 1, n)
    return yearly((size * roots**2).tolist(), name)


def ask(series: list[lf.DemandSeries], **options: object) -> list[lf.SeriesForecast]:
    return list(lf.forecast(lf.ForecastRequest(series, 5, sample_paths=50, **options)).forecasts)  # type: ignore[arg-type]


LENDERS = [growing(f"copper/{i}", size=10.0**i) for i in range(6)]


def test_a_single_value_grows_as_its_neighbours_do() -> None:
    lent = ask([*LENDERS, yearly([50.0], "new use")], lend_strength=True)[-1]
    assert lent.median == pytest.approx(50 * (1 + 0.02 * np.arange(1, 6)) ** 2)
    assert [(one.model, one.weight) for one in lent.weights] == [("neighbours", 1.0)]
    assert lent.level is lf.FallbackLevel.SIMPLE


def test_own_growth_counts_by_its_changes_against_eight() -> None:
    lent = ask([*LENDERS, yearly([81.0, 100.0], "new use")], lend_strength=True)[-1]
    growth = (1 * 0.1 + 8 * 0.02) / 9
    assert lent.median == pytest.approx(100 * (1 + growth * np.arange(1, 6)) ** 2)


def test_calm_neighbours_narrow_the_interval_and_wild_ones_widen_it() -> None:
    short = yearly([50.0], "new use")
    widths = []
    for unrest in (0.001, 0.3):
        lenders = [growing("x" * (i + 1), unrest=unrest) for i in range(12)]
        answer = ask([*lenders, short], lend_strength=True)[-1]
        widths.append((answer.quantiles[-1] - answer.quantiles[0])[0])
        assert (answer.quantiles >= 0).all()
        assert (answer.paths >= 0).all()
    alone = ask([short])[0]
    assert widths[0] < (alone.quantiles[-1] - alone.quantiles[0])[0] < widths[1]


def test_only_short_series_borrow_and_only_where_they_are_asked_to() -> None:
    series = [*LENDERS, yearly([50.0, 60, 70, 80], "new use")]
    plain, lent = ask(series), ask(series, lend_strength=True)
    for one, other in zip(plain[:-1], lent[:-1], strict=True):
        assert one.quantiles.tobytes() == other.quantiles.tobytes()
    assert plain[-1].quantiles.tobytes() == ask(series[-1:])[0].quantiles.tobytes()
    assert plain[-1].quantiles.tobytes() != lent[-1].quantiles.tobytes()


def test_few_neighbours_or_those_of_another_frequency_lend_nothing(make_monthly: SeriesMaker) -> None:
    short = yearly([50.0, 60.0], "new use")
    monthly = [make_monthly(np.arange(10.0, 40.0), f"price {i}") for i in range(6)]
    for others in (LENDERS[:4], monthly):
        answer = ask([*others, short], lend_strength=True)[-1]
        assert answer.quantiles.tobytes() == ask([short])[0].quantiles.tobytes()


def test_the_order_and_the_units_of_the_neighbours_do_not_matter() -> None:
    histories = [History.of(growing("x" * (i + 1), 0.01 * i, 0.02)) for i in range(7)]
    scaled = [History.of(growing("x" * (i + 1), 0.01 * i, 0.02, size=7e5)) for i in reversed(range(7))]
    (one,), (other,) = neighbourhoods(histories).values(), neighbourhoods(scaled).values()
    assert (one.growth, one.unrest) == pytest.approx((other.growth, other.unrest))


def test_a_named_model_borrows_nothing() -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        lf.ForecastRequest(LENDERS, 5, model="drift", lend_strength=True)
    assert [violation.field for violation in caught.value.violations] == ["lend_strength"]
