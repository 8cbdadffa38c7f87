"""Histograms and duplicates by loops."""

import numpy as np
from a4eval_box_metrics import aspect_histogram, iou, near_duplicate_rows, size_histogram
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.tuples(st.integers(0, 2), *[st.integers(1, 6)] * 4), max_size=25), st.sampled_from([0.3, 0.7, 1.0]))
def test_near_duplicates_by_loops(rows, least):
    group = np.array([row[0] for row in rows], int)
    boxes = np.array([row[1:] for row in rows], float).reshape(-1, 4)
    expected = [
        any(group[j] == group[i] and iou(boxes[i], boxes[j], format="xywh") >= least for j in range(i))
        for i in range(len(rows))
    ]
    assert near_duplicate_rows(group, boxes, least).tolist() == expected


@given(st.lists(st.floats(1e-3, 1e6), max_size=50))
def test_octaves_hold_every_value(values):
    for histogram in (size_histogram, aspect_histogram):
        rows = histogram(np.array(values))
        assert sum(row["boxes"] for row in rows) == len(values)
        for row in rows:
            assert row["boxes"] == sum(row["from"] <= value < row["below"] for value in values)
