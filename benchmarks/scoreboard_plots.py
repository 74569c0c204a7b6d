"""The plots of docs/scoreboard.md: the same figures give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

FOLDER = Path(__file__).parents[1] / "docs" / "plots"


def plot_replay(
    name: str,
    title: str,
    history: Mapping[int, float],
    came: Mapping[int, float],
    years: Sequence[int],
    quantiles: npt.NDArray[np.float64],
    published_mean: float,
) -> None:
    """Draw a replay.

    Args:
        name: Of the file.
        title: What is drawn, with its unit.
        history: What was known, by year.
        came: What came, by year.
        years: Years of the forecast.
        quantiles: At 10, 50 and 90 %, shape (3, years).
        published_mean: The published sum as a mean of its years.
    """
    with mpl.rc_context({"svg.hashsalt": name, "font.size": 9}):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.plot(list(history), list(history.values()), color="0.2", label="known at the vintage")
        axes.fill_between(years, quantiles[0], quantiles[2], color="tab:blue", alpha=0.25, label="ours, central 80 %")
        axes.plot(years, quantiles[1], color="tab:blue", label="ours, median")
        axes.plot(list(came), list(came.values()), "o", color="tab:red", markersize=3, label="came")
        axes.hlines(published_mean, years[0], years[-1], color="0.5", linestyles="dashed", label="published, mean")
        axes.set_title(title)
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left", frameon=False)
        FOLDER.mkdir(exist_ok=True)
        figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None})
