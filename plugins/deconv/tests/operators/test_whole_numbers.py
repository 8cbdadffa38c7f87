"""Whole numbers of any width: nothing wraps, in any function or layer; what cannot be exact is refused."""

import numpy as np
import pytest
from a4eval_deconv import (
    Crop,
    bed_of_nails,
    centre_shift,
    configurations,
    conv,
    conv_gradients,
    conv_size,
    conv_transpose,
    conv_transpose_gradients,
    conv_transpose_matrix,
    conv_transpose_size,
    convention_crop,
    explicit_crop,
    nearest_outputs,
    output_shape_crop,
    phase_sums,
    receptive_field,
    resize,
    resize_gradient,
    sizes_that_come_back,
    translate,
)
from a4eval_deconv.plugin import a4eval_components

from a4eval import build

NARROW = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32]
LAYERS = [component.name for component in a4eval_components() if component.kind == "layer"]


@pytest.mark.parametrize("algorithm", ["auto", "subpixel", "column_to_image", "cached_matrix"])
def test_200_times_2_is_400(algorithm):
    x, weight = np.full((1, 1, 1, 1), 200, np.uint8), np.full((1, 1, 1, 1), 2, np.uint8)
    y = conv_transpose(x, weight, algorithm=algorithm)
    assert (y.item(), y.dtype) == (400, np.int64)
    assert conv(x, weight).item() == 400


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("function", [conv_transpose, conv])
def test_the_largest_numbers_are_summed_exactly(dtype, function):
    largest = np.iinfo(dtype).max
    x, weight, bias = (np.full(shape, largest, dtype) for shape in ((2, 3, 4, 4), (3, 3, 2, 2), (3,)))
    exact = function(x.astype(np.int64) // 2**8, weight.astype(np.int64) // 2**8)  # what surely fits
    assert exact.max() == (largest // 2**8) ** 2 * 12
    if int(largest) ** 2 * 12 > 2**62:
        with pytest.raises(ValueError, match=r"sums up to 12 products of whole numbers up to .*, beyond int64"):
            function(x, weight, bias)
        return
    assert function(x, weight, bias).max() == int(largest) ** 2 * 12 + int(largest)


@pytest.mark.parametrize("dtype", NARROW[:4])
def test_gradients_of_narrow_numbers_are_those_of_wide_ones(dtype):
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    x, weight = (rng.integers(info.min, info.max, shape, dtype) for shape in ((2, 3, 5), (3, 2, 3)))
    dy = rng.integers(info.min, info.max, (2, 2, 11), dtype)
    wide = [array.astype(np.int64) for array in (dy, x, weight)]
    for algorithm in ("gather", "subpixel"):
        found = conv_transpose_gradients(dy, x, weight, stride=2, algorithm=algorithm)
        expected = conv_transpose_gradients(*wide, stride=2, algorithm=algorithm)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    weight, dy = weight.transpose(1, 0, 2), dy[..., :3]
    for one, other in zip(
        conv_gradients(dy, x, weight),
        conv_gradients(*(a.astype(object).astype(np.int64) for a in (dy, x, weight))),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    # the bias gradient is a plain sum: known without either function
    assert conv_gradients(np.full((2, 2, 3), info.max, dtype), x, weight)[2].tolist() == [6 * int(info.max)] * 2


def test_the_matrix_of_narrow_numbers():
    matrix = conv_transpose_matrix(np.full((1, 1, 2), 200, np.uint8), (2,))
    x = np.full(2, 200, np.uint8)
    assert matrix.apply(x).tolist() == [40_000, 80_000, 40_000]
    assert (matrix.dense() @ x).tolist() == [40_000, 80_000, 40_000]
    assert matrix.apply_transpose(np.full(3, 200, np.uint8)).tolist() == [80_000, 80_000]
    assert phase_sums(np.full((1, 1, 4), 200, np.uint8), 2).ravel().tolist() == [400, 400]


def test_resizing_narrow_numbers():
    x = np.full((1, 1, 4), 200, np.uint8)
    assert resize(x, 2, method="linear").max() == resize(x, 2).max() == bed_of_nails(x, 2).max() == 200
    for method in ("nearest", "linear"):
        assert resize_gradient(x, 2, method=method).tolist() == [[[400, 400]]]


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_on_narrow_numbers(name):
    layer = build("layer", name)
    rng = np.random.default_rng(0)
    shapes = {key: array.shape for key, array in layer.init(rng).items()}
    params = {key: rng.integers(100, 127, shape, np.int8) for key, shape in shapes.items()}
    x = rng.integers(100, 127, layer.example(rng).shape, np.int8)
    y, tape = layer.forward(params, x)
    exact, exact_tape = layer.forward({key: value.astype(float) for key, value in params.items()}, x.astype(float))
    np.testing.assert_array_equal(y, exact)
    dy = rng.integers(100, 127, y.shape, np.int8)
    dparams, dx = layer.backward(params, tape, dy)
    wide, exact_dx = layer.backward(
        {key: value.astype(float) for key, value in params.items()}, exact_tape, dy.astype(float)
    )
    np.testing.assert_array_equal(dx, exact_dx)
    for key, value in wide.items():
        np.testing.assert_array_equal(dparams[key], value, err_msg=key)


def test_numbers_that_int64_does_not_hold_are_refused():
    one = np.ones((1, 1, 1), np.int64)
    with pytest.raises(ValueError, match=r"the input holds 18446744073709551615, beyond int64: convert it to float64"):
        conv_transpose(np.full((1, 1, 1), 2**64 - 1, np.uint64), one)
    with pytest.raises(ValueError, match=r"the bias holds 9223372036854775807, beyond the room of a sum"):
        conv(one, one, np.array([2**63 - 1]))
    with pytest.raises(ValueError, match=r"dx sums up to 1 products .* beyond int64"):
        conv_transpose_gradients(np.full((1, 1, 1), 2**62), one, one * 2)
    with pytest.raises(ValueError, match=r"the weight is bool, expected integers"):
        conv_transpose_matrix(np.ones((1, 1, 2), bool), (2,))
    assert conv_transpose(np.full((1, 1, 1), 2**61, np.uint64), one).item() == 2**61


def test_sizes_given_as_narrow_numbers():
    """Sizes and strides read from an array of int8 or uint8 are numbers like any other."""
    n = np.uint8
    assert conv_transpose_size(n(200), n(3), stride=n(2), padding=n(1), output_padding=n(1)) == 400
    assert conv_size(n(200), n(3), stride=n(1), padding=n(100)) == 398
    assert conv_transpose(np.ones((1, 1, 200)), np.ones((1, 1, 3)), stride=n(2)).shape == (1, 1, 401)
    assert conv(np.ones((1, 1, 200)), np.ones((1, 1, 3)), padding=[(n(100), n(100))]).shape == (1, 1, 398)
    assert sizes_that_come_back(n(200), n(3), stride=n(2), padding=n(1)) == [399, 400]
    assert len(configurations(n(200), n(200), kernel_sizes=np.arange(1, 4, dtype=n), strides=[n(1), n(2)])) > 0
    assert nearest_outputs(n(200), 999, strides=iter([n(2)])) == [406]
    assert receptive_field(n(200), [{"kind": "conv_transpose", "kernel_size": n(3), "stride": n(2)}])[0].size == 401
    assert Crop(0, 0).output(n(200), n(3), n(2)) == 401
    assert convention_crop("tensorflow_same", n(200), n(2), n(2)) == convention_crop("tensorflow_same", 200, 2, 2)
    assert explicit_crop("jax", n(200), n(2), padding=(n(1), n(1))) == explicit_crop("jax", 200, 2, padding=(1, 1))
    assert output_shape_crop(n(200), 401, n(3), n(2)) == Crop(0, 0)
    assert centre_shift(Crop(1, 0), n(200), n(2), n(2)) == centre_shift(Crop(1, 0), 200, 2, 2)
    found = translate(Crop(0, 0), "tensorflow", size=n(200), kernel_size=n(3), stride=n(2))
    assert found.arguments["output_shape"] == 401
