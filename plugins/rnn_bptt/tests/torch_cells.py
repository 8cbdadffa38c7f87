"""Every cell once more, in torch and as its paper writes it: the independent reference of the tests."""

from __future__ import annotations


def step(torch, layer, w, x, state):
    """Do one step; *w* are the weights by name, *state* a tuple."""
    name = type(layer).__name__
    if name == "Stacked":
        count = len(state) // layer.layers
        after = ()
        for k in range(layer.layers):
            own = {key.removesuffix(f"_l{k}"): value for key, value in w.items() if key.endswith(f"_l{k}")}
            start = (layer.layers - 1 - k) * count  # the state has the top layer first
            new = step(torch, layer.cell, own, x, state[start : start + count])
            after, x = new + after, new[0]
        return after
    h = state[0]
    sigmoid, tanh = torch.sigmoid, torch.tanh
    zero = torch.zeros((), dtype=x.dtype)
    b_i, b_h = w.get("bias_ih", zero), w.get("bias_hh", zero)
    if name == "MinGru":
        z, n = (x @ w["weight_ih"].T + b_i).chunk(2, dim=1)
        return ((1 - sigmoid(z)) * h + sigmoid(z) * n,)
    if name == "MinLstm":
        f, i, n = (x @ w["weight_ih"].T + b_i).chunk(3, dim=1)
        f, i = sigmoid(f), sigmoid(i)
        return (f / (f + i) * h + i / (f + i) * n,)
    if name == "LinearRecurrence":
        eigenvalue = torch.exp(torch.complex(-torch.exp(w["log_decay"]), torch.exp(w["log_angle"])))
        into, out = (torch.complex(w[f"weight_{way}_real"], w[f"weight_{way}_imaginary"]) for way in ("in", "out"))
        s = eigenvalue * torch.complex(state[1], state[2]) + torch.exp(w["log_scale"]) * (x.to(into.dtype) @ into.T)
        return (s @ out.T).real + x @ w["weight_skip"].T + 0 * h, s.real, s.imag  # nothing comes from the output
    if name == "LayerNormLstm":

        def norm(which, z):
            gain, shift = w[f"norm_{which}_gain"], w[f"norm_{which}_shift"]
            return torch.nn.functional.layer_norm(z, z.shape[1:], gain, shift, 1e-5)

        i, f, g, o = (norm("ih", x @ w["weight_ih"].T) + norm("hh", h @ w["weight_hh"].T)).chunk(4, dim=1)
        c = sigmoid(f) * state[1] + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(norm("cell", c)), c
    if name == "ProjectedLstm":
        i, f, g, o = (x @ w["weight_ih"].T + b_i + h @ w["weight_hh"].T + b_h).chunk(4, dim=1)
        c = sigmoid(f) * state[1] + sigmoid(i) * tanh(g)
        return (sigmoid(o) * tanh(c)) @ w["weight_hr"].T, c
    from_x, from_h = x @ w["weight_ih"].T + b_i, h @ w["weight_hh"].T + b_h
    if name in {"Rnn", "IdentityRnn"}:
        function = {"tanh": tanh, "relu": torch.relu, "linear": lambda z: z}[layer.activation]
        return (function(from_x + from_h),)
    if name == "Lstm":
        c = state[1]
        blocks = list((from_x + from_h).split(layer.hidden, dim=1))
        see = list(w["weight_peephole"]) if layer.peephole else [zero] * 3
        i = sigmoid(blocks[0] + see[0] * c)
        f = 1 - i if layer.coupled else sigmoid(blocks[1] + see[1] * c)
        new = f * c + i * tanh(blocks[-2])
        o = sigmoid(blocks[-1] + see[-1] * new)
        return o * tanh(new), new
    if name == "MinimalGatedUnit":
        x_f, x_n = from_x.split(layer.hidden, dim=1)
        f = sigmoid(x_f + from_h)
        return ((1 - f) * h + f * tanh(x_n + (f * h) @ w["weight_hn"].T),)
    x_r, x_z, x_n = from_x.split(layer.hidden, dim=1)
    parts = from_h.split(layer.hidden, dim=1)
    r, z = sigmoid(x_r + parts[0]), sigmoid(x_z + parts[1])
    inner = r * parts[2] if layer.reset_after else (r * h) @ w["weight_hn"].T
    return ((1 - z) * tanh(x_n + inner) + z * h,)


def run(torch, layer, copies, x, state):
    """Run over a sequence with one dict of weights a step; return the outputs and the last state."""
    outputs = []
    for t in range(len(x)):
        state = step(torch, layer, copies[t], x[t], state)
        outputs.append(state[0])
    return torch.stack(outputs), state
