"""Config nodes are checked against the dataclasses of their components."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from a4eval import Component, ConfigError, param
from a4eval.config.builder import Builder, parameters
from a4eval.plugins import Plugin
from a4eval.registry import Registry


@dataclass
class Wheel:
    """A nested component."""

    spokes: int = param(help="how many")
    rim: Literal["steel", "carbon"] = param("steel", help="of what")

    def __post_init__(self) -> None:
        if self.spokes < 1:
            raise ValueError(f"spokes must be at least 1, got {self.spokes}")


@dataclass(frozen=True)
class Paint:
    """A group of options."""

    colour: str = param("black", help="which")
    coats: int = param(2, help="how many")

    def __post_init__(self) -> None:
        if self.coats < 1:
            raise ValueError(f"coats must be at least 1, got {self.coats}")


@dataclass
class Bicycle:
    """A component with nested ones."""

    front: Any = param({"name": "wheel", "spokes": 20}, kind="wheel", help="front wheel")
    spare: Any | None = param(None, kind="wheel", help="spare wheel")
    more: list[Any] = param([], kind="wheel", help="further wheels")
    named: dict[str, Any] = param({}, kind="wheel", help="wheels with a label")
    weight: float = param(9.0, help="how heavy", unit="kilograms")
    gears: list[int] = param([1, 2], help="teeth")
    manual: Path | None = param(None, help="a file")
    paint: Paint = param(Paint(), help="its paint")
    stripes: Paint | None = param(None, help="their paint")


@pytest.fixture
def builder():
    plugin = Plugin("shop", "a4eval-shop", "2.0", "active")
    plugin.components = [
        Component(kind="vehicle", name="bicycle", factory=Bicycle),
        Component(kind="wheel", name="wheel", factory=Wheel),
    ]
    return Builder(Registry([plugin]))


def test_defaults_nesting_and_shorthand(builder):
    built = builder.build(
        "vehicle",
        {
            "name": "bicycle",
            "spare": {"name": "shop/wheel", "spokes": 3, "rim": "carbon"},
            "more": [{"name": "wheel", "spokes": 1}],
            "named": {"left": {"name": "wheel", "spokes": 2}},
            "weight": 8,
            "manual": "a/b.txt",
            "stripes": {"coats": 1},
        },
        "task",
    )
    assert built.front == Wheel(20)
    assert built.spare == Wheel(3, "carbon")
    assert (built.more, built.named) == ([Wheel(1)], {"left": Wheel(2)})
    assert (built.weight, type(built.weight), built.manual) == (8.0, float, Path("a/b.txt"))
    assert built.gears == [1, 2]
    assert (built.paint, built.stripes) == (Paint(), Paint("black", 1))
    assert builder.build("vehicle", "bicycle", "task").front == Wheel(20)
    assert {name for _, name in builder.used} == {"bicycle", "wheel", "shop/wheel"}


WRONG = [
    ({"name": "bicycel"}, "task.name: no vehicle 'bicycel'; did you mean 'bicycle' (a4eval-shop 2.0)?"),
    ({"name": "zzz"}, "task.name: no vehicle 'zzz'; known: bicycle"),
    ({"name": "other/bicycle"}, "task.name: no vehicle 'other/bicycle'; did you mean 'bicycle' (a4eval-shop 2.0)?"),
    ({}, "task.name: is missing: which vehicle? One of bicycle"),
    ({"name": "???"}, "task.name: is missing: which vehicle? One of bicycle"),
    (None, "task: got None, expected a vehicle: its name, or {name: …}"),
    (["bicycle"], "task: got ['bicycle'], expected a vehicle: its name, or {name: …}"),
    ({"name": "bicycle", "wieght": 1}, "task.wieght: unknown key; did you mean 'weight'?"),
    ({"name": "bicycle", "weight": "8"}, "task.weight: got '8', expected float"),
    ({"name": "bicycle", "weight": True}, "task.weight: got True, expected float"),
    ({"name": "bicycle", "weight": None}, "task.weight: got None, expected float"),
    ({"name": "bicycle", "gears": [1, "x"]}, "task.gears: got [1, 'x'], expected list[int] (at [1])"),
    ({"name": "bicycle", "paint": {"color": "red"}}, "task.paint.color: unknown key; did you mean 'colour'?"),
    ({"name": "bicycle", "paint": {"name": "red"}}, "task.paint.name: unknown key; known: coats, colour"),
    ({"name": "bicycle", "paint": None}, "task.paint: got None, expected a mapping with colour, coats"),
    ({"name": "bicycle", "paint": "red"}, "task.paint: got 'red', expected a mapping with colour, coats"),
    ({"name": "bicycle", "stripes": {"coats": "2"}}, "task.stripes.coats: got '2', expected int"),
    ({"name": "bicycle", "stripes": {"coats": 0}}, "task.stripes: coats must be at least 1, got 0"),
    ({"name": "bicycle", "gears": 3}, "task.gears: got 3, expected list[int]"),
    ({"name": "bicycle", "gears": [1.5]}, "task.gears: got [1.5], expected list[int] (at [0])"),
    ({"name": "bicycle", "weight": "???"}, "task.weight: is missing; set task.weight=… (how heavy)"),
    ({"name": "bicycle", "front": "wheel"}, "task.front.spokes: is missing; set task.front.spokes=… (how many)"),
    ({"name": "bicycle", "front": {"name": "wheel", "spokes": 0}}, "task.front: spokes must be at least 1, got 0"),
    ({"name": "bicycle", "more": {"name": "wheel"}}, "task.more: got {'name': 'wheel'}, expected a list of wheels"),
    ({"name": "bicycle", "named": ["wheel"]}, "task.named: got ['wheel'], expected a mapping of labels to wheels"),
    (
        {"name": "bicycle", "more": ["wheel", 1]},
        "task.more[0].spokes: is missing; set task.more[0].spokes=… (how many)\n"
        "task.more[1]: got 1, expected a wheel: its name, or {name: …}",
    ),
    (
        {"name": "bicycle", "named": {"a": {"name": "wheel", "spokes": 1, "rim": "steal"}}},
        "task.named.a.rim: got 'steal', expected 'steel' | 'carbon'; did you mean 'steel'?",
    ),
]


@pytest.mark.parametrize(("node", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_said_in_one_line(builder, node, message):
    with pytest.raises(ConfigError) as error:
        builder.build("vehicle", node, "task")
    assert str(error.value) == message


def test_parameters_are_described():
    described = {row.name: row for row in parameters(Bicycle)}
    assert (described["weight"].type, described["weight"].default, described["weight"].unit) == (
        "float",
        9.0,
        "kilograms",
    )
    assert described["front"].kind == "wheel"
    assert described["manual"].type == "Path | None"
    assert (described["paint"].type, described["paint.coats"].default) == ("options", 2)
    required = {row.name: row for row in parameters(Wheel)}["spokes"]
    assert (required.required, required.default, required.help) == (True, None, "how many")
