"""The user's own torch model: read, checked against autograd, and only imported when the command line says so."""

from __future__ import annotations

import sys
import textwrap

import numpy as np
import pytest

from a4eval import ConfigError, DataError, build, import_named

FACTORIES = """
    import torch
    from torch import nn

    class Tagger(nn.Module):
        def __init__(self, core):
            super().__init__()
            self.embed, self.core = nn.Embedding(11, 5), core
            self.out = nn.Linear(core.hidden_size * (1 + core.bidirectional), 3)

        def forward(self, tokens):
            return self.out(self.core(self.embed(tokens))[0])

    def made(core, shape):
        torch.manual_seed(0)
        return Tagger(core), torch.randint(11, shape)

    class Leaky(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix, self.leak = nn.Linear(5, 6), nn.Parameter(torch.full((6,), 0.8))

        def initial_state(self, rows):
            return torch.zeros(rows, 6, dtype=torch.float64), torch.ones(rows, 1, dtype=torch.float64)

        def step(self, x, state):
            h = self.leak * state[0] + torch.tanh(self.mix(x)) * state[1]
            return h, state[1] * 0.99 + 0.01 * h.mean(1, keepdim=True)

    def stepper():
        torch.manual_seed(0)
        return Leaky(), torch.randn(12, 4, 5)

    def flat(): return Leaky(), torch.randn(12, 5)
    def lstm(): return made(nn.LSTM(5, 6, num_layers=2, batch_first=True), (4, 12))
    def gru(): return made(nn.GRU(5, 6, bias=False), (12, 4))
    def relu(): return made(nn.RNN(5, 6, nonlinearity="relu", dtype=torch.float32), (12, 4))
    def bare(): return nn.LSTM(5, 6), torch.randn(12, 4, 5)
    def both():
        torch.manual_seed(0)
        return made(nn.LSTM(5, 6, bidirectional=True), (12, 4))

    def ahead(): return nn.LSTM(5, 6, bidirectional=True), torch.randn(12, 4, 5), lambda out: out[0][-1, :, :6].sum()
    def none(): return nn.Linear(2, 2), torch.randn(3, 2)
    def alone(): return nn.LSTM(5, 6)
    def short(): return nn.LSTM(5, 6), torch.randn(1, 4, 5)
    def many(): return nn.LSTM(5, 6), torch.randn(5, 4, 5), torch.sum, None
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.inner = nn.GRU(5, 6), nn.ModuleDict({"second": nn.LSTM(6, 4)})

        def forward(self, x, scale=1.0):
            return self.inner["second"](self.first(x * scale)[0])

    def two():
        torch.manual_seed(0)
        return Two(), torch.randn(12, 4, 5), lambda out: out[0][-1].square().sum()

    def model_alone():
        torch.manual_seed(0)
        return Two()

    def loss(): return nn.LSTM(5, 6), torch.randn(12, 4, 5), lambda out: out[0][7].square().sum()

    class Shut(nn.Module):
        def __init__(self):
            super().__init__()
            self.u = nn.Parameter(torch.ones(1, 1))

        def initial_state(self, rows):
            return torch.zeros(rows, 1)

        def step(self, x, h):
            return torch.relu(x + h @ self.u)

    def shut():
        x = torch.ones(100, 2, 1)
        x[30] = -1000
        return Shut(), x
"""


