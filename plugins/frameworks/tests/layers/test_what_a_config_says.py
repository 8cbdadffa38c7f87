"""What a config says of a layer's input and outputs is held against the layer; who is wrong is told, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from a4eval import ConfigError, DataError, build

STRANGERS = Path(__file__).parents[1] / "strangers"


def node(name, layer, input_=(3, 4), **more):
    return {"name": name, "layer": layer, "input": list(input_), **more}


def line_of(file, text):
    lines = (STRANGERS / file).read_text().splitlines()
    return f"{file}, line {next(at for at, line in enumerate(lines, 1) if text in line)}"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"batch_axis": 7}, r"batch_axis: got 7, expected 0 to 1, an axis of input \[3, 4\]"),
        ({"batch_axis": -1}, "batch_axis: got -1, expected at least 0"),
        ({"input": [[3, 4, 2], [5]], "batch_axis": 1}, r"batch_axis: got 1, expected 0, an axis of input\[1\] \[5\]"),
        ({"batch_axis": 1}, r"batch_axis: got 1, expected an axis of every output too: one has shape \(3,\)"),
        ({"output": 2}, "output: got 2, expected a number from 0 to 1"),
        ({"output": "sum"}, "output: got 'sum', expected a number from 0 to 1"),
        ({"layer": "Tanh", "output": 1}, "output: got 1, but the layer has one output; leave it out"),
    ],
)
def test_torch_outputs_and_rows(torch, strangers, more, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {**node("torch", "torch_modules:halves"), **more})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"batch_axis": 2}, "batch_axis: got 2, expected 0 to 1"),
        ({"batch_axis": 1}, "batch_axis: got 1, expected an axis of every output too"),
        ({"output": 0}, "output: got 0, expected one of even, sum"),
        ({"layer": "jax.nn.gelu", "output": 0}, "output: got 0, but the layer has one output"),
    ],
)
def test_jax_outputs_and_rows(jax, strangers, more, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {**node("jax", "jax_functions:halves"), **more})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"batch_axis": 2}, "batch_axis: got 2, expected 0 to 1"),
        ({"output": 0}, "output: got 0, but the layer has one output"),
        ({"input": [3, 4], "layer": "Conv2D", "arguments": [2, 3]}, r"refuses its input \[3, 4\]: keras: ValueError"),
    ],
)
def test_keras_outputs_and_rows(keras, more, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {**node("keras", "Dense", arguments=[2]), **more})


def test_outputs_and_rows_that_there_are_pass(check, strangers, torch):
    for more in ({"output": 1}, {"output": -2}, {"batch_axis": None}):
        assert check(node("torch", "torch_modules:halves", **more))[0] == "passed", more
    assert check(node("torch", "LSTM", [3, 2, 4], arguments=[4, 5], output=0, batch_axis=1))[0] == "passed"


def test_an_input_that_the_layer_refuses_is_no_fault_of_the_layer(check, torch, strangers):
    with pytest.raises(DataError, match=r"an input of shape \(3, 7\): torch: RuntimeError.*; input may be what"):
        check(node("torch", "Linear", [3, 7], arguments=[4, 5]))
    where = line_of("torch_modules.py", "return x @ torch.ones(3, 2")
    with pytest.raises(DataError, match=rf"\(3, 4\): torch: RuntimeError.*; input, or the layer at {where}, is wrong"):
        check(node("torch", "torch_modules:TakesThree"))


def test_an_input_that_jax_refuses(check, jax):
    with pytest.raises(DataError, match=r"refuses an input of shape \(3, 7\): jax: TypeError: dot_general requires"):
        check(node("jax", "Linear", [3, 7], arguments=[4, 5]))


def test_a_slip_in_a_module_is_its_fault_and_its_line_is_told(check, strangers, torch):
    outcome, rows = check(node("torch", "torch_modules:Slips"))
    assert outcome == "failed"
    assert rows["forward"]["look_at"] == line_of("torch_modules.py", "x.nothing_such")
    _, rows = check(node("torch", "torch_modules:SlipsAtSeventeen"))
    assert rows["batch"]["verdict"] == "failed"
    assert rows["batch"]["look_at"] == line_of("torch_modules.py", "no such")
    assert "\n" not in rows["batch"]["meaning"]


def test_a_slip_in_a_function_of_jax(check, strangers, jax):
    _, rows = check(node("jax", "jax_functions:slips_at_seventeen"))
    assert rows["batch"]["look_at"] == line_of("jax_functions.py", "no such key")


def test_a_slip_in_a_layer_of_keras(check, strangers, keras):
    _, rows = check(node("keras", "keras_layers:SlipsAtSeventeen"))
    assert rows["batch"]["look_at"] == line_of("keras_layers.py", "no such key")


def test_torchs_own_log_of_what_it_cannot_compile_stays_away(check, strangers, torch, capfd):
    check(node("torch", "torch_modules:Remembers"))
    assert "Graph break" not in "".join(capfd.readouterr())
