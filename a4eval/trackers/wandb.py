"""The tracker ``wandb``: an offline run of Weights & Biases for each record; ``wandb sync`` sends it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from a4eval.component import param
from a4eval.context import check_installed, require
from a4eval.runs.record import FILE_NAME
from a4eval.trackers import facts
from a4eval.trackers.contract import Waited

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUIET = {"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true", "WANDB_DISABLE_GIT": "true"}
_ABOUT_THE_MACHINE = ("x_disable_stats", "x_disable_meta", "x_disable_machine_info")


@dataclass(kw_only=True)
class Wandb(Waited):
    """A folder of offline runs."""

    directory: str = param(".", help="where the folder wandb is made")
    project: str | None = param(None, help="the project; by default the experiment's name")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_installed("wandb", "a4eval[wandb]")

    def track(self, record: Mapping[str, Any], folder: Path) -> None:
        """Make an offline run."""
        os.environ.update(_QUIET)
        wandb: Any = require("wandb", "a4eval[wandb]")
        Path(self.directory).mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            project=self.project or facts.project(record),
            name=facts.title(record),
            group=record["sweep_id"],
            id=f"{record['run_id']}-{facts.milliseconds(record['started'])}",
            dir=self.directory,
            mode="offline",
            config=facts.parameters(record),
            settings=wandb.Settings(console="off", disable_code=True, **dict.fromkeys(_ABOUT_THE_MACHINE, True)),
        )
        try:
            run.summary.update(facts.numbers(record) | facts.tags(record))
            for name, rows in record["tables"].items():
                names, cells = facts.columns(rows)
                run.log({f"tables/{name}": wandb.Table(columns=names, data=cells, allow_mixed_types=True)})
            artifact = wandb.Artifact(f"run-{record['run_id']}", type="a4eval")
            for name, path in facts.files(record, folder):
                artifact.add_file(str(path), name=name)
            with artifact.new_file(FILE_NAME, mode="wb") as file:
                file.write(msgspec.json.encode(record))
            run.log_artifact(artifact)
        finally:
            run.finish(exit_code=int(record["status"] != "ok"))
