"""What came of a run: what its task gave, as the record will hold it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from a4eval.contracts import Result, Value, Verdict
from a4eval.errors import PluginError, told
from a4eval.runs import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.context import Run


@dataclass
class Came:
    """What came of a run."""

    metrics: dict[str, record.MetricRecord] = field(default_factory=dict)
    tables: record.Tables = field(default_factory=dict)
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdict: record.VerdictRecord | None = None
    failure: BaseException | None = None

    @property
    def status(self) -> Literal["ok", "failed", "interrupted"]:
        """How it ended."""
        if self.failure is None:
            return "ok"
        return "interrupted" if isinstance(self.failure, KeyboardInterrupt) else "failed"

    def take(self, result: Result) -> None:
        """Take in a task's result as the record will hold it: all of it or nothing.

        Raises:
            PluginError: it is no result, or holds what a record cannot.
        """
        if not isinstance(result, Result):
            raise PluginError(f"the task must return an a4eval.Result, got {result!r}")
        metrics = {}
        for name, value in _named(result.metrics, "the names of the metrics").items():
            if not isinstance(value, Value):
                raise PluginError(f"metric {name!r} must be an a4eval.Value, got {value!r}")
            metrics[name] = convert(_fields(value), record.MetricRecord, f"metric {name!r}")
        named = _named(result.tables, "the names of the tables")
        tables = {name: convert(rows, record.Table, f"table {name!r}") for name, rows in named.items()}
        charts = _charts(result, tables) if result.charts else {}
        verdict = None
        if result.verdict is not None:
            if not isinstance(result.verdict, Verdict):
                raise PluginError(f"the verdict must be an a4eval.Verdict, got {result.verdict!r}")
            verdict = convert(asdict(result.verdict), record.VerdictRecord, "the verdict")
        self.metrics, self.tables, self.charts, self.verdict = metrics, tables, charts, verdict

    def draw(self, run: Run) -> None:
        """Save the charts as artifacts; what goes wrong with a picture is a doubt, and not the end of a run."""
        from a4eval.drawing.files import drawn

        try:
            for name, content in drawn(self.charts, self.tables):
                run.artifact(name).write_bytes(content)
        except Exception as error:  # noqa: BLE001  (a chart may ask for anything)
            run.warn(f"the charts cannot be drawn: {told(error)}")


def _charts(result: Result, tables: record.Tables) -> dict[str, dict[str, Any]]:
    from a4eval.charts import MOST

    named = _named(result.charts, "the names of the charts")
    if len(named) > MOST:
        raise PluginError(f"a record holds at most {MOST} charts, got {len(named)}")
    found = {}
    columns = tuple((name, tuple(one)) for name, one in record.columns(tables).items())
    for name, chart in named.items():
        try:
            found[name] = _chart(msgspec.json.encode(record.plain(chart)), columns)
        except (TypeError, ValueError, RecursionError) as error:
            raise PluginError(f"chart {name!r} cannot go into a record: {error}") from error
    return found


@lru_cache(maxsize=64)  # ten thousand points of a sweep have the same
def _chart(text: bytes, columns: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, Any]:
    from a4eval.charts import checked

    return checked(msgspec.json.decode(text), dict(columns))


def _named(given: Mapping[Any, Any], what: str) -> dict[str, Any]:
    """Return what a task gave names to, by names that JSON can hold."""
    names = convert(dict.fromkeys(given), dict[str, None], what)
    return dict(zip(names, given.values(), strict=True))


def _fields(value: Value) -> dict[str, Any]:
    """Return what ``asdict`` does, which copies every number deeply: a sweep has many."""
    given = {field.name: getattr(value, field.name) for field in fields(Value)}
    return given if value.interval is None else {**given, "interval": asdict(value.interval)}


def convert(value: Any, wanted: Any, what: str) -> Any:
    """Return *value* as the record's type *wanted*.

    Raises:
        PluginError: it cannot be.
    """
    try:
        return msgspec.convert(record.plain(value), wanted)
    except (ValueError, RecursionError) as error:
        raise PluginError(f"{what} cannot go into a record: {error}") from error
