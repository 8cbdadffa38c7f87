"""Points that are given as such: keys swept together (``zip=``), and files of points (``points=``)."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import msgspec
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException

from a4eval.config.compose import free_keys
from a4eval.config.guard import check_overrides, check_size
from a4eval.context import require
from a4eval.conversion import at_home, convert
from a4eval.errors import ConfigError, DataError
from a4eval.regular import content
from a4eval.sweeps.axes import Axis, Dial, about_the_sweep, check_swept, loader_has_group, parse
from a4eval.sweeps.command import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hydra.core.config_loader import ConfigLoader

    Row = dict[str, str]
    """Key to value in Hydra's syntax."""
    Rows = list[tuple[str, Row]]
    """Where in its file each stands, and the row."""

_PIECE = re.compile(r"""(?:[^;'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")+""")
_KEY = re.compile(r"[A-Za-z_][\w]*(?:[./][\w]+)*")
_INNER_KEY = re.compile(r"(?!(?:true|false|null|nan|inf)$)[a-z_][\w./-]*", re.ASCII | re.IGNORECASE)
"""A key of a mapping that Hydra reads as a text."""
ROWS_AT_ONCE = 100
UNPACKED_ALWAYS = 10_000_000
"""Bytes that a Parquet file of points may hold, however small it is."""
UNPACKED_A_BYTE = 20
"""How many it may hold beyond that for each of its own."""


def joined(points: Any, zipped: Any, loader: ConfigLoader) -> list[Dial]:
    """Return the dials of ``points=`` and ``zip=``.

    Args:
        points: the file's path, or None.
        zipped: a text such as ``task.x=1,2; task.y=a,b``, a list of such texts, or None.
        loader: Hydra's.

    Raises:
        ConfigError: a key or a value cannot be swept, or the lists of a zip differ in length.
        DataError: the file of points is not what it claims to be.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    points, zipped = convert(points, str | None, "points"), convert(zipped, str | list[str] | None, "zip")
    dials = [_of_file(at_home(points), loader)] if points is not None else []
    texts = [zipped] if isinstance(zipped, str) else zipped or []
    dials += [_together(text, loader) for text in texts]
    paths = [axis.path for dial in dials for axis in dial.axes]
    for path in paths:
        if paths.count(path) > 1:
            raise ConfigError("is set twice by points= and zip=; leave one of them out", path=path)
    return dials


def _together(text: str, loader: ConfigLoader) -> Dial:
    pieces = [piece.strip() for piece in _PIECE.findall(text) if piece.strip()]
    check_overrides(pieces)
    check_size(pieces)
    axes = [axis for dial in parse(free_keys(pieces), loader) for axis in dial.axes]
    check_swept((axis.key for axis in axes), "zip=")
    lengths = {axis.path: len(axis.texts) for axis in axes}
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{path} has {length}" for path, length in lengths.items()) or "there is none"
        raise ConfigError(f"got {text!r}, expected lists of one length, as in 'a=1,2; b=3,4'; {found}", path="zip")
    return Dial(axes)


def _of_file(path: Path, loader: ConfigLoader) -> Dial:
    readers = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
    if path.suffix not in readers:
        raise ConfigError(f"got {str(path)!r}, expected a file {', '.join(readers)}", path="points")
    if not path.is_file():
        raise ConfigError(f"there is no file {str(path)!r}", path="points")
    try:
        rows = readers[path.suffix](path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    first = {key: place for place, row in reversed(rows) for key in row}
    keys = list(dict.fromkeys(key for _, row in rows for key in row))
    if not keys:
        raise DataError(f"{path}: holds no point")
    _check({key: f"{path}, {first[key]}" for key in keys})
    places = tuple(f"{path}, {place}" for place, _ in rows)
    return Dial([_axis(key, [row for _, row in rows], places, loader) for key in keys])


def _check(columns: Mapping[str, str]) -> None:
    """Refuse columns, each given with where it stands, that are no keys of points; all are told."""
    problems = []
    for key, where in columns.items():
        if not _KEY.fullmatch(key):
            problems.append(f"{where}: the column {key!r} is no key of a config, such as task.x")
        elif about_the_sweep(key):
            problems.append(f"{where}: the column {key!r} says how a sweep runs and cannot differ between points")
    if problems:
        raise DataError("; ".join(problems))


def _axis(key: str, rows: Sequence[Row], places: tuple[str, ...], loader: ConfigLoader) -> Axis:
    """Return the axis of a column."""
    unset = frozenset(number for number, row in enumerate(rows) if key not in row)
    texts = [row.get(key, "") for row in rows]
    group = loader_has_group(loader, key)
    free = free_keys([f"{key}="])[0].removesuffix("=")
    return Axis(free, texts, group=group, entangled=not group, unset=unset, places=places)


def _csv(path: Path) -> Rows:
    """Read a CSV; an empty cell leaves its key alone."""
    parser = OverridesParser.create()
    try:
        with io.StringIO(content(path).decode("utf-8-sig"), newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header, top = reader.fieldnames or [], reader.line_num
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is no CSV in UTF-8: {error}") from error
    if len(set(header)) < len(header):
        twice = next(one for one in header if header.count(one) > 1)
        raise DataError(f"{path}, line {top}: two columns have the name {twice!r}")
    _check(dict.fromkeys(header, f"{path}, line {top}"))
    for line, row in rows:
        if None in row or None in row.values():
            raise DataError(f"{path}, line {line}: has not as many cells as there are columns, {len(header)}")
    return [(f"line {at}", {key: _cell(cell, parser) for key, cell in row.items() if cell}) for at, row in rows]


def _cell(text: str, parser: OverridesParser) -> str:
    """Return a cell in Hydra's syntax: a number, a list, a word as Hydra reads it, anything else a text as it is."""
    try:
        plain = "${" not in text and not parser.parse_override(f"key={text}").is_sweep_override()
    except OverrideParseException:
        plain = False
    return text if plain else quoted(text)


