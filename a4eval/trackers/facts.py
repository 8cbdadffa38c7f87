"""What every tracker of ours is told of a record: parameters, numbers, tags, files."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from a4eval.experiment import leaves
from a4eval.files import content, inside
from a4eval.journal.views import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PROJECT = "a4eval"
"""What the runs of a record without an experiment are kept under."""


def project(record: Mapping[str, Any]) -> str:
    """Return what a record's run is kept under: its experiment, in which a slash is no folder.

    >>> project({"experiment": "assignment4/q5_l2_vs_iou"})
    'assignment4-q5_l2_vs_iou'
    """
    return str(record["experiment"] or PROJECT).replace("/", "-")


def title(record: Mapping[str, Any]) -> str:
    """Return what a run is called: what of it was swept or set, as typed; else its id.

    >>> title({"run_id": "4f0a", "overrides": ["experiment=probe", "task.W=12", "seed=1"]})
    'task.W=12 seed=1'
    """
    said = [
        one.lstrip("+") for one in record["overrides"] if not one.startswith(("experiment=", "hydra.", "trackers="))
    ]
    return " ".join(said)[:120] or str(record["run_id"])


def parameters(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with every default, a value for each path.

    >>> parameters({"resolved": None, "config": {"seed": 1, "task": {"layer": {"hidden": 8}}, "trackers": ["mlflow"]}})
    {'seed': 1, 'task.layer.hidden': 8}
    """
    config = {key: value for key, value in (record["resolved"] or record["config"]).items() if key != "trackers"}
    return dict(leaves("", config))


def numbers(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics, and the ends of their intervals.

    >>> interval = {"level": 0.95, "low": 0.25, "high": "NaN", "method": "bootstrap"}
    >>> numbers({"metrics": {"AP": {"value": 0.5, "interval": interval}, "loss": {"value": 2, "interval": None}}})
    {'AP': 0.5, 'AP/low': 0.25, 'AP/high': nan, 'loss': 2.0}
    """
    found = {}
    for name, metric in record["metrics"].items():
        found[name] = float(number(metric["value"]))
        if metric["interval"] is not None:
            found |= {f"{name}/{end}": float(number(metric["interval"][end])) for end in ("low", "high")}
    return found


def tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Return what says which run it was."""
    given = {
        "run_id": record["run_id"],
        "sweep_id": record["sweep_id"],
        "experiment": record["experiment"],
        "status": record["status"],
        "verdict": record["verdict"] and record["verdict"]["outcome"],
        "started": record["started"],
        "commit": record["git"] and record["git"]["commit"],
        "error": record["error"] and f"{record['error']['type']}: {record['error']['message']}",
    }
    return {f"a4eval.{key}": str(value) for key, value in given.items() if value}


def columns(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return a table as its columns and its rows, with numbers as numbers.

    >>> columns([{"a": 1}, {"a": "Infinity", "b": "x"}])
    (['a', 'b'], [[1, None], [inf, 'x']])
    """
    names = list(dict.fromkeys(key for row in rows for key in row))
    return names, [[number(row.get(name)) for name in names] for row in rows]


def files(record: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the artifacts and the log, by their names in the record, that are what the record says of them.

    A record may come from anyone: what lies outside the folder, or is another file, goes nowhere.
    """
    for one in [*record["artifacts"], *([record["log"]] if record["log"] else [])]:
        path = inside(folder, one["path"], one["bytes"])
        if path is not None and content(path).sha256 == one["sha256"]:
            yield one["path"], path


def milliseconds(moment: str) -> int:
    """Return the milliseconds since 1970 of a moment in a record.

    >>> milliseconds("1970-01-01T00:00:01.500000+00:00")
    1500
    """
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def named(name: str, allowed: str, taken: dict[str, str]) -> str:
    """Return *name* in letters, digits and *allowed*, and not as what another name is written already.

    Args:
        name: such as a metric's.
        allowed: characters beside letters and digits that may stay.
        taken: what names were written as so far; it is added to.

    >>> taken = {}
    >>> [named(one, "_-./", taken) for one in ("AP@.5", "AP_.5", "AP@.5")]
    ['AP_.5', 'AP_.5_2', 'AP_.5']
    """
    if name not in taken:
        plain = "".join(one if (one.isalnum() and one.isascii()) or one in allowed else "_" for one in name)
        written, count = plain, 1
        while written in taken.values():
            count += 1
            written = f"{plain}_{count}"
        taken[name] = written
    return taken[name]


def finite(value: Any) -> Any:
    """Return None for a number that JSON cannot hold.

    >>> finite(math.nan), finite(0.5)
    (None, 0.5)
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value
