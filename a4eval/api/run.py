"""``a4eval.run``: one experiment from Python."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.api.record import Record, decode
from a4eval.api.typed import typed
from a4eval.api.worded import worded
from a4eval.errors import ConfigError, RunFailedError
from a4eval.runs.asked import asked
from a4eval.runs.record import encode
from a4eval.runs.runner import run_single
from a4eval.trackers.feeds import track, trackers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def run(
    experiment: str | None = None,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    directory: str | Path | None = None,
    config_dir: str | Path | None = None,
) -> Record:
    """Run an experiment, as ``a4eval run`` does: the same checks, the same record, in the same folder.

    It runs in this process; what it changes of it is put back, and runs in several threads take turns.  What is to run
    side by side is a :func:`sweep`.

    Args:
        experiment: its name, as ``a4eval experiments`` lists them; or None, where *overrides* say all.
        overrides: keys and values, such as ``{"task.W": 12, "seed": 1}``; or texts as the command takes them.
        directory: the folder of the record; by default a new one below ``outputs``.
        config_dir: a folder of your own configs.

    Returns:
        The record.  ``record["AP"]`` is a value, ``record.table("ranks").to_pandas()`` a table.

    Raises:
        ConfigError: the config is wrong; nothing is written.
        RunFailedError: the run failed; the error's ``record`` says why, and its note holds the traceback.
        KeyboardInterrupt: it was interrupted; the record says so.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> record = run("assignment4/q5_l2_vs_iou", {"task.W": 12}, directory=folder + "/run")
    >>> record["iou_p2"]
    0.8333333333333334
    """
    try:
        given = typed(experiment, overrides, hydra_run_dir=directory)
        prepared = asked(given, None if config_dir is None else Path(config_dir))
    except ConfigError as error:
        raise worded(error) from None
    root = prepared.experiment.root
    if root.dry_run:
        raise ConfigError("is for the command; from Python nothing is run dry", path="dry_run")
    if root.timeout is not None and threading.current_thread() is not threading.main_thread():
        raise ConfigError(
            "is heard in the main thread only; leave it out, or use a4eval.sweep, whose runs have their own processes",
            path="timeout",
        )
    kept = prepared.experiment.directory
    trackers = trackers_of(root.trackers)
    done, path = run_single(prepared, show=lambda _: None, on_warning=_warn, may_end_process=False)
    for doubt in track(trackers, path, hurry=done.status == "interrupted"):
        _warn(doubt)
    if done.status == "interrupted":
        raise KeyboardInterrupt(f"the run in {kept} was interrupted")
    record = decode(encode(done), str(path))
    if record.error is not None:
        failed = RunFailedError(f"{record.error.type}: {record.error.message} (its record is {path})", record)
        failed.add_note(record.error.traceback)
        raise failed
    return record


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=3)
