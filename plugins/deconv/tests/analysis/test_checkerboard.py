"""Checkerboard scores against the reference's numbers, closed forms and each other."""

import numpy as np
import pytest
from a4eval_deconv import (
    checkerboard_score,
    conv_transpose,
    frequency_response,
    icnr_weight,
    impulse_response,
    output_score,
    overlap_count,
    phase_sums,
    response_score,
)

from a4eval import build


@pytest.mark.parametrize(
    ("kernel", "stride", "score"),
    [(3, 2, 0.19), (5, 2, 0.075), (5, 3, 0.14), (4, 2, 0), (6, 3, 0), (2, 2, 0), (7, 1, 0)],
)
def test_scores_of_all_ones(kernel, stride, score):
    assert checkerboard_score(np.ones((2, 3, kernel, kernel)), stride) == pytest.approx(score, abs=0.005)


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_a_random_kernel_scores_three_quarters_even_where_the_stride_divides_it(kernel):
    rng = np.random.default_rng(0)
    scores = [checkerboard_score(rng.standard_normal((8, 8, kernel, kernel)), 2) for _ in range(20)]
    assert np.mean(scores) == pytest.approx(0.75, abs=0.03)
    if kernel % 2 == 0:
        assert checkerboard_score(icnr_weight(rng.standard_normal((8, 8, kernel, kernel)), (2, 2)), 2) == 0


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 2, 1), (5, 3, 1), (3, 2, 2), (4, 3, 2), (4, 4, 1)])
def test_three_ways_to_the_same_score(kernel, stride, dilation):
    """Phase sums, the answer to actual constants, and the power at the image frequencies."""
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((3, 2, kernel, kernel))
    score = checkerboard_score(weight, stride, dilation=dilation)
    constants = np.eye(3)[:, :, None, None] * np.ones((3, 3, 24, 24))
    answers = conv_transpose(constants, weight, stride=stride, dilation=dilation)
    margin = dilation * kernel * stride
    stacked = answers.reshape(6, *answers.shape[2:])
    assert output_score(stacked, (stride, stride), margin) == pytest.approx(score, abs=1e-12)
    spread = np.zeros((3, 2, *(dilation * (kernel - 1) + 1,) * 2))
    spread[..., ::dilation, ::dilation] = weight
    points = 12 * stride
    power = frequency_response(spread, points)[::12, ::12]
    assert 1 - power[0, 0] / power.sum() == pytest.approx(score, abs=1e-12)


def test_overlap_count_is_brute_force():
    count = overlap_count((3, 2), (3, 2), stride=(2, 1), dilation=(1, 2))
    expected = np.zeros_like(count)
    for i, j, a, b in np.ndindex(3, 2, 3, 2):
        expected[2 * i + a, j + 2 * b] += 1
    np.testing.assert_array_equal(count, expected)
    assert phase_sums(np.ones((1, 1, 3)), 2).ravel().tolist() == [2, 1]


@pytest.mark.parametrize(("kernel", "stride"), [(4, 2), (3, 2), (5, 1), (2, 3)])
def test_an_impulse_response_is_the_kernel(kernel, stride):
    node = {"name": "conv_transpose", "kernel_size": kernel, "stride": stride, "in_channels": 3, "out_channels": 2}
    layer = build("layer", node)
    params = layer.init(np.random.default_rng(2))  # with a bias, which must not count
    response, scale = impulse_response(layer, params, 3, (16, 16))
    assert scale == (stride, stride)
    assert response_score(response, scale) == pytest.approx(checkerboard_score(params["weight"], stride), abs=1e-12)
    assert response.sum() == pytest.approx(params["weight"].sum(), abs=1e-12)