def _json_lines(path: Path) -> Rows:
    rows = []
    for number, line in enumerate(content(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: is no JSON object: {error}") from error
        rows.append((f"line {number}", _row(values, f"{path}, line {number}")))
    return rows


def _parquet(path: Path) -> Rows:
    arrow, parquet = require("pyarrow", "a4eval[arrow]"), require("pyarrow.parquet", "a4eval[arrow]")
    size, held = path.stat().st_size, 0
    rows: Rows = []
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, use_threads=False):
                batch.validate(full=True)
                held += batch.nbytes
                if held > max(UNPACKED_ALWAYS, UNPACKED_A_BYTE * size):
                    raise DataError(f"{path}: more than {held:,} bytes are packed into {size:,}, which no points are")
                for values in batch.to_pylist():
                    place = f"row {len(rows) + 1}"
                    rows.append((place, _row(values, f"{path}, {place}")))
    except (arrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: cannot be read as points: {error}") from error
    return rows


def _row(values: Mapping[str, Any], where: str) -> Row:
    found = {}
    for key, value in values.items():
        try:
            found[key] = written(value)
        except TypeError as error:
            raise DataError(f"{where}, column {key}: {error}") from error
    return found


def written(value: Any) -> str:
    r"""Return *value* in Hydra's syntax; a text stays a text, whatever stands in it.

    Raises:
        TypeError: it is of a type that a config cannot hold.

    >>> print(written({"a": [1, 2.5, None, True, "x, ${y}"]}))
    {a:[1,2.5,null,true,'x, \${y}']}
    """
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{inner_key(key)}:{written(item)}' for key, item in value.items())}}}"
    raise TypeError(f"got {value!r}, expected a number, a text, true, false, null, or lists and mappings of them")


def inner_key(key: object) -> str:
    """Return a key of a mapping in Hydra's syntax, which knows no quotes there.

    Raises:
        TypeError: it cannot be written, or would be read as something else than a text.
    """
    text = str(key)
    if not _INNER_KEY.fullmatch(text):
        raise TypeError(f"got a mapping with the key {text!r}, expected a letter, then letters, digits, or _ . / -")
    return text
