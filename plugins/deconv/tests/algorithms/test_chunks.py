"""Work in parts: the same numbers, and no more workspace than allowed."""

import tracemalloc

import numpy as np
import pytest
from a4eval_deconv import conv_transpose, conv_transpose_gradients


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
