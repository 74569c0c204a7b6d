import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.prophet_model import ProphetForecaster

from .conftest import yearly

# Copper, mine production of the USA, kt, USGS Mineral Commodity Summaries 2022 to 2026.
US_COPPER_MINE_KT = [1220.0, 1260, 1200, 1230, 1230, 1130, 1070, 1000]


def test_prophet_answers_a_short_annual_series(forecast_one: Callable[..., lf.SeriesForecast]) -> None:
    answer = forecast_one(yearly(US_COPPER_MINE_KT), model="prophet", backtest_origins=2)
    assert answer.level is lf.FallbackLevel.FULL
    assert [w.model for w in answer.weights] == ["prophet"]
    # No yearly season on annual data: the path is a trend, so its steps are even but for leap days.
    assert np.ptp(np.diff(answer.median)) < 0.01 * 1000
    assert 600 < answer.median[-1] < 1100
    assert {s.model for s in answer.backtest} == {"naive", "prophet"}


def test_prophet_with_a_saturation_stays_between_zero_and_the_ceiling() -> None:
    rising = [1.0, 2, 4, 8, 15, 25, 40, 55, 68, 80]
    prophet = ProphetForecaster()
    try:
        free = prophet.forecast(History.of(yearly(rising)), 20)
        capped = prophet.forecast(History.of(yearly(rising, saturation=100.0)), 20)
    finally:
        prophet.close()
    assert free.max() > 120
    assert capped.max() <= 100
    assert capped.min() >= 0


def test_an_exactly_straight_line_goes_on_at_once() -> None:
    started = time.perf_counter()
    assert ProphetForecaster().forecast(History.of(yearly([3.0, 5, 7, 9, 11, 13])), 3).tolist() == [15.0, 17, 19]
    assert time.perf_counter() - started < 1


def test_a_fit_past_its_time_limit_is_killed_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    prophet = ProphetForecaster(time_limit_s=0.05)
    with pytest.raises(ModelFailed, match=r"time limit of 0\.05 s"):
        prophet.forecast(History.of(yearly(US_COPPER_MINE_KT)), 3)
    assert list(tmp_path.iterdir()) == []
    prophet.close()


def test_a_fit_that_nobody_wants_any_more_is_killed_with_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cancelling(lf.Unattended):
        def cancelled(self) -> bool:
            # True as soon as a worker has begun.
            return any(tmp_path.iterdir())

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    request = lf.ForecastRequest([yearly(US_COPPER_MINE_KT)], 3, model="prophet", backtest_origins=0)
    with pytest.raises(lf.ForecastCancelled, match="while Prophet"):
        lf.forecast(request, Cancelling())
    assert list(tmp_path.iterdir()) == []


def test_a_worker_ends_and_tidies_up_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, tempfile, time\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "import lodestock_forecasters as lf\n"
        "from lodestock_forecasters.history import History\n"
        "from lodestock_forecasters.models.prophet_model import ProphetForecaster\n"
        "series = lf.DemandSeries('a', lf.Frequency.YEARLY, ['2020', '2021', '2022', '2023'], [1, 3, 2, 5], 't')\n"
        "prophet = ProphetForecaster()\n"
        "prophet.forecast(History.of(series), 2)\n"
        "print('fitted', flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "fitted\n"
    assert len(list(tmp_path.iterdir())) == 1
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
