"""From what was asked for, in overrides, to a run that may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.config.compose import experiment
from a4eval.config.sources import sourced
from a4eval.errors import ConfigError
from a4eval.runs.runner import Prepared, checked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def asked(overrides: Sequence[str], config_dir: Path | None = None) -> Prepared:
    """Return the run that *overrides* ask for; nothing is written.

    Raises:
        ConfigError: the config is wrong; all that is wrong is said, and where.
        PluginError: a component cannot be imported.
    """
    try:
        return checked(experiment(overrides, config_dir))
    except ConfigError as error:
        raise sourced(error, overrides, config_dir) from error
