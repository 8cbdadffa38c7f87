"""The statistics of reweighted images: matching is done once, a resample only counts differently.

An image with weight w counts as w copies of itself, side by side: the numbers are those of the physically
duplicated data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval_ap_metric.measures.coco import mean_where_defined, statistics
from a4eval_ap_metric.measures.curves import needed_hits
from a4eval_ap_metric.resampling.ledger import AreaLedger, area_ledger, expand_ties
from a4eval_ap_metric.resampling.running_sums import RunningSums, smallest_type
from a4eval_ap_metric.sorting import taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.coco import Matches


_BLOCK = 16  # resamples at a time, which share a walk over the lists of an area range
_SUMS = 1 << 22  # sums held at a time, of any one list: fewer resamples share the walk where there are more


class Resampled(NamedTuple):
    """The numbers of some resamples.

    Args:
        statistics: (r, s) float64, in the order of :func:`a4eval_ap_metric.statistic_names`.
        class_precision: (r, k) float64, the AP of each class over all thresholds, NaN for one without truths.
    """

    statistics: NDArray[np.float64]
    class_precision: NDArray[np.float64]


class Resampler:
    """Prepared matches, for many sets of weights.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        most: the highest weight to come.

    Memory: about 50 bytes a detection, 200 while it is made, and at most 50 more while weights are worked on.
    """

    def __init__(self, matches: Matches, most: int = 1) -> None:
        parameters = matches.parameters
        self.most = max(most, 1)
        self._n_classes = matches.n_classes
        self._statistics = list(enumerate(statistics(parameters)))
        n_thresholds = len(parameters.thresholds)
        recalls = np.array(parameters.recalls)
        expanded, slot = expand_ties(matches, self.most)
        ledgers = [area_ledger(expanded, slot, area) for area in range(len(parameters.areas))]
        self._areas = [_Area(one, recalls, n_thresholds, matches.n_classes) for one in ledgers]
        self._block = max(1, min(_BLOCK, _SUMS // max(1, *(len(one.run_segment) for one in ledgers))))
        maxima = parameters.max_detections[:-1]
        self._first_hits = {one: _FirstHits(ledgers[0], one, n_thresholds, matches.n_classes) for one in maxima}

    def statistics(self, weights: NDArray[np.integer]) -> Resampled:
        """Return the numbers of some resamples.

        Args:
            weights: (r, n_units) integers from 0 to the highest weight announced.

        Returns:
            The statistics, and the AP of each class.
        """
        values = np.empty((len(weights), len(self._statistics)))
        of_classes = np.full((len(weights), self._n_classes), np.nan)
        for start in range(0, len(weights), self._block):
            table = self._table(weights[start : start + self._block])
            limited = {maximum: first.hits(table) for maximum, first in self._first_hits.items()}
            for index, area in enumerate(self._areas):
                mine = [(column, one) for column, one in self._statistics if one.area == index]
                precisions = [(column, one.threshold) for column, one in mine if one.of == "precision"]
                recalls = [(column, one.maximum, one.threshold) for column, one in mine if one.of == "recall"]
                for row, curves in enumerate(area.curves(table), start):
                    means = curves.mean_precision([threshold for _, threshold in precisions])
                    values[row, [column for column, _ in precisions]] = means
                    for column, maximum, threshold in recalls:
                        found = curves.found if maximum is None else limited[maximum][row - start][:, area.classes]
                        share = curves.recall(found)
                        values[row, column] = mean_where_defined(share if threshold is None else share[threshold])
                    if index == 0:
                        of_classes[row, area.classes] = curves.class_precision()
        return Resampled(values, of_classes)

    def _table(self, weights: NDArray[np.integer]) -> NDArray[np.signedinteger[Any]]:
        """Return the weights of each slot, (n_slots, r), in the smallest type that :class:`RunningSums` can work in."""
        small = weights.astype(smallest_type(int(weights.max(initial=0))))
        parts = [small] if self.most == 1 else [small, *(small > copy for copy in range(self.most))]
        return np.ascontiguousarray(np.concatenate(parts, axis=1).T)


class _Curves(NamedTuple):
    """What one set of weights makes of one area range.

    Args:
        precision: (t, r, k) float64, the highest at or beyond each recall level.
        truths: (k,) float64, how many count.
        found: (t, k) hits.
    """

    precision: NDArray[np.float64]
    truths: NDArray[np.float64]
    found: NDArray[Any]

    def mean_precision(self, thresholds: Sequence[int | None]) -> list[float]:
        """Return the mean of the classes that have truths at each of *thresholds*; None stands for all of them."""
        some = self.truths > 0
        if not some.any():
            return [np.nan] * len(thresholds)
        every = self.precision if some.all() else self.precision.take(np.flatnonzero(some), axis=2, mode="clip")
        return [float(np.mean(every if one is None else every[one])) for one in thresholds]

    def class_precision(self) -> NDArray[np.float64]:
        """Return the mean of each class, NaN for one without truths."""
        return np.where(self.truths > 0, self.precision.mean(axis=(0, 1)), np.nan)

    def recall(self, found: NDArray[Any]) -> NDArray[np.float64]:
        """Return the share of the truths that (t, k) hits are, NaN for a class without truths."""
        with np.errstate(invalid="ignore"):
            share: NDArray[np.float64] = found / self.truths
        return share


class _Area:
    """The lists of one area range, and what they make of a set of weights: of ``classes``, those with truths in it."""

    def __init__(self, ledger: AreaLedger, recalls: NDArray[np.float64], n_thresholds: int, n_classes: int) -> None:
        self._recalls = recalls
        self.classes, truth_class = np.unique(ledger.truth_class, return_inverse=True)
        self._class = np.tile(np.arange(len(self.classes)), n_thresholds)
        segments = (np.arange(n_thresholds)[:, None] * n_classes + self.classes).ravel()
        self._run_segment = np.searchsorted(segments, ledger.run_segment)
        run_start = np.searchsorted(self._run_segment, np.arange(len(segments) + 1))
        self._runs = np.diff(run_start)
        # each is summed up to the end of each run, and up to where the segments begin
        first_considered = ledger.first_considered.take(self.classes).take(self._class)
        self._considered = RunningSums(ledger.considered_slot, np.append(ledger.run_considered, first_considered))
        ends = np.append(ledger.run_change, ledger.first_change.take(segments))
        self._change = RunningSums(ledger.change_slot, ends, ledger.change)
        hit_start = np.append(0, ledger.run_hits)[run_start]
        self._hits = RunningSums(ledger.hit_slot, np.append(ledger.run_hits, hit_start))
        by_class = np.cumsum(np.bincount(truth_class, minlength=len(self.classes)))
        self._truths = RunningSums(ledger.truth_slot, by_class)
        # precisions by how many recall levels are reached, threshold and class: a level is one row
        self._table = (len(recalls) + 1, n_thresholds, len(self.classes))

    def curves(self, weights: NDArray[np.signedinteger[Any]]) -> Iterator[_Curves]:
        """Yield what each column of the (n_slots, r) *weights* makes of the area range."""
        # false positives if unmatched; matches turn some on or off
        considered = self._considered(weights) + self._change(weights)
        truths = np.diff(self._truths(weights), prepend=0)
        for one in zip(considered, self._hits(weights), truths, strict=True):
            yield self._curves(*one)

    def _curves(self, considered: NDArray[Any], hits: NDArray[Any], truths: NDArray[Any]) -> _Curves:
        n_runs = len(self._run_segment)
        at_start = hits[n_runs:]
        considered = considered[:n_runs] - np.repeat(considered[n_runs:], self._runs)
        hits = hits[:n_runs] - np.repeat(at_start[:-1], self._runs)
        precision = considered + np.spacing(1)
        np.divide(hits, precision, out=precision)
        # how many recall levels each run reaches; the best precision of that number, then of that number or more
        row, first_row = self._rows_of_hits(truths.astype(np.intp))
        cell = taken(row, hits + np.repeat(first_row.take(self._class), self._runs))
        cell += self._run_segment
        best = np.zeros(self._table)
        np.maximum.at(best.ravel(), cell, precision)
        rows = list(best)
        for below, level in zip(rows[:0:-1], rows[-2:0:-1], strict=False):  # np.maximum.accumulate is far slower
            np.maximum(level, below, out=level)
        found = np.diff(at_start).reshape(self._table[1:])
        return _Curves(np.ascontiguousarray(best[1:].transpose(1, 0, 2)), truths, found)

    def _rows_of_hits(self, truths: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return where in the table the row of 0, 1, … hits begins, class after class, and where each class begins."""
        sizes = truths + 1
        first = np.cumsum(sizes) - sizes
        needed = needed_hits(self._recalls, truths)
        reachable = needed <= truths[:, None]
        steps = np.bincount((first[:, None] + needed)[reachable], minlength=int(sizes.sum()))
        steps[first[1:]] -= np.count_nonzero(reachable[:-1], axis=1)  # each class begins at 0 again
        steps *= self._table[1] * self._table[2]
        return np.cumsum(steps, out=steps), first


class _FirstHits:
    """The hits among the first *maximum* of image and class."""

    def __init__(self, area: AreaLedger, maximum: int, n_thresholds: int, n_classes: int) -> None:
        self._shape = (n_thresholds, n_classes)
        within = np.flatnonzero(area.hit_rank < maximum)
        ends = np.searchsorted(area.hit_segment.take(within), np.arange(n_thresholds * n_classes) + 1)
        self._sums = RunningSums(area.hit_slot.take(within), ends)

    def hits(self, weights: NDArray[np.signedinteger[Any]]) -> NDArray[Any]:
        """Return how many each threshold and class has, (r, t, k)."""
        return np.diff(self._sums(weights), prepend=0).reshape(weights.shape[1], *self._shape)


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
