"""The LSTM of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000), as torch defines it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State, check_state
from a4eval_rnn_bptt.kernels.gates import all_but_closed, open_exactly
from a4eval_rnn_bptt.kernels.memory import aligned_empty, drop_below, negligible, sequence_buffer, time_first
from a4eval_rnn_bptt.kernels.pieces import add_up, backward_chunk, forward_chunk, piece_length
from a4eval_rnn_bptt.kernels.products import by_gate, from_gates, input_gradient, projection, to_gates, weight_gradients

_CHUNK_ARRAYS = 12  # six of slopes, and what they are made of


class LstmTape(NamedTuple):
    """What the backward pass needs: the input, i, f, o, g and c' of every step, and h_0 … h_T, c_0 … c_T."""

    x: Array
    blocks: Array
    states: tuple[Array, Array]


def _folded(weight: Array, axis: int) -> Array:
    """Return the blocks of a bias or transposed weight as (4, …), order i, f, o, g, the three σ gates halved."""
    blocks = by_gate(weight, 4, axis)
    if axis == -2:
        blocks = blocks.swapaxes(-1, -2)
    folded = np.empty(blocks.shape, weight.dtype)
    np.multiply(blocks[:2], 0.5, out=folded[:2])
    np.multiply(blocks[3], 0.5, out=folded[2])
    folded[3] = blocks[2]
    return folded


def lstm_forward(params: Params, x: Array, state: State | None = None) -> tuple[Array, LstmTape]:
    """Run an LSTM over a sequence: c = f·c' + i·g, h = o·tanh(c).

    Args:
        params: ``weight_ih`` (…, 4H, I), ``weight_hh`` (…, 4H, H) and, both or neither, ``bias_ih``, ``bias_hh``
            (…, 4H); gates in torch's order i, f, g, o.
        x: (…, T, B, I).
        state: ``(h_0, c_0)``, each (…, B, H); zeros where None.

    Returns:
        h_1 … h_T, (…, T, B, H) in the dtype of *x*, and the tape.
    """
    dtype = x.dtype.newbyteorder("=")  # as the products need it
    *lead, steps, batch, _ = x.shape
    hidden = params["weight_hh"].shape[-1]
    # a step's five blocks i, f, o, g, c': i and f lie as g and c' do, so that one multiplication makes i·g and f·c'
    blocks = sequence_buffer((5, *lead), steps + 1, batch, hidden, dtype)
    gates, c = blocks[:4, ..., :-1, :, :], blocks[4]
    h = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    h[..., 0, :, :], c[..., 0, :, :] = check_state(state, 2, (*lead, batch, hidden), dtype)
    weight_ih, weight_hh = (_folded(params[name].astype(dtype, copy=False), -2) for name in ("weight_ih", "weight_hh"))
    project = projection(weight_ih, batch)
    bias = None
    if "bias_ih" in params:
        bias = _folded((params["bias_ih"] + params["bias_hh"]).astype(dtype, copy=False), -1)[..., None, None, :]
    multiply_all, right, out, product = to_gates(weight_hh, batch)
    pair = aligned_empty((2, *lead, batch, hidden), dtype)
    new, kept = pair
    squashed = np.empty_like(new)
    half = np.array(0.5, dtype)
    add, multiply, tanh = np.add, np.multiply, np.tanh
    z, hs, cs = time_first(blocks)[:-1], time_first(h), time_first(c)
    chunk = forward_chunk(product)
    low, exact = 0, False
    while low < steps:
        h_old = hs[low]
        now, after = slice(low, min(steps, low + chunk)), slice(low + 1, low + chunk + 1)
        project(x[..., now, :, :], gates[..., now, :, :])
        if bias is not None:
            gates[..., now, :, :] += bias
        for z_t, sigmoids, i_f, g_c, o_t, c_new, h_new in zip(
            z[now, :4], z[now, :3], z[now, :2], z[now, 3:], z[now, 2], cs[after], hs[after], strict=True
        ):
            multiply_all(h_old, right, out)
            add(z_t, product, z_t)
            if exact:
                open_exactly(sigmoids)
                tanh(z_t[3], z_t[3])
            else:
                tanh(z_t, z_t)
                multiply(sigmoids, half, sigmoids)
                add(sigmoids, half, sigmoids)
            multiply(i_f, g_c, pair)
            add(new, kept, c_new)
            tanh(c_new, squashed)
            multiply(o_t, squashed, h_new)
            h_old = h_new
        if not exact and all_but_closed(z[now, :3]):
            exact = True  # the same chunk again, and the rest alike
        else:
            low += chunk
    return h[..., 1:, :, :], LstmTape(x, blocks[..., :-1, :, :], (h, c))


