"""Check a gradient without automatic differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.analysis.norms import norm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from a4eval_rnn_bptt.arrays import Array, Params
    from a4eval_rnn_bptt.contract import Cell


def central_difference_error(
    layer: Cell,
    params: Params,
    x: Array,
    loss: Callable[[Array], float],
    gradient: Mapping[str, Array],
    rng: np.random.Generator,
    *,
    entries: int = 200,
    step: float = 1e-5,
) -> float:
    """Compare a gradient with central differences, and return the relative error.

    Two steps, h and h/2, are combined by Richardson's rule, so the error of the difference itself is O(h⁴).
    A kink of relu between the two ends of a step makes the difference meaningless, hence the small step.

    Args:
        layer: a recurrent layer.
        params: its weights, float64.
        x: (T, B, I).
        loss: from outputs (T, B, H) to a number.
        gradient: what is to be checked.
        rng: draws the entries.
        entries: how many are checked; all when there are fewer.
        step: h, relative to a weight of size 1.

    Returns:
        ‖difference − gradient‖/‖gradient‖ over the entries.
    """
    places = [(name, index) for name in gradient for index in range(params[name].size)]
    if len(places) > entries:
        places = [places[i] for i in rng.choice(len(places), entries, replace=False)]
    changed = {name: value.copy() for name, value in params.items()}
    expected, found = [], []
    for name, index in places:
        flat = changed[name].reshape(-1)
        kept = flat[index]
        slopes = []
        for h in (step, step / 2):
            values = []
            for sign in (1, -1):
                flat[index] = kept + sign * h
                values.append(loss(layer.forward(changed, x)[0]))
            slopes.append((values[0] - values[1]) / (2 * h))
        flat[index] = kept
        found.append((4 * slopes[1] - slopes[0]) / 3)
        expected.append(gradient[name].reshape(-1)[index])
    difference = np.array(found) - np.array(expected)
    return norm(difference) / norm(np.array(expected))
