"""What a metric has taken in, as data: how the parts of a sharded evaluation travel through a folder.

A pickle is a program, and a folder may come from anyone, so nothing in it is unpickled.
What is written here is values alone: numbers, texts, arrays, lists, mappings, and records of the metric's own package,
of which only the fields are written and put back; no constructor is called.
The numbers of arrays lie apart from all else, so that they are neither copied to be written nor when they are read.
A metric of another make is :class:`a4eval.Stateful`: it gives and takes such values itself.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, OrderedDict, defaultdict, deque
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
import numpy as np

from a4eval.contracts import Stateful
from a4eval.errors import DataError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Buffer

PLAIN = (type(None), bool, float, str, bytes)
_INT64 = range(-(1 << 63), 1 << 63)
_COLLECTION_TYPES: tuple[Any, ...] = (tuple, set, frozenset, dict, OrderedDict, deque, Counter)
_COLLECTIONS: dict[str, Callable[[list[Any]], Any]] = {one.__name__: one for one in _COLLECTION_TYPES}
_COLLECTIONS["Counter"] = lambda pairs: Counter(dict(pairs))  # else it would count the pairs
_FACTORIES: dict[str, Callable[[], Any]] = {one.__name__: one for one in (list, dict, set, int, float, Counter)}
"""What a ``defaultdict`` may begin its values with."""
_KINDS = "biufcSUMmV?"
_Array: TypeAlias = tuple[str, list[int], str, Any]
"""An array as it is written: dtype, shape, order in memory, place of its numbers or, of objects, what each is."""
_ALIGNMENT = 64
_LENGTH = 8  # bytes of the length of what goes before the numbers
_NAME = re.compile(r"([\w.]+):(\w+)")


def state_of(metric: Any) -> Any:
    """Return what *metric* has taken in: what its ``state()`` gives, or all its attributes but the parameters."""
    if isinstance(metric, Stateful):
        return metric.state()
    parameters = {field.name for field in dataclasses.fields(metric) if field.init}
    return {name: value for name, value in _attributes(metric).items() if name not in parameters}


def put_back(metric: Any, state: Any) -> None:
    """Give a fresh *metric* a state that :func:`state_of` another with the same parameters gave."""
    if isinstance(metric, Stateful):
        metric.restore(state)
        return
    for name, value in state.items():
        setattr(metric, name, value)


def encode(states: dict[str, Any], packages: dict[str, set[str]]) -> list[Buffer]:
    """Return *states*, label to state, as bytes to be written one after another.

    Args:
        states: what :func:`state_of` gave.
        packages: the packages whose records each state may hold, by label.

    Raises:
        PluginError: a state holds something else than data; the text names the metric and the place in it.
    """
    writer = _Writer()
    tree = {label: writer.write(state, label, packages[label]) for label, state in states.items()}
    head = msgspec.msgpack.encode([writer.arrays, tree])
    head = len(head).to_bytes(_LENGTH, "little") + head
    return [head, bytes(-len(head) % _ALIGNMENT), *writer.numbers]


def decode(content: Buffer, packages: dict[str, set[str]]) -> dict[str, Any]:
    """Return the states that :func:`encode` wrote; their arrays lie in *content*.

    Raises:
        DataError: *content* is none of its making.
    """
    try:
        whole = memoryview(content).cast("B")
        end = _LENGTH + int.from_bytes(whole[:_LENGTH], "little")
        arrays, tree = msgspec.msgpack.decode(whole[_LENGTH:end], type=tuple[list[_Array], dict[str, Any]])
        reader = _Reader(arrays, whole[end + -end % _ALIGNMENT :])
        return {label: reader.read(state, packages[label]) for label, state in tree.items()}
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise DataError(f"holds no state of these metrics ({type(error).__name__}: {error})") from error


def packages_of(metric: Any) -> set[str]:
    """Return the packages whose records a metric's state may hold: a4eval's, and those that its class comes from."""
    return {"a4eval", *(one.__module__.partition(".")[0] for one in type(metric).__mro__ if one is not object)}


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, in slots or not."""
    slots = [name for one in type(value).__mro__ for name in getattr(one, "__slots__", ()) if hasattr(value, name)]
    return {**getattr(value, "__dict__", {}), **{name: getattr(value, name) for name in slots}}


