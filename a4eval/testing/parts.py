"""The parts that are tested, as an author may give them, and their checks as one parametrisation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from a4eval.config.builder import build
from a4eval.errors import ConfigError, did_you_mean
from a4eval.testing.check import Answer, Check
from a4eval.testing.peers import pytest

if TYPE_CHECKING:
    from pathlib import Path

Answering = Callable[["Part", str], Answer]
"""Runs the check of a name on a part."""
Smaller = Callable[["Part", str], "Answer | None"]
"""Looks for the smallest case in which the check of a name fails."""


@dataclass(frozen=True)
class Part:
    """A part as it is given: a name or node of a config, a class, an object, or a function of a folder that makes one.

    Args:
        kind: the kind of component.
        given: what was given.
    """

    kind: str
    given: Any

    def made(self, folder: Path) -> Any:
        """Return one of its own, so that no test sees what another did to it."""
        if isinstance(self.given, (str, Mapping)):
            return build(self.kind, self.given)
        if isinstance(self.given, type):
            return self.given()
        if inspect.isroutine(self.given):
            return Part(self.kind, self.given(folder)).made(folder)
        return deepcopy(self.given)

    def __str__(self) -> str:
        if isinstance(self.given, Mapping):
            return _told(self.given)
        if isinstance(self.given, type) or inspect.isroutine(self.given):
            return str(self.given.__name__)
        return self.given if isinstance(self.given, str) else type(self.given).__name__


def parametrised(
    kind: str,
    given: Sequence[Any],
    names: Sequence[str],
    answering: Answering,
    smaller: Smaller,
    expected_failures: Mapping[str, str] | None,
) -> pytest.MarkDecorator:
    """Return the parametrisation of ``check``: a test for each part and check, called ``part-check``.

    Raises:
        ConfigError: there is no part, or no check that is expected to fail.
    """
    if not given:
        raise ConfigError(f"{kind}_checks needs a {kind}, got none")
    expected = dict(expected_failures or {})
    parts = [Part(kind, one) for one in given]
    known = [*names, *(f"{part}-{name}" for part in parts for name in names)]
    for name, reason in expected.items():
        if name not in known:
            hint = did_you_mean(name, known[: len(names)])
            raise ConfigError(f"expected_failures: there is no check {name!r}{hint}")
        if not reason:
            raise ConfigError(f"expected_failures: {name} needs a reason")
    return pytest.mark.parametrize(
        "check",
        [
            pytest.param(
                Check(
                    kind, str(part), name, len(names), expected.get(f"{part}-{name}", expected.get(name, "")),
                    partial(answering, part, name), partial(smaller, part, name),
                ),
                id=f"{part}-{name}",
            )
            for part in parts
            for name in names
        ],
    )  # fmt: skip


def _told(node: Mapping[str, Any]) -> str:
    """Return a node as it stands in a test's name.

    >>> _told({"name": "stacked", "cell": {"name": "gru", "hidden": 4}, "layers": 2})
    'stacked,cell=gru,hidden=4,layers=2'
    """
    rest = [f"{key}={_told(value) if isinstance(value, Mapping) else value}" for key, value in node.items()]
    return ",".join([str(node["name"]), *rest[1:]] if "name" in node else rest)
