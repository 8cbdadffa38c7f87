"""What similarities say of predictions around one true box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval_box_metrics.analysis.perturbations import FAMILIES, upright_hulls
from a4eval_box_metrics.analysis.rank_agreement import RankAgreement, rank_agreement
from a4eval_box_metrics.similarities.contract import Measure
from a4eval_box_metrics.similarities.overlap import iou

FloatArray: TypeAlias = NDArray[np.float64]
Profile: TypeAlias = tuple[FloatArray, dict[str, FloatArray]]
"""(n,) parameters of a perturbation, and for each label (n,) values."""


@dataclass(frozen=True, slots=True)
class Scattered:
    """Predictions with their truths, and what each similarity says of them, higher being better.

    Args:
        source: ``random`` or ``detector``.
        overlap: (n,) IoU.
        values: label to (n,) values, those of distances negated.
        agreement: label to how it ranks them in comparison with IoU.
    """

    source: str
    overlap: FloatArray
    values: dict[str, FloatArray]
    agreement: dict[str, RankAgreement]


@dataclass(frozen=True, slots=True)
class Landscape:
    """One true box, centred at the origin, and the similarities that look at predictions of it.

    Args:
        width: of the true box, pixels.
        height: of the true box, pixels.
        radius: the L2 distance at which predictions are compared, pixels.
        measures: label to similarity; one that takes rotated boxes gets them, the others the upright hull.
    """

    width: float
    height: float
    radius: float
    measures: Mapping[str, Measure]

    @property
    def truth(self) -> FloatArray:
        """(4,) the true box, xyxy."""
        return np.array([-self.width, -self.height, self.width, self.height]) / 2

    def evaluate(self, predicted: FloatArray) -> dict[str, FloatArray]:
        """Compare predictions with the true box.

        Args:
            predicted: (n, 5) rotated boxes (centre x, centre y, width, height, angle), or (n, 4) xyxy.

        Returns:
            For each label (n,) values.
        """
        if predicted.shape[1] == 4:
            return self.compare(predicted, np.broadcast_to(self.truth, predicted.shape))
        hulls = upright_hulls(predicted)
        values = self.compare(hulls, np.broadcast_to(self.truth, hulls.shape))
        turned_truth = np.broadcast_to([0, 0, self.width, self.height, 0.0], predicted.shape)
        for label, one in self.measures.items():
            if one.takes_rotated:
                found = one.similarity.elementwise(predicted, turned_truth, format="cxcywha")
                values[label] = np.asarray(found, np.float64)
        return values

    def compare(self, predicted: FloatArray, truth: FloatArray) -> dict[str, FloatArray]:
        """Compare matched pairs: (n, 4) and (n, 4) xyxy give (n,) values for each label."""
        return {
            label: np.asarray(one.similarity.elementwise(predicted, truth, format="xyxy"), np.float64)
            for label, one in self.measures.items()
        }

    def profile(self, family: str, steps: int) -> Profile:
        """Map the similarities along one of :data:`a4eval_box_metrics.FAMILIES`."""
        perturbation = FAMILIES[family]
        parameters = perturbation.parameters(steps)
        return parameters, self.evaluate(perturbation.apply(self.width, self.height, parameters))

    def scattered(self, source: str, predicted: FloatArray, truth: FloatArray) -> Scattered:
        """Compare how the similarities rank predictions: (n, 4) and (n, 4), xyxy."""
        values = self.compare(predicted, truth)
        signed = {label: one if self.measures[label].higher_is_better else -one for label, one in values.items()}
        overlap = np.asarray(iou(predicted, truth), np.float64)
        agreement = {label: rank_agreement(overlap, one) for label, one in signed.items()}
        return Scattered(source, overlap, signed, agreement)
