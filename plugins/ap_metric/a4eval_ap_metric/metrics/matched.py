"""What metrics of COCO's matches share: whole images are matched as they come, and the parts joined at the end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from a4eval_ap_metric.identifiers import all_apart, distinct
from a4eval_ap_metric.matching.joined import MatchedPart, class_blocks, compact, joined
from a4eval_ap_metric.metrics.base import WeighableMetric, warn_of_more_objects
from a4eval_ap_metric.metrics.detection_state import DetectionState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.coco import Matches
    from a4eval_ap_metric.resampling.resampler import Resampled

_MANY = 50  # resamples, of which an interval is made
_ENOUGH = 100_000  # detections that are matched together, where batches are small
_AT_ONCE = 4_000_000  # detections whose curves are made together


@dataclass
class ResampledMetric(WeighableMetric):
    """A metric of COCO's matches: they are made once, and a resample counts them differently.

    A batch is matched when it comes, or when enough small ones are there, and only what curves need of it is kept.
    """

    _parts: list[MatchedPart] = field(default_factory=list, init=False, repr=False, compare=False)
    class_columns: ClassVar[Sequence[str]] = ("class_name",)

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of whole images with their ground truth and detections."""
        super().update(batch)
        if self._state.n_detections >= _ENOUGH:
            self._match()

    def merge(self, other: Self) -> None:
        """Take in what *other*, which has the same parameters, took in."""
        super().merge(other)
        self._parts += other._parts

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, in the order ``weights`` refers to.

        Raises:
            DataError: an image came in two batches.
        """
        if "units" not in self._cache:
            self._cache["units"] = all_apart([one.units for one in self._matched_parts])
        found: NDArray[Any] = self._cache["units"]
        return found

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        if "classes" not in self._cache:
            self._cache["classes"] = distinct([one.classes for one in self._matched_parts])
        found: NDArray[Any] = self._cache["classes"]
        return found

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, the id where there is no name."""
        names = self.class_column("class_name")
        return [name or str(one) for name, one in zip(names, self.classes.tolist(), strict=True)]

    def class_column(self, name: str) -> list[str]:
        """Return what is said of each class; empty where nothing is."""
        known: dict[Any, str] = {}
        for part in self._matched_parts:
            values = zip(part.classes.tolist(), part.class_columns[name].tolist(), strict=True)
            known |= {one: value for one, value in values if value}
        return [known.get(one, "") for one in self.classes.tolist()]

    @property
    def matches(self) -> Matches:
        """Who was matched to whom, in all that was taken in so far."""
        if "matches" not in self._cache:
            self._cache["matches"] = joined(self._matched_parts, self.units, self.classes)
            self._warn_of_more_objects()
        found: Matches = self._cache["matches"]
        return found

    def class_blocks(self) -> Iterator[Matches]:
        """Yield the matches some classes at a time, where those of all would take much memory."""
        held = sum(len(one.matches.detection_score) for one in self._matched_parts)
        if held <= _AT_ONCE or "matches" in self._cache:
            yield self.matches
            return
        self._warn_of_more_objects()
        yield from class_blocks(self._matched_parts, self.units, self.classes, _AT_ONCE)

    def matched(self, data: DetectionData) -> Matches:
        """Return who is matched to whom."""
        raise NotImplementedError

    @property
    def _matched_parts(self) -> list[MatchedPart]:
        if self._state.batches or not self._parts:
            self._match()
        return self._parts

    def _match(self) -> None:
        """Match what has come since this was last done."""
        state = self._state
        units = all_apart([batch["unit"] for batch in state.batches])
        columns = {name: np.array(state.class_column(name), np.str_) for name in self.class_columns}
        matches = compact(self.matched(state.data()))
        self._parts.append(MatchedPart(units, state.classes(), columns, matches))
        self._state = DetectionState()

    def _warn_of_more_objects(self) -> None:
        groups = []
        for part in self._matched_parts:
            one = part.matches
            groups.append((one.truth_class.astype(np.int64) * one.n_units + one.truth_unit)[~one.truth_ignored[0]])
        warn_of_more_objects(*groups, maximum=self._parts[0].matches.parameters.max_detections[-1])

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
