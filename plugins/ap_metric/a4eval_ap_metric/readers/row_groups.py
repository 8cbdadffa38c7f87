"""Parquet tables whose rows stand in the order of their images, read some row groups at a time.

A row group says its lowest and highest image; where none begins before the one before it ends, whole images can be
taken from a file without reading the others.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.readers.arrow import EXTRA
from a4eval_ap_metric.readers.files import suffix_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = 1_000_000
"""Detections of a piece, if images and row groups are smaller."""
Bound: TypeAlias = int | str | None
"""An image's id; None for no bound."""


class RowGroup(NamedTuple):
    """A row group: how many rows it has, and bounds of its images."""

    rows: int
    low: Any
    high: Any


def ordered_row_groups(path: Path, column: str) -> list[RowGroup]:
    """Return the row groups of a Parquet file in the order of a column of ids; none where they are in no such order.

    Args:
        path: any file.
        column: of whole numbers or text.

    Raises:
        DataError: the file cannot be read.
        MissingExtraError: pyarrow is not installed.
    """
    if suffix_of(path) != ".parquet":
        return []
    arrow, parquet = require("pyarrow", EXTRA), require("pyarrow.parquet", EXTRA)
    try:
        with parquet.ParquetFile(path) as file:
            metadata = file.metadata
            if column not in metadata.schema.names:
                return []
            index = metadata.schema.names.index(column)
            for one in range(metadata.num_row_groups):  # refuses what is damaged, at which column() ends the process
                next(file.iter_batches(1, row_groups=[one], columns=[column], use_threads=False), None)
            groups = [metadata.row_group(one) for one in range(metadata.num_row_groups)]
            known = [(one.num_rows, one.column(index).statistics) for one in groups if one.num_rows]
        if not known or not all(said is not None and said.has_min_max for _, said in known):
            return []
        found = [RowGroup(rows, said.min, said.max) for rows, said in known]
    except OSError as error:
        raise unreadable(path, error) from error
    except (arrow.ArrowException, ValueError, OverflowError) as error:  # of names and bounds that are no text, too
        raise DataError(f"{path}: cannot be read: {str(error).partition(chr(10))[0]}") from error
    kinds = {type(bound) for one in found for bound in (one.low, one.high)}
    in_order = len(kinds) == 1 and kinds <= {int, str} and all(one.high <= other.low for one, other in pairwise(found))
    return found if in_order and len(known) == len(groups) else []


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


def between(ids: NDArray[Any], low: Bound, high: Bound) -> NDArray[np.bool_]:
    """Return (n,) which ids lie from *low* up to *high*."""
    inside = np.ones(len(ids), bool)
    if low is not None:
        inside &= ids >= low
    if high is not None:
        inside &= ids < high
    return inside
