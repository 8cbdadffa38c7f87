"""The transposed convolution against torch, brute force and itself."""

import numpy as np
import pytest
from a4eval_deconv import (
    conv,
    conv_gradients,
    conv_transpose,
    conv_transpose_gradients,
)
from hypothesis import given, settings

from ..cases import arrays, brute_force, configurations, random_configuration, relative

ALGORITHMS = ("auto", "subpixel", "column_to_image", "cached_matrix")


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_every_algorithm_equals_the_definition_exactly(configuration):
    x, weight = arrays(configuration, np.int64)
    expected = brute_force(x, weight, **configuration["options"])
    for algorithm in ALGORITHMS:
        y = conv_transpose(x, weight, algorithm=algorithm, **configuration["options"])
        assert y.dtype == np.int64
        np.testing.assert_array_equal(y, expected, err_msg=algorithm)


@settings(max_examples=60, deadline=None)
@given(configurations())
def test_gradients_by_complex_step_free_linearity(configuration):
    """Both maps are bilinear, so one random direction each checks the gradients without a step size."""
    x, weight = arrays(configuration)
    options = configuration["options"]
    rng = np.random.default_rng(7)
    dy = rng.standard_normal(conv_transpose(x, weight, **options).shape)
    dx, dweight, dbias = conv_transpose_gradients(dy, x, weight, **options)
    step_x, step_weight = rng.standard_normal(x.shape), rng.standard_normal(weight.shape)
    scale = 1 + np.abs(dy).sum() * max(np.abs(x).max(), 1) * np.abs(weight).sum()
    change = np.vdot(dy, conv_transpose(step_x, weight, **options))
    assert abs(change - np.vdot(dx, step_x)) <= 1e-12 * scale
    change = np.vdot(dy, conv_transpose(x, step_weight, **options))
    assert abs(change - np.vdot(dweight, step_weight)) <= 1e-12 * scale
    np.testing.assert_allclose(dbias, dy.sum(axis=(0, *range(2, dy.ndim))), rtol=1e-12)


def test_torch_forward_gradients_and_rejections(torch):
    functions = {dims: getattr(torch.nn.functional, f"conv_transpose{dims}d") for dims in (1, 2, 3)}
    rng = np.random.default_rng(0)
    accepted = rejected = 0
    while accepted < 2000:
        n, c, o, size, kernel, options = random_configuration(rng)
        x, weight = rng.standard_normal((n, c, *size)), rng.standard_normal((c, o, *kernel))
        bias = rng.standard_normal(o * options["groups"])
        tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
        try:
            theirs = functions[len(size)](*tensors, **options)
        except RuntimeError:
            with pytest.raises(ValueError, match=r"nearest that works"):
                conv_transpose(x, weight, bias, **options)
            rejected += 1
            continue
        ours = conv_transpose(x, weight, bias, **options)
        assert ours.shape == tuple(theirs.shape)
        assert relative(ours, theirs.detach().numpy()) <= 1e-12
        dy = rng.standard_normal(ours.shape)
        theirs.backward(torch.tensor(dy))
        for algorithm in ("gather", "subpixel"):
            gradients = conv_transpose_gradients(dy, x, weight, algorithm=algorithm, **options)
            for gradient, tensor in zip(gradients, tensors, strict=True):
                assert relative(gradient, tensor.grad.numpy()) <= 1e-12
        accepted += 1
    assert rejected > 500  # the draw covers both sides of the rule


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.int32, np.uint8])
def test_the_dtype_of_the_operands_is_kept(dtype):
    x, weight = np.ones((1, 2, 3, 3), dtype), np.ones((2, 2, 2, 2), dtype)
    expected = np.int64 if np.dtype(dtype).kind in "iu" else dtype  # whole numbers are summed as int64
    assert conv_transpose(x, weight, np.ones(2, dtype), stride=2).dtype == expected
    for gradient in conv_transpose_gradients(np.ones((1, 2, 6, 6), dtype), x, weight, stride=2):
        assert gradient.dtype == expected
    assert conv(x, weight).dtype == expected


def test_float32_and_float16_are_as_close_as_their_rounding():
    rng = np.random.default_rng(3)
    x, weight = rng.standard_normal((2, 8, 9, 9)), rng.standard_normal((8, 4, 5, 5))
    exact = conv_transpose(x, weight, stride=2)
    for dtype, bound in ((np.float32, 2e-6), (np.float16, 4e-3)):
        for algorithm in ("subpixel", "column_to_image"):
            y = conv_transpose(x.astype(dtype), weight.astype(dtype), stride=2, algorithm=algorithm)
            assert relative(y.astype(np.float64), exact) <= bound


