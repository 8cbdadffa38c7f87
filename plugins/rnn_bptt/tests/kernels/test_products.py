"""How matrix products are put to the BLAS."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt.kernels import products


@pytest.mark.parametrize(
    ("built", "uncopied"),
    [
        ({}, False),
        ({"SIMD Extensions": {"found": ["X86_V3"]}, "Build Dependencies": {"blas": {"name": "scipy-openblas"}}}, False),
        ({"SIMD Extensions": {"found": ["X86_V4"]}, "Build Dependencies": {"blas": {"name": "mkl"}}}, False),
        ({"SIMD Extensions": {"found": ["X86_V4"]}, "Build Dependencies": {"blas": {"name": "openblas64"}}}, True),
    ],
)
def test_products_are_cut_up_only_where_numpy_says_that_it_pays(monkeypatch, built, uncopied):
    monkeypatch.setattr(np, "show_config", lambda mode: built)
    assert products._multiplies_uncopied.__wrapped__() == uncopied
