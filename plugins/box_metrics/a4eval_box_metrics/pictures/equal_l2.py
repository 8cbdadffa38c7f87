"""Pictures of the plane of predictions: IoU over circles of equal L2 distance, and every similarity over sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_box_metrics.pictures import style
from a4eval_box_metrics.similarities.overlap import iou

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_box_metrics.analysis.equal_l2 import Extreme
    from a4eval_box_metrics.analysis.landscape import Landscape

BEST, WORST = style.BLUE, style.VERMILLION
"""Colours of the best and of the worst prediction."""


def draw_equal_l2(landscape: Landscape, extremes: Sequence[tuple[str, str, Extreme]]) -> Any:
    """Draw IoU over size and over shift with circles of equal L2, IoU along those circles, and the extreme boxes."""
    found = {(freedom, which): extreme for freedom, which, extreme in extremes}
    gap = found["all", "most"].iou, found["all", "least"].iou
    figure = style.figure(
        (13, 11), f"At one L2 distance, {landscape.radius:g} pixels, IoU runs from {gap[1]:.2f} to {gap[0]:.2f}"
    )
    axes = figure.subplots(2, 2, height_ratios=[1.15, 1])
    for column, freedom in enumerate(("size", "shift")):
        _draw_plane(figure, axes[0, column], landscape, freedom, found)
    _draw_along_circles(axes[1, 0], landscape)
    _draw_boxes(axes[1, 1], landscape, found)
    return style.finish(figure)


def draw_maps(landscape: Landscape) -> Any:
    """Draw every similarity over the width and height of a prediction with the truth's centre, IoU's lines on top."""
    labels = list(landscape.measures)
    columns = min(4, len(labels))
    rows = -(-len(labels) // columns)
    title = "How each measure falls off when width or height is wrong; dashed: IoU 0.3, 0.5, 0.7, 0.9"
    figure = style.figure((4.1 * columns, 3.7 * rows + 0.4), title)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    w, h = np.meshgrid(np.linspace(0.3, 2, 121) * landscape.width, np.linspace(0.3, 2, 121) * landscape.height)
    boxes = np.stack([-w, -h, w, h], axis=-1).reshape(-1, 4) / 2
    values = landscape.evaluate(boxes)
    truth = [-landscape.width / 2, -landscape.height / 2, landscape.width / 2, landscape.height / 2]
    overlap = iou(boxes, truth).reshape(w.shape)
    for one, label in zip(axes, labels, strict=False):
        palette = "viridis" if landscape.measures[label].higher_is_better else "viridis_r"
        filled = one.contourf(w, h, values[label].reshape(w.shape), levels=24, cmap=palette)
        one.contour(w, h, overlap, levels=[0.3, 0.5, 0.7, 0.9], colors="white", linewidths=1.1, linestyles="dashed")
        one.plot([landscape.width], [landscape.height], marker="+", color="white", markersize=11, markeredgewidth=2)
        one.set_title(label, fontsize=style.PANEL)
        figure.colorbar(filled, ax=one, ticks=_few(values[label]))
    for one in axes[len(labels) :]:
        one.set_axis_off()
    figure.supxlabel("predicted width, pixels", fontsize=style.PANEL)
    figure.supylabel("predicted height, pixels", fontsize=style.PANEL)
    return style.finish(figure)


def _draw_plane(
    figure: Any, axes: Any, landscape: Landscape, freedom: str, found: dict[tuple[str, str], Extreme]
) -> None:
    reach = 1.6 * landscape.radius
    middle = (landscape.width, landscape.height) if freedom == "size" else (0.0, 0.0)
    floor = 0.02 * reach if freedom == "size" else -np.inf  # a size is positive
    x, y = (np.linspace(max(one - reach, floor), one + reach, 241) for one in middle)
    grid_x, grid_y = np.meshgrid(x, y)
    values = _iou_at(landscape, freedom, grid_x, grid_y)
    filled = style.draw_iou(axes, grid_x, grid_y, values)
    angle = np.linspace(0, 2 * np.pi, 400)
    for share in (0.5, 1.0, 1.5):
        r = share * landscape.radius
        look = {"linewidth": 2.6} if share == 1 else {"linewidth": 1.2, "linestyle": (0, (5, 3))}
        axes.plot(middle[0] + r * np.cos(angle), middle[1] + r * np.sin(angle), color="white", **look)
    axes.plot(*([one] for one in middle), marker="+", color="white", markersize=12, markeredgewidth=2.5)
    for which, colour in (("most", BEST), ("least", WORST)):
        extreme = found[freedom, which]
        at = extreme.box[2:] if freedom == "size" else extreme.box[:2]
        axes.plot(
            *([one] for one in at), "o", color=colour, markersize=11, markeredgecolor="white", markeredgewidth=1.8
        )
        offset = np.subtract(at, middle)
        away = np.where(np.abs(offset) > 0.5 * landscape.radius, np.sign(offset), 0)  # where the label goes
        axes.annotate(
            f"{extreme.iou:.3f}", at, xytext=(38 * away[0], 22 * away[1]), textcoords="offset points",
            ha="center", va="center", color=colour, fontsize=style.TEXT, weight="bold", bbox=style.frame(colour),
        )  # fmt: skip
    names = ("width", "height") if freedom == "size" else ("shift right", "shift down")
    axes.set(xlabel=f"{names[0]}, pixels", ylabel=f"{names[1]}, pixels")
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    axes.set_title(f"IoU when only the {'size' if freedom == 'size' else 'position'} is wrong", fontsize=style.PANEL)
    axes.set_aspect("equal")
    figure.colorbar(filled, ax=axes, label="IoU", ticks=np.linspace(0, 1, 6), shrink=0.85)


def _draw_along_circles(axes: Any, landscape: Landscape) -> None:
    angle = np.linspace(0, 2 * np.pi, 721)
    for freedom, colour in (("size", style.GREEN), ("shift", style.PURPLE)):
        middle = (landscape.width, landscape.height) if freedom == "size" else (0.0, 0.0)
        for share, width, dashes in ((0.5, 1.6, "--"), (1.0, 3.0, "-")):
            r = share * landscape.radius
            values = _iou_at(landscape, freedom, middle[0] + r * np.cos(angle), middle[1] + r * np.sin(angle))
            axes.plot(
                np.rad2deg(angle),
                values,
                color=colour,
                linewidth=width,
                linestyle=dashes,
                label=f"{freedom}, L2 = {r:g}",
            )
    axes.set(xlabel="direction, degrees (0: wider or right, 90: higher or down)", ylabel="IoU")
    axes.set(xlim=(0, 360), ylim=(0, 1), xticks=range(0, 361, 45))
    axes.grid(alpha=0.3)
    axes.legend(ncols=2, frameon=False, loc="lower center", fontsize=style.TEXT)
    axes.set_title("IoU depends on the direction, L2 does not", fontsize=style.PANEL)


def _draw_boxes(axes: Any, landscape: Landscape, found: dict[tuple[str, str], Extreme]) -> None:
    rectangle = require("matplotlib.patches", "a4eval[plots]").Rectangle
    row = landscape.height + 1.3 * landscape.radius
    for level, (which, colour) in enumerate((("most", BEST), ("least", WORST))):
        extreme = found["all", which]
        x, y, w, h = extreme.box
        offset = -level * row
        # y runs down in the boxes and up in the picture
        axes.add_patch(rectangle((x - w / 2, offset - y - h / 2), w, h, facecolor=colour, alpha=0.3, linewidth=0))
        axes.add_patch(rectangle((x - w / 2, offset - y - h / 2), w, h, fill=False, edgecolor=colour, linewidth=2.5))
        axes.add_patch(
            rectangle(
                (-landscape.width / 2, offset - landscape.height / 2), landscape.width, landscape.height,
                fill=False, edgecolor=style.INK, linewidth=2, linestyle=(0, (4, 2)),
            )
        )  # fmt: skip
        text = f"{which} IoU {extreme.iou:.3f}"
        axes.text(
            0,
            offset,
            text,
            ha="center",
            va="center",
            fontsize=style.PANEL,
            weight="bold",
            color=colour,
            bbox=style.frame(colour),
        )
    reach = 0.5 * landscape.width + 1.05 * landscape.radius
    axes.set_xlim(-reach, reach)
    reach = 0.5 * landscape.height + 1.05 * landscape.radius
    axes.set_ylim(-row - reach, reach)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"The best and the worst at L2 = {landscape.radius:g} (truth dashed)", fontsize=style.PANEL)


def _iou_at(landscape: Landscape, freedom: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    still = np.zeros_like(x)
    numbers = [still, still, x, y] if freedom == "size" else [x, y, still + landscape.width, still + landscape.height]
    return np.asarray(iou(np.stack(numbers, axis=-1), [0, 0, landscape.width, landscape.height], format="cxcywh"))


def _few(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return about five round ticks."""
    ticker = require("matplotlib.ticker", "a4eval[plots]")
    return np.asarray(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(values.min(), values.max())[1:-1])
