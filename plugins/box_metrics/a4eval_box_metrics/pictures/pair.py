"""The picture of the worksheet's question: equal L2 distance is a circle, equal IoU is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_box_metrics.analysis.centred_pairs import centred_predictions
from a4eval_box_metrics.pictures import style
from a4eval_box_metrics.similarities.overlap import iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, SECOND = style.VERMILLION, style.BLUE
"""Colours of P1 and of P2."""


def draw_pair(width: float, height: float, change: float) -> Any:
    """Draw the boxes beside the map of IoU over all predictions with the truth's centre.

    Args:
        width: W, pixels.
        height: H, pixels.
        change: c, pixels.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    title = f"Both predictions are at L2 distance {2 * change:g} from the truth — IoU disagrees"
    figure = style.figure((12, 5.6), title)
    boxes, landscape = figure.subplots(1, 2, width_ratios=[1, 1.05])
    _draw_boxes(boxes, width, height, change)
    _draw_map(figure, landscape, width, height, change)
    return style.finish(figure)


def _draw_boxes(axes: Any, width: float, height: float, change: float) -> None:
    rectangle = require("matplotlib.patches", "a4eval[plots]").Rectangle
    sizes = centred_predictions(width, height, change)
    row = height * 1.55
    for level, (name, colour, formula) in enumerate(
        [("p1", FIRST, "(H − 2c) / H"), ("p2", SECOND, "(W − 2c) / W")],
    ):
        middle = -level * row
        w, h = sizes[name]
        axes.add_patch(rectangle((-w / 2, middle - h / 2), w, h, facecolor=colour, alpha=0.35, linewidth=0))
        axes.add_patch(rectangle((-w / 2, middle - h / 2), w, h, fill=False, edgecolor=colour, linewidth=2.5))
        axes.add_patch(
            rectangle(
                (-width / 2, middle - height / 2),
                width,
                height,
                fill=False,
                edgecolor=style.INK,
                linewidth=2,
                linestyle=(0, (4, 2)),
            )
        )
        value = float(iou([0, 0, w, h], [0, 0, width, height], format="cxcywh"))
        axes.text(
            0,
            middle,
            f"{name.upper()}   {w:g} × {h:g}\nIoU = {formula} = {value:.3g}",
            ha="center",
            va="center",
            fontsize=style.PANEL,
        )
    axes.text(
        0,
        height / 2 + row * 0.05,
        f"truth {width:g} × {height:g} (dashed)",
        ha="center",
        va="bottom",
        fontsize=style.TEXT,
        color=style.INK,
    )
    axes.set_xlim(-width * 0.6, width * 0.6)
    axes.set_ylim(-row - height * 0.6, height * 0.5 + row * 0.22)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _draw_map(figure: Any, axes: Any, width: float, height: float, change: float) -> None:
    reach = 3.8 * change
    xs, ys = _around(width, reach), _around(height, reach)
    grid_w, grid_h = np.meshgrid(xs, ys)
    sizes = np.stack([np.zeros_like(grid_w), np.zeros_like(grid_w), grid_w, grid_h], axis=-1)
    values = iou(sizes, [0, 0, width, height], format="cxcywh")
    filled = style.draw_iou(axes, grid_w, grid_h, values)
    angle = np.linspace(0, 2 * np.pi, 400)
    axes.plot(width + 2 * change * np.cos(angle), height + 2 * change * np.sin(angle), color="white", linewidth=2.5)
    axes.plot([width], [height], marker="+", markersize=12, markeredgewidth=2.5, color="white")
    for name, (w, h) in centred_predictions(width, height, change).items():
        colour = {"p1": FIRST, "p2": SECOND}.get(name, style.GREY)
        axes.plot([w], [h], "o", color=colour, markersize=11, markeredgecolor="white", markeredgewidth=1.8, zorder=5)
        value = float(iou([0, 0, w, h], [0, 0, width, height], format="cxcywh"))
        label = f"{name.upper()}  {value:.3g}" if name in ("p1", "p2") else f"{value:.3g}"
        place = _outwards(w - width, h - height)
        axes.annotate(
            label, (w, h), xytext=place, textcoords="offset points", color=colour, fontsize=style.TEXT, weight="bold",
            ha="center", va="center", bbox=style.frame(colour), zorder=6,
        )  # fmt: skip
    side = np.sqrt(2) * change
    axes.annotate(
        f"L2 = {2 * change:g}", (width + side, height + side), xytext=(12, 12), textcoords="offset points",
        color="white", fontsize=style.TEXT, weight="bold",
    )  # fmt: skip
    axes.set(
        xlabel="predicted width, pixels", ylabel="predicted height, pixels", xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1])
    )
    axes.set_title("IoU of all predictions with the truth's centre", fontsize=style.PANEL)
    axes.set_aspect("equal")
    figure.colorbar(filled, ax=axes, label="IoU", ticks=np.linspace(0, 1, 6))


def _around(middle: float, reach: float) -> NDArray[np.float64]:
    return np.linspace(max(middle - reach, middle * 0.01), middle + reach, 241)


def _outwards(dx: float, dy: float) -> tuple[float, float]:
    """Return where a label goes, in points: away from the middle of the circle."""
    return 42 * float(np.sign(dx)), 22 * float(np.sign(dy))
