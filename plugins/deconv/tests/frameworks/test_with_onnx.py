"""onnxruntime on models of one node."""

import numpy as np
import pytest
from a4eval_deconv import conv_transpose, output_shape_crop
from a4eval_deconv.frameworks.with_onnx import one_node_model, session

from ..cases import needs


def test_the_model_of_one_node_can_hold_its_weight():
    needs("onnx")
    weight = np.arange(3, dtype=np.float32).reshape(1, 1, 3)
    model = one_node_model("ConvTranspose", {"strides": [1], "pads": [1, 1]}, (1, 1, 2), weight.shape, weight)
    (y,) = session(model).run(None, {"x": np.array([[[1, 10]]], np.float32)})
    np.testing.assert_array_equal(y, [[[1 + 0, 2 + 10]]])


@pytest.mark.parametrize("upper", [False, True])
def test_the_output_shape_of_onnx(upper):
    needs("onnx")
    rng = np.random.default_rng(0)
    x, weight = (rng.standard_normal((1, 1, n)).astype(np.float32) for n in (3, 3))
    full = conv_transpose(x, weight, stride=2)[0, 0]
    for output in (5, 6, 7, 8):
        for extra in (0, 1):
            attributes = {"strides": [2], "output_shape": [output], "output_padding": [extra]}
            if upper:
                attributes["auto_pad"] = "SAME_UPPER"
            model = one_node_model("ConvTranspose", attributes, x.shape, weight.shape)
            (y,) = session(model).run(None, {"x": x, "weight": weight})
            crop = output_shape_crop(3, output, 3, 2, output_padding=extra, upper=upper)
            expected = np.pad(full, (0, 9))[crop.before :][:output]
            np.testing.assert_allclose(y[0, 0], expected, atol=1e-6, err_msg=f"{output} {extra} {crop}")
            assert crop.output(3, 3, 2) == output
