"""COCO's greedy matching of detections to ground truth, for all thresholds and area ranges at once.

Within an image and class, detections take turns by score; each takes the free truth it overlaps most, where a truth
inside the area range goes before one outside it, and the later truth wins a tie.
Bit-identical to pycocotools' ``COCOeval.evaluate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import COCO, CocoParameters, DetectionData
from a4eval_ap_metric.matching.greedy import match_in_rounds, match_stars, tangled_edges
from a4eval_ap_metric.matching.literal import match_literally
from a4eval_ap_metric.matching.pairs import PairSimilarity, Similarity, box_iou, overlapping_pairs
from a4eval_ap_metric.sorting import descending_order, rank_in_segment, small_integer_order, taken

_NEARLY_ONE = 1 - 1e-10  # pycocotools lets a threshold of 1 be reached despite rounding


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Who was matched to whom.  A *position* is a place in the order (class, score descending, image, input).

    Args:
        parameters: thresholds, areas, maximum of detections.
        n_units: number of images.
        class_start: (k + 1,) first position of each class.
        detection: (n,) input row of the detection at each position; those beyond the maximum are left out.
        detection_unit: (n,) image of each position.
        detection_score: (n,) float64, or float32 where that is exact.
        counts_alone: (n,) bits: unmatched, the detection is a false positive in these area ranges.
        truth_class: (g,) class of each truth, truths being in the order (class, image, input).
        truth_unit: (g,) image.
        truth_row: (g,) input row.
        truth_ignored: (a, g) bool: a crowd, or outside the area range.
        threshold: (m,) threshold index of each match; matches are in the order (threshold, position).
        position: (m,) position of the detection.
        truth: (m,) truth.
        rank: (m,) place, from 0, of the detection among those of its image and class.
        in_area: (m,) bits: the match holds in these area ranges.
    """

    parameters: CocoParameters
    n_units: int
    class_start: NDArray[np.intp]
    detection: NDArray[np.integer[Any]]
    detection_unit: NDArray[np.integer[Any]]
    detection_score: NDArray[np.floating[Any]]
    counts_alone: NDArray[np.unsignedinteger[Any]]
    truth_class: NDArray[np.integer[Any]]
    truth_unit: NDArray[np.integer[Any]]
    truth_row: NDArray[np.integer[Any]]
    truth_ignored: NDArray[np.bool_]
    threshold: NDArray[np.integer[Any]]
    position: NDArray[np.integer[Any]]
    truth: NDArray[np.integer[Any]]
    rank: NDArray[np.integer[Any]]
    in_area: NDArray[np.unsignedinteger[Any]]

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_start) - 1


def match(
    data: DetectionData,
    parameters: CocoParameters = COCO,
    *,
    pair_similarity: Similarity = box_iou,
) -> Matches:
    """Match detections to truths.

    Args:
        data: ground truth and detections.
        parameters: COCO's by default.
        pair_similarity: from the data, rows of detections and rows of truths to a similarity of pairs of places in
            these rows; the IoU of boxes by default.

    Source: ``COCOeval.evaluateImg`` in cocoapi, Lin et al. 2014 (arXiv:1405.0312).

    >>> data = DetectionData(1, 1, *(np.zeros(2, int),) * 2, np.array([[0., 0, 4, 4], [9, 9, 4, 4]]), np.full(2, 16.),
    ...     np.zeros(2, bool), *(np.zeros(1, int),) * 2, np.array([[0., 0, 4, 3]]), np.array([0.9]))
    >>> match(data).threshold + 0  # an IoU of 3/4 passes 0.5 … 0.75
    array([0, 1, 2, 3, 4, 5], dtype=int32)
    """
    n_groups = data.n_units * data.n_classes
    index_type: Any = np.int32 if n_groups < 2**31 else np.int64
    # truths by (class, image, input)
    truth_group = data.truth_class.astype(index_type) * index_type(data.n_units) + data.truth_unit.astype(index_type)
    truth_row = small_integer_order(truth_group, n_groups)
    truth_group = taken(truth_group, truth_row)
    crowd = taken(data.truth_crowd, truth_row)
    area = taken(data.truth_area, truth_row)
    low, high = np.array(parameters.areas).T[:, :, None]
    truth_ignored = crowd | (area < low) | (area > high)
    if data.truth_ignored is not None:
        truth_ignored |= taken(data.truth_ignored, truth_row)
    # detections by (class, score, image, input), without those beyond the maximum
    order, group = _detection_order(data, parameters.max_detections[-1], index_type)
    kept_class = data.detection_class  # a count does not ask for the order
    if len(order) < len(kept_class):
        kept_class = taken(kept_class, order)
    class_start = np.concatenate([[0], np.cumsum(np.bincount(kept_class, minlength=data.n_classes))])
    # those that share image and class with a truth, by (class, image, score)
    first, count = _truths_of_groups(truth_group, group, n_groups)
    candidate = np.flatnonzero(count)
    regroup = small_integer_order(taken(group, candidate), n_groups)
    candidate = taken(candidate, regroup)
    candidate_group = taken(group, candidate)
    rank = rank_in_segment(candidate_group).astype(np.int32)
    similarity = pair_similarity(data, taken(order, candidate), truth_row)
    found = _assign(
        candidate_group, taken(first, candidate), taken(count, candidate), similarity, parameters, crowd, truth_ignored
    )
    threshold, member, truth, bits = (np.concatenate(column) for column in zip(*found, strict=True))
    if data.truth_uncounted is not None:
        # a match with such a truth does not hold in the area ranges where the truth would count
        area_bits = np.left_shift(1, np.arange(len(truth_ignored)))[:, None]
        uncounted = taken(data.truth_uncounted, truth_row) & ~truth_ignored
        bits &= ~np.bitwise_or.reduce(uncounted * area_bits, axis=0).take(truth)
    position = taken(candidate, member).astype(index_type)
    n = max(len(order), 1)
    by_key = small_integer_order(threshold.astype(np.int64) * n + position, len(parameters.thresholds) * n)
    return Matches(
        parameters=parameters,
        n_units=data.n_units,
        class_start=class_start,
        detection=order,
        detection_unit=taken(data.detection_unit, order),
        detection_score=taken(data.detection_score, order),
        counts_alone=_counts_alone(data, parameters, order),
        truth_class=taken(data.truth_class, truth_row),
        truth_unit=taken(data.truth_unit, truth_row),
        truth_row=truth_row,
        truth_ignored=truth_ignored,
        threshold=taken(threshold, by_key),
        position=taken(position, by_key),
        truth=taken(truth, by_key),
        rank=taken(taken(rank, member), by_key),
        in_area=taken(bits, by_key).astype(_bits_of(parameters)),
    )


