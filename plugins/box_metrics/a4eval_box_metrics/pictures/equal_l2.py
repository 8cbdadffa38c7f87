"""Pictures of the plane of predictions: IoU over circles of equal L2 distance, and every similarity over sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_box_metrics.similarities.overlap import iou

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_box_metrics.analysis.equal_l2 import Extreme
    from a4eval_box_metrics.analysis.landscape import Landscape

TRUTH, BEST, WORST = "#222222", "#00798c", "#d1495b"
"""Colours of the true box, of the best and of the worst prediction."""


def draw_equal_l2(landscape: Landscape, extremes: Sequence[tuple[str, str, Extreme]]) -> Any:
    """Draw IoU over size and over shift with circles of equal L2, IoU along those circles, and the extreme boxes."""
    figure = _figure((13, 11))
    axes = figure.subplots(2, 2, height_ratios=[1.15, 1])
    found = {(freedom, which): extreme for freedom, which, extreme in extremes}
    for column, freedom in enumerate(("size", "shift")):
        _draw_plane(figure, axes[0, column], landscape, freedom, found)
    _draw_along_circles(axes[1, 0], landscape)
    _draw_boxes(axes[1, 1], landscape, found)
    gap = found["all", "most"].iou, found["all", "least"].iou
    figure.suptitle(f"One L2 distance, IoU from {gap[1]:.2f} to {gap[0]:.2f}", fontsize=18, weight="bold")
    return figure


def draw_maps(landscape: Landscape) -> Any:
    """Draw every similarity over the width and height of a prediction with the truth's centre, IoU's lines on top."""
    labels = list(landscape.measures)
    columns = min(4, len(labels))
    rows = -(-len(labels) // columns)
    figure = _figure((4.1 * columns, 3.6 * rows))
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
        one.set_title(label, fontsize=13)
        figure.colorbar(filled, ax=one, ticks=_few(values[label]))
    for one in axes[len(labels) :]:
        one.set_axis_off()
    figure.supxlabel("predicted width", fontsize=13)
    figure.supylabel("predicted height", fontsize=13)
    figure.suptitle(
        "Every measure over predictions with the truth's centre; dashed: IoU 0.3, 0.5, 0.7, 0.9",
        fontsize=15,
        weight="bold",
    )
    return figure


def _draw_plane(
    figure: Any, axes: Any, landscape: Landscape, freedom: str, found: dict[tuple[str, str], Extreme]
) -> None:
    reach = 1.6 * landscape.radius
    middle = (landscape.width, landscape.height) if freedom == "size" else (0.0, 0.0)
    floor = 0.02 * reach if freedom == "size" else -np.inf  # a size is positive
    x, y = (np.linspace(max(one - reach, floor), one + reach, 241) for one in middle)
    grid_x, grid_y = np.meshgrid(x, y)
    values = _iou_at(landscape, freedom, grid_x, grid_y)
    filled = axes.contourf(grid_x, grid_y, values, levels=np.linspace(0, 1, 21), cmap="viridis")
    lines = axes.contour(
        grid_x, grid_y, values, levels=np.arange(0.1, 1, 0.1), colors="white", linewidths=0.7, alpha=0.7
    )
    axes.clabel(lines, fmt="%.1f", fontsize=9)
    angle = np.linspace(0, 2 * np.pi, 400)
    for share in (0.5, 1.0, 1.5):
        r = share * landscape.radius
        style = {"linewidth": 2.6} if share == 1 else {"linewidth": 1.2, "linestyle": (0, (5, 3))}
        axes.plot(middle[0] + r * np.cos(angle), middle[1] + r * np.sin(angle), color="white", **style)
    axes.plot(*([one] for one in middle), marker="+", color="white", markersize=12, markeredgewidth=2.5)
    for which, colour in (("most", BEST), ("least", WORST)):
        extreme = found[freedom, which]
        at = extreme.box[2:] if freedom == "size" else extreme.box[:2]
        axes.plot(
            *([one] for one in at), "o", color=colour, markersize=11, markeredgecolor="white", markeredgewidth=1.8
        )
        offset = np.subtract(at, middle)
        away = np.where(np.abs(offset) > 0.5 * landscape.radius, np.sign(offset), 0)  # where the label goes
        frame = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour, "alpha": 0.95}
        axes.annotate(
            f"{extreme.iou:.3f}", at, xytext=(38 * away[0], 22 * away[1]), textcoords="offset points",
            ha="center", va="center", color=colour, fontsize=12, weight="bold", bbox=frame,
        )  # fmt: skip
    names = ("predicted width", "predicted height") if freedom == "size" else ("shift right", "shift down")
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    axes.set_title(f"IoU when only the {'size' if freedom == 'size' else 'position'} is wrong", fontsize=14)
    axes.set_aspect("equal")
    figure.colorbar(filled, ax=axes, label="IoU", ticks=np.linspace(0, 1, 6), shrink=0.85)


def _draw_along_circles(axes: Any, landscape: Landscape) -> None:
    angle = np.linspace(0, 2 * np.pi, 721)
    for freedom, colour in (("size", "#3d5a80"), ("shift", "#ee6c4d")):
        middle = (landscape.width, landscape.height) if freedom == "size" else (0.0, 0.0)
        for share, width in ((0.5, 1.2), (1.0, 2.6)):
            r = share * landscape.radius
            values = _iou_at(landscape, freedom, middle[0] + r * np.cos(angle), middle[1] + r * np.sin(angle))
            axes.plot(np.rad2deg(angle), values, color=colour, linewidth=width, label=f"{freedom}, L2 = {r:g}")
    axes.set(xlabel="direction on the circle, degrees (0: wider or to the right, 90: higher or down)", ylabel="IoU")
    axes.set(xlim=(0, 360), ylim=(0, 1), xticks=range(0, 361, 45))
    axes.grid(alpha=0.3)
    axes.legend(ncols=2, frameon=False, loc="lower center", fontsize=11)
    axes.set_title("IoU along circles of equal L2", fontsize=14)


def _draw_boxes(axes: Any, landscape: Landscape, found: dict[tuple[str, str], Extreme]) -> None:
    rectangle = require("matplotlib.patches", "a4eval[plots]").Rectangle
    row = 1.25 * (landscape.height + landscape.radius)
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
                fill=False, edgecolor=TRUTH, linewidth=2, linestyle=(0, (4, 2)),
            )
        )  # fmt: skip
        frame = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour, "alpha": 0.95}
        text = f"{which} IoU {extreme.iou:.3f}"
        axes.text(0, offset, text, ha="center", va="center", fontsize=13, weight="bold", color=colour, bbox=frame)
    axes.set_xlim(-landscape.width / 2 - 1.3 * landscape.radius, landscape.width / 2 + 1.3 * landscape.radius)
    axes.set_ylim(-row - landscape.height / 2 - 1.3 * landscape.radius, landscape.height / 2 + 1.3 * landscape.radius)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"All four numbers free, L2 = {landscape.radius:g}; truth dashed", fontsize=14)


def _iou_at(landscape: Landscape, freedom: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    still = np.zeros_like(x)
    numbers = [still, still, x, y] if freedom == "size" else [x, y, still + landscape.width, still + landscape.height]
    return np.asarray(iou(np.stack(numbers, axis=-1), [0, 0, landscape.width, landscape.height], format="cxcywh"))


def _few(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return about five round ticks."""
    ticker = require("matplotlib.ticker", "a4eval[plots]")
    return np.asarray(ticker.MaxNLocator(5).tick_values(values.min(), values.max())[1:-1])


def _figure(size: tuple[float, float]) -> Any:
    return require("matplotlib.figure", "a4eval[plots]").Figure(figsize=size, layout="constrained")