def test_operands_in_any_memory_order_and_no_change_to_them():
    rng = np.random.default_rng(4)
    x, weight = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((3, 2, 3, 3))
    expected = conv_transpose(x, weight, stride=2)
    copies = np.asfortranarray(x), np.asfortranarray(weight)
    np.testing.assert_array_equal(conv_transpose(*copies, stride=2), expected)
    np.testing.assert_allclose(conv_transpose(x[:, ::-1], weight[::-1], stride=2), expected, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(copies[0], x)


def test_an_empty_batch_gives_an_empty_batch():
    assert conv_transpose(np.empty((0, 2, 3, 3)), np.ones((2, 1, 3, 3)), stride=2).shape == (0, 1, 7, 7)
    dx, dweight, dbias = conv_transpose_gradients(
        np.empty((0, 1, 7, 7)), np.empty((0, 2, 3, 3)), np.ones((2, 1, 3, 3)), stride=2
    )
    assert dx.shape == (0, 2, 3, 3)
    assert not dweight.any()
    assert dbias.tolist() == [0.0]


@pytest.mark.parametrize(("bias", "kind"), [([1j], np.float32), ([0.5], np.int64)])
def test_a_bias_or_gradient_that_would_be_cut_is_refused(bias, kind):
    x, weight = np.ones((1, 1, 2), kind), np.ones((1, 1, 2), kind)
    for function in (conv_transpose, conv):
        with pytest.raises(ValueError, match=r"the bias is .*, which .* cannot hold"):
            function(x, weight, bias)
    for gradients in (conv_transpose_gradients, conv_gradients):
        with pytest.raises(ValueError, match=r"dy is .*, which .* cannot hold"):
            gradients(np.full((1, 1, 3 if gradients is conv_transpose_gradients else 1), bias[0]), x, weight)


X, W = np.ones((1, 4, 3, 3)), np.ones((4, 1, 3, 3))


@pytest.mark.parametrize(
    ("x", "weight", "options", "text"),
    [
        (np.ones((4, 3)), W, {}, r"shape \(4, 3\), expected \(batch, channels, \*size\)"),
        (X, np.ones((4, 1, 3)), {}, r"expected 4 axes like the input"),
        (np.ones((1, 3, 3, 3)), W, {}, r"input has 3 channels, but the weight's first axis has 4"),
        (np.ones((1, 4, 0, 3)), W, {}, r"at least 1"),
        (X, np.ones((4, 1, 0, 3)), {}, r"no axis may be empty"),
        (X, W, {"stride": 0}, r"stride must be at least 1, got 0"),
        (X, W, {"stride": -1}, r"stride must be at least 1, got -1"),
        (X, W, {"stride": 1.5}, r"stride must be whole numbers"),
        (X, W, {"stride": (2, 2, 2)}, r"stride has 3 entries, expected 1 or 2"),
        (X, W, {"dilation": 0}, r"dilation must be at least 1"),
        (X, W, {"padding": -1}, r"padding must be at least 0"),
        (
            X,
            W,
            {"padding": [1, [1, 2, 3]]},
            r"padding of one axis must be a number or a pair \[before, after\], got .1, 2, 3.",
        ),
        (X, W, {"padding": 3}, r"= -1, but must be at least 1; nearest that works: padding 2 on both sides"),
        (X, W, {"stride": 2, "output_padding": 2}, r"output_padding 2 must be smaller .* nearest that works: 1"),
        (X, W, {"groups": 3}, r"groups must divide the 4 input channels: got 3, expected one of 1, 2, 4$"),
        (X, W, {"groups": 0}, r"groups must divide"),
        (X, W, {"algorithm": "fft"}, r"algorithm must be .* got 'fft'"),
        (X, W, {"bias": np.ones(2)}, r"the bias has shape \(2,\), expected \(1,\)"),
        (X.astype(bool), W.astype(bool), {}, r"the input is bool"),
        (X, W, {"stride": 10**7}, r"would take .* GiB .* more than this machine's"),
    ],
)
def test_bad_input_is_one_clear_error(x, weight, options, text):
    with pytest.raises(ValueError, match=text):
        conv_transpose(x, weight, **options)


def test_bad_input_to_the_gradients_and_to_conv():
    with pytest.raises(ValueError, match=r"dy has shape \(1, 1, 4, 4\), expected \(1, 1, 5, 5\)"):
        conv_transpose_gradients(np.ones((1, 1, 4, 4)), X, W)
    with pytest.raises(ValueError, match=r"spans 5, but the input has 3 \+ 0 \+ 0 = 3; nearest that works: padding 1"):
        conv(X, np.ones((2, 4, 3, 3)), dilation=2)
    with pytest.raises(ValueError, match=r"groups must divide the 3 output channels"):
        conv(X, np.ones((3, 2, 3, 3)), groups=2)


def test_nan_goes_where_its_taps_go_and_nowhere_else():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 1, 2] = np.nan
    y = conv_transpose(x, np.ones((1, 1, 2, 2)), stride=2, algorithm="column_to_image")
    expected = np.zeros((8, 8), bool)
    expected[2:4, 4:6] = True
    np.testing.assert_array_equal(np.isnan(y[0, 0]), expected)
