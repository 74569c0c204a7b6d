"""The script that builds the shipped table, on errors whose law is known."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import norm

SCRIPT = Path(__file__).parents[3] / "scripts" / "build_calibration.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_calibration", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up there.
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def random_walk_scores(n: int, steps: int) -> np.ndarray:
    scores = np.random.default_rng(2).normal(0, 1, (n, steps)).cumsum(axis=1)
    # Half of the series end early.
    scores[: n // 2, steps // 2 :] = np.nan
    return scores


def test_the_law_of_random_walks_is_found(script: ModuleType) -> None:
    scores = random_walk_scores(20_000, 10)
    growth = script.growth_exponent([scores])
    assert growth == pytest.approx(0.5, abs=0.02)
    first = script.first_step_quantiles(scores, growth)
    assert first == pytest.approx(norm.ppf(script.LEVELS), abs=0.06)
    # Errors that add up correlate as (j / k)^½.
    assert script.dependence_exponent(scores) == pytest.approx(0.5, abs=0.02)


def test_conformal_quantiles_lie_one_rank_further_out_than_plain_ones(script: ModuleType) -> None:
    values = np.arange(1.0, 1000.0)
    plain, conformal = np.quantile(values, script.LEVELS), script.conformal_quantiles(values)
    levels = np.array(script.LEVELS)
    assert (conformal[levels < 0.5] <= plain[levels < 0.5]).all()
    assert (conformal[levels > 0.5] >= plain[levels > 0.5]).all()
    assert conformal == pytest.approx(plain, abs=2)
