"""Random boxes with the awkward cases among them."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("patient", settings(), deadline=None)  # a loaded machine is no defect
settings.load_profile("patient")


def pairs(rng, n=12_000, scale=100.0):
    """Return (n, 4), (n, 4) xyxy float64, a share each of the kinds a formula may stumble over."""
    predicted, truth = general(rng, n, scale), general(rng, n, scale)
    kinds = np.array_split(np.arange(n), 8)
    grid = kinds[1]  # integers: touching and coinciding edges
    predicted[grid], truth[grid] = integers(rng, len(grid)), integers(rng, len(grid))
    nested = kinds[2]
    share = np.sort(rng.random((len(nested), 2, 2)), axis=1)
    size = truth[nested, 2:] - truth[nested, :2]
    predicted[nested] = np.concatenate(
        [truth[nested, :2] + share[:, 0] * size, truth[nested, :2] + share[:, 1] * size], 1
    )
    predicted[kinds[3]] += 3 * scale  # disjoint
    predicted[kinds[4]] = truth[kinds[4]]
    thin = kinds[5]  # without width, or height, or both
    predicted[thin[::2], 2] = predicted[thin[::2], 0]
    predicted[thin[::3], 3] = predicted[thin[::3], 1]
    truth[thin[::5], 2] = truth[thin[::5], 0]
    huge = kinds[6]
    predicted[huge] = predicted[huge] * 1e5 + 1e9
    truth[huge] = truth[huge] * 1e5 + 1e9
    return predicted, truth


def general(rng, n, scale=100.0):
    corner = rng.random((n, 2)) * scale
    return np.concatenate([corner, corner + rng.random((n, 2)) * scale + scale / 1000], axis=1)


def integers(rng, n, high=8):
    corner = rng.integers(0, high, (n, 2))
    return np.concatenate([corner, corner + rng.integers(1, high, (n, 2))], axis=1).astype(float)


def rotated(rng, n, scale):
    return np.concatenate(
        [rng.random((n, 2)) * scale, rng.random((n, 2)) * scale + 0.5, rng.uniform(-7, 7, (n, 1))], axis=1
    )


def solid(predicted, truth):
    """Return which pairs have an area on both sides."""
    sizes = np.stack([boxes[:, 2:] - boxes[:, :2] for boxes in (predicted, truth)])
    return (sizes > 0).all(axis=(0, 2))


@pytest.fixture(scope="session")
def boxes():
    """Return the functions that draw boxes."""
    return SimpleNamespace(pairs=pairs, general=general, integers=integers, solid=solid)
