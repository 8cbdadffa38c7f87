"""``a4eval experiments`` and ``a4eval components``: what there is, a line each."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from a4eval.config.yaml_file import load
from a4eval.errors import A4evalError, ConfigError, did_you_mean, each
from a4eval.registry import registry
from a4eval.results.tables import GAP, print_text
from a4eval.terminal import put, put_styled, remark, screen_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from a4eval.config.presets import Listed


def print_lines(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and what they are, a line each: what does not fit is cut."""
    longest = max((len(name) for name, _ in rows), default=0)
    room = screen_width()
    for name, text in rows:
        line = f"{name:{longest + GAP}}{text}"
        put(line if len(line) <= room else f"{line[: room - 1]}…")


def print_left_out() -> None:
    """Say what is not among the names, and why."""
    plugins = registry().plugins
    disabled = [plugin.name for plugin in plugins if plugin.state == "disabled"]
    if disabled:
        remark(f"a4eval: left out, as A4EVAL_DISABLE says: {', '.join(disabled)}")
    elif len(plugins) == 1:
        remark(
            "a4eval: no plugin is installed; pip install 'a4eval[plugins]' brings metrics, layers and their experiments"
        )


def chosen(listed: Iterable[Listed], which: str | None, word: str | None) -> list[Listed]:
    """Return the experiments of a group, or the one of that name, that mention *word*.

    Raises:
        ConfigError: there is none.
    """
    known = list(listed)
    found = [one for one in known if which is None or one.name == which or one.name.startswith(f"{which.rstrip('/')}/")]
    if not found and which is not None:
        names = [one.name for one in known]
        groups = {name.rpartition("/")[0] for name in names} - {""}
        hint = did_you_mean(which, [*names, *groups])
        raise ConfigError(f"there is no experiment or group of that name{hint}{registry().elsewhere(hint)}", path=which)
    if word is not None:
        found = [one for one in found if word.lower() in f"{one.name} {one.description}".lower()]
        if not found:
            raise ConfigError(f"no experiment mentions {word!r}{registry().elsewhere()}", path="--search")
    return found


def print_experiment(one: Listed) -> None:
    """Print all about an experiment: what it asks, what it needs, and a command."""
    put_styled(f"{one.name} ({one.provider})", "bold")
    print_text(one.description)
    if one.needs:
        put(f"needs: pip install {' '.join(one.needs)}")
        return
    swept = _swept(one)
    missing = [key for key in _missing(one) if key not in swept]
    if missing:
        print_text(f"must be given: {', '.join(missing)}")
    given = " ".join(f"{key}=…" for key in missing)
    put(f"\na4eval run {'-m ' * bool(swept)}{shlex.quote(f'experiment={one.name}')} {given}".rstrip())


def _swept(one: Listed) -> list[str]:
    """Return the keys that the file itself sweeps over."""
    try:
        return [key.lstrip("+") for key in load(one.file)["hydra"]["sweeper"]["params"]]
    except (A4evalError, AttributeError, KeyError, TypeError, ValueError):
        return []


def _missing(one: Listed) -> list[str]:
    """Return the keys that must be given, as far as the file itself tells."""
    from a4eval.config.builder import Builder

    try:
        Builder(registry()).build("task", load(one.file).get("task"), "task")
    except ConfigError as error:
        return [part.path for part in each(error) if "is missing; set" in str(part)]
    except (A4evalError, AttributeError, ValueError):
        return []
    return []
