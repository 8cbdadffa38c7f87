"""The worksheet's question on two boxes of equal L2 distance and unequal IoU, as a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval import Result, Row, Run, Value, param
from a4eval_box_metrics.analysis.centred_pairs import centred_iou, centred_predictions
from a4eval_box_metrics.similarities.centred import complete_iou, distance_iou
from a4eval_box_metrics.similarities.distances import centre_l2
from a4eval_box_metrics.similarities.overlap import generalized_iou, iou

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class BoxPairComparison:
    """Two predictions at one L2 distance from the truth, and their IoU.

    The truth is (W, H); P1 is (W, H − 2c) and P2 is (W − 2c, H), all with one centre.
    L2 is that of (centre x, centre y, width, height): 2c for both.
    """

    W: float = param(10.0, help="width of the true box", unit="pixels", above=0, below=np.inf)
    H: float = param(4.0, help="height of the true box", unit="pixels", above=0, below=np.inf)
    c: float = param(
        1.0,
        help="half of what a prediction is narrower or lower; below min(W, H) / 2",
        unit="pixels",
        above=0,
        below=np.inf,
    )

    def __post_init__(self) -> None:
        centred_predictions(self.W, self.H, self.c)

    def run(self, run: Run) -> Result:
        """Compare them; the two that are larger instead of smaller are in the table as well."""
        sizes = centred_predictions(self.W, self.H, self.c)
        predicted = np.array([_around_origin(*size) for size in sizes.values()])
        truth = np.broadcast_to(_around_origin(self.W, self.H), predicted.shape)
        distance = centre_l2(predicted, truth, format="cxcywh")
        overlap = iou(predicted, truth, format="cxcywh")
        others = {
            one.__name__: one(predicted, truth, format="cxcywh")
            for one in (generalized_iou, distance_iou, complete_iou)
        }
        rows: list[Row] = []
        for index, (name, size) in enumerate(sizes.items()):
            row: Row = {"prediction": name, "width": size[0], "height": size[1]}
            row |= {"l2": float(distance[index]), "iou": float(overlap[index])}
            row |= {"iou_closed_form": centred_iou(self.W, self.H, *size)}
            rows.append(row | {label: float(values[index]) for label, values in others.items()})
        if run.pictures:
            from a4eval_box_metrics.pictures.pair import draw_pair

            run.save_figure(draw_pair(self.W, self.H, self.c), "l2_vs_iou")
        metrics = {f"l2_{row['prediction']}": Value(row["l2"], "pixels", higher_is_better=False) for row in rows[:2]}
        metrics |= {f"iou_{row['prediction']}": Value(row["iou"], higher_is_better=True) for row in rows[:2]}
        return Result(metrics, {"predictions": rows})


def _around_origin(width: float, height: float) -> NDArray[np.float64]:
    return np.array([0.0, 0.0, width, height])
