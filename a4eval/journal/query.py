"""Read records back: those that count, their columns, filters and order.  Needs neither hydra nor numpy."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.journal.pointed import chosen, pointed
from a4eval.journal.standing import Standing
from a4eval.journal.texts import Text, texts
from a4eval.journal.views import Row, number
from a4eval.ownership import is_of_parts
from a4eval.runs.record import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")

FILES = ("results.jsonl", "result.json")
ROWS_TO_LEARN_FROM = 100
"""From how many rows to take the keys that an unknown one may have meant."""
FACTS = ("experiment", "status", "verdict", "seed", "age", "started", "path")
"""What every record has, besides its metrics and its config."""
METRICS_TOLD = 8
"""How many metrics are told where no key is near one that was asked for."""
_FILTER = re.compile(r"(?P<key>[^<>=!]+)(?P<sign>>=|<=|!=|==|=|>|<)(?P<value>[^<>=].*)")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_ORDERS = ("<", ">", "<=", ">=")


def check_key(rows: Iterable[Row], key: str) -> None:
    """Check that *key* stands in some row.

    Raises:
        ConfigError: it does not; the text holds the nearest, or what most likely was meant.
    """
    some: list[Row] = []
    bare = re.sub(r"^(config|metrics)\.", "", key)
    known = {"config", "metrics"}
    for place, row in enumerate(rows):
        keys = set(row.keys())
        if bare in keys or key in known or row.of_metric(bare) is not None:
            return
        if place < ROWS_TO_LEARN_FROM:
            known |= keys
            some.append(row)
    likely = [*metrics(some)[:METRICS_TOLD], *varied(some), *FACTS]
    raise ConfigError(f"there is no key {key!r} in the records{did_you_mean(key, known, likely)}")


@dataclass
class Found:
    """What lies under a path.

    Args:
        rows: the record of each run that counts, in the order they began; of a run whose data files changed in
            between, the one for each state of them.
        changed: how many rows are there for that reason alone.
        torn: how many lines or files could not be read.
        unknown: the versions of the record's schema that are not ours.
        older: how many records of these runs a later one took the place of.
    """

    rows: list[Row]
    changed: int
    torn: int
    unknown: set[int] = field(default_factory=set)
    older: int = 0


def read(*paths: Path) -> Found:
    """Read all records under *paths*; what lies under two of them once.

    Args:
        paths: each a record, a journal, any folder, or a point of a sweep such as ``SWEEP/#3``.

    Raises:
        ConfigError: there is no such point.
        DataError: there is no such file or folder, or no record in it.
    """
    places = [pointed(path) for path in paths]
    whole = [place.path for place in places if place.point is None]
    found = _below(*whole) if whole else Found([], 0, 0)
    for place in places:
        if place.point is None:
            continue
        one = _below(place.path)
        run_id = chosen(place, list(dict.fromkeys(row.run_id for row in one.rows)))
        known = {(Path(row.path).resolve(), row.offset) for row in found.rows}
        of_it = [row for row in one.rows if row.run_id == run_id]
        found.rows += [row for row in of_it if (Path(row.path).resolve(), row.offset) not in known]
        found.unknown |= {row.schema_version for row in of_it} - {SCHEMA_VERSION}
    return found


def _below(*paths: Path) -> Found:
    """Read all records under *paths*, each a file or a folder."""
    found = Standing[Row]()
    torn = whole = 0
    for file, above in {file.resolve(): (file, path) for path in paths for file in files(path)}.values():
        for offset, row in decoded(file, above, Row):
            if row is None:
                torn += 1
                continue
            row.config = row.config.copy()  # else it keeps the whole line alive
            row.path, row.offset = str(file), offset
            found.add(row)
            whole += 1
    if not found:
        unreadable = f" ({torn} unreadable)" if torn else ""
        raise DataError(f"{', '.join(map(str, paths))}: no record of a4eval here{unreadable}")
    rows = [row for run_id in found for row in found.of_every_state(run_id)]
    unknown = {row.schema_version for row in rows} - {SCHEMA_VERSION}
    return Found(rows, len(rows) - len(found), torn, unknown, whole - len(rows))


def stream(path: Path, kind: type[T]) -> Iterator[T | None]:
    """Yield what *kind* has of every record under *path*, also of one that a later one replaces; None if it is torn."""
    for file in files(path):
        yield from (one for _, one in decoded(file, path, kind))


def decoded(file: Path, path: Path, kind: type[T]) -> Iterator[tuple[int, T | None]]:
    """Yield the records of a file and where in it each begins; None for one that is torn.

    Raises:
        DataError: the file cannot be read and is *path*, what was asked for.
    """
    decoder = msgspec.json.Decoder(kind)
    for offset, text in _texts(file, path):
        if isinstance(text, bytes) and text.isspace():
            continue  # left by whoever closed a line that was whole
        try:
            yield offset, None if text is None else decoder.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            yield offset, None


def files(path: Path) -> list[Path]:
    """Return the files of records at *path*: itself, or those of such names below it; parts of a run are no runs."""
    if path.is_file():
        return [path]
    below = [file for name in FILES for file in sorted(path.rglob(name))]
    return [file for file in below if file.parent == path or not is_of_parts(file)]


def _texts(file: Path, path: Path) -> Iterator[tuple[int, Text | None]]:
    """Yield where every record of *file* begins, and its text; None where it cannot be read, unless it is *path*."""
    if not file.is_file():
        yield 0, None  # a folder or a pipe of that name
        return
    try:
        yield from texts(file)
    except OSError as error:
        if file == path:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from error
        yield 0, None


def keep(rows: Iterable[Row], conditions: Iterable[str]) -> list[Row]:
    """Return the rows that meet all *conditions*, such as ``metrics.accuracy>0.9`` or ``status=failed``.

    Raises:
        ConfigError: a condition cannot be read, or names a key that no row has.
    """
    rows = every = list(rows)
    for text in conditions:
        found = _FILTER.fullmatch(text)
        if found is None:
            raise ConfigError(f"cannot read the condition {text!r}; write KEY>VALUE with one of {' '.join(_SIGNS)}")
        key, compare, value = found["key"].strip(), _SIGNS[found["sign"]], _value(found["value"].strip())
        check_key(every, key)
        ordered = found["sign"] in _ORDERS
        if isinstance(value, str) or (ordered and not _is_number(value)):
            _check_value(every, key, found["value"].strip(), text, ordered=ordered)
        rows = [row for row in rows if _compare(compare, row.get(key), value)]
    return rows


def is_condition(text: str) -> bool:
    """Say whether a text can only be a condition, not a path: it compares.

    >>> is_condition("AP=>0.4"), is_condition("multirun/q5")
    (True, False)
    """
    return any(sign in text for sign in "<>=")


def key_of(condition: str) -> str:
    """Return the key of a condition.

    >>> key_of("AP>0.4")
    'AP'
    """
    found = _FILTER.fullmatch(condition)
    return found["key"].strip() if found else condition


def _check_value(rows: Sequence[Row], key: str, value: str, condition: str, *, ordered: bool) -> None:
    """Refuse to hold a metric against *value*, which is no number, and to order by it what holds numbers alone.

    Raises:
        ConfigError: *key* is a metric's, or *ordered* and every row that has it has a number there.
    """
    name = key.removeprefix("metrics.")
    if any(name in row.metrics for row in rows) or (ordered and _numbers_alone(row.get(key) for row in rows)):
        kind = "a number of seconds" if key == "age" else "a number"
        raise ConfigError(f"cannot read the condition {condition!r}: {name} is {kind}, and {value!r} is none")


def _numbers_alone(values: Iterable[Any]) -> bool:
    """Say whether there are values, and all but the missing ones are numbers."""
    there = [value for value in values if value is not None]
    return bool(there) and all(map(_is_number, there))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(text: str) -> Any:
    try:
        return number(msgspec.json.decode(text))
    except msgspec.DecodeError:
        return number(text)


def _compare(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        left, right = str(left), str(right)
    try:
        return compare(left, right)
    except TypeError:
        return False  # None, or a list against a number: there is no order between them


def order(rows: Sequence[Row], key: str) -> list[Row]:
    """Return *rows* with the best first by the metric *key*, or ascending by any other key; ``-key`` turns it round.

    Rows without the key, or with NaN, stand last.
    """
    backwards, key = key.startswith("-"), key.removeprefix("-")
    name = key.removeprefix("metrics.")
    metric = next((row.metrics[name] for row in rows if name in row.metrics), None)
    descending = backwards != bool(metric is not None and metric.higher_is_better)
    keyed = [(row.get(key), row) for row in rows]
    sortable = [(value, row) for value, row in keyed if value is not None and value == value]  # noqa: PLR0124  (NaN)
    rest = [row for value, row in keyed if value is None or value != value]  # noqa: PLR0124  (NaN)
    sortable.sort(key=lambda pair: _rank(pair[0]), reverse=descending)
    return [row for _, row in sortable] + rest


def _rank(value: Any) -> tuple[int, Any]:
    """Return what values of any type are ordered by: numbers, then texts, then all else by its JSON."""
    if isinstance(value, (int, float)):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, msgspec.json.encode(value))


def varied(rows: Iterable[Row]) -> list[str]:
    """Return the keys whose overrides differ between *rows*; Hydra's own are no part of what was run."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for override in row.overrides:
            key, _, value = override.lstrip("+~").partition("=")
            if not key.startswith(("hydra.", "hydra/")):
                found.setdefault(key, set()).add(value)
    return [key for key, values in found.items() if len(values) > 1]


def metrics(rows: Iterable[Row]) -> list[str]:
    """Return the names of all metrics, in the order they come."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))


def telling(rows: Sequence[Row]) -> str | None:
    """Return the metric that tells the best of *rows*: the first that has a direction and is not the same in all."""
    for name in metrics(rows):
        found = [row.metrics.get(name) for row in rows]
        directed = any(one is not None and one.higher_is_better is not None for one in found)
        if directed and len({None if one is None else one.value for one in found}) > 1:
            return name
    return None


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the keys worth showing: what differs; status, verdict and path where they tell; all metrics."""
    chosen = varied(rows)
    if len({row.experiment for row in rows}) > 1 and "experiment" not in chosen:
        chosen.insert(0, "experiment")
    again = ["started"] if len({row.run_id for row in rows}) < len(rows) else []
    status = ["status"] if any(row.status != "ok" for row in rows) else []
    status += ["verdict"] if any(row.verdict is not None for row in rows) else []
    where = ["path"] if len({row.path for row in rows}) > 1 else []
    return [*again, *status, *chosen, *where, *(f"metrics.{name}" for name in metrics(rows))]