@pytest.fixture
def models(torch, tmp_path, monkeypatch):
    """Stand in the folder of the factories, whose import the command allowed."""
    (tmp_path / "my_models.py").write_text(textwrap.dedent(FACTORIES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "my_models,no_such_module")
    yield
    sys.modules.pop("my_models", None)


@pytest.mark.parametrize("factory", ["lstm", "gru", "relu", "bare", "stepper"])
def test_a_model_is_diagnosed(models, run, factory):
    result = build("task", {"name": "inspect_model", "model": f"my_models:{factory}"}).run(run)
    values = {name: value.value for name, value in result.metrics.items()}
    assert values["autograd_disagreement"] < 1e-12
    assert -1 < values["log10_per_step"] < 0.1
    assert values["vanishes"] + values["healthy"] + values["explodes"] == 1
    weights = {row["weight"] for row in result.tables["share_by_lag"]}
    for weight in weights:
        shares = [row["share"] for row in result.tables["share_by_lag"] if row["weight"] == weight]
        assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert len(weights) == {"lstm": 8, "gru": 2, "relu": 4, "bare": 4, "stepper": 3}[factory]


def test_a_users_own_loss_takes_the_place_of_random_gradients(models, run):
    """A loss at step 8 of 12: the way back has 8 lags, and no share comes from a later step."""
    result = build("task", {"name": "inspect_model", "model": "my_models:loss"}).run(run)
    assert [row["lag"] for row in result.tables["decay"]] == list(range(1, 9))
    shares = [row["share"] for row in result.tables["share_by_lag"] if row["weight"] == "weight_hh_l0"]
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares[8:] == [0] * 4


@pytest.mark.parametrize("core", ["first", "inner.second"])
def test_one_of_several_cores_is_named(models, run, core):
    result = build("task", {"name": "inspect_model", "model": "my_models:two", "core": core}).run(run)
    assert result.metrics["autograd_disagreement"].value < 1e-12
    assert len(result.tables["decay"]) == 12
    assert result.metrics["log10_per_step"].value != 0


@pytest.mark.parametrize(
    ("model", "cores"), [("two", ["first", "inner.second"]), ("both", ["core.forward", "core.backward"])]
)
def test_all_cores_are_looked_at_unless_one_is_named(models, run, model, cores):
    whole = build("task", {"name": "inspect_model", "model": f"my_models:{model}"}).run(run)
    for name in cores:
        alone = build("task", {"name": "inspect_model", "model": f"my_models:{model}", "core": name}).run(run)
        assert {key: value.value for key, value in alone.metrics.items()} == {
            key: whole.metrics[f"{name}/{key}"].value for key in alone.metrics
        }
        for table, rows in alone.tables.items():
            assert [row for row in whole.tables[table] if row["core"] == name] == [
                {"core": name, **row} for row in rows
            ]


def test_the_loss_reaches_an_earlier_core_through_a_later_one(models, run):
    import torch
    from a4eval_rnn_bptt.frameworks.torch_model import read_core

    model, batch, loss = import_named("my_models:two")()
    dy = read_core(model, batch, loss, name="first").dy
    between = model.first(batch)[0].detach().requires_grad_()
    (expected,) = torch.autograd.grad(loss(model.inner["second"](between)), between)
    assert dy == pytest.approx(expected.numpy(), rel=1e-6)


@pytest.mark.parametrize(
    ("saved", "named"),
    [
        (lambda path, x: np.save(path / "b.npy", x), "b.npy"),
        (lambda path, x: np.savez(path / "b.npz", x), "b.npz"),
        (lambda path, x: np.savez(path / "b.npz", x / 2, np.float64(2)), "b.npz"),
        (lambda path, x: np.savez(path / "b.npz", x=x / 2, scale=np.float64(2)), "b.npz"),
    ],
    ids=["npy", "one", "positional", "named"],
)
def test_the_batch_may_come_from_a_file(models, run, tmp_path, saved, named):
    x = np.random.default_rng(0).standard_normal((9, 2, 5))
    saved(tmp_path, x)
    node = {"name": "inspect_model", "model": "my_models:model_alone", "core": "first", "batch": str(tmp_path / named)}
    result = build("task", node).run(run)
    assert len(result.tables["decay"]) == 9
    assert result.metrics["log10_per_step"].n == 2


def test_a_gradient_that_dies_on_the_way_has_vanished(models, run):
    values = build("task", {"name": "inspect_model", "model": "my_models:shut"}).run(run).metrics
    assert values["vanishes"].value == 1
    assert values["zero_from_lag"].value == 70
    assert values["log10_per_step"].value == -np.inf
    assert "exactly 0 from lag 70 on" in run.warnings[-1]


def test_what_autograd_does_not_confirm_is_no_result(models, run, monkeypatch):
    from a4eval_rnn_bptt.tasks import inspect_model

    monkeypatch.setattr(inspect_model, "autograd_disagreement", lambda core, dy: 0.31)
    with pytest.raises(DataError, match=r"differ from autograd's by 0.31 of their norm, expected less than 1e-06"):
        build("task", {"name": "inspect_model", "model": "my_models:lstm"}).run(run)


def test_no_config_can_name_code_by_itself(models, monkeypatch):
    monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "")
    with pytest.raises(ConfigError, match=r"task.model: names the code .* allow it with --allow-import my_models"):
        build("task", {"name": "inspect_model", "model": "my_models:lstm"})
    assert "my_models" not in sys.modules


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("my_models:flat", DataError, r"expected a tensor \(T, B, I\) for a model with step"),
        ("my_models:none", DataError, "no recurrence to look at: no module of nn.RNN"),
        ("my_models:ahead", DataError, "backward: the loss does not depend on what the core reads backward"),
        ("my_models:alone", DataError, r"returned LSTM, expected a pair \(model, batch\) or \(model, batch, loss\)"),
        ("my_models:many", DataError, "returned 4 things, expected a pair"),
        ("my_models:short", DataError, "given 1 step, expected at least 2"),
        ("my_models:nothing", ConfigError, "my_models has no 'nothing'"),
        ("no_such_module:lstm", ConfigError, "cannot be imported"),
    ],
)
def test_bad_models(models, run, model, error, message):
    with pytest.raises(error, match=message):
        build("task", {"name": "inspect_model", "model": model}).run(run)


def test_a_bad_name_is_a_config_error():
    with pytest.raises(ConfigError, match="expected package"):
        build("task", {"name": "inspect_model", "model": "my_models"})
