"""``a4eval.sweep``: many runs of one experiment from Python."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.api.records import Records
from a4eval.api.typed import typed, values
from a4eval.api.worded import worded
from a4eval.errors import ConfigError
from a4eval.journal.views import Row
from a4eval.plurals import counted
from a4eval.sweeps.carry_out import announce
from a4eval.sweeps.multirun import sweep as carried_out
from a4eval.sweeps.sweeper import Planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def sweep(
    experiment: str | None = None,
    over: Mapping[str, Iterable[Any] | str] | None = None,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    directory: str | Path | None = None,
    config_dir: str | Path | None = None,
) -> Records:
    """Run an experiment with every combination of values, as ``a4eval run -m`` does, in processes of their own.

    What has a record in the sweep's folder already is not run again, so the same call goes on where one was stopped.

    Args:
        experiment: its name; or None, where *over* or *overrides* say it.
        over: the keys to sweep over and the values of each, such as ``{"task.W": range(6, 16), "seed": [1, 2]}``; a
            text is taken as it would be typed, such as ``"range(6,16)"``.
        overrides: what is the same in all runs, as for :func:`run`; also ``{"executor": "ray"}``.
        directory: the folder of the sweep; by default one below ``multirun`` that the same sweep finds again.
        config_dir: a folder of your own configs.

    Returns:
        The records, in the order of the points, those of failed runs among them, with a warning.

    Raises:
        ConfigError: a config is wrong; nothing was run.
        KeyboardInterrupt: it was interrupted; the same call goes on.

    >>> import tempfile
    >>> sweep("assignment4/q5_l2_vs_iou", {"task.W": [6, 12]}, directory=tempfile.mkdtemp()).column("iou_p2")
    [0.6666666666666666, 0.8333333333333334]
    """
    try:
        swept = [f"{key}={values(given, key)}" for key, given in (over or {}).items()]
        given = [*typed(experiment, overrides), *swept, *typed(None, (), hydra_sweep_dir=directory)]
        outcome = carried_out(given, None if config_dir is None else Path(config_dir))
    except ConfigError as error:
        raise worded(error) from None
    if isinstance(outcome, Planned):
        raise ConfigError("is for the command; from Python nothing is run dry", path="dry_run")
    doubts = [*outcome.doubts, *outcome.journal.doubts(), *announce(outcome)]
    entries = outcome.entries()
    rows = list(outcome.journal.read(entries, Row))
    for row, entry in zip(rows, entries, strict=True):
        row.path, row.offset = str(outcome.journal.path), entry.offset
    if outcome.interrupted:
        raise KeyboardInterrupt(f"the sweep in {outcome.folder} was interrupted; the same call goes on")
    if outcome.failed:
        doubts.append(
            f"{outcome.failed:,} of {counted(len(outcome.points), 'point')} failed: filter('status!=ok') has them"
        )
    if outcome.changed:
        doubts.append(
            f"{outcome.changed:,} of {counted(len(outcome.points), 'point')} read data files that have changed since "
            "and are left out: the same call runs them again"
        )
    if outcome.detached:
        doubts.append(f"{outcome.detached}; the same call waits for them and goes on")
    for doubt in doubts:
        warnings.warn(doubt, stacklevel=2)
    return Records(rows)
