"""What detection metrics share: state, the refusal of impossible input, and weights of images."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from a4eval_ap_metric.detections.checks import CheckedBatch, refuse_impossible
from a4eval_ap_metric.matching.joined import smallest
from a4eval_ap_metric.metrics.detection_state import DetectionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData

_FILLED = 0.99  # of the upright box around it: a box that is not turned


@dataclass
class DetectionMetric:
    """Takes batches in; a subclass computes."""

    batch: ClassVar[str] = "detection"
    constant_may_win: ClassVar[bool] = False
    """One score for all detections may be better than scores by chance."""

    _state: DetectionState = field(default_factory=DetectionState, init=False, repr=False, compare=False)
    _cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        return self._state.classes()

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, the id where there is no name."""
        return self._state.class_names()

    @property
    def data(self) -> DetectionData:
        """All that was taken in so far."""
        return self._state.data()

    def refuse(self, columns: dict[str, NDArray[Any]]) -> None:
        """Refuse what has no meaning; what a reader of ours has checked does not come here.

        Raises:
            DataError: a box or score is impossible.
        """
        refuse_impossible(columns)

    @property
    def crowds_count(self) -> bool:
        """Whether a crowd that no detection finds is a miss, so that the truth has one there."""
        return False

    def stupid_predictions(self, batch: Mapping[str, Any], rng: np.random.Generator) -> dict[Any, Mapping[str, Any]]:
        """Return the batch with the truths for detections, with none, and with other scores of those it has."""
        found = [name for name in batch if name.startswith("detection_")]
        kept = ~np.asarray(batch["truth_crowd"], bool) | self.crowds_count
        of_truth = {name: f"truth_{name.removeprefix('detection_')}" for name in found}
        truth = {name: np.asarray(batch[one])[kept] for name, one in of_truth.items() if one in batch}
        truth["detection_score"] = np.ones(np.count_nonzero(kept))
        score = np.asarray(batch["detection_score"], np.float64)
        scores = {"random": rng.random(len(score)), "reversed": 1 - score}
        if not self.constant_may_win:
            scores["constant"] = np.full(len(score), 0.5)
        return {
            "truth": {**batch, **truth},
            "nothing": {**batch, **{name: np.asarray(batch[name])[:0] for name in found}},
            **{kind: {**batch, "detection_score": one} for kind, one in scores.items()},
        }

    def check(self, columns: dict[str, NDArray[Any]]) -> None:
        """Refuse what this metric in particular cannot use."""

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of images with their ground truth and detections."""
        columns = self._state.checked(batch)
        if not (isinstance(batch, CheckedBatch) and batch.unchanged):
            self.refuse(columns)
        self.check(columns)
        if "truth_corners" in columns and getattr(self, "geometry", "box") == "box":
            _warn_of_turned_boxes(columns)
        self._state.add(columns)
        self._cache.clear()

    def merge(self, other: Self) -> None:
        """Take in the batches of *other*, which has the same parameters."""
        if self != other:
            raise ValueError(f"merge: got {other}, expected a metric with the parameters of {self}")
        self._state.add(*other._state.batches)
        self._cache.clear()


def only_whole(weights: NDArray[np.float64] | None) -> None:
    """Refuse weights.

    Raises:
        ValueError: there are some.
    """
    if weights is not None:
        raise ValueError("this metric cannot weigh its units")


def objects_of(group: NDArray[np.int64]) -> NDArray[np.integer[Any]]:
    """Return how many objects each image and class has that has some, in the smallest type.

    Args:
        group: (g,) a number for the image and class of each truth that counts, or for its image alone.
    """
    counts = np.unique(group, return_counts=True)[1]
    return counts.astype(smallest(int(counts.max(initial=0)) + 1))


def warn_of_more_objects(objects: NDArray[np.integer[Any]], *, maximum: int, per_image: bool = False) -> None:
    """Warn where an image has more objects of a class than detections are counted.

    Args:
        objects: from :func:`objects_of`, of all images.
        maximum: how many detections count.
        per_image: of all classes.
    """
    more = int(np.count_nonzero(objects > maximum))
    if more:
        recall = np.minimum(objects.astype(np.int64), maximum).sum() / objects.sum()
        of, where = ("", "images") if per_image else (" of a class", "images and classes")
        warnings.warn(
            f"max_detections: an image has up to {objects.max()} objects{of}, and {maximum} detections count ({more} "
            f"{where}): no more than {recall:.2g} of all objects can be found",
            stacklevel=4,
        )


def _warn_of_turned_boxes(columns: Mapping[str, NDArray[Any]]) -> None:
    """Warn where the upright boxes around oriented ones are compared, and are larger than they."""
    width, height = np.asarray(columns["truth_box"], np.float64)[:, 2:].T
    turned = int(np.count_nonzero(columns["truth_area"] < _FILLED * width * height))
    if turned:
        warnings.warn(
            f"{turned} of {len(width)} ground-truth boxes are turned, and the upright boxes around them are compared: "
            "coco_detection and detection_average_precision compare them as they are with geometry=oriented",
            stacklevel=3,
        )
