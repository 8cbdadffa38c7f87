"""torch modules: right ones pass, and a wrong one is failed by the check that says why."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, Run, build


@pytest.mark.parametrize(
    ("name", "input_", "check_", "says"),
    [
        ("WrongBackward", [3, 4], "gradient", "backward gives"),
        ("WrongCompiled", [3, 4], "compiled", "compiled, it gives something else"),
        ("WrongInBfloat16", [2, 300, 4], "bfloat16", "loses more than rounding its inputs can explain"),
        ("LeaksBetweenRows", [3, 4, 2], "isolation", "changes when the other rows hold"),
        ("ForgetsABuffer", [2, 3], "state_dict", "state_dict, it gives something else"),
        ("WrongSecondDerivative", [2, 3], "double_backward", "differentiated once more: backward gives"),
        ("LeaksMemory", [2, 3], "leak", "bytes more are held after every call"),
        ("InChannelsLast", [2, 3, 4, 4], "channels_last", "channels_last, it gives something else"),
    ],
)
def test_each_fault_is_failed_by_the_check_that_says_so(check, strangers, torch, name, input_, check_, says):
    arguments = {"arguments": [4, 3]} if name == "WrongBackward" else {}
    outcome, rows = check({"name": "torch", "layer": f"torch_modules:{name}", "input": input_, **arguments})
    assert outcome == "failed"
    assert rows[check_]["verdict"] == "failed", rows
    assert says in rows[check_]["meaning"]


FAULT_OF_ONE_CHECK = ["WrongCompiled", "WrongInBfloat16", "WrongSecondDerivative"]


@pytest.mark.parametrize("name", FAULT_OF_ONE_CHECK)
def test_the_other_checks_see_nothing_of_it(check, strangers, torch, name):
    input_ = [2, 300, 4] if name == "WrongInBfloat16" else [3, 4]
    _, rows = check({"name": "torch", "layer": f"torch_modules:{name}", "input": input_})
    assert len([row for row in rows.values() if row["verdict"] == "failed"]) == 1


@pytest.mark.parametrize(
    "node",
    [
        {"layer": "Linear", "arguments": [3, 4], "input": [2, 3]},
        {"layer": "LSTM", "arguments": [3, 4], "input": [[3, 2, 3], [[1, 2, 4], [1, 2, 4]]], "batch_axis": 1},
        {"layer": "Embedding", "arguments": [5, 3], "input": {"shape": [2, 3], "integers": 5}},
        {"layer": "Dropout", "arguments": [0.5], "input": [3, 4], "training": True},
        {"layer": "BatchNorm1d", "arguments": [3], "input": [4, 3], "training": True},
        {"layer": "functional.softplus", "input": [2, 3]},
        {"layer": "torch_modules:Right", "arguments": [3], "input": [[2, 3], [2, 3]]},
        {"layer": "torch_modules:scaled", "parameters": {"scale": [3], "offset": [3]}, "input": [2, 3]},
        {"layer": "Tanh", "input": [2, 3], "mode": "compiled"},
        {
            "layer": "Sequential",
            "arguments": [{"layer": "Linear", "arguments": [4, 5]}, {"layer": "ReLU"}],
            "input": [3, 4],
        },
    ],
    ids=lambda node: node["layer"],
)
def test_right_ones_pass(check, strangers, torch, node):
    outcome, rows = check({"name": "torch", **node})
    bad = [f"{row}" for row in rows.values() if row["verdict"] in ("failed", "undecided")]
    assert outcome == "passed", "\n".join(bad)
    if node.get("training"):
        assert "draws random numbers" in rows["batch"]["meaning"] or "mixes the rows" in rows["batch"]["meaning"]


def test_numbers_are_torchs_own(torch):
    layer = build("layer", {"name": "torch", "layer": "Conv1d", "arguments": [2, 3, 2], "input": [2, 2, 5]})
    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, np.ones_like(y))
    leaf = torch.tensor(x, requires_grad=True)
    weight, bias = (torch.tensor(params[name], requires_grad=True) for name in ("weight", "bias"))
    direct = torch.nn.functional.conv1d(leaf, weight, bias)
    direct.sum().backward()
    for got, expected in ((y, direct.detach()), (dx, leaf.grad), (dparams["weight"], weight.grad)):
        assert np.array_equal(got, expected.numpy())


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"layer": "Conv2D", "input": [2, 3]}, "torch.nn has no layer 'Conv2D'; did you mean 'Conv2d'?"),
        ({"layer": "Linear", "arguments": [3], "input": [2, 3]}, "Linear cannot be made with them"),
        ({"layer": "Linear", "arguments": [3, 4], "input": [2, "x"]}, r"layer\.input\[1\]: got 'x', expected a size"),
        ({"layer": "Tanh", "input": {"shape": [3, -4]}}, r"layer\.input\.shape\[1\]: got -4, expected a size"),
        ({"layer": "Tanh", "input": {"shape": [2], "integer": 3}}, "unknown key 'integer'"),
        ({"layer": "Tanh", "input": [2], "device": "cuda:99"}, "torch has no 'cuda:99' here; it has cpu"),
        ({"layer": "Tanh", "input": [2], "device": "meta"}, "torch has no 'meta' here; it has cpu"),
        (
            {"layer": "torch_modules:NoModule", "input": [2]},
            "torch_modules:NoModule is a class that is no torch.nn.Mod",
        ),
        ({"layer": "torch_modules:NUMBER", "input": [2]}, "NUMBER is a float, expected a torch.nn.Module or a functi"),
        ({"layer": "torch_modules:Phased", "input": [3]}, "its parameter phase holds complex64, expected real numbers"),
        ({"layer": "torch:load", "input": [2]}, "allow it with --allow-import torch"),
        ({"layer": "torch.hub:load", "input": [2]}, "allow it with --allow-import torch"),
        ({"layer": "functional.torch", "input": [2]}, "has no layer 'torch'"),
        ({"layer": "modules", "input": [2]}, "has no layer 'modules'"),
        ({"layer": "mine:Fancy", "input": [2]}, "allow it with --allow-import mine"),
        ({"layer": "Tanh", "arguments": {"a": {"b": 1}}, "input": [2]}, r"arguments\.a: got a mapping of b"),
    ],
)
def test_a_wrong_node_is_one_line(torch, strangers, node, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {"name": "torch", **node})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gives_nothing", "its output is NoneType without an array"),
        ("gives_text", "it holds <U1, expected numbers"),
        ("gives_a_float", "an output is a float, expected a tensor"),
    ],
)
def test_what_gives_no_numbers_has_failed(check, strangers, torch, name, says):
    outcome, rows = check({"name": "torch", "layer": f"torch_modules:{name}", "input": [3, 4]})
    assert outcome == "failed"
    assert list(rows) == ["forward"]
    assert says in rows["forward"]["meaning"]


def test_a_compiled_layer_that_refuses_an_input_prints_no_traceback(torch, capfd):
    node = {"layer": "Linear", "arguments": [4, 5], "input": [3, 4], "mode": "compiled"}
    layer = build("layer", {"name": "torch", **node})
    params = layer.init(np.random.default_rng(0))
    for wrong in (5, 6):
        with pytest.raises(ValueError, match="torch"):
            layer.forward(params, np.ones((3, wrong)))
    assert "Traceback" not in capfd.readouterr().err


def test_what_torch_cannot_differentiate_twice_is_refused_with_its_own_words(torch):
    node = {"layer": "functional.scaled_dot_product_attention", "input": [[2, 1, 3, 4]] * 3}
    twice = build("layer", {"name": "torch", **node}).derivative()
    x = build("layer", {"name": "torch", **node}).example(np.random.default_rng(0))
    (_, dx), tape = twice.forward({}, (x, np.ones((2, 1, 3, 4))))
    with pytest.raises(ValueError, match="is not implemented"):
        twice.backward({}, tape, ({}, dx))


@pytest.mark.parametrize("kind", ["ReLU", "Identity"])
def test_an_output_is_never_the_memory_of_its_input(torch, kind):
    arguments = {"inplace": True} if kind == "ReLU" else {}
    layer = build("layer", {"name": "torch", "layer": kind, "arguments": arguments, "input": [3]})
    x = np.array([-1.0, 2.0, 3.0])
    y, tape = layer.forward({}, x)
    before = y.copy()
    assert layer.backward({}, tape, np.ones(3))[1].tolist() == ([0, 1, 1] if kind == "ReLU" else [1, 1, 1])
    assert x.tolist() == ([0, 2, 3] if kind == "ReLU" else [-1, 2, 3])  # in place is in place, for a check to see
    x += 5
    assert np.array_equal(y, before)


def test_memory_that_is_not_seen_is_not_told(torch):
    node = {"name": "torch", "layer": "Tanh", "input": [2, 3]}
    result = build("task", {"name": "check_layer", "layer": node, "coordinates": 4}).run(Run(directory=None))
    row = next(row for row in result.tables["checks"] if row["check"] == "memory")
    assert row["verdict"] == "not_applicable"
    assert "not Python's memory" in row["meaning"]
    assert "peak_memory" not in result.metrics
    assert "peak_memory" not in result.tables["cost"][0]
    assert "memory" not in result.charts
