"""The tracker ``trackio``: a local run of Trackio for each record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.component import param
from a4eval.context import check_installed, require
from a4eval.trackers import facts
from a4eval.trackers.contract import Waited

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(kw_only=True)
class Trackio(Waited):
    """A folder of Trackio's databases."""

    directory: str = param("trackio", help="the folder, TRACKIO_DIR for `trackio show`")
    project: str | None = param(None, help="the project; by default the experiment's name")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_installed("trackio", "a4eval[trackio]")

    def track(self, record: Mapping[str, Any], folder: Path) -> None:
        """Make a local run."""
        os.environ["TRACKIO_DIR"] = str(Path(self.directory).absolute())  # read when it is imported
        trackio: Any = require("trackio", "a4eval[trackio]")
        trackio.init(
            self.project or facts.project(record),
            name=f"{facts.title(record)} {facts.milliseconds(record['started'])}",
            group=record["sweep_id"],
            config=facts.parameters(record) | facts.tags(record),
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        try:
            shown: dict[str, Any] = dict(facts.numbers(record))
            for name, rows in record["tables"].items():
                if rows:
                    names, cells = facts.columns(rows)
                    data = [[facts.finite(cell) for cell in row] for row in cells]
                    shown[f"tables/{name}"] = trackio.Table(columns=names, data=data)
            trackio.log(shown)
            if files := list(facts.files(record, folder)):
                artifact = trackio.Artifact(f"run-{record['run_id']}", type="a4eval")
                for name, path in files:
                    artifact.add_file(str(path), name=name)
                trackio.log_artifact(artifact)
        finally:
            trackio.finish()
