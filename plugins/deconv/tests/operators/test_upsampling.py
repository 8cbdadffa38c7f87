"""Resizing, pixel shuffle and unpooling against torch, and each against its adjoint."""

import numpy as np
import pytest
from a4eval_deconv import bed_of_nails, max_pool, pixel_shuffle, pixel_unshuffle, resize, resize_gradient, unpool
from hypothesis import given
from hypothesis import strategies as st

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def random_map(dims, size=(3, 4, 2), channels=2):
    return np.random.default_rng(dims).standard_normal((2, channels, *size[:dims]))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_torch(dims, scale, torch):
    x = random_map(dims)
    for method, mode in (("nearest", "nearest"), ("linear", MODES[dims])):
        align = {} if mode == "nearest" else {"align_corners": False}
        inputs = torch.tensor(x, requires_grad=True)
        theirs = torch.nn.functional.interpolate(inputs, scale_factor=scale, mode=mode, **align)
        np.testing.assert_allclose(resize(x, scale, method=method), theirs.detach().numpy(), rtol=0, atol=1e-14)
        dy = np.random.default_rng(9).standard_normal(theirs.shape)
        theirs.backward(torch.tensor(dy))
        np.testing.assert_allclose(resize_gradient(dy, scale, method=method), inputs.grad.numpy(), rtol=0, atol=1e-13)
    if dims == 2:
        wide = random_map(2, channels=2 * scale**2)
        theirs = torch.nn.functional.pixel_shuffle(torch.tensor(wide), scale).numpy()
        np.testing.assert_array_equal(pixel_shuffle(wide, scale), theirs)
    large = random_map(dims, size=(2 * scale, 3 * scale, scale))
    pooled, indices = getattr(torch.nn.functional, f"max_pool{dims}d")(torch.tensor(large), scale, return_indices=True)
    ours, places = max_pool(large, scale)
    np.testing.assert_array_equal(ours, pooled.numpy())
    np.testing.assert_array_equal(places, indices.numpy())
    theirs = getattr(torch.nn.functional, f"max_unpool{dims}d")(pooled, indices, scale)
    np.testing.assert_array_equal(unpool(ours, places, large.shape[2:]), theirs.numpy())


@given(st.integers(1, 3), st.integers(1, 3))
def test_adjoints_and_inverses(dims, scale):
    x = random_map(dims)
    for method in ("nearest", "linear"):
        y = resize(x, scale, method=method)
        dy = np.random.default_rng(1).standard_normal(y.shape)
        assert np.vdot(y, dy) == pytest.approx(
            np.vdot(x, resize_gradient(dy, scale, method=method)), rel=1e-11, abs=1e-11
        )
        np.testing.assert_allclose(resize(np.ones_like(x), scale, method=method), 1, rtol=1e-15)
    wide = random_map(dims, channels=3 * scale**dims)
    np.testing.assert_array_equal(pixel_unshuffle(pixel_shuffle(wide, scale), scale), wide)
    nails = bed_of_nails(x, scale)
    assert nails.sum() == pytest.approx(x.sum(), abs=1e-12)
    np.testing.assert_array_equal(nails[(slice(None), slice(None), *(slice(None, None, scale),) * dims)], x)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: resize(np.ones((1, 1, 2)), 0), r"scale must be at least 1, got 0"),
        (lambda: resize(np.ones((1, 2)), 2), r"shape \(1, 2\), expected"),
        (lambda: resize(np.ones((1, 1, 2)), 2, method="cubic"), r"'nearest' or 'linear', got 'cubic'"),
        (lambda: resize_gradient(np.ones((1, 1, 3)), 2), r"scale 2 does not divide the size 3"),
        (lambda: pixel_shuffle(np.ones((1, 3, 2)), 2), r"3 channels cannot be laid out as blocks of 2"),
        (lambda: pixel_unshuffle(np.ones((1, 1, 3)), 2), r"does not divide the size \(3,\)"),
        (lambda: unpool(np.ones((1, 1, 2)), np.array([[[0]]]), (4,)), r"indices have shape \(1, 1, 1\)"),
        (lambda: unpool(np.ones((1, 1, 2)), np.array([[[0, 4]]]), (4,)), r"outside the output, 0 … 3: 0 … 4"),
    ],
)
def test_bad_input_is_one_clear_error(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_linear_resize_of_a_single_pixel():
    np.testing.assert_array_equal(resize(np.full((1, 1, 1), 3.0), 4, method="linear"), np.full((1, 1, 4), 3.0))
