"""Models as users write them: read, held against autograd, or refused with what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import decay, follow
from a4eval_rnn_bptt.frameworks.autograd import autograd_disagreement
from a4eval_rnn_bptt.frameworks.torch_model import read_core

from ..cases import relative

STEPS, BATCH, INPUTS, HIDDEN = 9, 4, 5, 6


@pytest.fixture
def nn(torch):
    torch.manual_seed(0)
    return torch.nn


@pytest.fixture
def x(torch):
    return torch.randn(STEPS, BATCH, INPUTS, generator=torch.Generator().manual_seed(1))


def agrees(core):
    dy = np.random.default_rng(0).standard_normal((*core.x.shape[:2], core.layer.hidden))
    return autograd_disagreement(core, dy) < 1e-12


def with_step(torch, step, state, **parameters):
    """Make a module of a step, a state and parameters; a parameter named h is the hidden matrix."""
    module = type("Model", (torch.nn.Module,), {"step": step, "initial_state": state})()
    for name, value in {"w": torch.randn(HIDDEN, INPUTS), "u": 0.3 * torch.randn(HIDDEN, HIDDEN), **parameters}.items():
        module.register_parameter(name, torch.nn.Parameter(value))
    return module


def tanh_step(self, x, state):
    return ((x @ self.w.T + state[0] @ self.u.T).tanh(),)


def test_disagreement_would_be_seen(torch, nn, x):
    core = read_core(nn.LSTM(INPUTS, HIDDEN, num_layers=2), x)
    assert agrees(core)
    layer = core.layer

    class Wrong:
        hidden, inputs, layers = layer.hidden, layer.inputs, layer.layers
        forward = staticmethod(layer.forward)

        @staticmethod
        def backward(params, tape, dy):
            gradients, dx = layer.backward(params, tape, dy)
            gradients["weight_hh_l0"] = 1.01 * gradients["weight_hh_l0"]
            return gradients, dx

    dy = np.random.default_rng(0).standard_normal((STEPS, BATCH, HIDDEN))
    assert autograd_disagreement(core._replace(layer=Wrong()), dy) > 1e-4


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("how", ["positional", "keyword", "batch first", "unbatched"])
def test_the_models_own_initial_state_counts(torch, nn, x, kind, layers, how):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.core = getattr(nn, kind)(INPUTS, HIDDEN, num_layers=layers, batch_first=how == "batch first")
            self.h = nn.ParameterList(
                [nn.Parameter(torch.randn(layers, 1, HIDDEN)) for _ in range(1 + (kind == "LSTM"))]
            )

        def forward(self, x):
            if how == "batch first":
                x = x.transpose(0, 1)
            if how == "unbatched":
                x = x[:, 0]
            rows = 1 if how == "unbatched" else BATCH
            state = [one.expand(layers, rows, HIDDEN).contiguous() for one in self.h]
            if how == "unbatched":
                state = [one[:, 0] for one in state]
            state = tuple(state) if kind == "LSTM" else state[0]
            return self.core(input=x, hx=state)[0] if how == "keyword" else self.core(x, state)[0]

    model = Model()
    core = read_core(model, x)
    assert agrees(core)
    y, _ = core.layer.forward(core.params, core.x, state=core.state)
    theirs = model(x).detach().numpy()
    theirs = theirs[:, None] if how == "unbatched" else theirs.swapaxes(0, 1) if how == "batch first" else theirs
    assert relative(y, theirs) < 1e-5
    # the gradient that arrives before the first step is autograd's of that state
    dlast = np.random.default_rng(2).standard_normal(y[-1].shape)
    flow = decay(follow(core.layer, core.params, core.x, core.state), dlast)
    rows = 1 if how == "unbatched" else BATCH
    state = [one.detach().double().expand(layers, rows, HIDDEN).clone().requires_grad_() for one in model.h]
    plain = getattr(nn, kind)(INPUTS, HIDDEN, num_layers=layers).double()
    plain.load_state_dict(model.core.state_dict())
    out, _ = plain(torch.tensor(core.x), tuple(state) if kind == "LSTM" else state[0])
    found = torch.autograd.grad((out[-1] * torch.tensor(dlast)).sum(), state)
    assert flow.log10_norm[-1] == pytest.approx(
        np.log10(np.sqrt(sum(float((one**2).sum()) for one in found))), abs=1e-9
    )


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")  # of speed alone
def test_a_core_that_projects_its_output(torch, nn, x):
    model = nn.LSTM(INPUTS, 8, num_layers=2, proj_size=HIDDEN)
    core = read_core(nn.Sequential(model), x)
    assert core.layer.hidden == HIDDEN
    assert agrees(core)
    assert relative(core.layer.forward(core.params, core.x)[0], model(x)[0].detach()) < 1e-5


def test_a_float32_initial_state_beside_a_float64_step(torch, nn, x):
    core = read_core(with_step(torch, tanh_step, lambda self, rows: (torch.full((rows, HIDDEN), 0.25),)), x)
    assert agrees(core)
    assert core.layer.initial_state({}, 2)[0].dtype == np.float64


def test_a_parameter_that_no_step_uses_is_left_out_and_named(torch, nn, x):
    model = with_step(torch, tanh_step, lambda self, rows: (torch.zeros(rows, HIDDEN),), head=torch.randn(3, HIDDEN))
    core = read_core(model, x)
    assert list(core.params) == ["w", "u"]
    assert core.notes == ("step does not use head; they are left out",)
    assert agrees(core)


def test_states_of_every_kind(torch, nn, x):
    def alone(self, x, h):
        return tanh_step(self, x, (h,))[0]

    def matrix(self, x, state):
        h, fast = state
        fast = 0.9 * fast + 0.1 * h[:, :, None] * h[:, None, :]
        return (x @ self.w.T + torch.einsum("bij,bj->bi", fast, h @ self.u.T)).tanh(), fast

    def rotating(self, x, state):
        h, z = state
        z = z * torch.exp(1j * self.angle) * 0.95 + (x @ self.w.T) * self.phase
        return (z.real + h @ self.u.T).tanh(), z

    zeros = torch.zeros
    models = [
        with_step(torch, alone, lambda self, rows: zeros(rows, HIDDEN)),
        with_step(torch, matrix, lambda self, rows: (torch.ones(rows, HIDDEN), zeros(rows, HIDDEN, HIDDEN))),
        with_step(torch, rotating, lambda self, rows: [zeros(rows, HIDDEN), zeros(rows, HIDDEN, dtype=torch.complex64)],
                  angle=torch.randn(HIDDEN), phase=torch.randn(HIDDEN, dtype=torch.complex64)),
    ]  # fmt: skip
    for model, size in zip(models, (HIDDEN, HIDDEN + HIDDEN**2, 3 * HIDDEN), strict=True):
        core = read_core(model, x)
        assert agrees(core)
        assert sum(one.shape[1] for one in core.layer.initial_state({}, 2)) == size
        assert core.layer.hidden == HIDDEN
        assert decay(follow(core.layer, core.params, core.x), np.ones((BATCH, HIDDEN))).log10_per_step < 0


def test_batch_norm_and_dropout_in_a_cell_are_read_in_eval_mode(torch, nn, x):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix, self.norm, self.drop = nn.Linear(INPUTS + HIDDEN, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.Dropout(0.5)

        def initial_state(self, rows):
            return (torch.zeros(rows, HIDDEN),)

        def step(self, x, state):
            return (self.drop(self.norm(self.mix(torch.cat((x, state[0]), 1)))).tanh(),)

    core = read_core(Model(), x)
    assert agrees(core)
    assert core.notes[0].startswith("the model was in training mode")


def test_dropout_between_layers_is_off(nn, x):
    core = read_core(nn.LSTM(INPUTS, HIDDEN, num_layers=2, dropout=0.5), x)
    assert agrees(core)
    assert core.notes[0].startswith("the model was in training mode")
    assert read_core(nn.LSTM(INPUTS, HIDDEN, num_layers=2).eval(), x).notes == ()
    assert read_core(nn.LSTM(INPUTS, HIDDEN), x).notes == ()


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated:FutureWarning")
@pytest.mark.parametrize("old", [False, True])
def test_weight_norm(torch, nn, x, old):
    norm = torch.nn.utils.weight_norm if old else torch.nn.utils.parametrizations.weight_norm
    model = norm(nn.GRU(INPUTS, HIDDEN), "weight_hh_l0")
    core = read_core(model, x)
    assert agrees(core)
    assert relative(core.layer.forward(core.params, core.x)[0], model(x)[0].detach()) < 1e-5


def test_batches_of_every_kind(torch, nn, x):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.core = nn.GRU(INPUTS, HIDDEN)

        def forward(self, x, scale=1.0, *, shift=0.0):
            return self.core(input=scale * x + shift)[0]

    model = Model()
    assert relative(read_core(model, (x, 2.0)).x, 2 * x) < 1e-6
    assert relative(read_core(model, [x]).x, x) < 1e-6
    assert relative(read_core(model, {"x": x, "shift": 1.0}).x, 1 + x) < 1e-6


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("first", [False, True])
def test_the_users_own_loss(torch, nn, x, kind, first):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.core, self.out = getattr(nn, kind)(INPUTS, HIDDEN, 2, batch_first=first), nn.Linear(HIDDEN, 3)

        def forward(self, x):
            y, hidden = self.core(x.transpose(0, 1) if first else x)
            y = y.transpose(0, 1) if first else y
            last = (hidden[0] if kind == "LSTM" else hidden)[-1]
            return self.out(torch.cat((y[2:4], last[None])))

    model = Model()
    core = read_core(model, x, lambda output: output.square().mean())
    y, _ = model.core(x.transpose(0, 1) if first else x)
    leaf = (y.transpose(0, 1) if first else y).detach().requires_grad_()
    loss = model.out(torch.cat((leaf[2:4], leaf[-1:]))).square().mean()
    (expected,) = torch.autograd.grad(loss, leaf)
    assert relative(core.dy, expected) < 1e-5
    assert core.dy[[0, 1, 4, 5]].any() == 0


def test_the_users_own_loss_of_a_model_with_a_step(torch, nn, x):
    model = with_step(torch, tanh_step, lambda self, rows: (torch.zeros(rows, HIDDEN),))
    core = read_core(model, x, lambda y: (y[-1] ** 3).sum())
    y, _ = core.layer.forward(core.params, core.x)
    assert relative(core.dy[-1], 3 * y[-1] ** 2) < 1e-12
    assert not core.dy[:-1].any()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("kind", "layers"), [("LSTM", 1), ("GRU", 2)])
def test_each_way_of_a_bidirectional_core(torch, nn, x, kind, layers, packed):
    """Its outputs are the model's, its dy is autograd's; rows end where their sequences do."""
    rnn, lengths = nn.utils.rnn, torch.tensor([STEPS, 3, 1, 6])

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.core = getattr(nn, kind)(INPUTS, HIDDEN, layers, bidirectional=True)
            self.out = nn.Linear(2 * HIDDEN, 2)

        def read(self, x):
            x = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False) if packed else x
            y, hidden = self.core(x)
            y = rnn.pad_packed_sequence(y)[0] if packed else y
            return y, (hidden[0] if kind == "LSTM" else hidden)

        def forward(self, x):
            y, hidden = self.read(x)
            return self.out(y[2:4]), hidden[-2:]  # the last states of both ways, of the top layer

    model = Model()
    y, _ = model.read(x)
    leaf, ends = y.detach().requires_grad_(), (lengths - 1 if packed else torch.full((BATCH,), STEPS - 1))
    last = leaf[ends, torch.arange(BATCH), :HIDDEN], leaf[0, :, HIDDEN:]
    (slope,) = torch.autograd.grad(model.out(leaf[2:4]).square().sum() + sum((one**3).sum() for one in last), leaf)
    for way, half in (("forward", slice(HIDDEN)), ("backward", slice(HIDDEN, None))):
        core = read_core(model, x, lambda found: found[0].square().sum() + (found[1] ** 3).sum(), name=f"core.{way}")
        got, _ = core.layer.forward(core.params, core.x, state=core.state)
        for row in range(BATCH):
            steps = int(ends[row]) + 1
            turn = slice(None, None, -1 if way == "backward" else 1)
            assert relative(got[:steps, row][turn], y[:steps, row, half].detach()) < 1e-5
            assert relative(core.dy[:steps, row][turn], slope[:steps, row, half]) < 1e-5
            assert not core.dy[steps:, row].any()
        assert agrees(core)
    with pytest.raises(ValueError, match=r"2 recurrent cores \(core\.forward, core\.backward\)"):
        read_core(model, x)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_cell_in_a_loop_of_the_models_own(torch, nn, x, kind):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = nn.ModuleDict({"one": getattr(nn, f"{kind}Cell")(INPUTS, HIDDEN)})
            self.first = nn.Parameter(torch.randn(HIDDEN))

        def forward(self, x):
            state, outputs = self.first.expand(x.shape[1], HIDDEN), []
            state = (state, torch.zeros_like(state)) if kind == "LSTM" else state
            for one in x:
                state = self.cells["one"](one, state)
                outputs.append(state[0] if kind == "LSTM" else state)
            return torch.stack(outputs)

    model = Model()
    core = read_core(model, x, lambda y: (y[3] ** 2).sum() + y[-1].sum())
    got, _ = core.layer.forward(core.params, core.x, state=core.state)
    assert relative(got, model(x).detach()) < 1e-5
    assert relative(core.dy[3], 2 * got[3]) < 1e-5
    assert (core.dy[-1] == 1).all()
    assert not core.dy[[0, 1, 2, 4, 5, 6, 7]].any()
    assert agrees(core)


def test_a_step_that_a_larger_model_loops_over(torch, nn, x):
    cell = with_step(torch, tanh_step, lambda self, rows: (torch.zeros(rows, HIDDEN),))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.ModuleDict({"cell": cell})

        def forward(self, x):
            state, outputs = (torch.full((x.shape[1], HIDDEN), 0.5),), []
            for one in 2 * x:
                state = self.inner["cell"].step(one, state)
                outputs.append(state[0])
            return torch.stack(outputs)

    model = Model()
    core = read_core(model, x, lambda y: (y[-1] ** 3).sum())
    got, _ = core.layer.forward(core.params, core.x, state=core.state)
    assert relative(got, model(x).detach()) < 1e-5
    assert relative(core.x, 2 * x) < 1e-6
    assert relative(core.dy[-1], 3 * got[-1] ** 2) < 1e-5
    assert agrees(core)
    assert "step" not in cell.__dict__


def refused(torch, nn, case):
    class Shaky(nn.Module):
        def __init__(self):
            super().__init__()
            self.core = nn.LSTM(INPUTS, HIDDEN, num_layers=2)

        def forward(self, x, how=None, *, four=False):
            if four:
                raise RuntimeError("no four")
            return self.core(self.core(x)[0][..., :INPUTS]) if how == "twice" else self.core(x)

    class Own(nn.LSTM):
        def forward(self, x, hx=None):
            y, state = super().forward(x, hx)
            return 2 * y, state

    def zeros(self, rows):
        return (torch.zeros(rows, HIDDEN),)

    def make(step=tanh_step, state=zeros, **parameters):
        return with_step(torch, step, state, **parameters)

    x = torch.randn(STEPS, BATCH, INPUTS)
    bad = nn.LSTM(INPUTS, HIDDEN)
    with torch.no_grad():
        bad.weight_hh_l0[3, 1] = float("nan")

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRUCell(INPUTS, HIDDEN)

        def forward(self, x, how):
            h, outputs = None, []
            for one in x:
                h = self.cell(one, None if how == "anew" else h)
                outputs.append(h)
                h = 0.9 * h if how == "changed" else h
            return torch.stack(outputs)

    return {
        "no module": (lambda y: y, x, None),
        "twice": (Shaky(), (x, "twice"), None),
        "raises": (Shaky(), {"x": x, "four": True}, None),
        "arguments": (Shaky(), {"y": x}, None),
        "own forward": (Own(INPUTS, HIDDEN), x, None),
        "nan": (bad, x, None),
        "nan in a step": (make(u=torch.full((HIDDEN, HIDDEN), float("inf"))), x, None),
        "none": (nn.Sequential(nn.Linear(INPUTS, HIDDEN)), x, None),
        "anew": (Loop(), (x, "anew"), None),
        "changed": (Loop(), (x, "changed"), None),
        "two": (nn.ModuleList([nn.GRU(2, 2), nn.RNN(2, 2)]), x, None),
        "cell loss": (Shaky(), x, lambda out: out[1][1].sum()),
        "lower loss": (Shaky(), x, lambda out: out[1][0][0].sum()),
        "no loss": (Shaky(), x, lambda out: torch.ones((), requires_grad=True) * 2),
        "vector loss": (Shaky(), x, lambda out: out[0]),
        "loss raises": (Shaky(), x, lambda out: out["nothing"]),
        "state dict": (make(state=lambda self, rows: {"h": torch.zeros(rows, HIDDEN)}), x, None),
        "state list": (make(state=lambda self, rows: [1.0]), x, None),
        "state shape": (make(state=lambda self, rows: (torch.zeros(HIDDEN),)), x, None),
        "another state": (make(step=lambda self, x, s: (*tanh_step(self, x, s), x)), x, None),
        "random": (make(step=lambda self, x, s: (nn.functional.dropout(tanh_step(self, x, s)[0]),)), x, None),
        "mixing": (make(step=lambda self, x, s: (tanh_step(self, x, s)[0] - x.mean(),)), x, None),
        "batch norm": (
            make(
                step=lambda self, x, s: (
                    nn.functional.batch_norm(tanh_step(self, x, s)[0], None, None, None, None, True),
                )
            ),
            x,
            None,
        ),
        "float32 inside": (make(step=lambda self, x, s: (x @ torch.ones(INPUTS, HIDDEN),)), x, None),
        "detached": (make(step=lambda self, x, s: (tanh_step(self, x, s)[0].detach(),)), x, None),
        "tuple": (make(), (x, x), None),
    }[case]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("no module", r"the model is a function, expected a torch\.nn\.Module"),
        ("twice", "the model calls its recurrent core 2 times, expected once"),
        ("raises", "cannot be called with the batch .*: RuntimeError: no four"),
        ("arguments", "a mapping as keyword arguments.*unexpected keyword argument 'y'"),
        ("own forward", "the core's first outputs are off by .* does it do more than the module"),
        ("nan", r"the weight weight_hh_l0 is nan at index \(3, 1\)"),
        ("nan in a step", r"the weight u is inf at index \(0, 0\)"),
        ("none", "no recurrence to look at: no module of nn.RNN.*not the methods step and initial_state"),
        ("anew", "at step 2 the loop gives its core another state than the core returned"),
        ("changed", "at step 2 the loop gives its core another state than the core returned"),
        ("two", r"the model has 2 recurrent cores \(0, 1\): name one with task.core"),
        ("cell loss", "the loss looks at the final state of a lower layer or of the cell"),
        ("lower loss", "the loss looks at the final state of a lower layer or of the cell"),
        ("no loss", "the loss does not depend on the outputs"),
        ("vector loss", r"the loss returned \(9, 4, 6\), expected one number"),
        ("loss raises", "the loss failed: TypeError"),
        ("state dict", "initial_state returned a dict, expected a tensor"),
        ("state list", "initial_state returned a list of float, expected a tensor"),
        ("state shape", r"initial_state returned a tensor of shape \(6,\), expected \(4, …\)"),
        ("another state", r"step returned a state of shapes \[\(6,\), \(5,\)\], expected \[\(6,\)\]"),
        ("random", "step is random"),
        ("mixing", "step mixes the rows of a batch"),
        (
            "batch norm",
            r"one row alone \(ValueError: .* does it mix the rows of a batch, as batch norm without running",
        ),
        ("float32 inside", "step failed in float64: RuntimeError"),
        ("detached", "step uses none of the model's parameters, or detaches"),
        ("tuple", r"the batch is a tuple, expected a tensor \(T, B, I\)"),
    ],
)
def test_what_is_wrong_is_said(torch, nn, case, message):
    model, batch, loss = refused(torch, nn, case)
    with pytest.raises(ValueError, match=message):
        read_core(model, batch, loss)
