"""Detection data in plain lists, for brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from .coco_cases import arrays_of_case, awkward_case

outcomes_strategy = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30)


def iou(first, second):
    (x, y, w, h), (a, b, c, d) = first, second
    width, height = min(x + w, a + c) - max(x, a), min(y + h, b + d) - max(y, b)
    both = max(width, 0) * max(height, 0)
    return both / (w * h + c * d - both)


def plain(seed, **changes):
    """Return a case without crowds, ties and rounding: what brute force gives without rules for them."""
    rng = np.random.default_rng(seed)
    case = awkward_case(rng)
    for one in case["results"]:
        one["score"] = float(rng.random())
        one["bbox"] = [value + float(rng.random()) * 0.01 for value in one["bbox"]]
    for one in case["annotations"]:
        one["iscrowd"] = 0
    return arrays_of_case(case | changes)
