"""Every reader gives parts whose merged metrics are those of the whole, bit for bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from a4eval_ap_metric.readers.divisible import part_of
from hypothesis import given
from hypothesis import strategies as st

from a4eval import Run, build

from ..file_sets import FILE_SETS


@pytest.mark.parametrize("count", [2, 3, 20])
@pytest.mark.parametrize("write", FILE_SETS)
def test_parts_merged_are_the_whole(tmp_path, write, count):
    node, metrics = write(tmp_path, np.random.default_rng(count))
    reader = build("reader", node)
    for metric in metrics:
        whole, merged = build("metric", metric), build("metric", metric)
        for batch in reader.batches(Run(tmp_path)):
            whole.update(batch)
        for index in range(count):
            part = build("metric", metric)
            for batch in reader.part(index, count).batches(Run(tmp_path)):
                part.update(batch)
            merged.merge(pickle.loads(pickle.dumps(part)))
        assert repr(merged.compute()) == repr(whole.compute()), metric
        if hasattr(type(whole), "units"):
            assert list(merged.units) == list(whole.units)
        if hasattr(whole, "tables"):
            assert repr(merged.tables()) == repr(whole.tables()), metric
    assert next(iter(reader.batches(Run(tmp_path)))).keys() >= {"unit"}, "the reader itself stays whole"


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
