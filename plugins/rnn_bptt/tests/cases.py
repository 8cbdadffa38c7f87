"""Inputs that the tests share, and how far two arrays are apart."""

from __future__ import annotations

import numpy as np

STEPS, BATCH, INPUTS, HIDDEN = 6, 5, 3, 4


def relative(got, expected):
    """Return the relative error of an array, by its largest entry."""
    return np.abs(np.asarray(got) - np.asarray(expected)).max() / max(np.abs(np.asarray(expected)).max(), 1e-300)


def draw(layer, rng, *, models=()):
    x = rng.standard_normal((*models, STEPS, BATCH, INPUTS))
    dy = rng.standard_normal((*models, STEPS, BATCH, HIDDEN))
    state = tuple(0.5 * rng.standard_normal((*models, BATCH, HIDDEN)) for _ in range(layer.state_count))
    dstate = tuple(rng.standard_normal((*models, BATCH, HIDDEN)) for _ in range(layer.state_count))
    return x, dy, state, dstate
