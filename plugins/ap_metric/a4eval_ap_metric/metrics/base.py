"""What detection metrics share: state, the refusal of impossible input, and weights of images."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval_ap_metric.detections.checks import CheckedBatch, refuse_impossible
from a4eval_ap_metric.metrics.detection_state import DetectionState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.coco import Matches
    from a4eval_ap_metric.resampling.resampler import Resampled


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
        self._state.add(columns)
        self._cache.clear()

    def merge(self, other: DetectionMetric) -> None:
        """Take in the batches of *other*, which has the same parameters."""
        if self != other:
            raise ValueError(f"merge: got {other}, expected a metric with the parameters of {self}")
        self._state.add(*other._state.batches)
        self._cache.clear()


@dataclass
class WeighableMetric(DetectionMetric):
    """A metric that can count its images more than once, or not at all."""

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, in the order ``weights`` refers to."""
        return self._state.units()


@dataclass
class ResampledMetric(WeighableMetric):
    """A metric of COCO's matches: they are made once, and a resample counts them differently."""

    @property
    def matches(self) -> Matches:
        """Who was matched to whom, in all that was taken in so far."""
        if "matches" not in self._cache:
            self._cache["matches"] = self.matched(self.data)
            warn_of_more_objects(self.data, self._cache["matches"].parameters.max_detections[-1])
        found: Matches = self._cache["matches"]
        return found

    def matched(self, data: DetectionData) -> Matches:
        """Return who is matched to whom."""
        raise NotImplementedError

    def resampled(self, weights: NDArray[np.float64]) -> tuple[Resampled, NDArray[np.int64]]:
        """Return the numbers of some resamples, and how many images each has.

        Args:
            weights: (r, n_units) whole numbers, how often each image counts.
        """
        from a4eval_ap_metric.resampling.resampler import Resampler, whole_weights

        counts = whole_weights(weights, len(self.units))
        most = int(counts.max(initial=1))
        resampler: Resampler | None = self._cache.get("resampler")
        if resampler is None and len(counts) >= _MANY:
            warn_of_single_images(self.matches, self.class_names)
        if resampler is None or resampler.most < most:
            resampler = self._cache["resampler"] = Resampler(self.matches, most)
        return resampler.statistics(counts), np.sum(counts, axis=1)


_MANY = 50  # resamples, of which an interval is made


def warn_of_more_objects(data: DetectionData, maximum: int, *, per_image: bool = False) -> None:
    """Warn where an image has more objects of a class, or *per_image* of all classes, than detections are counted."""
    group = data.truth_unit if per_image else data.truth_class.astype(np.int64) * data.n_units + data.truth_unit
    objects = np.unique(group[~data.truth_crowd], return_counts=True)[1]
    more = int(np.count_nonzero(objects > maximum))
    if more:
        recall = np.minimum(objects, maximum).sum() / objects.sum()
        of, where = ("", "images") if per_image else (" of a class", "images and classes")
        warnings.warn(
            f"max_detections: an image has up to {objects.max()} objects{of}, and {maximum} detections count ({more} "
            f"{where}): no more than {recall:.2g} of all objects can be found",
            stacklevel=4,
        )


def warn_of_single_images(matches: Matches, names: Sequence[str]) -> None:
    """Warn of classes whose truths lie in one image: a resample has all of them or none."""
    counts = ~matches.truth_ignored[0]
    pairs = np.unique(np.stack([matches.truth_class[counts], matches.truth_unit[counts]]), axis=1)
    images = np.bincount(pairs[0], minlength=matches.n_classes)
    single = np.flatnonzero(images == 1)
    if len(single):
        warnings.warn(
            f"{len(single)} of {np.count_nonzero(images)} classes, such as {names[single[0]]!r}, are in one image "
            "alone: images that are drawn anew say nothing of how such a class varies, so intervals are too narrow",
            stacklevel=4,
        )
