"""The GRU of Cho et al. (2014), its reset gate after the matrix product: torch's, and Keras's ``reset_after=True``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State, check_state
from a4eval_rnn_bptt.kernels.gates import all_but_closed, open_exactly
from a4eval_rnn_bptt.kernels.memory import drop_below, negligible, sequence_buffer, time_first
from a4eval_rnn_bptt.kernels.pieces import add_up, backward_chunk, forward_chunk, piece_length
from a4eval_rnn_bptt.kernels.products import by_gate, from_gates, input_gradient, projection, to_gates, weight_gradients

_CHUNK_ARRAYS = 10  # four of slopes, and what they are made of


class GruTape(NamedTuple):
    """What the backward pass needs: the input, W_hn h' + b_hn, r, z and n of every step, and h_0 … h_T."""

    x: Array
    blocks: Array
    states: tuple[Array]


def _folded(weight: Array, axis: int) -> Array:
    """Return the blocks r, z, n of a weight or bias as (3, …), the two σ gates halved."""
    folded = by_gate(weight, 3, axis).copy()
    folded[:2] *= 0.5
    return folded


def _new_gate_first(blocks: Array) -> Array:
    """Turn r, z, n into n, r, z."""
    return np.concatenate((blocks[2:], blocks[:2]))


def gru_forward(params: Params, x: Array, state: State | None = None) -> tuple[Array, GruTape]:
    """Run a GRU over a sequence: n = tanh(W_in x + b_in + r·(W_hn h' + b_hn)), h = (1 − z)·n + z·h'.

    Args:
        params: ``weight_ih`` (…, 3H, I), ``weight_hh`` (…, 3H, H) and, both or neither, ``bias_ih``, ``bias_hh``
            (…, 3H); gates in torch's order r, z, n.
        x: (…, T, B, I).
        state: ``(h_0,)``, (…, B, H); zeros where None.

    Returns:
        h_1 … h_T, (…, T, B, H) in the dtype of *x*, and the tape.
    """
    dtype = x.dtype.newbyteorder("=")  # as the products need it
    *lead, steps, batch, _ = x.shape
    hidden = params["weight_hh"].shape[-1]
    # a step's four blocks q = W_hn h' + b_hn, r, z, n: the state arrives at the first three, the input at the last
    blocks = sequence_buffer((4, *lead), steps, batch, hidden, dtype)
    h = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    h[..., 0, :, :] = check_state(state, 1, (*lead, batch, hidden), dtype)[0]
    weight_ih, weight_hh = (_folded(params[name].astype(dtype, copy=False), -2) for name in ("weight_ih", "weight_hh"))
    project = projection(weight_ih.swapaxes(-1, -2), batch)
    multiply_all, right, out, product = to_gates(_new_gate_first(weight_hh).swapaxes(-1, -2), batch)
    bias = np.zeros((4, *lead, 1, 1, hidden), dtype)
    if "bias_ih" in params:
        bias_ih, bias_hh = (_folded(params[name].astype(dtype, copy=False), -1) for name in ("bias_ih", "bias_hh"))
        bias[:3] = _new_gate_first(bias_hh)[..., None, None, :]
        bias[1:] += bias_ih[..., None, None, :]
    term = np.empty((*lead, batch, hidden), dtype)
    half = np.array(0.5, dtype)
    add, subtract, multiply, tanh = np.add, np.subtract, np.multiply, np.tanh
    z, hs = time_first(blocks), time_first(h)
    chunk = forward_chunk(product)
    low, exact = 0, False
    while low < steps:
        h_old = hs[low]
        now = slice(low, min(steps, low + chunk))
        part = blocks[..., now, :, :]
        part[0] = bias[0]
        project(x[..., now, :, :], part[1:])
        part[1:] += bias[1:]
        for q_r_z, r_z, q_t, r_t, z_t, n_t, h_new in zip(
            z[now, :3],
            z[now, 1:3],
            z[now, 0],
            z[now, 1],
            z[now, 2],
            z[now, 3],
            hs[low + 1 : low + chunk + 1],
            strict=True,
        ):
            multiply_all(h_old, right, out)
            add(q_r_z, product, q_r_z)
            if exact:
                open_exactly(r_z)
            else:
                tanh(r_z, r_z)
                multiply(r_z, half, r_z)
                add(r_z, half, r_z)
            multiply(r_t, q_t, term)
            add(n_t, term, n_t)
            tanh(n_t, n_t)
            subtract(h_old, n_t, h_new)
            multiply(h_new, z_t, h_new)
            add(h_new, n_t, h_new)
            h_old = h_new
        if not exact and all_but_closed(z[now, 1:3]):
            exact = True  # the same chunk again, and the rest alike
        else:
            low += chunk
    return h[..., 1:, :, :], GruTape(x, blocks, (h,))


