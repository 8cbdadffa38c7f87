"""Parts of a batch are disjoint and together the whole."""

from __future__ import annotations

import numpy as np
from a4eval_ap_metric.readers.divisible import part_of
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 20), st.lists(st.integers(0, 19)), st.integers(1, 30))
def test_parts_are_disjoint_and_together_the_whole(n, rows, count):
    unit = np.arange(n) * 3
    row_unit = np.array([row % n for row in rows] if n else [], np.int64)
    batch = {"unit": unit, "unit_width": unit + 1, "row_unit": row_unit, "score": np.arange(len(row_unit)) / 7}
    batch["class"] = np.array([4, 5])
    parts = [part_of(batch, index, count) for index in range(count)]
    np.testing.assert_array_equal(np.concatenate([one["unit"] for one in parts]), unit)
    np.testing.assert_array_equal(np.concatenate([one["unit_width"] for one in parts]), unit + 1)
    pairs = [pair for one in parts for pair in zip(one["unit"][one["row_unit"]], one["score"], strict=True)]
    assert sorted(pairs) == sorted(zip(unit[row_unit], batch["score"], strict=True))
    assert all(list(one["class"]) == [4, 5] for one in parts)
    assert max(len(one["unit"]) for one in parts) - min(len(one["unit"]) for one in parts) <= 1
