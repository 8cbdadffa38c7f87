"""Which loss step and which source step a gradient comes from: the exact split of BPTT over pairs (t, k).

The gradient of E = Σ_t E_t with respect to a weight is a sum over loss steps t and source steps k ≤ t of
G_tk = ∂E_t/∂s_k · ∂⁺s_k/∂w, where ∂⁺ is the *immediate* derivative: the state before step k is held fixed.
(The total derivative ∂s_k/∂w already contains every earlier step; see :func:`total_reading_error`.)
G_tk is also the derivative of E_t with respect to a copy of the weight used at step k alone.

The recursion runs over the lag t − k, all k at once, so memory stays O(T·B·H) and every lag is one batched product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval_rnn_bptt.analysis.norms import norm, norms, power_of_two
from a4eval_rnn_bptt.arrays import Array
from a4eval_rnn_bptt.contract import Foldable
from a4eval_rnn_bptt.unrolling import sum_contributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from a4eval_rnn_bptt.analysis.trajectory import Trajectory
    from a4eval_rnn_bptt.arrays import State
    from a4eval_rnn_bptt.contract import Cell, Contribution, Undo


@dataclass(frozen=True, slots=True)
class WeightAttribution:
    """One weight's gradient, split.

    Args:
        gradient: the whole, in the weight's shape.
        share: (T, T), ⟨G_tk, G⟩/⟨G, G⟩ at [t, k]; zero for k > t; sums to 1; NaN everywhere when G is zero.
        norm: (T, T), ‖G_tk‖ (Frobenius), or None where it was not asked for.
        per_lag: (T, …), Σ_k G_{k+lag,k} for every lag, or None where it was not asked for.
        truncated_bias: (T,), at [w − 1] the relative error ‖Ĝ_w − G‖/‖G‖ of BPTT truncated to a window of w steps
            (each loss reaches back over w steps), or None.
        truncated_cosine: (T,), and its cosine with G, or None.
    """

    gradient: Array
    share: Array
    norm: Array | None = None
    per_lag: Array | None = None
    truncated_bias: Array | None = None
    truncated_cosine: Array | None = None

    @property
    def cosine(self) -> Array:
        """(T, T), the cosine between G_tk and G; NaN where G_tk is zero."""
        if self.norm is None:
            raise ValueError("the cosine needs the norms: ask for norm=True")
        whole = norm(self.gradient)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.norm > 0, self.share * whole / self.norm, np.nan)


def whole_gradient(trajectory: Trajectory, errors: Array, weights: Sequence[str] | None = None) -> dict[str, Array]:
    """Backpropagate through time, step by step.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        errors: (T, B, H), ∂E_t/∂h_t.
        weights: which weights; all that took part where None.

    Raises:
        ValueError: a weight is unknown.
    """
    parts: dict[str, list[Contribution]] = {}
    carried: State = tuple(np.zeros_like(one[0]) for one in trajectory.states)
    for t in range(trajectory.steps - 1, -1, -1):
        undone = trajectory.undo(t, t + 1, (carried[0] + errors[t], *carried[1:]))
        carried = undone.state
        for name, part in undone.params.items():
            parts.setdefault(name, []).append(part)
    names = list(parts) if weights is None else list(weights)
    if unknown := set(names) - set(parts):
        raise ValueError(f"no weight {min(unknown)!r}, expected one of {', '.join(parts)}")
    return {name: sum_contributions(parts[name]) for name in names}


def lags(trajectory: Trajectory, errors: Array) -> Iterator[dict[str, Contribution]]:
    """Yield, for lag 0, 1, …, T − 1, the contributions of all pairs (k + lag, k), k-major: row k·B + b.

    Each dict is emptied when the next one is asked for.
    """
    steps, batch = trajectory.steps, trajectory.batch
    flat = errors.reshape(steps * batch, -1)
    dstate: State = (flat, *(np.zeros((len(flat), one.shape[-1]), flat.dtype) for one in trajectory.states[1:]))
    for lag in range(steps):
        parts, _, before = trajectory.undo(0, steps - lag, dstate)
        # the gradient that has arrived before step k is, one lag later, the one after step k − 1
        dstate = tuple(one[batch:] for one in before)
        del before
        yield parts
        parts.clear()  # whatever of it is not kept elsewhere is free before the next lag needs the memory


def attribute(
    trajectory: Trajectory,
    errors: Array,
    *,
    weights: Sequence[str] | None = None,
    norm: bool = False,
    per_lag: bool = False,
    truncation: bool = False,
) -> dict[str, WeightAttribution]:
    """Split the gradient of every weight over loss step t and source step k.

    One pass over the lags, each a batched step, in O(T·B·H) memory.  Where shares alone are asked for and the cell can
    fold its steps, one pass over the steps instead, with B·H² more.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        errors: (T, B, H), ∂E_t/∂h_t: the gradient of each step's own loss with respect to that step's output.
        weights: which weights; all where None.
        norm: also the norm of every G_tk, by Gram matrices.
        per_lag: also the matrices Σ_k G_{k+lag,k}.
        truncation: also bias and cosine of truncated BPTT for every window.

    Raises:
        ValueError: *errors* has another shape than the outputs or is not finite, or a weight is unknown.
    """
    if errors.shape != trajectory.outputs.shape:
        raise ValueError(f"errors have shape {errors.shape}, expected {trajectory.outputs.shape}, that of the outputs")
    if not np.isfinite(errors).all():
        raise ValueError("errors hold values that are not finite")
    scale = power_of_two(errors)  # all is found for errors near 1, so that a product of two small numbers is not lost
    errors = errors / scale
    gradients = whole_gradient(trajectory, errors, weights)
    directions = {name: _Direction.of(whole) for name, whole in gradients.items()}
    wanted = (norm, per_lag, truncation)
    along = {name: one.array for name, one in directions.items()}
    if not any(wanted) and (inner := _folded_inner(trajectory, errors, along)):
        return {
            name: WeightAttribution(gradients[name] * scale, one.share(inner[name])) for name, one in directions.items()
        }
    splits = {name: _Split(one, trajectory.steps, trajectory.batch, *wanted) for name, one in directions.items()}
    for lag, parts in enumerate(lags(trajectory, errors)):
        for name, split in splits.items():
            split.add(lag, parts[name])
    return {name: split.finish(scale) for name, split in splits.items()}


def _folded_inner(trajectory: Trajectory, errors: Array, directions: dict[str, Array]) -> dict[str, Array] | None:
    """Return ⟨G_tk, direction⟩, (T, T), of every weight, step by step for all losses at once; None if the cell cannot.

    Losses whose gradient is zero take no time.
    """
    fold = _own_fold(trajectory.cell)
    losses = np.flatnonzero(errors.any(axis=(1, 2)))
    steps, batch = trajectory.steps, trajectory.batch
    undo = fold and fold(trajectory.params, trajectory.tape, directions, batch, len(losses))
    if undo is None:
        return None
    inner = {name: np.zeros((steps, steps)) for name in directions}
    after, before = (
        tuple(np.zeros((batch, len(losses), one.shape[-1]), errors.dtype) for one in trajectory.states)
        for _ in range(2)
    )
    for k in range(steps - 1, -1, -1):
        first = int(np.searchsorted(losses, k))
        if first == len(losses):
            continue
        if losses[first] == k:
            after[0][:, first] = errors[k]
        now, then = (tuple(one[:, first:] for one in state) for state in (after, before))
        for name, products in undo(k, now, then if k else None).items():
            inner[name][losses[first:], k] = products
        after, before = before, after  # a loss that has not begun was never written to: its other states are zero
    return inner


def _own_fold(cell: Cell) -> Callable[..., Undo | None] | None:
    """Return the cell's ``fold``; None if it has none, or inherits it but does its steps otherwise."""
    if not isinstance(cell, Foldable):
        return None
    fold, *steps = (_depth(type(cell), name) for name in ("fold", "step", "step_backward"))
    return cell.fold if fold <= min(steps) else None


