"""The convolution against torch, and as the adjoint of its transpose."""

import numpy as np
import pytest
from a4eval_deconv import (
    conv,
    conv_gradients,
    conv_transpose,
    conv_transpose_gradients,
    conv_transpose_matrix,
)
from hypothesis import given, settings

from ..cases import arrays, configurations, random_configuration, relative


def test_torch_convolution(torch):
    functions = {dims: getattr(torch.nn.functional, f"conv{dims}d") for dims in (1, 2, 3)}
    rng = np.random.default_rng(1)
    accepted = rejected = 0
    while accepted < 500:
        n, c, o, size, kernel, options = random_configuration(rng)
        options.pop("output_padding")
        groups = options["groups"]
        x, weight = rng.standard_normal((n, c, *size)), rng.standard_normal((groups * o, c // groups, *kernel))
        bias = rng.standard_normal(groups * o)
        tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
        try:
            theirs = functions[len(size)](*tensors, **options)
        except RuntimeError:
            with pytest.raises(ValueError, match=r"nearest that works"):
                conv(x, weight, bias, **options)
            rejected += 1
            continue
        ours = conv(x, weight, bias, **options)
        assert relative(ours, theirs.detach().numpy()) <= 1e-12
        dy = rng.standard_normal(ours.shape)
        theirs.backward(torch.tensor(dy))
        for gradient, tensor in zip(conv_gradients(dy, x, weight, **options), tensors, strict=True):
            assert relative(gradient, tensor.grad.numpy()) <= 1e-12
        accepted += 1
    assert rejected > 50


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_conv_is_the_adjoint_and_the_matrix_is_the_layer(configuration):
    x, weight = arrays(configuration)
    options = configuration["options"]
    y = conv_transpose(x, weight, **options)
    rng = np.random.default_rng(6)
    other = rng.standard_normal(y.shape)
    back, _, _ = conv_transpose_gradients(other, x, weight, **options)
    scale = np.linalg.norm(x) * np.linalg.norm(weight) * np.linalg.norm(other) + 1
    assert abs(np.vdot(y, other) - np.vdot(x, back)) <= 1e-12 * scale
    # what the padding cut off after, less the output padding, is the padding of the convolution; it may be negative
    after = [pair[1] - extra for pair, extra in zip(options["padding"], options["output_padding"], strict=True)]
    if min(after) >= 0:
        padding = [[pair[0], end] for pair, end in zip(options["padding"], after, strict=True)]
        through_conv = conv(
            other,
            weight,
            stride=options["stride"],
            padding=padding,
            dilation=options["dilation"],
            groups=options["groups"],
        )
        np.testing.assert_allclose(through_conv, back, rtol=0, atol=1e-12 * scale)
    matrix = conv_transpose_matrix(weight, configuration["size"], **options)
    for one, expected in zip(x, y, strict=True):
        np.testing.assert_array_equal(matrix.apply(one.ravel()), expected.ravel())  # small integers: exact
        np.testing.assert_array_equal(matrix.dense() @ one.ravel(), expected.ravel())
