"""Perturbed boxes."""

import math

import numpy as np
from a4eval_box_metrics import (
    upright_hulls,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@given(st.floats(-7, 7), st.floats(0.1, 9), st.floats(0.1, 9))
@settings(max_examples=50)
def test_upright_hulls(angle, width, height):
    (hull,) = upright_hulls(np.array([[1.0, 2, width, height, angle]]))
    w = abs(width * math.cos(angle)) + abs(height * math.sin(angle))
    h = abs(width * math.sin(angle)) + abs(height * math.cos(angle))
    np.testing.assert_allclose(hull, [1 - w / 2, 2 - h / 2, 1 + w / 2, 2 + h / 2], atol=1e-9)