def _is_record(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


_TAGS = {tag: f"_{tag}" for tag in ("int", "array", "scalar", "defaultdict", "record")}
"""What the reader makes of a mapping's only key, beside the collections."""


class _Writer:
    """Turns values into a tree of lists and mappings; an array that several metrics hold is written once."""

    def __init__(self) -> None:
        self.arrays: list[_Array] = []
        self.numbers: list[Buffer] = []
        self._end = 0  # of the numbers
        self._known: dict[int, tuple[int, Any]] = {}  # id to number; the array is kept, so that no other takes its id

    def write(self, value: Any, place: str, packages: set[str]) -> Any:
        kind = type(value)
        if kind in PLAIN or (kind is int and value in _INT64):
            return value
        if kind is list:
            return value if all(type(one) in PLAIN for one in value) else self._all(value, place, packages)
        if kind is np.ndarray:
            return {"array": self._array(value, place, packages)}
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), place, packages)}
        return self._tagged(value, place, packages)

    def _all(self, values: Iterable[Any], place: str, packages: set[str]) -> list[Any]:
        return [self.write(one, f"{place}[{index}]", packages) for index, one in enumerate(values)]

    def _tagged(self, value: Any, place: str, packages: set[str]) -> Any:
        kind: Any = type(value)
        if kind is int:
            return {"int": hex(value)}
        if kind is defaultdict and getattr(value.default_factory, "__name__", None) in _FACTORIES:
            return {"defaultdict": [value.default_factory.__name__, self.write(dict(value), place, packages)]}
        if kind in _COLLECTION_TYPES:
            if isinstance(value, dict):
                places = {key: f"{place}[{key!r}]" for key in value}
                pairs = [[self.write(one, places[key], packages) for one in (key, value[key])] for key in value]
                return {kind.__name__: pairs}
            return {kind.__name__: self._all(value, place, packages)}
        if _is_record(kind) and kind.__module__.partition(".")[0] in packages and kind.__qualname__.isidentifier():
            fields = value._asdict() if issubclass(kind, tuple) else _attributes(value)
            written = {name: self.write(one, f"{place}.{name}", packages) for name, one in fields.items()}
            return {"record": [f"{kind.__module__}:{kind.__name__}", written]}
        raise PluginError(
            f"shards: the state of {place} is {kind.__module__}.{kind.__qualname__}, which is no plain data; "
            f"give the metric the methods state() and restore(state)"
        )

    def _array(self, array: Any, place: str, packages: set[str]) -> int:
        if id(array) in self._known:
            return self._known[id(array)][0]
        if array.dtype.hasobject or array.dtype.names:
            if array.dtype != object:
                raise PluginError(f"shards: the state of {place} is an array of {array.dtype}, no plain data")
            items: Any = [self.write(one, f"{place}[{index}]", packages) for index, one in enumerate(array.ravel())]
            facts = ("O", list(array.shape), "C", items)
        else:
            order: Literal["C", "F"] = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
            facts = (array.dtype.str, list(array.shape), order, self._end)
            gap = -array.nbytes % _ALIGNMENT
            self.numbers += [array.ravel(order).view(np.uint8).data if array.nbytes else b"", bytes(gap)]
            self._end += array.nbytes + gap
        self.arrays.append(facts)
        self._known[id(array)] = (len(self.arrays) - 1, array)
        return len(self.arrays) - 1


class _Reader:
    """Turns such a tree back into values."""

    def __init__(self, arrays: list[_Array], numbers: memoryview) -> None:
        self._written = arrays
        self._numbers = numbers
        self._made: dict[int, Any] = {}

    def read(self, node: Any, packages: set[str]) -> Any:
        if isinstance(node, list):
            return [self.read(one, packages) for one in node]
        if not isinstance(node, dict):
            return node
        ((tag, content),) = node.items()
        if tag in _COLLECTIONS:
            return _COLLECTIONS[tag](self.read(content, packages))
        return getattr(self, _TAGS[tag])(content, packages)

    def _int(self, content: str, _: set[str]) -> int:
        return int(content, 16)

    def _scalar(self, number: int, packages: set[str]) -> Any:
        return self._array(number, packages)[()]

    def _defaultdict(self, content: list[Any], packages: set[str]) -> Any:
        factory, items = content
        return defaultdict(_FACTORIES[factory], self.read(items, packages))

    def _array(self, number: int, packages: set[str]) -> Any:
        if number not in self._made:
            dtype, shape, order, content = self._written[number]
            if dtype == "O":
                array = np.empty(len(content), object)
                for index, one in enumerate(content):
                    array[index] = self.read(one, packages)
                self._made[number] = array.reshape(shape)
            else:
                kind = np.dtype(dtype)
                size = kind.itemsize * prod(shape)
                found = self._numbers[content : content + size]
                if kind.kind not in _KINDS or kind.names or content < 0 or len(found) != size:
                    raise ValueError(f"array of {dtype} and shape {shape} in {len(found)} bytes")
                self._made[number] = np.frombuffer(found, kind).reshape(shape, order="F" if order == "F" else "C")
        return self._made[number]

    def _record(self, content: list[Any], packages: set[str]) -> Any:
        """Return a record with these fields; nothing of its class runs."""
        name, fields = content
        found = _NAME.fullmatch(name)
        if found is None or found[1].partition(".")[0] not in packages or found[1].endswith("__main__"):
            raise ValueError(f"a record {name!r} of another package")
        kind: Any = getattr(import_module(found[1]), found[2])
        if not (isinstance(kind, type) and _is_record(kind) and kind.__module__ == found[1]):
            raise ValueError(f"{name!r} is no record")
        values = {key: self.read(value, packages) for key, value in fields.items()}
        if issubclass(kind, tuple):
            names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]  # of a NamedTuple
            return tuple.__new__(kind, [values[key] for key in names])
        made = object.__new__(kind)
        for key, value in values.items():
            object.__setattr__(made, key, value)
        return made
