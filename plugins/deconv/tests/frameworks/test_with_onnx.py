"""onnxruntime on models of one node."""

import numpy as np
from a4eval_deconv.frameworks.with_onnx import one_node_model, session

from ..cases import needs


def test_the_model_of_one_node_can_hold_its_weight():
    needs("onnx")
    weight = np.arange(3, dtype=np.float32).reshape(1, 1, 3)
    model = one_node_model("ConvTranspose", {"strides": [1], "pads": [1, 1]}, (1, 1, 2), weight.shape, weight)
    (y,) = session(model).run(None, {"x": np.array([[[1, 10]]], np.float32)})
    np.testing.assert_array_equal(y, [[[1 + 0, 2 + 10]]])
