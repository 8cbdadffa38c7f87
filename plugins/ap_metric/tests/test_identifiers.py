"""Ids become dense."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.identifiers import dense, distinct


@pytest.mark.parametrize("ids", [np.array([7, -3, 7, 10]), np.array([2**40, 5, 2**50]), np.array(["b", "a", "b"])])
def test_ids_become_dense(ids):
    known = distinct([ids, ids[:1]])
    np.testing.assert_array_equal(known, np.unique(ids))
    np.testing.assert_array_equal(known[dense(ids, known)], ids)
    assert dense(ids[:1], known[known != ids[0]]).tolist() == [-1]


def test_ids_of_two_kinds_are_refused():
    with pytest.raises(ValueError, match="all integers or all text"):
        distinct([np.array([1]), np.array(["1"])])
