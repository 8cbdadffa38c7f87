"""What Hydra, OmegaConf and YAML complain of, in our words: what, where, and what to do."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from a4eval.config.presets import experiments
from a4eval.errors import A4evalError, ConfigError, did_you_mean, nearest, together
from a4eval.experiment import Root
from a4eval.registry import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPOSITION_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    # what Hydra lets through of a user's typo: keys and groups that are not there, YAML that is not UTF-8 or in circles
    AssertionError,
    AttributeError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


class AbsentConfigError(ConfigError):
    """A config is named and not there.

    Args:
        message: what to do.
        path: its group.
        config: its name with the group.
    """

    def __init__(self, message: str, *, path: str = "", config: str = "") -> None:
        super().__init__(message, path=path)
        self.config = config


_OF_THE_PARSER = re.compile(r"no viable|mismatched input|extraneous input|missing \w+ at|token recognition|NoViableAlt")
"""The words of a parser that tell nobody anything."""
_KEY = re.compile(r"[+~]*[\w$]+([./][\w$-]+)*(@[\w.:]+)?")
_PAIRS = {"{": "}", "[": "]", "(": ")"}
_SAID = (
    (
        r"Ambiguous value for argument '\+*(?P<key>[^=]+)=(?P<value>.*?)'",
        "got {value}: with -m it is swept over; [{value}] is a list, and '\"{value}\"' a text",
    ),
    (r"Sweep parameters '\+*(?P<key>[^=]+)=(?P<value>.*?)' require", "got {value}, which is swept over with -m"),
    (r"Could not delete from config. '(?P<key>[^']+)' does not exist", "cannot be left out: there is no such key"),
    (r"Could not append to config. An item is already at '(?P<key>[^']+)'", "is there already; leave out the +"),
    (r"config group '(?P<key>[^']+)' does not exist", "there is no such group of configs"),
    (
        r"Interpolation key '(?P<value>HOME|PWD)' not found",
        "${{{value}}} refers to a key that is not there; the home folder is ~ or $HOME, the current one .",
    ),
    (
        r"Interpolation key '(?P<value>[A-Z][A-Z\d_]*)' not found",
        "${{{value}}} refers to a key that is not there; a variable of the environment is ${{oc.env:{value}}},"
        " which --allow-env {value} allows",
    ),
    (r"Interpolation key '(?P<value>[^']+)' not found", "${{{value}}} refers to a key that is not there"),
    (r"Recursive interpolation detected", "refers to itself, by way of what it refers to"),
    (r"Missing mandatory value: (?P<value>\S+)", "refers to {value}, which must be given first"),
    (
        r"Unsupported interpolation type (?P<value>env|ENV)\b",
        "no ${{{value}:…}} is known here; a variable of the environment is ${{oc.env:NAME}},"
        " which --allow-env NAME allows",
    ),
    (r"Unsupported interpolation type (?P<value>\S+)", "no ${{{value}:…}} is known here"),
    (r"ConfigError raised while resolving interpolation: (?P<value>.*)", "{value}"),
    (r"\w+ raised while resolving interpolation: (?P<value>.*)", "cannot be worked out: {value}"),
    (r"Could not override '(?P<key>[^']+)'", "unknown key"),
    (
        r"Cannot merge DictConfig with ListConfig",
        "got a list where there is a mapping, or a mapping where there is a list",
    ),
    (r"Multiple values for (?P<key>[^.]+)\.", "is chosen twice; leave one of them out"),
)
"""What Hydra says, and what we say instead."""


def explain(error: Exception, config_dir: Path | None = None) -> ConfigError:
    """Return a complaint as one line that says where and what to do."""
    return _ours(error) or _hydras(error, config_dir)


def unreadable(overrides: Iterable[str]) -> ConfigError | None:
    """Return what is wrong with all *overrides* that cannot be read, or None."""
    if sys.flags.optimize:
        return None  # as every other place that asks Hydra, guard.check_overrides has refused them
    parser = OverridesParser.create()
    problems = []
    for override in overrides:
        try:
            parser.parse_overrides([override])  # which alone says which it was
        except OverrideParseException as error:
            problems.append(explain(error))
    return together(problems) if problems else None


def _ours(error: Exception) -> ConfigError | None:
    """Return what a resolver of ours complained of, if it is behind *error*."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, A4evalError):
        cause = cause.__cause__
    key = str(error.full_key or "") if isinstance(error, OmegaConfBaseException) else ""
    return None if cause is None else ConfigError(str(cause), path=key)


