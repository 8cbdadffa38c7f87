"""What the columns of a table hold: numbers as numbers, also those that JSON has only names for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from a4eval.journal.views import NUMBERS, number
from a4eval.runs.record import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Kind: TypeAlias = Literal["integer", "number", "truth", "text"]

_LARGEST = 2**63


class _Name:
    """The type of "NaN", "Infinity" and "-Infinity": a number beside numbers, a text beside texts."""


class _Huge:
    """The type of an integer that 64 bits do not hold."""


class Kinds:
    """Learns from rows what each column holds.

    >>> kinds = Kinds()
    >>> kinds.take([{"n": 1, "AP": 0.5, "class": "dog"}, {"n": None, "AP": "NaN", "class": "NaN"}])
    >>> kinds.found
    {'n': 'integer', 'AP': 'number', 'class': 'text'}
    """

    def __init__(self) -> None:
        self._types: dict[str, set[type]] = {}
        self.rows = 0
        """How many rows there were."""

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in some rows."""
        types = self._types
        for row in rows:
            self.rows += 1
            for name, value in row.items():
                kind = type(value)
                if kind is str and value in NUMBERS:
                    kind = _Name
                elif kind is int and not -_LARGEST <= value < _LARGEST:
                    kind = _Huge
                try:
                    types[name].add(kind)
                except KeyError:
                    types[name] = {kind}

    @property
    def found(self) -> dict[str, Kind]:
        """The columns so far, in the order they came, and what each holds."""
        return {name: _kind(types - {type(None)}) for name, types in self._types.items()}


def _kind(types: set[type]) -> Kind:
    if types and types <= {bool}:
        return "truth"
    if types and types <= {int}:
        return "integer"
    return "number" if types and types <= {int, float, _Name, _Huge} else "text"


def _number(value: Any) -> float | None:
    return None if value is None else float(number(value))


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(plain(value)).decode()


CONVERT: dict[Kind, Callable[[Any], Any]] = {"integer": _same, "truth": _same, "number": _number, "text": _text}
"""What makes a value one of its column's kind; None stays None, and what is no text becomes its JSON among texts."""
