"""From what was asked for, in overrides, to a run that may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.config.builder import build
from a4eval.config.compose import experiment
from a4eval.config.idle import idle
from a4eval.config.sources import sourced
from a4eval.errors import ConfigError, noted, together
from a4eval.runs.runner import Prepared, checked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def asked(overrides: Sequence[str], config_dir: Path | None = None, *, runs: bool = True) -> Prepared:
    """Return the run that *overrides* ask for; nothing is written.

    Args:
        overrides: the command's.
        config_dir: the user's own configs.
        runs: it is to be run, rather than shown.

    Raises:
        ConfigError: the config is wrong; all that is wrong is said, and where.
        PluginError: a component cannot be imported.
    """
    problems = idle(overrides, sweep=False) if runs else []
    try:
        with noted(problems):
            found = experiment(overrides, config_dir)
            with noted(problems):
                prepared = checked(found)
            check_conduct(found.config, problems)
        if problems:
            raise together(problems)
    except ConfigError as error:
        raise sourced(error, overrides, config_dir) from error
    return prepared


def check_conduct(config: dict[str, Any], problems: list[ConfigError]) -> None:
    """Note what is wrong with the executor and the trackers of a config, which are built when they are needed."""
    nodes = [("executor", "executor", config.get("executor", "local"))]
    trackers = config.get("trackers")
    for place, node in enumerate(trackers if isinstance(trackers, list) else ()):
        nodes.append(("tracker", f"trackers[{place}]", node))
    for kind, path, node in nodes:
        with noted(problems):
            build(kind, node, path=path)
