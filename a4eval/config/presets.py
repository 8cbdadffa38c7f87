"""List the experiments: read their YAML files, compose nothing.  Imports neither hydra nor numpy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from a4eval.errors import ConfigError
from a4eval.plugins import by_precedence, experiment_files
from a4eval.registry import registry
from a4eval.regular import beginning

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = 200
"""So many characters of a file are looked through for what it needs."""
_NEEDS = re.compile(r"^# needs: ([\w -]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Listed:
    """An experiment as ``a4eval experiments`` shows it."""

    name: str
    description: str
    provider: str
    file: Path
    needs: list[str]
    """The distributions that it needs and that are not installed."""


def experiments(config_dir: Path | None = None) -> list[Listed]:
    """List the experiments of the user's folder and of every active plugin; the first of a name wins, as in Hydra."""
    found = _found(config_dir)
    return [Listed(name, _description(file), who, file, _lacking(file)) for name, (who, file) in sorted(found.items())]


def files(config_dir: Path | None = None) -> dict[str, Path]:
    """Return the names of the experiments and their files, none of them read."""
    return {name: file for name, (_, file) in _found(config_dir).items()}


def _found(config_dir: Path | None) -> dict[str, tuple[str, Path]]:
    found: dict[str, tuple[str, Path]] = {}
    for provider, folder in folders(config_dir):
        for name, file in experiment_files(folder).items():
            found.setdefault(name, (provider, file))
    return found


def folders(config_dir: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield the folders of configs as Hydra looks through them, each after who brings it."""
    if config_dir is not None:
        if not config_dir.is_dir():
            raise ConfigError(f"there is no folder {str(config_dir)!r}", path="--config-dir")
        yield "--config-dir", config_dir
    for plugin in by_precedence(registry().plugins):
        yield from ((plugin.name, folder) for folder in plugin.config_folders())


def _description(file: Path) -> str:
    import yaml

    from a4eval.config.yaml_file import load

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


def _lacking(file: Path) -> list[str]:
    """Return what a line such as ``# needs: a4eval-deconv`` at the beginning of *file* names and is not installed."""
    try:
        found = _NEEDS.search(beginning(file, HEADER).decode(errors="replace"))
    except OSError:
        return []
    installed = {plugin.distribution for plugin in registry().plugins}
    return [name for name in found[1].split() if name not in installed] if found else []
