"""VOC's matching by the book, and COCO's for VOC's curves."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    coco_match,
    coco_statistics,
    match,
    voc_average_precision,
    voc_match,
)

from ..coco_cases import arrays_of_case, awkward_case


def by_the_book(data: DetectionData, threshold: float, extra: int, interpolation: str) -> list[float]:
    """VOCevaldet.m, detection by detection."""
    values = []
    for one in range(data.n_classes):
        truths = np.flatnonzero(data.truth_class == one)
        counting = truths[~data.truth_crowd[truths]]
        rows = np.flatnonzero(data.detection_class == one)
        rows = sorted(rows, key=lambda row: (-data.detection_score[row], data.detection_unit[row], row))
        taken, outcome = set(), []
        for row in rows:
            best, match = -np.inf, None
            x, y, w, h = data.detection_box[row]
            for truth in truths[data.truth_unit[truths] == data.detection_unit[row]]:
                gx, gy, gw, gh = data.truth_box[truth]
                width = min(x + w, gx + gw) - max(x, gx) + extra
                height = min(y + h, gy + gh) - max(y, gy) + extra
                if width > 0 and height > 0:
                    both = width * height
                    union = (w + extra) * (h + extra) + (gw + extra) * (gh + extra) - both
                    if both / union > best:
                        best, match = both / union, truth
            if best >= threshold:
                if not data.truth_crowd[match]:
                    outcome.append(match not in taken)
                    taken.add(match)
            else:
                outcome.append(False)
        if not len(counting):
            values.append(np.nan)
        else:
            hits = np.cumsum(outcome)
            precision, recall = hits / np.arange(1, len(hits) + 1), hits / len(counting)
            if interpolation == "11_point":
                levels = [max(precision[recall >= one], default=0) for one in np.linspace(0, 1, 11)]
                values.append(np.mean(levels))
            else:
                gain = np.diff(recall, prepend=0)
                values.append(sum(gain[i] * precision[i:].max() for i in range(len(hits))))
    return values


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("interpolation", ["11_point", "every_point"])
def test_awkward_cases_by_the_book(extra, interpolation):
    for seed in range(150):
        data = arrays_of_case(awkward_case(np.random.default_rng(seed)))
        threshold = [0.3, 0.5, 0.75][seed % 3]
        matches = voc_match(data, threshold=threshold, extra_pixel=bool(extra))
        got = voc_average_precision(matches, data.n_classes, interpolation)
        expected = by_the_book(data, threshold, extra, interpolation)
        np.testing.assert_allclose(got, expected, atol=1e-14, err_msg=f"seed {seed}")


def test_cocos_matching_and_grid_give_cocos_ap50():
    for seed in range(60):
        data = arrays_of_case(awkward_case(np.random.default_rng(seed), many=seed % 10 == 0))
        got = voc_average_precision(coco_match(data), data.n_classes, "101_point")
        expected = coco_statistics(match(data))[1]
        mean = got[~np.isnan(got)].mean() if (~np.isnan(got)).any() else np.nan
        np.testing.assert_allclose(mean, expected, atol=1e-14)


def test_the_two_matchings_differ_where_the_best_truth_is_taken():
    # two truths; the second detection overlaps the taken one more, but the free one enough
    data = DetectionData(
        n_units=1,
        n_classes=1,
        truth_unit=np.zeros(2, int),
        truth_class=np.zeros(2, int),
        truth_box=np.array([[0.0, 0, 100, 100], [20, 0, 100, 100]]),
        truth_area=np.full(2, 1e4),
        truth_crowd=np.zeros(2, bool),
        detection_unit=np.zeros(2, int),
        detection_class=np.zeros(2, int),
        detection_box=np.array([[0.0, 0, 100, 100], [5, 0, 100, 100]]),
        detection_score=np.array([0.9, 0.8]),
    )
    assert voc_match(data).hit.tolist() == [True, False]
    assert coco_match(data).hit.tolist() == [True, True]
