"""What ``COCOeval.evalImgs`` says of each image, class and area range; and the curves from that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.matching.outcomes import considered_when_unmatched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.coco import Matches
    from a4eval_ap_metric.pycocotools.columns import Rows


def image_results(
    matches: Matches,
    truths: Rows,
    found: Rows,
    params: Any,
    *,
    images: Sequence[Any],
    classes: Sequence[Any],
    maximum: int,
) -> list[dict[str, Any] | None]:
    """Return what became of the truths and detections of each class, area range and image, in this order.

    Args:
        matches: of all of them.
        truths: the annotations, in the order of the data that was matched.
        found: the results, likewise.
        params: pycocotools' ``Params``.
        images: their ids.
        classes: their ids, −1 where classes do not count.
        maximum: detections of an image and class that take part.

    Returns:
        None where there is neither; else pycocotools' keys.

    Source: ``COCOeval.evaluateImg`` in cocoapi.
    """
    back = np.argsort(np.argsort(params.iouThrs, kind="stable"), kind="stable")
    n_groups, n_thresholds = matches.n_classes * matches.n_units, len(back)
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    group = of_class * matches.n_units + matches.detection_unit
    by_group = np.argsort(group, kind="stable")
    ends = np.append(0, np.cumsum(np.bincount(group, minlength=n_groups)))
    truth_group = matches.truth_class.astype(np.int64) * matches.n_units + matches.truth_unit
    truth_ends = np.append(0, np.cumsum(np.bincount(truth_group, minlength=n_groups)))
    truth_id, found_id = (np.array([one["id"] for one in rows], float) for rows in (truths, found))
    score = matches.detection_score[by_group].tolist()
    row, truth_row = matches.detection[by_group], matches.truth_row
    there = np.flatnonzero(np.bincount(group, minlength=n_groups) + np.bincount(truth_group, minlength=n_groups))
    n_areas = len(params.areaRng)
    results: list[dict[str, Any] | None] = [None] * (n_areas * n_groups)
    for area, limits in enumerate(params.areaRng):
        holds = ((matches.in_area >> area) & 1).astype(bool)
        threshold, position, truth = (one[holds] for one in (matches.threshold, matches.position, matches.truth))
        ignored = matches.truth_ignored[area]
        of_found = np.zeros((n_thresholds, len(group)))
        of_found[threshold, position] = truth_id[truth_row[truth]]
        of_truth = np.zeros((n_thresholds, len(truth_row)))
        of_truth[threshold, truth] = found_id[matches.detection[position]]  # by position: a crowd keeps the last
        considered, _ = considered_when_unmatched(matches, area)
        skipped = (of_found == 0) & ~considered
        skipped[threshold, position] |= ignored[truth]
        of_found, skipped = of_found[back][:, by_group], skipped[back][:, by_group]
        of_truth = of_truth[back]
        for one in there.tolist():
            which, image = divmod(one, matches.n_units)
            begin, end = ends[one : one + 2]
            truth_begin, truth_end = truth_ends[one : one + 2]
            order = truth_begin + np.argsort(ignored[truth_begin:truth_end], kind="stable")
            results[(which * n_areas + area) * matches.n_units + image] = {
                "image_id": images[image],
                "category_id": classes[which],
                "aRng": limits,
                "maxDet": maximum,
                "dtIds": [found[index]["id"] for index in row[begin:end]],
                "gtIds": [truths[index]["id"] for index in truth_row[order]],
                "dtMatches": of_found[:, begin:end],
                "gtMatches": of_truth[:, order],
                "dtScores": score[begin:end],
                "gtIgnore": ignored[order].astype(np.int64),
                "dtIgnore": skipped[:, begin:end],
            }
    return results


def accumulated(results: Any, params: Any, evaluated: Any) -> tuple[NDArray[np.float64], ...]:
    """Return precision, recall and scores from what became of each image.

    Args:
        results: as ``COCOeval.evalImgs``.
        params: what is asked for.
        evaluated: the parameters of *results*.

    Source: ``COCOeval.accumulate`` in cocoapi.
    """
    classes = params.catIds if params.useCats else [-1]
    known = set(evaluated.catIds if evaluated.useCats else [-1])
    areas, maxima, images = set(map(tuple, evaluated.areaRng)), set(evaluated.maxDets), set(evaluated.imgIds)
    chosen_classes = [place for place, one in enumerate(classes) if one in known]
    chosen_areas = [place for place, one in enumerate(map(tuple, params.areaRng)) if one in areas]
    chosen_maxima = [one for one in params.maxDets if one in maxima]
    chosen_images = [place for place, one in enumerate(params.imgIds) if one in images]
    shape = (len(params.iouThrs), len(params.recThrs), len(classes), len(params.areaRng), len(params.maxDets))
    precision, scores = np.full(shape, -1.0), np.full(shape, -1.0)
    recall = np.full((shape[0], *shape[2:]), -1.0)
    n_images, n_areas = len(evaluated.imgIds), len(evaluated.areaRng)
    for k, of_class in enumerate(chosen_classes):
        for a, area in enumerate(chosen_areas):
            first = (of_class * n_areas + area) * n_images
            mine = [one for place in chosen_images if (one := results[first + place]) is not None]
            n_truth = sum(int(np.count_nonzero(np.asarray(one["gtIgnore"]) == 0)) for one in mine)
            if not n_truth:
                continue
            for m, maximum in enumerate(chosen_maxima):
                curves = _curves(mine, maximum, n_truth, np.asarray(params.recThrs))
                precision[:, :, k, a, m], recall[:, k, a, m], scores[:, :, k, a, m] = curves
    return precision, recall, scores


def _curves(
    results: list[dict[str, Any]], maximum: int, n_truth: int, levels: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    score = np.concatenate([one["dtScores"][:maximum] for one in results])
    order = np.argsort(-score, kind="mergesort")
    score = score[order]
    match, skipped = (
        np.concatenate([one[key][:, :maximum] for one in results], axis=1)[:, order].astype(bool)
        for key in ("dtMatches", "dtIgnore")
    )
    right = np.cumsum(match & ~skipped, axis=1).astype(np.float64)
    wrong = np.cumsum(~match & ~skipped, axis=1).astype(np.float64)
    recall = right / n_truth
    highest = right / (wrong + right + np.spacing(1))
    highest = np.maximum.accumulate(highest[:, ::-1], axis=1)[:, ::-1]
    precision, scores = np.zeros((len(recall), len(levels))), np.zeros((len(recall), len(levels)))
    for threshold, row in enumerate(recall):
        place = np.searchsorted(row, levels, side="left")
        reached = np.cumprod(place < len(score)).astype(bool)  # pycocotools ends at the first level beyond the curve
        precision[threshold, reached] = highest[threshold, place[reached]]
        scores[threshold, reached] = score[place[reached]]
    return precision, recall[:, -1] if len(score) else np.zeros(len(recall)), scores
