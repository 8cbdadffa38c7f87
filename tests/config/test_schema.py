"""The JSON Schema of experiment files holds for every experiment there is, and refuses slips."""

from __future__ import annotations

import json

import pytest
import yaml

from a4eval.config import presets
from a4eval.config.schema import schema

jsonschema = pytest.importorskip("jsonschema", reason="checks by the schema")


@pytest.fixture(scope="module")
def validator():
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def test_every_experiment_is_valid(validator):
    for one in presets.experiments():
        found = list(validator.iter_errors(yaml.safe_load(one.file.read_text())))
        assert not found, (one.name, found[0].message)


@pytest.mark.parametrize(
    "slip",
    [
        {"sede": 3},
        {"seed": "a"},
        {"task": {"name": "check_layr"}},
        {"task": {"name": "check_layer", "layer": {"name": "conv_transpose", "strid": 2}}},
        {"task": {"name": "evaluate", "metrics": {"a": {"name": "average_precision", "interpolation": "stpe"}}}},
    ],
)
def test_slips_are_refused(validator, slip):
    assert not validator.is_valid(slip)


@pytest.mark.parametrize(
    "right", [{"seed": "${x}"}, {"task": "???"}, {"task": {"name": "check_layer", "layer": "lstm"}}]
)
def test_what_may_stand_there(validator, right):
    assert validator.is_valid(right)


def test_the_command_prints_it(cli):
    assert json.loads(cli("schema").out) == json.loads(json.dumps(schema()))
