"""The named conventions and what they cut: the reference's table and the centre of a blob."""

import numpy as np
import pytest
from a4eval_deconv import (
    Crop,
    centre_shift,
    configurations,
    conv_transpose,
    convention_crop,
    explicit_crop,
    receptive_field,
    shift,
    translate,
)

SAME = ("tensorflow_same", "jax_same", "onnx_same_upper")


@pytest.mark.parametrize(
    ("kernel", "upper", "lower"),
    [(2, (0, 0), (0, 0)), (3, (0, 1), (1, 0)), (4, (1, 1), (1, 1)), (5, (1, 2), (2, 1))],
)
def test_the_table_of_conventions_at_stride_2(kernel, upper, lower):
    for name in SAME:
        crop = convention_crop(name, kernel, 2)
        assert (crop.before, crop.after, crop.flipped) == (*upper, False)
        assert crop.output(3, kernel, 2) == 6
    for name in ("torch_same", "onnx_same_lower"):
        assert convention_crop(name, kernel, 2) == Crop(*lower)
    if kernel % 2:  # the usual torch idiom
        assert explicit_crop("torch", kernel, padding=((kernel - 1) // 2,) * 2, output_padding=1) == Crop(*lower)
    assert convention_crop("jax_same_default", kernel, 2) == Crop(*upper, flipped=True)
    assert shift(convention_crop("tensorflow_same", kernel, 2), convention_crop("torch_same", kernel, 2)) == kernel % 2


def test_every_same_convention_gives_stride_times_the_input():
    for kernel in range(1, 8):
        for stride in range(1, 5):
            for name in ("tensorflow_same", "jax_same", "torch_same"):
                wanted = 3 * stride + (name == "torch_same" and stride == 1 and kernel % 2 == 0)
                assert convention_crop(name, kernel, stride).output(3, kernel, stride) == wanted


def test_centre_shift_is_the_shift_of_a_blob():
    """A symmetric kernel moves the centre of mass of an impulse by exactly the stated shift."""
    for name in ("tensorflow_same", "torch_same", "onnx_same_lower"):
        for kernel, stride in ((3, 2), (4, 2), (5, 2), (5, 3), (7, 4)):
            crop = convention_crop(name, kernel, stride)
            x = np.zeros((1, 1, 21))
            x[0, 0, 10] = 1
            full = conv_transpose(x, np.ones((1, 1, kernel)), stride=stride)[0, 0]
            y = full[crop.before : full.size - crop.after]
            centre = np.average(np.arange(y.size), weights=y)
            aligned = stride * 10 + (stride - 1) / 2
            assert centre - aligned == pytest.approx(centre_shift(crop, kernel, stride), abs=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: explicit_crop("caffe", 3),
        lambda: translate(Crop(0, 0), "caffe", size=3, kernel_size=3, stride=1),
        lambda: receptive_field(3, [{"kind": "pool", "kernel_size": 2}]),
        lambda: configurations(0, 3),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError, match=r"must be|at least 1"):
        call()
