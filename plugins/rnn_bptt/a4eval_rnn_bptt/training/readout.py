"""M models at once: a recurrent layer each, with a linear readout and its loss on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_rnn_bptt.contract import Sparing, is_stackable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_rnn_bptt.arrays import Array
    from a4eval_rnn_bptt.training.sequences import SequenceBatch, SequenceProblem

OUT_WEIGHT, OUT_BIAS = "readout.weight", "readout.bias"


def forward_models(layer: Any, params: dict[str, Array], x: Array, window: int | None = None) -> tuple[Array, Any]:
    """Run M models, (M, …) weights on (M, T, B, I), at once where the layer can, else one after the other.

    Args:
        layer: any layer that reads sequences; one derived from :class:`a4eval_rnn_bptt.Recurrent` if there is a window.
        params: the weights.
        x: the inputs.
        window: cut the sequence into pieces of this many steps; the state goes on, the gradient will not.
    """
    if is_stackable(layer):
        return _forward_pieces(layer, params, x, window)
    each = [_forward_pieces(layer, _model(params, m), x[m], window) for m in range(len(x))]
    return np.stack([y for y, _ in each]), [tapes for _, tapes in each]


def backward_models(layer: Any, params: dict[str, Array], tapes: Any, dy: Array) -> dict[str, Array]:
    """Backpropagate M models; the weights' gradients with the model axis in front."""
    if is_stackable(layer):
        return _backward_pieces(layer, params, tapes, dy)
    each = [_backward_pieces(layer, _model(params, m), tapes[m], dy[m]) for m in range(len(dy))]
    return {name: np.stack([gradient[name] for gradient in each]) for name in each[0]}


def _model(params: dict[str, Array], m: int) -> dict[str, Array]:
    return {name: value[m] for name, value in params.items()}


def _forward_pieces(layer: Any, params: dict[str, Array], x: Array, window: int | None) -> tuple[Array, list[Any]]:
    if window is None:
        y, tape = layer.forward(params, x)
        return y, [(slice(None), tape)]
    state, outputs, tapes = None, [], []
    for first in range(0, x.shape[-3], window):
        piece = slice(first, first + window)
        y, tape = layer.forward(params, x[..., piece, :, :], state=state)
        state = tape.final_state
        outputs.append(y)
        tapes.append((piece, tape))
    return np.concatenate(outputs, axis=-3), tapes


def _backward_pieces(layer: Any, params: dict[str, Array], tapes: list[Any], dy: Array) -> dict[str, Array]:
    total: dict[str, Array] = {}
    for piece, tape in tapes:
        errors = dy[..., piece, :, :]
        if isinstance(layer, Sparing):  # these layers can leave out what training has no use for
            one = layer.gradients(params, tape, errors, want_dx=False).params
        else:
            one = layer.backward(params, tape, errors)[0]
        total = {name: total[name] + value for name, value in one.items()} if total else one
    return total


def readout_loss(params: dict[str, Array], y: Array, batches: Sequence[SequenceBatch], *, classes: bool) -> Any:
    """Return loss, score and gradients of a linear readout at the steps that are to be predicted.

    Args:
        params: with ``readout.weight`` (M, O, H) and ``readout.bias`` (M, O).
        y: (M, T, B, H).
        batches: one a model, all asking at the same steps.
        classes: cross-entropy and accuracy; else the mean squared error, which is both loss and score.

    Returns:
        loss (M,), score (M,), the readout's gradients, and dy (M, T, B, H).
    """
    steps = batches[0].steps
    at = y[:, steps]
    weight, bias = params[OUT_WEIGHT], params[OUT_BIAS]
    models, _, _, hidden = at.shape
    predicted = np.matmul(at, weight.swapaxes(-1, -2)[:, None]) + bias[:, None, None, :]
    target = np.stack([batch.target for batch in batches])
    count = target.shape[1] * target.shape[2]
    if classes:
        predicted -= predicted.max(-1, keepdims=True)
        delta = np.exp(predicted)
        total = delta.sum(-1, keepdims=True)
        chosen = target[..., None]
        loss = (np.log(total) - np.take_along_axis(predicted, chosen, -1)).mean((1, 2, 3))
        score = (predicted.argmax(-1) == target).mean((1, 2))
        delta /= total
        np.put_along_axis(delta, chosen, np.take_along_axis(delta, chosen, -1) - 1, -1)
        delta /= count
    else:
        delta = predicted - target
        loss = score = (delta**2).sum(-1).mean((1, 2))
        delta *= 2 / count
    rows = delta.reshape(models, -1, delta.shape[-1])
    gradients = {
        OUT_WEIGHT: np.matmul(rows.swapaxes(-1, -2), at.reshape(models, -1, hidden)),
        OUT_BIAS: rows.sum(1),
    }
    dy = np.zeros_like(y)
    dy[:, steps] = np.matmul(delta, weight[:, None])
    return loss, score, gradients, dy


def initial_models(
    layer: Any, problem: SequenceProblem, rngs: Sequence[np.random.Generator], dtype: Any
) -> dict[str, Array]:
    """Draw the weights of one model a generator, the readout N(0, 1/H), and stack them: (M, …)."""
    drawn = []
    for rng in rngs:
        params = dict(layer.init(rng))
        width = _width(layer, params, problem)
        params[OUT_WEIGHT] = rng.standard_normal((problem.outputs, width)) / np.sqrt(width)
        params[OUT_BIAS] = np.zeros(problem.outputs)
        drawn.append(params)
    return {name: np.stack([one[name] for one in drawn]).astype(dtype) for name in drawn[0]}


def _width(layer: Any, params: dict[str, Array], problem: SequenceProblem) -> int:
    """Return how wide the layer's output is, by asking it."""
    y, _ = layer.forward(params, np.zeros((1, 1, problem.inputs)))
    return int(y.shape[-1])
