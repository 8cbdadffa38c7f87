"""List the experiments: read their YAML files, compose nothing.  Imports neither hydra nor numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from a4eval.config.yaml_file import load
from a4eval.errors import ConfigError
from a4eval.plugins import by_precedence, experiment_files
from a4eval.registry import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listed:
    """An experiment as ``a4eval experiments`` shows it."""

    name: str
    description: str
    provider: str


def experiments(config_dir: Path | None = None) -> list[Listed]:
    """List the experiments of the user's folder and of every active plugin; the first of a name wins, as in Hydra."""
    found: dict[str, Listed] = {}
    for provider, folder in _folders(config_dir):
        for name, file in experiment_files(folder).items():
            found.setdefault(name, Listed(name, _description(file), provider))
    return [found[name] for name in sorted(found)]


def _folders(config_dir: Path | None) -> Iterator[tuple[str, Path]]:
    if config_dir is not None:
        if not config_dir.is_dir():
            raise ConfigError(f"there is no folder {str(config_dir)!r}", path="--config-dir")
        yield "--config-dir", config_dir
    for plugin in by_precedence(registry().plugins):
        yield from ((plugin.name, folder) for folder in plugin.config_folders())


def _description(file: Path) -> str:
    try:
        content = load(file)
    except (
        ConfigError,
        yaml.YAMLError,
        ValueError,
        RecursionError,
        OSError,
    ) as error:  # ValueError: no UTF-8, or a date that is none
        return f"(unreadable: {' '.join(str(error).split())})"
    description = content.get("description", "") if isinstance(content, dict) else ""
    return " ".join(str(description).split())
