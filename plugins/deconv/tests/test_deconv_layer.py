"""The transposed convolution against torch, brute force and itself."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from a4eval_deconv import (
    conv,
    conv_gradients,
    conv_transpose,
    conv_transpose_algorithm,
    conv_transpose_gradients,
    conv_transpose_matrix,
)
from a4eval_deconv.algorithms.choice import FORWARD, GRADIENTS
from a4eval_deconv.algorithms.phases import phases
from a4eval_deconv.geometry import transposed_geometry
from a4eval_deconv.layers.convolution import ConvTranspose
from hypothesis import given, settings
from hypothesis import strategies as st

ALGORITHMS = ("auto", "subpixel", "column_to_image", "cached_matrix")


def brute_force(x, weight, stride, padding, output_padding, dilation, groups):
    """Send every input to every tap, one at a time, straight from the definition."""
    n, c, *size = x.shape
    per_group, kernel = weight.shape[1], weight.shape[2:]
    output = [
        (i - 1) * s - before - after + d * (k - 1) + e + 1
        for i, k, s, (before, after), e, d in zip(size, kernel, stride, padding, output_padding, dilation, strict=True)
    ]
    y = np.zeros((n, groups * per_group, *output), np.result_type(x, weight))
    for channel, position, tap in product(range(c), product(*map(range, size)), product(*map(range, kernel))):
        to = tuple(
            p * s + t * d - before
            for p, t, s, d, (before, _) in zip(position, tap, stride, dilation, padding, strict=True)
        )
        if all(0 <= place < limit for place, limit in zip(to, output, strict=True)):
            first = channel // (c // groups) * per_group
            for o in range(per_group):
                y[(slice(None), first + o, *to)] += x[(slice(None), channel, *position)] * weight[(channel, o, *tap)]
    return y


@st.composite
def configurations(draw):
    dims = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    axis = {
        "size": st.integers(1, {1: 6, 2: 4, 3: 3}[dims]),
        "kernel": st.integers(1, {1: 6, 2: 4, 3: 3}[dims]),
        "stride": st.integers(1, 4),
        "dilation": st.integers(1, 3),
    }
    found = {name: [draw(values) for _ in range(dims)] for name, values in axis.items()}
    extra = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(found["stride"], found["dilation"], strict=True)]
    padding = []
    for i, k, s, d, e in zip(
        *(found[name] for name in axis if name != "dilation"), found["dilation"], extra, strict=True
    ):
        room = (i - 1) * s + d * (k - 1) + e
        before = draw(st.integers(0, room))
        padding.append([before, draw(st.integers(0, room - before))])
    return {
        "n": draw(st.integers(1, 3)),
        "c": groups * draw(st.integers(1, 2)),
        "o": draw(st.integers(1, 2)),
        "size": found["size"],
        "kernel": found["kernel"],
        "options": {
            "stride": found["stride"],
            "padding": padding,
            "output_padding": extra,
            "dilation": found["dilation"],
            "groups": groups,
        },
    }


def arrays(configuration, dtype=np.float64):
    rng = np.random.default_rng(5)
    x = rng.integers(-9, 10, (configuration["n"], configuration["c"], *configuration["size"]))
    weight = rng.integers(-9, 10, (configuration["c"], configuration["o"], *configuration["kernel"]))
    return x.astype(dtype), weight.astype(dtype)


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_every_algorithm_equals_the_definition_exactly(configuration):
    x, weight = arrays(configuration, np.int64)
    expected = brute_force(x, weight, **configuration["options"])
    for algorithm in ALGORITHMS:
        y = conv_transpose(x, weight, algorithm=algorithm, **configuration["options"])
        assert y.dtype == np.int64
        np.testing.assert_array_equal(y, expected, err_msg=algorithm)


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


def random_configuration(rng):
    """Draw a configuration that may or may not be possible."""
    dims = int(rng.integers(1, 4))
    groups = int(rng.choice([1, 1, 2, 3]))
    size = rng.integers(1, {1: 10, 2: 7, 3: 5}[dims], dims).tolist()
    kernel = rng.integers(1, {1: 8, 2: 6, 3: 5}[dims], dims).tolist()
    stride, dilation = rng.integers(1, 4, (2, dims)).tolist()
    padding, extra = rng.integers(0, 3, (2, dims)).tolist()
    n, c, o = int(rng.integers(1, 4)), groups * int(rng.integers(1, 4)), int(rng.integers(1, 4))
    return n, c, o, size, kernel, {
        "stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups
    }  # fmt: skip


def relative(ours, theirs):
    return np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())


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


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.int32, np.uint8])
def test_the_dtype_of_the_operands_is_kept(dtype):
    x, weight = np.ones((1, 2, 3, 3), dtype), np.ones((2, 2, 2, 2), dtype)
    assert conv_transpose(x, weight, np.ones(2, dtype), stride=2).dtype == dtype
    for gradient in conv_transpose_gradients(np.ones((1, 2, 6, 6), dtype), x, weight, stride=2):
        assert gradient.dtype == dtype
    assert conv(x, weight).dtype == dtype


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


def test_the_cached_matrix_follows_a_weight_changed_in_place():
    x, weight = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))
    before = conv_transpose(x, weight, algorithm="cached_matrix")
    weight *= 2
    np.testing.assert_array_equal(conv_transpose(x, weight, algorithm="cached_matrix"), 2 * before)


def test_the_choice_is_stated_and_taken():
    stated = conv_transpose_algorithm((8, 64, 32, 32), (64, 32, 4, 4), stride=2, padding=1)
    assert stated.algorithm == min(stated.seconds, key=stated.seconds.get)
    assert set(stated.seconds) == {"subpixel", "column_to_image"}
    assert conv_transpose_algorithm((1, 1, 3, 3), (1, 1, 7, 7)).algorithm == "cached_matrix"


@pytest.mark.parametrize(("bias", "kind"), [([1j], np.float32), ([0.5], np.int64)])
def test_a_bias_or_gradient_that_would_be_cut_is_refused(bias, kind):
    x, weight = np.ones((1, 1, 2), kind), np.ones((1, 1, 2), kind)
    for function in (conv_transpose, conv):
        with pytest.raises(ValueError, match=r"the bias is .*, which .* cannot hold"):
            function(x, weight, bias)
    for gradients in (conv_transpose_gradients, conv_gradients):
        with pytest.raises(ValueError, match=r"dy is .*, which .* cannot hold"):
            gradients(np.full((1, 1, 3 if gradients is conv_transpose_gradients else 1), bias[0]), x, weight)


@pytest.mark.parametrize("algorithm", [*FORWARD.values(), *GRADIENTS.values()], ids=lambda one: one.compute.__name__)
def test_every_kind_of_work_has_its_cost(algorithm):
    geometry = transposed_geometry((5, 7), (3, 3), stride=2)
    counts = algorithm.work(geometry, 2, (1, 4, 8, 3, 3), 10_000)
    assert counts.keys() == algorithm.cost.keys()
    assert all(count >= 0 for count in counts.values())


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


def test_a_weight_beyond_the_memory_is_refused():
    layer = ConvTranspose(kernel_size=100_000)
    with pytest.raises(ValueError, match=r"a weight of shape \(2, 2, 100000, 100000\) would take .* GiB"):
        layer.init(np.random.default_rng(0))


def test_phases_that_no_tap_reaches_cost_nothing():
    ways = phases(transposed_geometry((2, 2), (3, 2), stride=10**7))
    assert [len(axis) for axis in ways] == [3, 2]


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_small_chunks_give_the_same_and_keep_to_the_budget(dims, monkeypatch):
    """Every way of cutting the work into parts gives the same numbers."""
    rng = np.random.default_rng(8)
    size, kernel = (7, 5, 4)[:dims], (4, 3, 3)[:dims]
    x, weight = rng.standard_normal((5, 4, *size)), rng.standard_normal((4, 3, *kernel))
    options = {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}
    whole = conv_transpose(x, weight, **options)
    dy = rng.standard_normal(whole.shape)
    gradients = conv_transpose_gradients(dy, x, weight, **options)
    for chunk in (1, 100, 1000, 5000):
        for module in ("chunks", "column_to_image"):
            monkeypatch.setattr(f"a4eval_deconv.algorithms.{module}.CHUNK", chunk)
        for algorithm in ("subpixel", "column_to_image"):
            y = conv_transpose(x, weight, algorithm=algorithm, **options)
            np.testing.assert_allclose(y, whole, rtol=0, atol=1e-13)
        for algorithm in ("subpixel", "gather"):
            found = conv_transpose_gradients(dy, x, weight, algorithm=algorithm, **options)
            for one, expected in zip(found, gradients, strict=True):
                np.testing.assert_allclose(one, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("x_shape", "weight_shape", "options"),
    [
        ((8, 64, 32, 32), (64, 32, 4, 4), {"stride": 2, "padding": 1}),
        ((1, 256, 16, 16), (256, 128, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((4, 3, 64, 64), (3, 16, 5, 5), {}),
        ((1, 3, 256, 256), (3, 3, 7, 7), {}),
        ((1, 1, 256, 256), (1, 1, 9, 9), {"stride": 2}),
        ((1, 32, 24, 24, 24), (32, 32, 2, 2, 2), {"stride": 2}),
        ((1, 8, 20000), (8, 8, 25), {"stride": 4}),
    ],
)
def test_the_workspace_stays_within_twice_the_output_and_the_input(x_shape, weight_shape, options):
    x, weight = np.ones(x_shape, np.float32), np.ones(weight_shape, np.float32)
    for algorithm in ("subpixel", "column_to_image", "auto"):
        stride = options.get("stride", 1)
        filled = np.prod([-(-k // stride) * stride / k for k in weight_shape[2:]])
        packed = 2 * filled * weight.nbytes if algorithm == "subpixel" else 0  # the rearranged weight
        y = conv_transpose(x, weight, algorithm=algorithm, **options)
        tracemalloc.start()
        conv_transpose(x, weight, algorithm=algorithm, **options)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak - y.nbytes <= 2 * y.nbytes + x.nbytes + packed + 2**17, algorithm


def test_nan_goes_where_its_taps_go_and_nowhere_else():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 1, 2] = np.nan
    y = conv_transpose(x, np.ones((1, 1, 2, 2)), stride=2, algorithm="column_to_image")
    expected = np.zeros((8, 8), bool)
    expected[2:4, 4:6] = True
    np.testing.assert_array_equal(np.isnan(y[0, 0]), expected)
