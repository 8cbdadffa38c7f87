"""Where a value was said: on the command line, or in which line of which file."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import yaml

from a4eval.config.presets import Listed, experiments
from a4eval.config.yaml_file import text_of
from a4eval.errors import ConfigError, added, each

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def sourced(error: ConfigError, overrides: Sequence[str], config_dir: Path | None) -> ConfigError:
    """Return an error, or several, with where each value was said.

    Args:
        error: what is wrong.
        overrides: the command's.
        config_dir: the user's own configs.
    """
    said = {key.lstrip("+~").partition("@")[0]: value for key, _, value in (one.partition("=") for one in overrides)}
    name = said.get("experiment", "").strip("'\"")
    try:
        chosen = next((one for one in experiments(config_dir) if one.name == name), None)
    except ConfigError:
        chosen = None
    if chosen is not None and chosen.needs and any(one.path.endswith("name") for one in each(error)):
        needs = f"{name} needs a plugin that is not installed: pip install {' '.join(chosen.needs)}"
        return ConfigError(needs, path="experiment")
    return added(error, partial(_source, set(said), chosen))


def _source(said: set[str], chosen: Listed | None, error: ConfigError) -> str:
    path = error.path
    if not path or path.startswith("hydra") or "is missing" in str(error):
        return ""  # it stands nowhere, or only a command says it
    if path == "experiment" or "(in the point" in str(error):
        return ""  # it says so itself
    if any(path == key or path.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{path}.") for key in said):
        return " (on the command line)"
    line = _line(chosen.file, path) if chosen is not None else None
    if chosen is None or line is None:
        return ""
    where = str(chosen.file) if chosen.provider == "--config-dir" else f"experiment {chosen.name}"
    return f" (in {where}, line {line})"


def _line(file: Path, path: str) -> int | None:
    """Return in which line of a YAML file the key *path* stands, or None."""
    try:
        node = yaml.compose(text_of(file), Loader=yaml.SafeLoader)
    except (ConfigError, yaml.YAMLError, OSError, ValueError, RecursionError):
        return None
    line = None
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                return line if step == "name" else _chosen(node, path)
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
        else:
            return line if step == "name" else None
    return line


def _chosen(root: yaml.MappingNode, group: str) -> int | None:
    """Return in which line the defaults list of a file chooses from *group*, or None."""
    listed = next((value for key, value in root.value if key.value == "defaults"), None)
    for one in listed.value if isinstance(listed, yaml.SequenceNode) else ():
        for key, _ in one.value if isinstance(one, yaml.MappingNode) else ():
            if key.value.removeprefix("override ").strip(" /").partition("@")[0] == group:
                return int(key.start_mark.line) + 1
    return None