def lstm_backward(
    params: Params, tape: LstmTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through the whole sequence.

    Args:
        params: as in :func:`lstm_forward`.
        tape: from :func:`lstm_forward`; it is not changed.
        dy: (…, T, B, H), the gradient of a scalar with respect to the outputs.
        dstate: its gradient with respect to the final ``(h_T, c_T)``, besides the one through ``dy``.
        want_dx: also the gradient of the input.
    """
    h, c = tape.states
    dtype = h.dtype
    _, *lead, steps, batch, hidden = tape.blocks.shape
    # five blocks a step: first the slopes, then the gradients of c before the step and of the gates i, f, g, o: torch's
    # order.  All but o's are dc times a slope, and one multiplication makes the four of them.
    # They are kept for one piece of the sequence, and the next piece takes their place.
    piece = piece_length(steps, batch)
    blocks = sequence_buffer((5, *lead), piece, batch, hidden, dtype)
    dh, dc = (one.copy() for one in check_state(dstate, 2, (*lead, batch, hidden), dtype))
    carried = dc.copy()
    term = np.empty_like(dh)
    z, cs, by_step, errors = time_first(tape.blocks), time_first(c)[1:], time_first(blocks), time_first(dy)
    weight_ih, weight_hh = (
        by_gate(params[name].astype(dtype, copy=False), 4, -2) for name in ("weight_ih", "weight_hh")
    )
    into_dh, gates = from_gates(weight_hh, by_step[:, 1:], dh)
    chunk = backward_chunk(dh, _CHUNK_ARRAYS)
    add, multiply = np.add, np.multiply
    floor = negligible(dy, dtype)
    sums: tuple[Array, ...] = ()
    dx = np.empty_like(tape.x, dtype=dtype) if want_dx else None
    for top in range(steps, 0, -piece):
        bottom = max(0, top - piece)
        there = (..., slice(bottom, top), slice(None), slice(None))
        drop_below(floor, dh)
        drop_below(floor, carried)
        if sums and not any(one.any() for one in (dh, carried, errors[bottom:top])):
            if dx is not None:  # the gradient has vanished, and nothing here adds to it
                dx[there] = 0
            continue
        for high in range(top, bottom, -chunk):
            drop_below(floor, dh)
            drop_below(floor, carried)
            now = slice(max(bottom, high - chunk), high)
            here = slice(now.start - bottom, high - bottom)
            back = by_step[here][::-1]
            to_c = _put_slopes(z[now], np.tanh(cs[now]), by_step[here])
            for e, s_c, d_dc, d_o, d_gates, d_c in zip(
                errors[now][::-1], to_c[::-1], back[:, :4], back[:, 4], gates[here][::-1], back[:, 0], strict=True
            ):
                add(dh, e, dh)
                multiply(dh, s_c, term)
                add(carried, term, dc)
                multiply(dc, d_dc, d_dc)
                multiply(dh, d_o, d_o)
                into_dh(d_gates)
                carried = d_c
        carried = carried.copy()
        delta = blocks[1:, ..., : top - bottom, :, :]
        found = weight_gradients(delta, tape.x[there], h[there])
        sums = add_up(sums, found)
        if dx is not None:
            dx[there] = input_gradient(delta, weight_ih, dx[there].shape)
    gradient = {"weight_ih": sums[0], "weight_hh": sums[1]}
    if "bias_ih" in params:
        gradient |= {"bias_ih": sums[2], "bias_hh": sums[2].copy()}
    return Gradients(gradient, dx, (dh, carried))


def _put_slopes(blocks: Array, squashed: Array, slopes: Array) -> Array:
    """Fill in what multiplies dc on its way to c', i, f, g and dh on its way to o; return what it is on its way to c.

    Args:
        blocks: (n, 5, …, B, H), i, f, o, g, c' of n steps.
        squashed: (n, …, B, H), tanh(c).
        slopes: (n, 5, …, B, H), filled in.
    """
    i, f, o, g, _ = (blocks[:, k] for k in range(5))
    i_f, g_c = blocks[:, :2], blocks[:, 3:]
    multiply, subtract = np.multiply, np.subtract
    to_g, to_o, to_i_f = slopes[:, 3], slopes[:, 4], slopes[:, 1:3]
    slopes[:, 0] = f
    subtract(1, i_f, out=to_i_f)
    multiply(to_i_f, i_f, out=to_i_f)
    multiply(to_i_f, g_c, out=to_i_f)
    multiply(g, g, out=to_g)
    subtract(1, to_g, out=to_g)
    multiply(to_g, i, out=to_g)
    subtract(1, o, out=to_o)
    multiply(to_o, o, out=to_o)
    multiply(to_o, squashed, out=to_o)
    to_c = np.multiply(squashed, squashed, out=squashed)
    subtract(1, to_c, out=to_c)
    return multiply(to_c, o, out=to_c)