def _bits_of(parameters: CocoParameters) -> Any:
    return np.min_scalar_type((1 << len(parameters.areas)) - 1)


def _counts_alone(
    data: DetectionData, parameters: CocoParameters, order: NDArray[np.intp]
) -> NDArray[np.unsignedinteger[Any]]:
    """Return the area ranges in which the rows *order* are false positives if nothing matches them, as bits."""
    size = data.detection_box[:, 2] * data.detection_box[:, 3] if data.detection_area is None else data.detection_area
    bits = np.zeros(len(size), _bits_of(parameters))
    for area, (low, high) in enumerate(parameters.areas):
        outside = size < low
        outside |= size > high
        bits |= np.left_shift(~outside, area, dtype=bits.dtype)
    if data.detection_unjudged is not None:
        bits[data.detection_unjudged] = 0
    return taken(bits, order)


def _assign(
    group: NDArray[np.signedinteger[Any]],
    first: NDArray[np.signedinteger[Any]],
    count: NDArray[np.signedinteger[Any]],
    similarity: PairSimilarity,
    parameters: CocoParameters,
    crowd: NDArray[np.bool_],
    truth_ignored: NDArray[np.bool_],
) -> list[tuple[NDArray[Any], ...]]:
    """Match the candidates, which are in the order (group, score).

    Returns:
        Lists of (threshold, candidate, truth, area bits).
    """
    thresholds = np.minimum(parameters.thresholds, _NEARLY_ONE)
    edges = overlapping_pairs(first, count, similarity, thresholds[0])
    passed = np.searchsorted(thresholds, edges.similarity, "right").astype(np.int32)
    tangled = tangled_edges(edges, len(group), len(crowd))
    ordinary = np.ones(len(edges.similarity), bool)
    found: list[tuple[NDArray[Any], ...]] = []
    undefined = np.isnan(edges.similarity)
    if undefined.any():  # nothing but pycocotools' own loop gives what it gives then
        odd = np.isin(group, taken(group, edges.detection[undefined]))
        ordinary = ~taken(odd, edges.detection)
        member = np.flatnonzero(odd)
        groups = (taken(group, member), taken(first, member), taken(count, member))
        found.append(match_literally(member, *groups, similarity, thresholds, crowd, truth_ignored))
    star = np.flatnonzero(~tangled & ordinary)
    stars = match_stars(taken(edges.detection, star), taken(edges.truth, star), taken(passed, star), crowd)
    found.append((*stars, np.full(len(stars[0]), (1 << len(truth_ignored)) - 1)))
    rest = np.flatnonzero(tangled & ordinary)
    if len(rest):
        found += match_in_rounds(edges, rest, passed, group, crowd, truth_ignored, len(thresholds))
    return found


def _detection_order(
    data: DetectionData, maximum: int, index_type: Any
) -> tuple[NDArray[np.intp], NDArray[np.signedinteger[Any]]]:
    """Return the rows by (class, score, image, input) and their groups, at most *maximum* of a group."""
    n_groups = data.n_units * data.n_classes
    unit = data.detection_unit
    order = descending_order(data.detection_score)
    if (unit[1:] < unit[:-1]).any():
        by_unit = small_integer_order(unit, data.n_units)
        order = taken(by_unit, descending_order(taken(data.detection_score, by_unit)))
    group = data.detection_class.astype(index_type) * index_type(data.n_units) + unit.astype(index_type)
    if len(group) > maximum and _largest_group(group, n_groups) > maximum:
        ordered = taken(group, order)
        by_group = small_integer_order(ordered, n_groups)
        kept = by_group[rank_in_segment(taken(ordered, by_group)) < maximum]
        order = taken(order, np.sort(kept))
    order = taken(order, small_integer_order(taken(data.detection_class, order), data.n_classes))
    return order, taken(group, order)


_TABLE = 1 << 24  # groups that are looked up in a table; more are searched


def _largest_group(group: NDArray[np.signedinteger[Any]], n_groups: int) -> int:
    if n_groups <= _TABLE:
        return int(np.bincount(group, minlength=1).max())
    return int(np.unique(group, return_counts=True)[1].max())


def _truths_of_groups(
    truth_group: NDArray[np.signedinteger[Any]], group: NDArray[np.signedinteger[Any]], n_groups: int
) -> tuple[NDArray[np.signedinteger[Any]], NDArray[np.signedinteger[Any]]]:
    """Return for each detection's *group* the first truth of that group and their number; *truth_group* is sorted."""
    if n_groups <= _TABLE:
        counts = np.bincount(truth_group, minlength=n_groups).astype(np.int32)
        firsts = np.cumsum(counts, dtype=np.int32) - counts
        return firsts.take(group), counts.take(group)
    first = np.searchsorted(truth_group, group, "left")
    return first, np.searchsorted(truth_group, group, "right") - first