def _depth(kind: type, name: str) -> int:
    """Return how far up the classes *name* is defined; beyond the last where none defines it."""
    classes = kind.__mro__
    return next((index for index, one in enumerate(classes) if name in vars(one)), len(classes))


class _Direction(NamedTuple):
    """A gradient G and what its parts are held against: D = G/s with a power of two s, so that ⟨D, D⟩ is no underflow.

    Args:
        gradient: G.
        array: D, its largest entry between 1 and 2.
        scale: s.
        square: ⟨D, D⟩, NaN where G is zero.
    """

    gradient: Array
    array: Array
    scale: float
    square: float

    @classmethod
    def of(cls, gradient: Array) -> _Direction:
        """Return the direction of a gradient."""
        scale = power_of_two(gradient)
        array = gradient / scale
        return cls(gradient, array, scale, float(np.sum(array.astype(np.float64) ** 2)) or np.nan)

    def share(self, inner: Array) -> Array:
        """Turn ⟨G_tk, D⟩ into ⟨G_tk, G⟩/⟨G, G⟩."""
        return inner / self.scale / self.square


class _Split:
    """Collects one weight's attribution, lag by lag."""

    def __init__(self, whole: _Direction, steps: int, batch: int, norm: bool, per_lag: bool, truncation: bool) -> None:  # noqa: FBT001  (private, called once)
        self.whole, self.batch = whole, batch
        self.inner = np.zeros((steps, steps))
        self.norm = np.zeros((steps, steps)) if norm else None
        self.per_lag: list[Array] | None = [] if per_lag else None
        self.reached = np.zeros_like(whole.array) if truncation else None  # what BPTT truncated to this lag gives
        self.truncated: list[tuple[float, float]] = []
        self.projected = self.gram = np.empty(0)
        self.fed, self.wide = np.empty(0, bool), np.empty(0)
        self.floor = 0.0

    def add(self, lag: int, part: Contribution) -> None:
        k = np.arange(len(self.inner) - lag)
        if isinstance(part, tuple):
            delta, inputs = part
            if lag == 0:
                self.projected = inputs @ self.whole.array.T  # ⟨δ ⊗ x, D⟩ = ⟨δ, D x⟩: D x once serves every lag
            projected = self._by_step(self.projected[: len(delta)])
            self.inner[k + lag, k] = np.einsum("kn,kn->k", self._by_step(delta), projected)
        else:
            self.inner[k + lag, k] = self._by_step(part) @ np.tile(self.whole.array.ravel(), self.batch)
        if self.norm is not None:
            self.norm[k + lag, k] = self._norms(part)
        if self.per_lag is not None or self.reached is not None:
            total = sum_contributions([part])
            if self.per_lag is not None:
                self.per_lag.append(total)
            if self.reached is not None:
                self.reached += total
                self.truncated.append((norm(self.reached - self.whole.gradient), norm(self.reached)))

    def _by_step(self, rows: Array) -> Array:
        return rows.reshape(len(rows) // self.batch, -1)

    def _norms(self, part: Contribution) -> Array:
        """Return ‖G_tk‖ for every k: ‖Σ_b δ_b ⊗ x_b‖² = Σ_bc ⟨δ_b, δ_c⟩⟨x_b, x_c⟩, so no matrix is formed."""
        if not isinstance(part, tuple):
            return norms(part.reshape(-1, self.batch, self.whole.array.size).sum(1), axis=1)
        delta, inputs = (one.reshape(-1, self.batch, one.shape[-1]) for one in part)
        if not self.gram.size:
            wide = np.abs(inputs).max((1, 2), initial=0)
            self.fed, self.wide = wide > 0, np.ldexp(1.0, np.frexp(np.where(wide > 0, wide, 1))[1] - 1)
            unit_inputs = inputs / self.wide.astype(inputs.dtype)[:, None, None]
            self.gram = unit_inputs @ unit_inputs.swapaxes(1, 2)
            self.floor = float(np.finfo(delta.dtype).tiny) / float(np.finfo(delta.dtype).eps)
        gram, wide = self.gram[: len(delta)], self.wide[: len(delta)]
        pairs = _gram_square(delta, gram)
        found: Array = np.sqrt(np.maximum(pairs, 0), dtype=np.float64) * wide
        lost = np.flatnonzero((pairs < self.floor) & self.fed[: len(delta)])
        if lost.size:  # the square of what has nearly vanished is no float: again, relative to the largest
            top = np.abs(delta[lost]).max((1, 2), initial=0)
            again = _gram_square(delta[lost] / np.where(top > 0, top, 1)[:, None, None], gram[lost])
            found[lost] = top * wide[lost] * np.sqrt(np.maximum(again, 0))
        return found

    def finish(self, scale: float) -> WeightAttribution:
        whole = self.whole
        bias = cosine = None
        if self.reached is not None:
            missing, length = np.array(self.truncated).T
            inner = np.cumsum([np.trace(self.inner, -lag) for lag in range(len(self.inner))])
            of_direction = np.sqrt(whole.square)
            bias = missing / whole.scale / of_direction
            with np.errstate(invalid="ignore", divide="ignore"):
                cosine = np.where(length > 0, inner / length / of_direction, np.nan)
        per_lag = None if self.per_lag is None else np.array(self.per_lag) * scale
        found = None if self.norm is None else self.norm * scale
        return WeightAttribution(whole.gradient * scale, whole.share(self.inner), found, per_lag, bias, cosine)


def _gram_square(delta: Array, gram: Array) -> Array:
    """Return Σ_bc ⟨δ_b, δ_c⟩⟨x_b, x_c⟩, (K,), from (K, B, G) and the Gram matrices of x, (K, B, B)."""
    pairs: Array = np.einsum("kbc,kbc->k", delta @ delta.swapaxes(1, 2), gram)
    return pairs
