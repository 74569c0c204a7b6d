"""What a batch of forecasts costs: 10,000 annual series of 60 values, the default combination with its intervals.

The product is asked as a caller would ask it, with every option left as it is but for sample paths, of which there are
none: backtest, gate, quantiles and means are all there. Two processes share the series, and what is counted is the CPU
time of both, so that the figure does not depend on what else the machine does. The peers, statsforecast's SCUM and
Prophet, forecast a random sample in the same run, for points alone; their times are those of one series times 10,000.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

import lodestock_forecasters as forecasters
from benchmarks.forecast_peers import SCUM_MEMBERS, answers, prophet
from benchmarks.forecast_sets import Case
from benchmarks.report import FORECASTING_PAGE, Measurement, report
from lodestock_forecasters.series import FloatArray

PACKAGES = ("lodestock-server", "statsforecast", "prophet", "numpy")
SERIES, VALUES, STEPS = 10_000, 60, 10
PROCESSES, SERIES_A_CALL = 2, 100
SAMPLED = 40
SEED = 20_262
MOST_MS = 5.0


def histories() -> FloatArray:
    """Random walks with drift on logarithms, of many rates and unrests, shape (SERIES, VALUES)."""
    generator = np.random.default_rng(SEED)
    rates = generator.normal(0.02, 0.03, (SERIES, 1))
    unrests = generator.uniform(0.02, 0.25, (SERIES, 1))
    changes = rates + unrests * generator.standard_normal((SERIES, VALUES))
    return np.asarray(1e3 * np.exp(changes.cumsum(axis=1)), dtype=np.float64)


def cases() -> list[Case]:
    """The series as cases; nothing came after them."""
    return [
        Case(f"walk {i}", forecasters.Frequency.YEARLY, values, np.zeros(STEPS)) for i, values in enumerate(histories())
    ]


def calls(some: list[Case]) -> Iterator[list[Case]]:
    """Series by calls."""
    for first in range(0, len(some), SERIES_A_CALL):
        yield some[first : first + SERIES_A_CALL]


def forecast_call(some: list[Case]) -> tuple[float, int, float]:
    """Forecast the series of a call: CPU seconds, series with an answer, and the process's greatest memory in MiB."""
    series = [case.demand(i) for i, case in enumerate(some)]
    begun = time.process_time()
    answered = forecasters.forecast(forecasters.ForecastRequest(series, STEPS, sample_paths=0)).forecasts
    spent = time.process_time() - begun
    return spent, sum(bool(np.isfinite(one.quantiles).all()) for one in answered), own_memory_mib()


def own_memory_mib() -> float:
    """Greatest resident memory of this process so far."""
    greatest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return greatest / (2**20 if sys.platform == "darwin" else 2**10)


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that it has waited for: Prophet fits in one of its own."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peer_ms(sample: list[Case], name: str) -> tuple[float, ...]:
    """CPU milliseconds of a peer on each series of a sample, the first one left out: it imports and compiles."""
    found = []
    for case in sample:
        begun = cpu_seconds()
        if name == "SCUM":
            answers(case, SCUM_MEMBERS)
        else:
            prophet(case)
        found.append(1e3 * (cpu_seconds() - begun))
    return tuple(found[1:])


def main() -> int:
    """Forecast, measure, report."""
    everything = cases()
    # Started clean, so that the memory of this process is not counted in theirs.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(forecast_call, [everything[:2]] * (4 * PROCESSES)))
        begun = time.perf_counter()
        spent, answered, memory = zip(*pool.map(forecast_call, calls(everything)), strict=True)
        took = time.perf_counter() - begun
    sample = random.Random(SEED).sample(everything, SAMPLED + 1)
    ours = 1e3 * sum(spent) / SERIES
    peers = {name: peer_ms(sample, name) for name in ("SCUM", "Prophet")}
    found = [
        Measurement("default with intervals, CPU per series", "ms", (ours,), MOST_MS),
        Measurement(f"series of {SERIES:,} without an answer", "", (float(SERIES - sum(answered)),), 0.0),
        Measurement(f"default, {SERIES:,} series on {PROCESSES} processes, by the clock", "s", (took,)),
        Measurement("default, greatest memory of a process", "MiB", (max(memory),)),
    ]
    for name, times in peers.items():
        mean = sum(times) / len(times)
        found.append(Measurement(f"{name}, points alone, CPU per series (sample of {SAMPLED})", "ms", times))
        found.append(
            Measurement(f"{name}, {SERIES:,} series, scaled from the sample's mean", "CPU s", (mean * SERIES / 1e3,))
        )
    return report("forecast_speed", found, PACKAGES, page=FORECASTING_PAGE)


if __name__ == "__main__":
    sys.exit(main())
