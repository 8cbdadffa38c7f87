"""One look for all pictures: colours that are told apart by the colour-blind, letters that can be read at half size.

The colours are those of Okabe and Ito (2008), "Color Universal Design", without the yellow, which white swallows.
"""

from __future__ import annotations

from typing import Any

from a4eval import require

INK, GREY = "#000000", "#555555"
BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE)
DASHES = ("-", "--", "-.", ":")
"""Colour and dashes change together, so that 12 lines differ in both."""

TITLE, PANEL, TEXT = 19, 15, 13
"""Sizes of letters: of the title, of a panel's title, of the rest, in points."""


def figure(size: tuple[float, float], title: str) -> Any:
    """Return an empty ``matplotlib.figure.Figure`` of *size* inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    made = require("matplotlib.figure", "a4eval[plots]").Figure(figsize=size, layout="constrained")
    made.suptitle(title, fontsize=TITLE)
    return made


def finish(made: Any) -> Any:
    """Give every axis letters of one size and round ticks; what is no map has no frame above and on the right."""
    ticker = require("matplotlib.ticker", "a4eval[plots]")
    for axes in made.axes:
        axes.tick_params(labelsize=TEXT)
        if axes.lines and not axes.collections:
            axes.spines[["top", "right"]].set_visible(False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set_size(TEXT)
            if type(axis.get_major_locator()) is ticker.AutoLocator:
                axis.set_major_locator(ticker.MaxNLocator(8, steps=[1, 2, 5, 10]))
    return made


def line(index: int) -> dict[str, Any]:
    """Return how the line of this index is drawn."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[(index + index // len(COLOURS)) % len(DASHES)],
        "linewidth": 2.2,
    }


def frame(colour: str) -> dict[str, Any]:
    """Return the box around a label of this colour."""
    return {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour, "alpha": 0.95}


def draw_iou(axes: Any, x: Any, y: Any, values: Any) -> Any:
    """Draw a map of IoU with its lines; return what a colour bar is made for."""
    filled = axes.contourf(x, y, values, levels=[index / 20 for index in range(21)], cmap="viridis")
    tenths = [index / 10 for index in range(1, 10)]
    lines = axes.contour(x, y, values, levels=tenths, colors="white", linewidths=0.7, alpha=0.7)
    axes.clabel(lines, fmt="%.1f", fontsize=11)
    return filled
