"""What clipping does to a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval_rnn_bptt.analysis.norms import joint_norm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array


class Clipped(NamedTuple):
    """A clipped gradient and how it differs from the whole.

    Args:
        gradients: weight by weight.
        scale: the norm after by the norm before.
        changed: the fraction of entries that were cut off (1 or 0 for clipping by norm, which scales all alike).
        cosine: with the gradient before: 1 when only the length changed.
    """

    gradients: dict[str, Array]
    scale: float
    changed: float
    cosine: float


def clip_by_norm(gradients: Mapping[str, Array], limit: float) -> Clipped:
    """Scale all gradients together so that their joint norm is at most *limit* (Pascanu et al. 2013).

    Args:
        gradients: weight by weight.
        limit: the largest norm.

    >>> clip_by_norm({"w": np.array([3.0, 4.0])}, 1.0).gradients["w"]
    array([0.6, 0.8])
    """
    norm = joint_norm(gradients)
    scale = min(1.0, limit / norm) if norm > 0 else 1.0
    return Clipped({name: one * scale for name, one in gradients.items()}, scale, float(scale < 1), 1.0)


def clip_by_value(gradients: Mapping[str, Array], limit: float) -> Clipped:
    """Cut every entry to ±*limit*; unlike clipping by norm this turns the gradient.

    Args:
        gradients: weight by weight.
        limit: the largest entry.

    >>> clip_by_value({"w": np.array([3.0, 0.5])}, 1.0).cosine.__round__(3)
    0.956
    """
    cut = {name: np.clip(one, -limit, limit) for name, one in gradients.items()}
    before, after = joint_norm(gradients), joint_norm(cut)
    if not before > 0:
        return Clipped(cut, 1.0, 0.0, 1.0)
    changed = sum(int(np.sum(np.abs(one) > limit)) for one in gradients.values())
    size = sum(one.size for one in gradients.values())
    # each side by its own norm, so that a gradient of 1e200 has a cosine too
    inner = sum(float(np.sum((gradients[name] / before) * (cut[name] / after))) for name in cut)
    return Clipped(cut, after / before, changed / size, inner)
