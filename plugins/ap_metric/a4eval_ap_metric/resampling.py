"""The statistics of reweighted images: matching is done once, a resample only counts differently.

An image with weight w counts as w copies of itself, side by side: the numbers are those of the physically
duplicated data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.coco import mean_where_defined, single_thresholds
from a4eval_ap_metric.curves import needed_hits
from a4eval_ap_metric.ledger import AreaLedger, area_ledger, expand_ties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching import Matches


class Resampler:
    """Prepared matches, for many sets of weights.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        most: the highest weight to come.

    Memory: about 16 bytes a detection, 12 a match, and as much again while a set of weights is worked on.
    """

    def __init__(self, matches: Matches, most: int = 1) -> None:
        self._parameters = matches.parameters
        self._recalls = np.array(matches.parameters.recalls)
        self._copies = max(most, 1)
        n_areas, n_thresholds = len(self._parameters.areas), len(self._parameters.thresholds)
        n_classes = matches.n_classes
        n_segments = n_thresholds * n_classes
        self._shape = (n_areas, n_thresholds, n_classes)
        expanded, slot = expand_ties(matches, self._copies)
        areas = [area_ledger(expanded, slot, area) for area in range(n_areas)]

        def joined(name: str, step: int = 0) -> NDArray[np.intp]:
            """Return one list for all areas, *step* added for each area before."""
            return np.concatenate([getattr(one, name) + i * step for i, one in enumerate(areas)])

        def shifted(name: str, counted: str) -> NDArray[np.intp]:
            """Return the same for places in the list *counted*, which the areas before have filled so far."""
            lengths = [len(getattr(one, counted)) for one in areas]
            starts = np.cumsum(lengths) - lengths
            return np.concatenate([getattr(one, name) + start for one, start in zip(areas, starts, strict=True)])

        self._considered_slot = joined("considered_slot")
        self._change_slot, self._change = joined("change_slot"), joined("change").astype(np.int32)
        self._hit_slot = joined("hit_slot")
        self._run_considered = shifted("run_considered", "considered_slot")
        self._run_change = shifted("run_change", "change")
        self._run_hits = shifted("run_hits", "hit_slot")
        self._truth_slot = joined("truth_slot").astype(np.intp)
        self._truth_class = joined("truth_class", n_classes).astype(np.intp)
        # where each segment begins; its class, those of the area ranges being told apart
        classes = np.tile(np.arange(n_classes), n_thresholds)
        self._class = np.concatenate([classes + i * n_classes for i in range(n_areas)])
        self._first_considered = shifted("first_considered", "considered_slot").take(self._class)
        self._first_change = shifted("first_change", "change")
        run_segment = joined("run_segment", n_segments)
        run_start = np.searchsorted(run_segment, np.arange(n_areas * n_segments + 1))
        self._runs = np.diff(run_start)
        self._hit_start = np.concatenate([[0], self._run_hits])[run_start]
        # where each run's class begins in the table of precisions, (areas, thresholds, recall levels reached, classes)
        self._table = (n_areas, n_thresholds, len(self._recalls) + 1, n_classes)
        threshold_run, class_run = np.divmod(run_segment, max(n_classes, 1))
        self._run_cell = threshold_run * (self._table[2] * n_classes) + class_run
        self._first_hits = [_FirstHits(areas[0], one, n_segments) for one in self._parameters.max_detections[:-1]]

    def statistics(self, weights: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the statistics, in the order of :func:`a4eval_ap_metric.statistic_names`.

        Args:
            weights: (n_units,) integers from 0 to the highest weight announced.
        """
        return self.statistics_and_classes(weights)[0]

    def statistics_and_classes(self, weights: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the statistics and (k,) the AP of each class over all thresholds, NaN for one without truths.

        Args:
            weights: (n_units,) integers from 0 to the highest weight announced.
        """
        # 32 bits where no sum of weights can pass them: cumulative sums are several times faster
        most = int(weights.max(initial=0)) * max(len(self._considered_slot), len(self._hit_slot))
        table = [weights] if self._copies == 1 else [weights, *(weights > copy for copy in range(self._copies))]
        weight: NDArray[Any] = np.concatenate(table).astype(np.int32 if most < 2**31 else np.int64)
        n_areas, _, n_classes = self._shape
        truths = np.bincount(self._truth_class, weight.take(self._truth_slot), minlength=n_areas * n_classes)
        # considered detections up to the end of each run, within its class; matches turn some on or off
        total = _running_sum(weight.take(self._considered_slot))
        change = _running_sum(weight.take(self._change_slot) * self._change)
        considered = total.take(self._run_considered)
        considered += change.take(self._run_change)
        considered -= np.repeat(total.take(self._first_considered) + change.take(self._first_change), self._runs)
        hit_total = _running_sum(weight.take(self._hit_slot))
        at_start = hit_total.take(self._hit_start)
        hits = hit_total.take(self._run_hits)
        hits -= np.repeat(at_start[:-1], self._runs)
        precision = considered + np.spacing(1)
        np.divide(hits, precision, out=precision)
        # how many recall levels each run reaches; the best precision of that number, then of that number or more
        levels, first_level = self._levels_of_hits(truths.astype(np.int64))
        levels *= n_classes
        cell = levels.take(hits + np.repeat(first_level.take(self._class), self._runs))
        cell += self._run_cell
        best = np.zeros(self._table)
        np.maximum.at(best.ravel(), cell, precision)
        for level in range(self._table[2] - 2, 0, -1):  # np.maximum.accumulate goes along inner axes ten times slower
            np.maximum(best[:, :, level], best[:, :, level + 1], out=best[:, :, level])
        truths = truths.reshape(n_areas, n_classes)
        average_precision = [one.compress(some, axis=2) for one, some in zip(best[:, :, 1:], truths > 0, strict=True)]
        found = np.diff(at_start).reshape(self._shape)
        with np.errstate(invalid="ignore"):
            average_recall = found / truths[:, None]
            limited = [one.hits(weight, found[0]) / truths[0] for one in self._first_hits]
        thresholds = self._parameters.thresholds
        precisions = [
            average_precision[0],
            *(average_precision[0][thresholds.index(one)] for one in single_thresholds(self._parameters)),
            *average_precision[1:],
        ]
        per_class = best[0, :, 1:].mean(axis=(0, 1))
        per_class[truths[0] == 0] = np.nan
        means = [float(np.mean(one)) if one.size else np.nan for one in precisions]
        return np.array([*means, *(mean_where_defined(one) for one in (*limited, *average_recall))]), per_class

    def _levels_of_hits(self, truths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many recall levels 0, 1, … truths reach, class after class, and where each class begins."""
        sizes = truths + 1
        first = np.cumsum(sizes) - sizes
        needed = needed_hits(self._recalls, truths)
        reachable = needed <= truths[:, None]
        steps = np.bincount((first[:, None] + needed)[reachable], minlength=int(sizes.sum()))
        levels = np.cumsum(steps)
        levels -= np.repeat(np.concatenate([[0], levels])[first], sizes)
        return levels, first


class _FirstHits:
    """The hits among the first *maximum* of image and class: summed alone, or taken from all if that is less work."""

    def __init__(self, area: AreaLedger, maximum: int, n_segments: int) -> None:
        within = area.hit_rank < maximum
        self._from_all = 2 * np.count_nonzero(within) > len(within)
        summed = np.flatnonzero(~within if self._from_all else within)
        self._slot = area.hit_slot.take(summed)
        self._start = np.searchsorted(area.hit_segment.take(summed), np.arange(n_segments + 1))

    def hits(self, weight: NDArray[Any], all_hits: NDArray[Any]) -> NDArray[Any]:
        """Return how many each segment has, of its (t, k) *all_hits*."""
        summed = np.diff(_running_sum(weight.take(self._slot)).take(self._start)).reshape(all_hits.shape)
        return all_hits - summed if self._from_all else summed


def whole_weights(weights: NDArray[np.float64], n_units: int) -> NDArray[np.int64]:
    """Return *weights* as integers.

    Raises:
        ValueError: they are not (…, n_units) whole numbers from 0 up.
    """
    counts = np.asarray(weights)
    if counts.shape[-1:] != (n_units,):
        raise ValueError(f"weights: got shape {counts.shape}, expected (…, {n_units}), one per unit")
    whole = counts.astype(np.int64)
    if not np.array_equal(whole, counts) or (whole < 0).any():
        raise ValueError("weights: expected whole numbers from 0 up: how often each unit counts")
    return whole


def _running_sum(values: NDArray[Any]) -> NDArray[Any]:
    """Return the (n + 1,) sums of the first 0, 1, … n values, in their own integer type."""
    sums = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, dtype=values.dtype, out=sums[1:])
    return sums
