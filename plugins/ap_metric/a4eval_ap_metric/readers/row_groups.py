"""Parquet tables whose rows stand in the order of their images, read some row groups at a time.

Where no row group begins before the one before it ends, whole images can be taken from a file without reading the
others.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.identifiers import is_text
from a4eval_ap_metric.readers.arrow import EXTRA
from a4eval_ap_metric.readers.columns import read_columns
from a4eval_ap_metric.readers.files import suffix_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = 1_000_000
"""Detections of a piece, if images and row groups are smaller."""
Bound: TypeAlias = int | str | None
"""An image's id; None for no bound."""


class RowGroup(NamedTuple):
    """A row group: how many rows it has, and its lowest and highest image."""

    rows: int
    low: Any
    high: Any


def ordered_row_groups(path: Path, column: str, *, alike: Sequence[str] = ()) -> list[RowGroup]:
    """Return the row groups of a Parquet file in the order of a column of ids; none where they are in no such order.

    Args:
        path: any file.
        column: of whole numbers or text.
        alike: further columns of ids, which must be of one kind in all row groups: there are none where some of their
            numbers may be beyond 64 bits, since these are kept as text.

    Raises:
        DataError: the file cannot be read.
        MissingExtraError: pyarrow is not installed.
    """
    if suffix_of(path) != ".parquet":
        return []
    arrow, parquet = require("pyarrow", EXTRA), require("pyarrow.parquet", EXTRA)
    try:
        with parquet.ParquetFile(path) as file:
            names, metadata = file.metadata.schema.names, file.metadata
            differing = any(one.name in alike and _may_be_beyond_64_bits(one.type) for one in file.schema_arrow)
            rows = [metadata.row_group(one).num_rows for one in range(metadata.num_row_groups)]
    except OSError as error:
        raise unreadable(path, error) from error
    except (arrow.ArrowException, ValueError, OverflowError) as error:  # of names that are no text, too
        raise DataError(f"{path}: cannot be read: {str(error).partition(chr(10))[0]}") from error
    if column not in names or differing or not rows or min(rows) <= 0:
        return []
    found: list[RowGroup] = []
    for some in _together(rows):
        # the ids themselves: what a damaged file says of them may be wrong, or end the process
        ids = read_columns(path, {"image": column}, ids=("image",), groups=some, first=sum(rows[: some[0]]))["image"]
        ends = np.cumsum([rows[one] for one in some])
        if len(ids) != ends[-1]:
            raise DataError(f"{path}: column {column!r}: got {len(ids)} rows where the file says {ends[-1]}")
        if ids.dtype == object:  # beyond 64 bits
            return []
        for one in np.split(ids, ends[:-1]):
            among = set(one.tolist()) if is_text(one) else (one.min().item(), one.max().item())
            found.append(RowGroup(len(one), min(among), max(among)))
    kinds = {type(one.low) for one in found}
    in_order = len(kinds) == 1 and all(one.high <= other.low for one, other in pairwise(found))
    return found if in_order else []


def _may_be_beyond_64_bits(kind: Any) -> bool:
    types = require("pyarrow.types", EXTRA)
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_uint64(kind) or types.is_decimal(kind))


def _together(rows: Sequence[int]) -> Iterator[list[int]]:
    """Yield places that follow each other, of about ``ROWS`` rows together."""
    some, n = [0], rows[0]
    for place, more in enumerate(rows[1:], 1):
        if n + more > ROWS:
            yield some
            some, n = [], 0
        some.append(place)
        n += more
    yield some


def pieces(groups: Sequence[RowGroup], most: int) -> list[tuple[Bound, Bound]]:
    """Return ranges of images, from one up to another, that hold about *most* rows each, and together everything.

    >>> pieces([RowGroup(4, 1, 3), RowGroup(4, 3, 6), RowGroup(4, 7, 9)], 4)
    [(None, 3), (3, 7), (7, None)]
    """
    bounds: list[Bound] = [None]
    rows = 0
    for before, one in pairwise(groups):
        rows += before.rows
        if rows >= most and one.low != bounds[-1]:
            bounds.append(one.low)
            rows = 0
    return list(pairwise([*bounds, None]))


def groups_between(groups: Sequence[RowGroup], low: Bound, high: Bound) -> list[int]:
    """Return which row groups may hold images from *low* up to *high*."""
    return [
        index
        for index, one in enumerate(groups)
        if (low is None or one.high >= low) and (high is None or one.low < high)
    ]


def rows_before(groups: Sequence[RowGroup], some: Sequence[int]) -> int:
    """Return how many rows stand before the first of *some* row groups."""
    return sum(one.rows for one in groups[: some[0]]) if some else 0


def between(ids: NDArray[Any], low: Bound, high: Bound) -> NDArray[np.bool_]:
    """Return (n,) which ids lie from *low* up to *high*."""
    inside = np.ones(len(ids), bool)
    if low is not None:
        inside &= ids >= low
    if high is not None:
        inside &= ids < high
    return inside
