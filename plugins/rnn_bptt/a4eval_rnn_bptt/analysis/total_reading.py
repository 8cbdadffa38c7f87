"""What becomes of the nested chain rule when its derivatives are read as total ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.analysis.attribution import lags
from a4eval_rnn_bptt.analysis.norms import joint_norm, power_of_two
from a4eval_rnn_bptt.unrolling import sum_contributions

if TYPE_CHECKING:
    from a4eval_rnn_bptt.analysis.trajectory import Trajectory
    from a4eval_rnn_bptt.arrays import Array


def total_reading_error(trajectory: Trajectory, errors: Array) -> Array:
    """Measure how wrong the nested chain rule is when its ∂h_k/∂w are read as total derivatives.

    ∂E_t/∂w = ∂E_t/∂h_t (∂⁺h_t/∂w + ∂h_t/∂h_{t−1} (∂⁺h_{t−1}/∂w + …)) holds with immediate derivatives ∂⁺.
    A total derivative at step j already contains the sources k ≤ j, so reading it there counts G_tk t − k + 1 times.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        errors: (T, B, H), ∂E_t/∂h_t.

    Returns:
        (T,), ‖wrong − right‖/‖right‖ of each ∂E_t/∂w over all weights together; 0 for the first step.
    """
    steps, batch = trajectory.steps, trajectory.batch
    errors = errors / power_of_two(errors)
    wrong: list[dict[str, Array]] = [{} for _ in range(steps)]
    right: list[dict[str, Array]] = [{} for _ in range(steps)]
    for lag, parts in enumerate(lags(trajectory, errors)):
        for k in range(steps - lag):
            rows = slice(k * batch, (k + 1) * batch)
            for name, part in parts.items():
                one = (part[0][rows], part[1][rows]) if isinstance(part, tuple) else part[rows]
                path = sum_contributions([one])
                right[k + lag][name] = right[k + lag].get(name, 0) + path
                wrong[k + lag][name] = wrong[k + lag].get(name, 0) + lag * path
    return np.array([joint_norm(excess) / joint_norm(true) for excess, true in zip(wrong, right, strict=True)])
