"""What the pictures have in common: colours that all eyes tell apart, sizes that stay legible at half size."""

from __future__ import annotations

from typing import Any

from a4eval import require

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8C8C8C"
"""Of Okabe and Ito's palette, and a grey."""
SIZE = 15
"""Of the text, in points, on figures some ten inches wide."""


def figure_of(width: float, height: float) -> Any:
    """Return an empty figure of this size in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    return require("matplotlib.figure", "a4eval[plots]").Figure(figsize=(width, height), layout="constrained")


def whole_ticks(axis: Any, *, most: int = 12) -> None:
    """Put at most so many ticks on *axis* (``axes.xaxis``), on whole numbers alone."""
    ticker = require("matplotlib.ticker", "a4eval[plots]")
    axis.set_major_locator(ticker.MaxNLocator(nbins=most, integer=True, min_n_ticks=1))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:.0f}".replace("-", "−")))


def finish(axes: Any) -> None:
    """Set the sizes of the text, and leave out the frame's upper and right side."""
    axes.tick_params(labelsize=SIZE - 2)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_size(SIZE)
    axes.spines[["top", "right"]].set_visible(False)
