"""A weighted image is as good as its copies."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    Resampler,
    coco_statistics,
    match,
)

from ..coco_cases import arrays_of_case, awkward_case, dropped_nan, duplicated, pycocotools_evaluation


def test_weights_are_copies_of_images_side_by_side():
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    compared = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        case = awkward_case(rng, many=seed % 20 == 0)
        weights = rng.integers(0, 4, len(case["images"]))
        copies = duplicated(case, weights)
        matches = match(arrays_of_case(case))
        ones = np.ones(len(weights), int)
        np.testing.assert_array_equal(Resampler(matches).statistics(ones[None])[0][0], coco_statistics(matches))
        if copies["results"]:
            got = dropped_nan(Resampler(matches, int(weights.max())).statistics(weights[None])[0][0])
            np.testing.assert_array_equal(got, pycocotools_evaluation(copies).stats, err_msg=f"seed {seed}")
            compared += 1
    assert compared > 100
