"""Singular values against dense linear algebra; bad input to matrix and spectrum."""

import numpy as np
import pytest
from a4eval_deconv import (
    conv_transpose_matrix,
    largest_singular_value,
    lipschitz_constant,
    polyphase_singular_values,
)

from ..cases import dense_by_columns


def periodic_matrix(weight, size, stride, dilation=None):
    """Scatter with wrap-around, straight from the definition; groups = 1."""
    c, o, *kernel = weight.shape
    dilation = dilation or (1,) * len(size)
    output = [n * s for n, s in zip(size, stride, strict=True)]
    matrix = np.zeros((o, *output, c, *size))
    for position in np.ndindex(*size):
        for tap in np.ndindex(*kernel):
            axes = zip(position, tap, stride, dilation, output, strict=True)
            to = tuple((p * s + t * d) % n for p, t, s, d, n in axes)
            matrix[(slice(None), *to, slice(None), *position)] += weight[(slice(None), slice(None), *tap)].T
    return matrix.reshape(o * int(np.prod(output)), -1)


@pytest.mark.parametrize(
    ("shape", "size", "stride", "dilation"),
    [
        ((2, 3, 4), (5,), (2,), None),
        ((3, 2, 5), (4,), (3,), (2,)),
        ((2, 1, 3, 3), (4, 3), (2, 1), None),
        ((4, 1, 2, 5), (3, 3), (1, 2), (2, 1)),
        ((2, 2, 2, 3, 2), (2, 3, 2), (2, 2, 1), None),
        ((1, 1, 7, 7), (3, 3), (1, 1), None),
    ],
)
def test_polyphase_singular_values_equal_the_dense_ones(shape, size, stride, dilation):
    weight = np.random.default_rng(0).standard_normal(shape)
    dense = np.linalg.svd(periodic_matrix(weight, size, stride, dilation), compute_uv=False)
    ours = polyphase_singular_values(weight, size, stride=stride, dilation=dilation or 1)
    np.testing.assert_allclose(ours, dense, rtol=0, atol=1e-10 * dense[0])


def test_polyphase_singular_values_of_groups_are_those_of_the_parts():
    weight = np.random.default_rng(1).standard_normal((4, 2, 3, 3))
    parts = [polyphase_singular_values(part, (4, 4), stride=2) for part in (weight[:2], weight[2:])]
    together = polyphase_singular_values(weight, (4, 4), stride=2, groups=2)
    np.testing.assert_allclose(together, np.sort(np.concatenate(parts))[::-1], atol=1e-13)


@pytest.mark.parametrize(
    ("shape", "size", "options"),
    [
        ((2, 3, 5), (9,), {"stride": 2, "padding": [[1, 2]]}),
        ((3, 2, 3, 3), (4, 5), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((4, 2, 4, 4), (5, 4), {"stride": [2, 3], "groups": 2}),
        ((1, 2, 2, 3, 2), (3, 3, 3), {"dilation": 2}),
        ((1, 1, 1), (1,), {}),
    ],
)
def test_lipschitz_constant_equals_the_dense_norm(shape, size, options):
    rng = np.random.default_rng(2)
    weight = rng.standard_normal(shape)
    dense = np.linalg.svd(dense_by_columns(weight, size, **options), compute_uv=False)[0]
    assert lipschitz_constant(weight, size, rng, **options) == pytest.approx(dense, rel=1e-10)


def test_zero_boundary_never_exceeds_the_periodic_bound():
    rng = np.random.default_rng(3)
    for kernel in (2, 3, 4):
        weight = rng.standard_normal((2, 2, kernel, kernel))
        zero = lipschitz_constant(weight, (16, 16), rng, stride=2)
        periodic = polyphase_singular_values(weight, (64, 64), stride=2)[0]
        assert zero <= periodic * (1 + 1e-9)
        assert zero >= 0.8 * periodic  # and comes near it


def test_largest_singular_value_of_a_zero_map_is_zero():
    assert largest_singular_value(lambda x: 0 * x, lambda y: 0 * y, np.ones(4)) == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: polyphase_singular_values(np.array([[[np.nan]]]), (2,)), r"NaN or infinite, the first at \(0, 0, 0\)"),
        (lambda: polyphase_singular_values(np.ones((1, 1, 2)), (2, 2)), r"size has 2 entries"),
        (lambda: polyphase_singular_values(np.ones((3, 1, 2)), (2,), groups=2), r"groups must divide the 3"),
        (lambda: polyphase_singular_values(np.ones((1, 1, 2)), (10**12,)), r"polyphase matrices would take"),
        (lambda: lipschitz_constant(np.array([[[np.inf]]]), (2,), np.random.default_rng(0)), r"NaN or infinite"),
        (lambda: conv_transpose_matrix(np.ones((1, 1, 3)), (0,)), r"at least 1"),
        (lambda: conv_transpose_matrix(np.ones((1, 1, 3)), (2,), groups=2), r"groups must divide"),
        (lambda: conv_transpose_matrix(np.ones((1, 1, 3)), (10**6,)).dense(), r"a dense matrix .* would take"),
    ],
)
def test_bad_input_is_one_clear_error(call, text):
    with pytest.raises(ValueError, match=text):
        call()
