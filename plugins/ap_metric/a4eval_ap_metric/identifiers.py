"""Ids of images and classes, whatever they are, to dense indices from 0."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONGEST = 1_024
"""Characters of an id or a name."""
_SPAN = 1 << 22  # integers this close together are looked up in a table


def as_ids(values: Any, what: str) -> NDArray[Any]:
    """Return a column of ids as it is: text stays text (``007`` is not ``7``), whole numbers stay numbers.

    Args:
        values: (n,) array or list.
        what: what to call it in the message.

    Returns:
        int64, or text, or Python's own integers (object) where one is beyond 64 bits; see :func:`of_one_kind`.

    Raises:
        DataError: some are numbers and some are text, or they are neither.

    >>> as_ids(["007", "7"], "ids").tolist()
    ['007', '7']
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.dtype != np.uint64:
        return values.astype(np.int64, copy=False)
    dates = isinstance(values, np.ndarray) and values.dtype.kind in "mM"  # of which numpy would make numbers
    rows = values.tolist() if isinstance(values, np.ndarray) and not dates else list(values)
    rows = [int(one) if isinstance(one, Decimal) and one == one.to_integral_value() else one for one in rows]
    kinds = {str if isinstance(one, str) else type(one) for one in rows}
    if kinds <= {str}:
        return texts(rows, what)
    if kinds == {int}:
        try:
            return np.array(rows, np.int64)
        except OverflowError:
            return np.array(rows, object)
    if kinds == {int, str}:
        both = (next(place for place, one in enumerate(rows) if isinstance(one, kind)) for kind in (int, str))
        shown = " and ".join(f"{rows[place]!r} (entry {place})" for place in both)
        raise DataError(f"{what}: some ids are numbers and some are text, such as {shown}; 1 and '1' are different ids")
    odd = next(one for one in rows if type(one) not in (int, str))
    raise DataError(f"{what}: got {odd!r}, expected whole numbers or text")


def texts(rows: Sequence[str], what: str) -> NDArray[np.str_]:
    """Return texts as an array, in which each takes as much room as the longest.

    Args:
        rows: (n,) texts.
        what: what to call them in the message.

    Raises:
        DataError: one is so long that they would fill the memory.
    """
    longest = max(map(len, rows), default=0)
    if longest > LONGEST:
        raise DataError(f"{what}: got a text of {longest:,} characters, expected {LONGEST:,} at most")
    return np.array(rows, np.str_)


def is_text(ids: NDArray[Any]) -> bool:
    """Return whether ids are text."""
    return ids.dtype.kind == "U"


def of_one_kind(*columns: tuple[str, NDArray[Any]], strict: bool = False) -> list[NDArray[Any]]:
    """Return columns of ids as one kind: numbers if all are, else text.

    Args:
        columns: what to call each in the message, and its ids from :func:`as_ids`; empty ones fit any other.
        strict: refuse numbers beside text, which JSON keeps apart; else 7 is matched as ``7``.

    Raises:
        DataError: *strict*, and some columns are numbers and others text.

    >>> of_one_kind(("truth", np.array([7])), ("found", np.array(["7", "007"])))
    [array(['7'], dtype='<U21'), array(['7', '007'], dtype='<U3')]
    """
    some = [(what, ids) for what, ids in columns if len(ids)]
    text, numbers = ([one for one in some if is_text(one[1]) is which] for which in (True, False))
    if strict and text and numbers:
        (first, words), (second, values) = text[0], numbers[0]
        raise DataError(
            f"{first}: got text, such as {str(words[0])!r}, but {second} has numbers, such as {values[0]}; "
            "1 and '1' are different ids"
        )
    if not text and all(ids.dtype.kind == "i" for _, ids in some):
        return [ids.astype(np.int64, copy=False) for _, ids in columns]
    return [ids if is_text(ids) else ids.astype(np.str_) for _, ids in columns]


def distinct(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the distinct ids of all *columns*, ascending.

    Raises:
        ValueError: some ids are numbers and others are text.

    >>> distinct([np.array([5, 3]), np.array([3, 9])])
    array([3, 5, 9])
    """
    columns = [one for one in columns if len(one)]
    if not columns:
        return np.empty(0, np.int64)
    if len({one.dtype.kind in "iub" for one in columns}) > 1:
        raise ValueError(f"ids must be all integers or all text, got {sorted({str(one.dtype) for one in columns})}")
    if columns[0].dtype.kind in "iub":
        low = min(int(one.min()) for one in columns)
        span = max(int(one.max()) for one in columns) - low + 1
        if span <= _SPAN:
            present = np.zeros(span, bool)
            for one in columns:
                present[one - low] = True
            return np.flatnonzero(present) + low
    return np.unique(np.concatenate([np.unique(one) for one in columns]))


def all_apart(given: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the distinct ids of images, ascending.

    Args:
        given: those of each batch, or of each part, without repetition.

    Raises:
        DataError: one is in two of them.
    """
    units = distinct(given)
    if sum(map(len, given)) > len(units):
        known, count = np.unique(np.concatenate(given), return_counts=True)
        raise DataError(f"image {known[count > 1][0].item()!r} is in two batches: a batch is of whole images")
    return units


def dense(ids: NDArray[Any], known: NDArray[Any]) -> NDArray[np.int32]:
    """Return the index of each of *ids* in *known*, −1 for an id that is not there.

    Args:
        ids: (n,) integers or text.
        known: (k,) distinct ids, ascending.

    >>> dense(np.array([9, 3, 4]), np.array([3, 5, 9]))
    array([ 2,  0, -1], dtype=int32)
    """
    if not len(known) or not len(ids):
        return np.full(len(ids), -1, np.int32)
    if ids.dtype.kind in "iub" and known.dtype.kind in "iub":
        low = min(int(known[0]), int(ids.min()))
        span = max(int(known[-1]), int(ids.max())) - low + 1
        if span <= _SPAN:
            table = np.full(span, -1, np.int32)
            table[known - low] = np.arange(len(known), dtype=np.int32)
            return table.take(ids - low)
    place = np.searchsorted(known, ids).astype(np.int32)
    place[place == len(known)] = 0
    place[known[place] != ids] = -1
    return place
