"""A table into a file: CSV, JSON lines or Parquet, some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from a4eval.context import require
from a4eval.errors import ConfigError, OutputError
from a4eval.runs.record import plain
from a4eval.spreadsheet import write_rows
from a4eval.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from a4eval.api.columns import Kind

ARROW = "a4eval[arrow]"


class Written(Protocol):
    """What can be written."""

    @property
    def kinds(self) -> dict[str, Kind]:
        """The columns, and what each holds."""

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows some at a time."""


def write(table: Written, path: Path, *, overwrite: bool) -> Path:
    """Write *table*; see :meth:`a4eval.Frame.write`."""
    if path.suffix not in WRITERS:
        raise ConfigError(f"got {str(path)!r}, expected a name that ends in {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {str(path.parent)!r}")
    if path.exists() and not overwrite:
        raise ConfigError(
            f"{str(path)!r} is there already; choose another name, or overwrite it (--overwrite, overwrite=True)"
        )
    if path.suffix == ".parquet":
        require("pyarrow.parquet", ARROW)  # before a long read
    try:
        with whole(path) as file:
            WRITERS[path.suffix](table, file)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _csv(table: Written, file: BinaryIO) -> None:
    """Write the header and a line a row; nothing where there is no value, truths in small letters, no formulas."""
    from io import TextIOWrapper

    text = TextIOWrapper(file, encoding="utf-8", newline="")
    write_rows(text, [table.kinds])
    truths = [place for place, kind in enumerate(table.kinds.values()) if kind == "truth"]
    for rows in table.batches():
        write_rows(text, (_lowered(row, truths) for row in rows) if truths else rows)
    text.detach()


def _lowered(row: tuple[Any, ...], places: list[int]) -> list[Any]:
    cells = list(row)
    for place in places:
        cells[place] = _TRUTHS[cells[place]]
    return cells


_TRUTHS = {True: "true", False: "false", None: None}


def _json_lines(table: Written, file: BinaryIO) -> None:
    """Write an object a row; numbers that JSON cannot hold are named, as in a record."""
    names = list(table.kinds)
    for rows in table.batches():
        encoded = (msgspec.json.encode(plain(dict(zip(names, row, strict=True)))) for row in rows)
        file.writelines(line + b"\n" for line in encoded)


def _parquet(table: Written, file: BinaryIO) -> None:
    arrow, parquet = require("pyarrow", ARROW), require("pyarrow.parquet", ARROW)
    schema = arrow_schema(arrow, table.kinds)
    with parquet.ParquetWriter(file, schema) as writer:
        for rows in table.batches():
            writer.write_batch(arrow_batch(arrow, schema, rows))


def arrow_schema(arrow: Any, kinds: dict[str, Kind]) -> Any:
    """Return the schema of a table in Arrow."""
    types = {"integer": arrow.int64(), "number": arrow.float64(), "truth": arrow.bool_(), "text": arrow.string()}
    return arrow.schema([(name, types[kind]) for name, kind in kinds.items()])


def arrow_batch(arrow: Any, schema: Any, rows: list[tuple[Any, ...]]) -> Any:
    """Return some rows in Arrow."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [arrow.array(one, kind) for one, kind in zip(columns, schema.types, strict=True)]
    return arrow.record_batch(arrays, schema=schema)


WRITERS: dict[str, Callable[[Written, BinaryIO], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _json_lines,
}
"""The endings of files, and what writes them."""