def gru_backward(
    params: Params, tape: GruTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through the whole sequence.

    Args:
        params: as in :func:`gru_forward`.
        tape: from :func:`gru_forward`; it is not changed.
        dy: (…, T, B, H), the gradient of a scalar with respect to the outputs.
        dstate: its gradient with respect to the final ``(h_T,)``, besides the one through ``dy``.
        want_dx: also the gradient of the input.
    """
    (h,) = tape.states
    dtype = h.dtype
    _, *lead, steps, batch, hidden = tape.blocks.shape
    # four blocks a step: first the slopes, then the gradients of q, r, z, n, where q is n's before the reset:
    # the last three meet the input weights, the first three the recurrent ones.
    # They are kept for one piece of the sequence, and the next piece takes their place.
    piece = piece_length(steps, batch)
    blocks = sequence_buffer((4, *lead), piece, batch, hidden, dtype)
    dh = check_state(dstate, 1, (*lead, batch, hidden), dtype)[0].copy()
    term = np.empty_like(dh)
    z, hs, by_step, errors = time_first(tape.blocks), time_first(h), time_first(blocks), time_first(dy)
    weight_ih, weight_hh = (
        by_gate(params[name].astype(dtype, copy=False), 3, -2) for name in ("weight_ih", "weight_hh")
    )
    into_term, gates = from_gates(_new_gate_first(weight_hh), by_step[:, :3], term)
    chunk = backward_chunk(dh, _CHUNK_ARRAYS)
    add, multiply = np.add, np.multiply
    floor = negligible(dy, dtype)
    sums: tuple[Array, ...] = ()
    dx = np.empty_like(tape.x, dtype=dtype) if want_dx else None
    for top in range(steps, 0, -piece):
        bottom = max(0, top - piece)
        there = (..., slice(bottom, top), slice(None), slice(None))
        drop_below(floor, dh)
        if sums and not dh.any() and not errors[bottom:top].any():
            if dx is not None:  # the gradient has vanished, and nothing here adds to it
                dx[there] = 0
            continue
        for high in range(top, bottom, -chunk):
            drop_below(floor, dh)
            now = slice(max(bottom, high - chunk), high)
            here = slice(now.start - bottom, high - bottom)
            back = by_step[here][::-1]
            _put_slopes(z[now], hs[now], by_step[here])
            for e, z_t, d_zn, d_qr, d_n, d_gates in zip(
                errors[now][::-1], z[now, 2][::-1], back[:, 2:], back[:, :2], back[:, 3], gates[here][::-1], strict=True
            ):
                add(dh, e, dh)
                multiply(dh, d_zn, d_zn)
                multiply(d_n, d_qr, d_qr)
                multiply(dh, z_t, dh)
                into_term(d_gates)
                add(dh, term, dh)
        delta = blocks[..., : top - bottom, :, :]
        found = (*weight_gradients(delta[1:], tape.x[there]), *weight_gradients(delta[:3], h[there]))
        sums = add_up(sums, found)
        if dx is not None:
            dx[there] = input_gradient(delta[1:], weight_ih, dx[there].shape)
    gradient = {"weight_ih": sums[0], "weight_hh": _new_gate_last(sums[2], -2)}
    if "bias_ih" in params:
        gradient |= {"bias_ih": sums[1], "bias_hh": _new_gate_last(sums[3], -1)}
    return Gradients(gradient, dx, (dh,))


def _new_gate_last(block: Array, axis: int) -> Array:
    """Turn n, r, z of a weight or bias back into torch's r, z, n."""
    n, r, z = np.split(block, 3, axis)
    return np.concatenate((r, z, n), axis)


def _put_slopes(blocks: Array, h_old: Array, slopes: Array) -> None:
    """Fill in what multiplies dn on its way to q and r, and dh on its way to z and n.

    Args:
        blocks: (n, 4, …, B, H), q, r, z, n of n steps.
        h_old: (n, …, B, H), the states before them.
        slopes: (n, 4, …, B, H), filled in.
    """
    q, r, z, n = (blocks[:, k] for k in range(4))
    to_q, to_r, to_z, to_n = (slopes[:, k] for k in range(4))
    multiply, subtract = np.multiply, np.subtract
    to_q[...] = r
    subtract(1, r, out=to_r)
    multiply(to_r, r, out=to_r)
    multiply(to_r, q, out=to_r)
    closed = subtract(1, z)
    subtract(h_old, n, out=to_z)
    multiply(to_z, z, out=to_z)
    multiply(to_z, closed, out=to_z)
    multiply(n, n, out=to_n)
    subtract(1, to_n, out=to_n)
    multiply(to_n, closed, out=to_n)
