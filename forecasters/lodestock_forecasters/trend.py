"""How a history changes: its changes between observations, and how far its mean change is to be believed.

Owns the random walk with drift behind the default combination's caution and behind the scale of errors. All is on the
square-root scale, where changes of series that grow or shrink are closer to even, and where zero needs no offset.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.series import BoolArray, FloatArray

DOUBT = 0.25
"""Square of the trend's t value at which half of it is believed, where nothing else is said."""
LEAST_POINTS = 5
"""Fewest observed values whose trend is believed at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """The k changes of √y between neighbouring observations, and what to make of their mean."""

    sizes: FloatArray
    """Shape (k,)."""
    gaps: FloatArray
    """Periods between the two observations, shape (k,), ≥ 1."""
    mean: float
    """Mean change per period μ; 0 without changes."""
    evidence: float
    """Square t² of the mean change over its standard error, from 0 to infinity."""

    @classmethod
    def of(cls, values: FloatArray, observed: BoolArray) -> Trend:
        """Return the trend of values of which some were observed, both of shape (n,), the ends among the observed.

        In a random walk with drift t² = μ² Σ g_i / σ², with σ² = Σ (d_i − μ g_i)² / (g_i (k − 1)), d_i the changes and
        g_i the gaps. Below `LEAST_POINTS` observed values there is no evidence.
        """
        known = np.flatnonzero(observed)
        sizes = np.diff(np.sqrt(values[known]))
        gaps = np.diff(known).astype(np.float64)
        span = int(known[-1] - known[0])
        mean = float(sizes.sum()) / max(span, 1)
        signal = mean**2 * span
        if len(known) < LEAST_POINTS or signal <= 1e-12 * float(values[-1]):
            return cls(sizes, gaps, mean, 0.0)
        variance = float(((sizes - mean * gaps) ** 2 / gaps).sum()) / (len(sizes) - 1)
        # Rounding noise on an even trend must not pass for variance.
        return cls(sizes, gaps, mean, signal / variance if variance > 1e-12 * signal else float("inf"))

    def belief(self, doubt: float = DOUBT) -> float:
        """Return the share t² / (t² + c) of the mean change that is believed, c the doubt, from 0 to 1.

        A steep, even trend is believed; one that could be the luck of a random walk mostly is not. The share has six
        decimals, so that a series has the same in every unit.

        Source: drawing a mean towards zero, James and Stein 1961, Proc. 4th Berkeley Symposium; the doubt was chosen by
        forecasts, see `lodestock_forecasters.combination.recipe_for`.
        """
        return round(1.0 - doubt / (self.evidence + doubt), 6)
