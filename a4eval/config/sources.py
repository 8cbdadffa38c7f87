"""Where a value was said: on the command line, or in which line of which file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from posixpath import dirname, join
from typing import TYPE_CHECKING

import yaml

from a4eval.config.complaints import AbsentConfigError
from a4eval.config.presets import experiments, folders
from a4eval.config.yaml_file import text_of
from a4eval.errors import ConfigError, added, each, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_FILES = 50
"""How many files of one experiment are looked through."""
_HEADER = re.compile(r"^# *@package +([\w.]+)", re.MULTILINE)
_POINT = re.compile(r"\(in the point [^)]*?\bexperiment=([\w./-]+)")
"""The experiment of a point, in what an error says."""
_ZIPPED = re.compile(r"(?:^|[\s;'\"\[])([\w./]+)=")
"""The keys of ``zip=``."""
_ENTRY = re.compile(r"(?:(?:override|optional) +)*(?P<group>/?[^@]*)(?:@(?P<package>.*))?")


def sourced(error: ConfigError, overrides: Sequence[str], config_dir: Path | None) -> ConfigError:
    """Return an error, or several, with where each value was said.

    Args:
        error: what is wrong.
        overrides: the command's.
        config_dir: the user's own configs.
    """
    said = {key.lstrip("+~").partition("@")[0]: value for key, _, value in (one.partition("=") for one in overrides)}
    said |= dict.fromkeys(_ZIPPED.findall(said.get("zip", "")), "")
    names = [one.strip("'\" ") for one in said.get("experiment", "").split(",")]
    try:
        known = {one.name: one for one in experiments(config_dir)}
    except ConfigError:
        known = {}
    chosen = [known[name] for name in dict.fromkeys([*names, *_POINT.findall(str(error))]) if name in known]
    error = _of_plugins(error, {one.name: one.needs for one in chosen if one.needs}, names)
    files = {one.name: _files(one.name, config_dir) for one in chosen}
    return added(error, partial(_source, said, files))


def _of_plugins(error: ConfigError, needs: dict[str, list[str]], names: Sequence[str]) -> ConfigError:
    """Return an error, or several, with what to install in place of each component that an experiment so misses.

    Args:
        error: what is wrong.
        needs: the distributions that are not installed, by the experiment that needs them.
        names: the experiments that the command names.
    """
    missing: dict[str, list[str]] = {}
    others = []
    for one in each(error):
        point = _POINT.search(str(one))
        name = point[1] if point else names[0] if len(names) == 1 else ""
        if one.path.endswith("name") and name in needs:
            missing[name] = needs[name]
        else:
            others.append(one)
    if not missing:
        return error
    what = "needs a plugin that is" if len(missing) == 1 else "need plugins that are"
    wanted = " ".join(sorted({one for some in missing.values() for one in some}))
    text = f"{', '.join(missing)} {what} not installed: pip install {wanted}"
    return together([ConfigError(text, path="experiment"), *others])


def _source(said: dict[str, str], experiments: dict[str, list[_File]], error: ConfigError) -> str:
    """Return where the value was said that an error is about, in brackets.

    Args:
        said: the keys and values of the command line.
        experiments: the files of each experiment that it chooses.
        error: it may name its point.
    """
    path, point = error.path, _POINT.search(str(error))
    files = experiments.get(point[1], []) if point else [one for files in experiments.values() for one in files]
    if isinstance(error, AbsentConfigError):
        group, _, name = error.config.partition("/") if path == "experiment" else error.config.rpartition("/")
        if name in said.get(group, "").strip("'\"").split(","):
            return "" if path == "experiment" else " (on the command line)"
        return next((f" (in {one.shown}, line {line})" for one in files if (line := one.names(error.config))), "")
    stands_nowhere = not path or path.startswith("hydra.") or "is missing" in str(error)  # or only a command says it
    if stands_nowhere or (point is None and "(in the point" in str(error)):  # it says so itself
        return ""
    if path == "experiment":
        return next((f" (in {one.shown})" for one in files if "must begin with" in str(error)), "")
    if any(path == key or path.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{path}.") for key in said):
        return "" if point else " (on the command line)"
    return next((f" (in {one.shown}, line {line})" for one in files if (line := one.line(path))), "")


@dataclass(frozen=True)
class _File:
    """A file of an experiment.

    Args:
        config: its name, as Hydra finds it.
        group: that in which the configs are that it names without a slash.
        package: where in the config its content goes.
        shown: how an error names it.
        root: its content.
    """

    config: str
    group: str
    package: str
    shown: str
    root: yaml.MappingNode

    def line(self, path: str) -> int | None:
        """Return in which line the key *path* stands, or the choice of its group; None if neither does."""
        if self.package and not f"{path}.".startswith(f"{self.package}."):
            return None
        inner = path[len(self.package) + 1 :] if self.package else path
        return _line(self.root, inner) or next((line for group, _, _, line in self.named() if group == path), None)

    def names(self, config: str) -> int | None:
        """Return in which line it names another config, or None."""
        return next((line for group, name, _, line in self.named() if join(group, name) == config), None)

    def named(self) -> Iterator[tuple[str, str, str | None, int]]:
        """Yield the group, name and package of each config that its defaults list names, and the line."""
        listed = next((value for key, value in self.root.value if key.value == "defaults"), None)
        for one in listed.value if isinstance(listed, yaml.SequenceNode) else ():
            pairs = one.value if isinstance(one, yaml.MappingNode) else [(one, None)]
            for key, value in pairs:
                entry = _ENTRY.fullmatch(str(key.value))
                if entry is None or (value is not None and not isinstance(value, yaml.ScalarNode)):
                    continue
                whole = entry["group"].strip()
                group, name = (whole, str(value.value)) if value is not None else (dirname(whole), whole.split("/")[-1])
                group = group.lstrip("/") if whole.startswith("/") else join(self.group, group).rstrip("/")
                yield group, name, entry["package"], int(key.start_mark.line) + 1


def _files(experiment: str, config_dir: Path | None) -> list[_File]:
    """Return the files that an experiment is made of, as far as they can be read: its own, then those it names."""
    found: list[_File] = []
    wanted: list[tuple[str, str, str | None]] = [("experiment", experiment, "_global_")]
    seen = set()
    for group, name, package in wanted:
        config = join(group, name)
        if name == "_self_" or config in seen or len(found) == MOST_FILES:
            continue
        seen.add(config)
        file = _read(config, group, package, config_dir)
        if file is not None:
            found.append(file)
            wanted += [(inner, one, where) for inner, one, where, _ in file.named()]
    return found


def _read(config: str, group: str, package: str | None, config_dir: Path | None) -> _File | None:
    for provider, folder in folders(config_dir):
        file = folder / f"{config}.yaml"
        if not file.is_file():
            continue
        try:
            text = text_of(file)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (ConfigError, yaml.YAMLError, OSError, ValueError, RecursionError):
            return None
        header = _HEADER.search(text)
        where = package or (header[1] if header else group.replace("/", "."))
        where = where.replace("_global_", "").replace("_group_", group.replace("/", ".")).lstrip(".")
        kind = "experiment" if config.startswith("experiment/") else "config"
        named = config.removeprefix("experiment/")
        shown = str(file) if provider == "--config-dir" else f"{kind} {named}"
        return _File(config, group, where, shown, root) if isinstance(root, yaml.MappingNode) else None
    return None


def _line(root: yaml.MappingNode, path: str) -> int | None:
    """Return in which line of a YAML file the key *path* stands, or None."""
    node: yaml.Node = root
    line = None
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                return line if step == "name" else None
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
        else:
            return line if step == "name" else None
    return line
