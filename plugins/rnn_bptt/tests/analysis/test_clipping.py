"""What clipping does to a gradient."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import clip_by_norm, clip_by_value, joint_norm


def test_clipping(rng):
    gradients = {"w": rng.standard_normal((5, 4)), "b": 3 * rng.standard_normal(5)}
    norm = np.sqrt(sum(np.sum(one**2) for one in gradients.values()))
    assert joint_norm(gradients) == pytest.approx(norm)
    clipped = clip_by_norm(gradients, 1.0)
    assert joint_norm(clipped.gradients) == pytest.approx(1)
    assert clipped.scale == pytest.approx(1 / norm)
    assert clip_by_norm(gradients, 2 * norm).scale == 1
    clipped = clip_by_value(gradients, 0.5)
    flat = np.concatenate([one.ravel() for one in gradients.values()])
    cut = np.clip(flat, -0.5, 0.5)
    assert clipped.changed == pytest.approx(np.mean(np.abs(flat) > 0.5))
    assert clipped.cosine == pytest.approx(flat @ cut / np.linalg.norm(flat) / np.linalg.norm(cut))
    assert clipped.scale == pytest.approx(np.linalg.norm(cut) / norm)
    huge = clip_by_value({"w": np.array([1e200, 1e200])}, 1.0)
    assert huge.cosine == pytest.approx(1)
    assert clip_by_value({"w": np.zeros(3)}, 1.0).cosine == 1
