"""What is no fault by itself is told beside the verdict."""

from __future__ import annotations

import pytest

from a4eval import Run, build


def warnings_of(layer):
    run = Run(directory=None)
    build("task", {"name": "check_layer", "layer": layer, "coordinates": 4}).run(run)
    return run.warnings


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_an_overflow_on_the_way_is_told(name, strangers, request):
    request.getfixturevalue(name)
    node = {"name": name, "layer": f"{name}_{'modules' if name == 'torch' else 'functions'}:naive_softmax"}
    (text,) = warnings_of({**node, "input": [3, 4]})
    assert text.startswith("finite inputs as large as 1000 give NaN")


@pytest.mark.parametrize("layer", ["Softmax", "functional.softplus", "LayerNorm", "torch_modules:naive_softplus"])
def test_infinity_and_what_is_stable_are_no_news(strangers, torch, layer):
    arguments = {"arguments": [4]} if layer == "LayerNorm" else {}
    assert warnings_of({"name": "torch", "layer": layer, "input": [3, 4], **arguments}) == []


def test_an_output_that_ignores_its_input_is_told(strangers, torch):
    (text,) = warnings_of({"name": "torch", "layer": "functional.threshold", "arguments": [9.0, 1.0], "input": [3, 4]})
    assert text.startswith("the output does not depend on the input")
