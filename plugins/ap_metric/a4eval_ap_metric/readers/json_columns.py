"""Lists of objects in JSON as columns of numbers, decoded in pieces: memory stays a few times the columns' own."""

from __future__ import annotations

import json
import re
import struct
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from a4eval import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

PIECE = 1 << 17
"""Bytes that are decoded at a time: the structs of a piece stay in the cache."""
_START = re.compile(rb"\s*\[")
_CUT = re.compile(rb"\}\s*,\s*\{")


class _NoListError(Exception):
    """The bytes do not begin as a list."""


# a slip, text ids, or nested objects at a cut: then once more, in one go and with the full message
NOT_USUAL = (msgspec.DecodeError, UnicodeDecodeError, struct.error, RecursionError, _NoListError)
"""What :func:`as_columns` raises of a list that it does not take."""


def pieces(content: Any) -> Iterator[bytes]:
    """Yield a list of objects as short lists, one behind the other.

    Args:
        content: bytes or a memory map.
    """
    view = memoryview(content)
    start = _START.match(content)
    if not start:
        raise _NoListError
    begin, last = start.end(), False
    while not last:
        cut = _CUT.search(content, begin + PIECE) if begin + PIECE < len(content) else None
        last = cut is None
        piece = view[begin : cut.start() + 1] if cut else view[begin:]
        yield b"".join((b"[", piece, b"]" if cut else b""))
        begin = cut.end() - 1 if cut else len(content)


def as_columns(lists: Iterable[bytes], kind: Any, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Return the objects of lists as columns.

    Args:
        lists: such as :func:`pieces` yields; one at least.
        kind: of an object.
        columns: their names, and how many values of which type an object has in them: ``4d`` for a tuple of four
            floats, ``1q`` for one integer of 64 bits.

    Returns:
        Each (n,), or (n, 4) of four values.

    >>> Point = msgspec.defstruct("Point", [("x", float), ("n", int)])
    >>> as_columns(pieces(b'[{"x": 3, "n": 1}, {"x": 4.5, "n": 2}]'), Point, {"x": "1d", "n": "1q"})
    {'x': array([3. , 4.5]), 'n': array([1, 2])}
    """
    decoder = msgspec.json.Decoder(list[kind])
    parts = []
    for one in lists:
        rows = decoder.decode(one)
        parts.append([_column(rows, name, int(of[0]), of[1]) for name, of in columns.items()])
    kinds = [np.int64 if of[1] == "q" else np.float64 for of in columns.values()]
    whole = [np.concatenate(some, dtype=one) for some, one in zip(zip(*parts, strict=True), kinds, strict=True)]
    return dict(zip(columns, whole, strict=True))


def _column(rows: Sequence[Any], name: str, width: int, code: str) -> NDArray[Any]:
    """Return one attribute of the rows, floats as they stand in MessagePack: no other way out of Python is as fast."""
    values = map(attrgetter(name), rows)
    if code == "q":
        return np.frombuffer(struct.pack(f"{len(rows)}q", *values), np.int64)
    content = _ENCODER.encode(list(values))
    row = _MESSAGE_PACK[width]
    return np.frombuffer(content, row, offset=len(content) - len(rows) * row.itemsize)["numbers"]["value"]


_ENCODER = msgspec.msgpack.Encoder()
_NUMBER = [("is_float", "V1"), ("value", ">f8")]
_MESSAGE_PACK = {
    1: np.dtype([("numbers", _NUMBER)]),
    4: np.dtype([("is_tuple", "V1"), ("numbers", _NUMBER, (4,))]),
}
"""What a float is, and a tuple of four."""


def boxes(rows: Sequence[Sequence[float]], what: str) -> NDArray[np.float64]:
    """Return boxes as (n, 4) float64.

    Raises:
        DataError: one has not four numbers.
    """
    if set(map(len, rows)) - {4}:
        index, row = next((index, row) for index, row in enumerate(rows) if len(row) != 4)
        raise DataError(f"{what}: bbox of entry {index}: got {len(row)} numbers, expected 4: x, y, width, height")
    return np.fromiter(chain.from_iterable(rows), np.float64, 4 * len(rows)).reshape(-1, 4)


def decoded(content: Any, kind: Any, what: str, *, lenient: bool = False) -> Any:
    """Return JSON as a type.

    Args:
        content: bytes or a memory map.
        kind: the type.
        what: what to say of it in the message.
        lenient: take whole floats as ids, which Python writes.

    Raises:
        DataError: it is not that.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:
        raise DataError(f"{what}: it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            loose = json.loads(bytes(content), parse_float=_number if lenient else None)
            return msgspec.convert(loose, kind)
        except RecursionError as deep:
            raise DataError(f"{what}: it is nested too deeply") from deep
        except msgspec.ValidationError as invalid:
            raise DataError(f"{what}: {invalid}") from invalid
        except ValueError:
            raise DataError(f"{what}: {error}") from error


def _number(text: str) -> float | int:
    """Return a whole float as an integer: an id that went through a table of floats."""
    value = float(text)
    return int(value) if value.is_integer() else value
