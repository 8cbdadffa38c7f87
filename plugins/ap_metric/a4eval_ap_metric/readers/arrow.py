"""Tables in Arrow's formats, held to what a file of their size can mean.

A Parquet file of a few kilobytes can say one number a billion times, and Arrow's C++ believes the places that a damaged
file gives for its texts.
"""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.readers.files import unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

EXTRA = "a4eval-ap-metric[arrow]"
CELLS_ALWAYS = 10_000_000
"""Numbers and texts that a table may have, however small its file is."""
CELLS_A_BYTE = 4
"""How many it may have beyond that for each byte of the file; scores and corners take bytes each."""
MEMORY = 2 << 30
"""Bytes that reading a file may take, beside four times the file."""


def read_arrow(
    path: Path, wanted: Sequence[str], *, parquet: bool, groups: Sequence[int] | None = None, first: int = 0
) -> dict[str, Any]:
    """Return the columns of a table by name: those of *wanted* that it has as arrays, for the others None.

    Args:
        path: the file.
        wanted: names of columns.
        parquet: which format it is.
        groups: only these row groups of a Parquet file.
        first: how many rows stand before them, for messages.

    Raises:
        DataError: it cannot be read, is damaged, stands for far more than it holds, or has empty cells.
        MissingExtraError: pyarrow is not installed.
    """
    arrow = require("pyarrow", EXTRA)
    try:
        with memory_bounded(MEMORY + 4 * path.stat().st_size):
            names, table = _parquet(path, wanted, groups) if parquet else _feather(path, wanted)
            _check_size(path, table.num_rows, table.num_columns)
            table.validate(full=True)
            for name in table.column_names:
                if table.column(name).null_count:
                    row = first + table.column(name).is_null().to_pylist().index(True) + 1
                    raise DataError(f"{path}: column {name!r}: the cell in row {row} is empty")
            columns = {name: _array(table.column(name)) for name in table.column_names}
    except OSError as error:
        raise unreadable(path, error) from error
    except (arrow.ArrowException, ValueError, OverflowError, MemoryError) as error:
        said = str(error).partition("\n")[0] or "it would take too much memory"
        raise DataError(f"{path}: cannot be read: {said}") from error
    if lost := [name for name in names if name in wanted and name not in columns]:
        raise DataError(f"{path}: cannot be read: column {lost[0]!r} is named and not there")
    return {name: columns.get(name) for name in names}


def _parquet(path: Path, wanted: Sequence[str], groups: Sequence[int] | None) -> tuple[list[str], Any]:
    parquet = require("pyarrow.parquet", EXTRA)
    types = require("pyarrow.types", EXTRA)
    schema = parquet.read_schema(path)
    texts = [one.name for one in schema if types.is_string(one.type) or types.is_large_string(one.type)]
    with parquet.ParquetFile(path, read_dictionary=texts) as file:  # so that a text that is repeated is there once
        check_unique(path, schema.names, wanted)
        chosen = [name for name in schema.names if name in wanted]
        _check_size(path, file.metadata.num_rows, len(chosen))
        if groups is None:
            return schema.names, file.read(chosen, use_threads=False)
        return schema.names, file.read_row_groups(list(groups), chosen, use_threads=False)


def _feather(path: Path, wanted: Sequence[str]) -> tuple[list[str], Any]:
    table = require("pyarrow.feather", EXTRA).read_table(path, use_threads=False)
    check_unique(path, table.column_names, wanted)
    return table.column_names, table.select([name for name in table.column_names if name in wanted])


def check_unique(path: Path, names: Sequence[str], wanted: Collection[str]) -> None:
    """Refuse a table that has one of the columns wanted twice: nobody could say which of them is meant.

    Raises:
        DataError: it has.
    """
    for name in wanted:
        if names.count(name) > 1:
            raise DataError(f"{path}: column {name!r} is there {names.count(name)} times")


def _check_size(path: Path, rows: int, columns: int) -> None:
    size = path.stat().st_size
    if rows * columns > max(CELLS_ALWAYS, CELLS_A_BYTE * size):
        raise DataError(f"{path}: {rows:,} rows of {columns} columns in {size:,} bytes: no real table shrinks so far")


def _array(column: Any) -> Any:
    """Return a column as an array; the texts of a dictionary are not written out for each row, only pointed to."""
    types = require("pyarrow.types", EXTRA)
    if types.is_boolean(column.type):
        return np.concatenate([np.zeros(0, bool), *map(_bits, column.chunks)])
    if types.is_integer(column.type) or types.is_floating(column.type):
        return np.from_dlpack(column.combine_chunks())  # pyarrow's own to_numpy imports pandas where there is one
    if not types.is_dictionary(column.type):
        return column.to_numpy()
    parts = [
        np.array([*chunk.dictionary.to_pylist(), None], object)[:-1][np.asarray(chunk.indices)]
        for chunk in column.chunks
    ]
    return np.concatenate(parts) if parts else np.zeros(0, object)


def _bits(chunk: Any) -> NDArray[np.bool_]:
    """Return a chunk of booleans, a bit each; pyarrow's own way imports all of ``pyarrow.compute``."""
    if not len(chunk):
        return np.zeros(0, bool)
    found = np.unpackbits(np.frombuffer(chunk.buffers()[1], np.uint8), bitorder="little")
    return found[chunk.offset : chunk.offset + len(chunk)].astype(bool)


@contextmanager
def memory_bounded(extra: int) -> Iterator[None]:
    """Within this context this process can get *extra* bytes of memory more, where the system can tell what it has."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = pages * os.sysconf("SC_PAGE_SIZE") + extra
    limit = min(one for one in (bound, soft, hard) if one != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