def _hydras(error: Exception, config_dir: Path | None) -> ConfigError:
    cause = error.__cause__
    if isinstance(error, MissingConfigException):
        return _missing(error, config_dir)
    if isinstance(error, OverrideParseException):
        return _of_override(str(error.override).removeprefix("++"), str(error))
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return ConfigError(f"not valid YAML: {error.problem}", path=f"{mark.name}, line {mark.line + 1}")
    if isinstance(cause, OmegaConfBaseException) and cause.full_key and "struct" in str(cause):
        key = str(cause.full_key)
        return ConfigError(f"unknown key{did_you_mean(key, [*Root.__struct_fields__, 'experiment'])}", path=key)
    source = cause if isinstance(cause, OmegaConfBaseException) else error
    key = str(source.full_key or "") if isinstance(source, OmegaConfBaseException) else ""
    for pattern, ours in _SAID:
        found = re.search(pattern, str(source))
        if found:
            return ConfigError(ours.format(**found.groupdict()), path=found.groupdict().get("key") or key)
    lines = [line.strip() for line in str(source).splitlines()]
    kept = [line for line in lines if line and not line.startswith(("full_key:", "object_type=", "See http"))]
    if not isinstance(error, (HydraException, OmegaConfBaseException)):
        kept = [f"cannot be composed: {type(error).__name__}: {kept[0] if kept else ''}"]
    return ConfigError("; ".join(kept), path=key)


def _missing(error: MissingConfigException, config_dir: Path | None) -> ConfigError:
    missing = str(error.missing_cfg_file)
    group, _, name = missing.partition("/") if missing.startswith("experiment/") else missing.rpartition("/")
    if group == "experiment":
        hint = nearest(name, [one.name for one in experiments(config_dir)])
        listed = "`a4eval experiments` lists them; one of a plugin is there once that is installed"
        hint = _of_a_file(name, config_dir) or f"{hint} ({listed}){registry().elsewhere(hint)}"
        message = f"there is no experiment {name!r}{hint}"
        return AbsentConfigError(message, path=group, config=missing)
    if missing in _EXTRAS:
        message = f"needs an extra: pip install {_EXTRAS[missing]}"
        return AbsentConfigError(message, path=missing.rpartition("/")[0], config=missing)
    hint = did_you_mean(name, error.options or ())
    return AbsentConfigError(f"there is no {name!r}{hint}", path=group, config=missing)


def _of_a_file(name: str, config_dir: Path | None) -> str:
    """Say how an experiment is named that was given as a file, or whose folder was; nothing if there is no such file.

    Args:
        name: what was given for its name.
        config_dir: the folder that was given, if any.
    """
    for folder in (Path(), *([config_dir] if config_dir else [])):
        file = folder / f"{name.removesuffix('.yaml')}.yaml"
        if not file.is_file():
            continue
        places = [place for place in file.parents if place.name == "experiment"]
        if not places:
            return f"; {file} must stand in a folder FOLDER/experiment, for --config-dir FOLDER"
        given = file.relative_to(places[0]).with_suffix("").as_posix()
        return f"; {file} is --config-dir {shlex.quote(str(places[0].parent))} experiment={given}"
    return ""


_EXTRAS = {"hydra/sweeper/optuna": "'a4eval[optuna]'", "hydra/launcher/joblib": "hydra-joblib-launcher"}
"""Configs of Hydra's that come with another distribution."""


def _of_override(override: str, said: str) -> ConfigError:
    """Say what cannot be read of an override."""
    key, sign, value = override.partition("=")
    for opened, closed in _PAIRS.items():
        if override.count(opened) != override.count(closed):
            advice = f"quote it for the shell, which takes it apart at blanks: {_quoted(key, value, sign)}"
            return ConfigError(f"got {override!r}, where {opened} and {closed} are not as many; {advice}")
    if not sign or not _KEY.fullmatch(key):
        wrong = ", whose key cannot be read" if sign else ""
        return ConfigError(f"got {override!r}{wrong}{';' * bool(wrong) or ','} expected KEY=VALUE")
    lines = [line for line in said.splitlines() if line.strip(" ^") and not line.startswith(("Error ", "See "))]
    said = re.sub(r"^\w+ while evaluating '.*?': ", "", lines[0]) if lines else ""
    reason = f": {said}" if said and not _OF_THE_PARSER.search(said) else ""
    quote = "; quote a text with special characters, once for the shell and once more: KEY='\"VALUE\"'"
    return ConfigError(f"cannot read {value!r}{reason}{'' if chr(39) in value else quote}", path=key)


def _quoted(key: str, value: str, sign: str) -> str:
    return f"'{key}={value} …'" if sign else "'KEY={a: 1, b: 2}'"
