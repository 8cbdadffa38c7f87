"""The matrix that is kept from call to call."""

import numpy as np
from a4eval_deconv import conv_transpose


def test_the_cached_matrix_follows_a_weight_changed_in_place():
    x, weight = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))
    before = conv_transpose(x, weight, algorithm="cached_matrix")
    weight *= 2
    np.testing.assert_array_equal(conv_transpose(x, weight, algorithm="cached_matrix"), 2 * before)
