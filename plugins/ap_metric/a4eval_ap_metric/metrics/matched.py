"""What metrics of COCO's matches share: whole images are matched as they come, and the parts joined at the end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from a4eval_ap_metric.matching.coco import Matches
from a4eval_ap_metric.matching.joined import AT_ONCE, class_blocks, compact, joined
from a4eval_ap_metric.metrics.base import objects_of, warn_of_more_objects
from a4eval_ap_metric.metrics.in_parts import WeighableMetric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.resampling.resampler import Resampled

_MANY = 50  # resamples, of which an interval is made
_MOST_THREADS = 4  # more of them wait for each other in Python

T = TypeVar("T")


@dataclass
class ResampledMetric(WeighableMetric[Matches]):
    """A metric of COCO's matches: they are made once, and a resample counts them differently."""

    def kept(self, data: DetectionData) -> Matches:
        """Return of the matches what curves need."""
        return compact(self.matched(data))

    @property
    def matches(self) -> Matches:
        """Who was matched to whom, in all that was taken in so far."""
        if "matches" not in self._cache:
            self._cache["matches"] = joined(self._matched_parts, self.units, self.classes)
            self._warn_of_more_objects()
        found: Matches = self._cache["matches"]
        return found

    def of_class_blocks(self, make: Callable[[Matches], T]) -> list[T]:
        """Return what *make* gives of the matches: of all, or of some classes at a time where they are many.

        What was merged came from other processes, and so from other processors: as many threads share the work.
        """
        held = sum(len(one.kept.detection_score) for one in self._matched_parts)
        if held <= AT_ONCE or "matches" in self._cache:
            return [make(self.matches)]
        self._warn_of_more_objects()
        blocks = class_blocks(self._matched_parts, self.units, self.classes, AT_ONCE)
        if not self._merged:
            return [make(block()) for block in blocks]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(self._merged, _MOST_THREADS)) as threads:  # each with memory of its own
            return list(threads.map(lambda block: make(block()), blocks))

    def matched(self, data: DetectionData) -> Matches:
        """Return who is matched to whom."""
        raise NotImplementedError

    def _warn_of_more_objects(self) -> None:
        objects = []
        for part in self._matched_parts:
            one = part.kept
            group = one.truth_class.astype(np.int64) * one.n_units + one.truth_unit
            objects.append(objects_of(group[~one.truth_ignored[0]]))
        maximum = self._parts[0].kept.parameters.max_detections[-1]
        warn_of_more_objects(np.concatenate(objects), maximum=maximum)

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
