"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from omegaconf import OmegaConf

from a4eval.config.compose import compose
from a4eval.environment import allow
from a4eval.errors import ConfigError, DataError
from a4eval.executors.contract import Job
from a4eval.experiment import LOCAL, Root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.standing import latest
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import check_changes, chooses, kept, root_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from a4eval.sweeps.command import Command


class _Record(msgspec.Struct):
    """What it takes to run a point again."""

    run_id: str
    sweep_id: str
    config: dict[str, object]
    overrides: list[str]
    experiment: str | None


class Recorded:
    """Points known from their records.

    Args:
        journal: where the records are.
        wanted: the run ids of the points.
        changes: root keys that are other than recorded.
    """

    def __init__(self, journal: Path, wanted: Iterable[str], changes: Mapping[str, object] | None = None) -> None:
        wanted = set(wanted)
        self._changes = dict(changes or {})
        found: dict[str, _Record] = {}
        decoder = msgspec.json.Decoder(_Record)
        with journal.open("rb") as lines:
            for line in lines if wanted else ():
                try:
                    record = decoder.decode(line)
                except msgspec.MsgspecError:
                    continue  # torn
                if record.run_id in wanted:
                    found[record.run_id] = record
        self._records = list(found.values())
        self.run_ids = {run_id: number for number, run_id in enumerate(found)}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._records)

    def __getitem__(self, number: int) -> Job:
        """Return one, ready to run."""
        record = self._records[number]
        config = record.config | self._changes
        return Job(record.run_id, record.experiment, config, tuple(record.overrides), attempt=1)

    @cached_property
    def root(self) -> Root:
        """How the sweep was run."""
        return msgspec.convert(self._records[0].config | self._changes, Root)

    @property
    def sweep_id(self) -> str:
        """The sweep they belong to."""
        return self._records[0].sweep_id


def retry(folder: Path, overrides: Sequence[str] = ()) -> Outcome | None:
    """Run the failed points of *folder* again; None if there are none.

    Args:
        folder: the sweep's folder.
        overrides: of ``executor``, ``timeout`` and the like.

    Raises:
        DataError: *folder* holds no journal.
        ConfigError: another sweep is running there, it was started in another working directory, or its records ask
            for an executor that the command does not name.
    """
    check_changes(overrides)
    journal = Journal(folder)
    if not journal.path.exists():
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    # only to learn that we are in the right directory, and what ran the sweep: the points are in the records
    started = kept(folder)
    wanted = [run_id for run_id, entry in latest(journal).items() if entry.status != "ok"]
    changes = _changes(overrides, started)
    failed = Recorded(journal.path, wanted, changes)
    if not failed:
        return None
    if "executor" not in changes:
        _refuse_elsewhere(folder, failed.root.executor)
    return carry_out(failed, folder, failed.sweep_id, None, {"ok"})


def _changes(overrides: Sequence[str], started: Command | None) -> dict[str, object]:
    """Return the root keys that are other than in the records, by the command or by the user's own that came before."""
    said = list(overrides)
    if started is not None and started.ours:
        allow(started.allow_env)
        if not chooses(said):
            said = [*(one for one in started.overrides if root_key(one) == "executor"), *said]
    if not said:
        return {}
    config_dir = Path(started.config_dir) if started and started.config_dir else None
    config = compose(said, config_dir)
    changed = {key: config[key] for key in {root_key(one) for one in said}}
    return {
        key: OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        for key, value in changed.items()
    }


def _refuse_elsewhere(folder: Path, executor: Any) -> None:
    """Refuse an executor that only a record asks for: it may come from anyone."""
    name = executor.get("name") if isinstance(executor, dict) else executor
    if name not in LOCAL:
        message = f"the records of {folder} ask for {name!r}, which only a command may choose"
        raise ConfigError(
            f"{message}; give `a4eval retry {folder} executor={name}`, or executor=local", path="executor"
        )
