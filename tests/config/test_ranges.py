"""What a parameter may be is said once: a config's numbers are checked all at once, those of Python as well."""

from dataclasses import dataclass, fields
from math import inf, nan

import pytest

from a4eval import Component, ConfigError, PluginError, check_ranges, param
from a4eval import build as public_build
from a4eval.component import parameter_info
from a4eval.config.builder import Builder, parameters
from a4eval.config.schema import _field
from a4eval.plugins import Plugin
from a4eval.ranges import Range
from a4eval.registry import Registry, _first_party, registry


@dataclass
class Kettle:
    """Boils water."""

    litres: float = param(1.5, help="how much", unit="l", above=0, below=inf)
    degrees: float = param(100, help="how hot", minimum=0, maximum=100)
    cups: list[int] | None = param(None, help="for whom", minimum=1)
    lids: dict[str, float] = param({}, help="label to width", minimum=0)
    name_of_owner: str = param("me", help="whose")

    def __post_init__(self) -> None:
        check_ranges(self)


@pytest.fixture
def build():
    plugin = Plugin("shop", "a4eval-shop", "2.0", "active")
    plugin.components = [Component(kind="vessel", name="kettle", factory=Kettle)]
    return lambda **given: Builder(Registry([plugin])).build("vessel", {"name": "kettle", **given}, "task")


def test_all_numbers_that_are_not_allowed_are_told_at_once_with_what_else_is_wrong(build):
    with pytest.raises(ConfigError) as caught:
        build(litres=0, degrees=nan, cups=[3, 0], lids={"big": -1}, name_of_owner=5, handle=1)
    assert str(caught.value).splitlines() == [
        "task.handle: unknown key; known: cups, degrees, lids, litres, name_of_owner",
        "task.litres: got 0.0, expected above 0 and finite",
        "task.degrees: got nan, expected at least 0 and at most 100",
        "task.cups[1]: got 0, expected at least 1",
        "task.lids.big: got -1.0, expected at least 0",
        "task.name_of_owner: got 5, expected str",
    ]


@pytest.mark.parametrize("given", [{}, {"litres": 1e300}, {"degrees": 0}, {"degrees": 100}, {"cups": [1]}])
def test_what_is_allowed_is_taken(build, given):
    made = build(**given)
    assert all(getattr(made, name) == value for name, value in given.items())


@pytest.mark.parametrize("litres", [0, -1, inf, nan])
def test_python_is_told_too(litres):
    with pytest.raises(ValueError, match=rf"^litres: got {litres}, expected above 0 and finite; cups\[0\]: got 0, exp"):
        Kettle(litres, cups=[0])


def test_help_and_schema_say_what_is_allowed():
    assert [one.range for one in parameters(Kettle)] == [
        "above 0 and finite", "at least 0 and at most 100", "at least 1", "at least 0", "",
    ]  # fmt: skip
    fields = {field.name: field for field in Kettle.__dataclass_fields__.values()}
    assert _field(fields["degrees"], float)["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 100}
    numbers = _field(fields["cups"], list[int] | None)["anyOf"][0]["anyOf"]
    assert {"type": "array", "items": {"type": "integer", "minimum": 1}} in numbers
    assert Range(above=0, below=inf).schema() == {"exclusiveMinimum": 0}


def test_a_command_tells_them_all(cli):
    done = cli("run", "task.name=box_pair_comparison", "task.W=-3", "task.H=oops", "task.c=-1")
    assert done.code == 2
    for said in (
        "task.W: got -3.0, expected above 0",
        "task.H: got 'oops', expected float",
        "task.c: got -1.0, expected",
    ):
        assert said in done.err


FIRST_PARTY = [one for one in registry().components() if one.plugin.distribution in {"a4eval", *_first_party()}]


@pytest.mark.parametrize("provided", FIRST_PARTY, ids=lambda one: f"{one.component.kind} {one.component.name}")
def test_no_real_number_of_ours_may_be_nan(provided):
    """A parameter without a range takes NaN and infinity, which end in another place as another fault."""
    try:
        part = provided.load()
    except PluginError as error:
        pytest.skip(str(error))
    free = [
        one.name
        for one in fields(part)
        if one.init and "float" in str(one.type) and parameter_info(one).range == Range()
    ]
    assert free == []


@pytest.mark.parametrize(
    ("kind", "node", "says"),
    [
        ("layer", {"name": "lstm", "gain": inf}, "gain: got inf, expected finite"),
        ("layer", {"name": "lstm", "forget_bias": nan}, "forget_bias: got nan, expected finite"),
        ("layer", {"name": "identity_rnn", "input_gain": -inf}, "input_gain: got -inf, expected finite"),
        ("layer", {"name": "min_gru", "update_bias": inf}, "update_bias: got inf, expected finite"),
        ("layer", {"name": "conv", "dimensions": 4}, "dimensions: got 4, expected at least 1 and at most 3"),
        ("metric", {"name": "confusion_matrix", "score": nan}, "score: got nan, expected finite"),
        (
            "metric",
            {"name": "graded_ranking", "highest_grade": 0},
            "highest_grade: got 0.0, expected above 0",
        ),
        ("task", {"name": "box_landscape", "threshold": 1.5}, "threshold: got 1.5, expected at least 0 and at most 1"),
    ],
)
def test_what_must_be_finite_says_so(kind, node, says):
    with pytest.raises(ConfigError, match=says):
        public_build(kind, node)
