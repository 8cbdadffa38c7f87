"""The tracker ``mlflow``: a run of MLflow for each record."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.component import param
from a4eval.context import check_installed, require
from a4eval.runs.record import FILE_NAME
from a4eval.trackers import facts
from a4eval.trackers.contract import Waited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

METRICS_AT_ONCE = 1000
OTHERS_AT_ONCE = 100
LONGEST_NAME = 250
LONGEST_VALUE = 6000
"""What MLflow takes."""
_STATUS = {"ok": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


@dataclass(kw_only=True)
class Mlflow(Waited):
    """A database of MLflow's, or a server's; artifacts go where that has them."""

    uri: str = param("sqlite:///mlflow.db", help="MLflow's tracking URI; by default a file in the working directory")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_installed("mlflow", "a4eval[mlflow]")
        self._client: Any = None
        self._experiments: dict[str, str] = {}

    def track(self, record: Mapping[str, Any], folder: Path) -> None:
        """Make a run of MLflow; one that cannot be made whole is taken away again."""
        if self._client is None:
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            self._client = require("mlflow", "a4eval[mlflow]").MlflowClient(self.uri, self.uri)
        started, finished = (facts.milliseconds(record[key]) for key in ("started", "finished"))
        run = self._client.create_run(
            self._experiment(facts.project(record)),
            start_time=started,
            run_name=facts.title(record),
            tags={key: value[:LONGEST_VALUE] for key, value in facts.tags(record).items()},
        )
        try:
            self._fill(run.info.run_id, record, folder, finished)
        except BaseException:
            self._client.delete_run(run.info.run_id)
            raise
        self._client.set_terminated(run.info.run_id, _STATUS[record["status"]], finished)

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            known = self._client.get_experiment_by_name(name)
            self._experiments[name] = known.experiment_id if known else self._client.create_experiment(name)
        return self._experiments[name]

    def _fill(self, run: str, record: Mapping[str, Any], folder: Path, moment: int) -> None:
        entities = require("mlflow.entities", "a4eval[mlflow]")

        taken: dict[str, str] = {}
        metrics = [entities.Metric(_name(key, taken), value, moment, 0) for key, value in facts.numbers(record).items()]
        for some in _pieces(metrics, METRICS_AT_ONCE):
            self._client.log_batch(run, metrics=some)
        taken = {}
        given = [
            entities.Param(_name(key, taken), str(one)[:LONGEST_VALUE]) for key, one in facts.parameters(record).items()
        ]
        for others in _pieces(given, OTHERS_AT_ONCE):
            self._client.log_batch(run, params=others)
        taken = {}
        for name, rows in record["tables"].items():
            names, cells = facts.columns(rows)
            table = {"columns": names, "data": [[facts.finite(cell) for cell in row] for row in cells]}
            self._client.log_dict(run, table, f"tables/{facts.named(name, '_-. ', taken)}.json")
        for name, path in facts.files(record, folder):
            self._client.log_artifact(run, str(path), posixpath.dirname(name) or None)
        self._client.log_dict(run, dict(record), FILE_NAME)


def _name(name: str, taken: dict[str, str]) -> str:
    """Return a name that MLflow takes: some characters, and no path that leads elsewhere."""
    allowed = "_-. :/" if posixpath.normpath(name) == name and not name.startswith(("/", "..")) else "_- :"
    return facts.named(name, allowed, taken)[:LONGEST_NAME]


def _pieces(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
