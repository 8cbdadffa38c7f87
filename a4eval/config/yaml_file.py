"""Read a YAML file that someone may have sent: its size is known before anything is built from it.

A file of a few hundred bytes can stand for a gigabyte, through aliases of aliases, or keep a parser busy for hours.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, Any

import yaml

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1_000_000
"""Bytes of a file."""
MOST = 100_000
"""Values in it, once every alias is written out."""
CHARACTERS = 100
"""Of a text that count as one more value."""
DEEPEST = 60
"""Levels of nesting, once every alias is written out."""
LONGEST_NUMBER = 400
"""Characters of a number."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+.0-9][-+.0-9_:a-fA-FxXoO]*")


def text_of(file: Path) -> str:
    """Return the text of a YAML file, once it is known to be harmless to load.

    Raises:
        ConfigError: it is no regular file, too large, nested too deep, or stands for too much.
        yaml.YAMLError: it is no YAML.
        UnicodeDecodeError: it is no UTF-8.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(file.stat().st_mode):
        raise ConfigError("is not a file", path=str(file))
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST:,} bytes, which no config is", path=str(file))
    text = content.decode()
    _check(text, str(file))
    return text


def load(file: Path) -> Any:
    """Return what is in a YAML file, as plain values.

    Raises:
        As :func:`text_of`.
    """
    return yaml.load(text_of(file), Loader=_LOADER)  # noqa: S506  (the safe loader, in C where there is one)


def _check(text: str, name: str) -> None:
    """Walk through the events of *text*, which build nothing, and add up what they stand for."""
    anchored: dict[str, tuple[int, int]] = {}
    open_nodes: list[tuple[str | None, int, int]] = []  # anchor; values so far; height so far
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            open_nodes.append((event.anchor, 1, 0))
            size = height = 0
        elif isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] or event.tag is not None
            if plain and len(event.value) > LONGEST_NUMBER and _NUMBER.fullmatch(event.value):
                raise ConfigError(f"holds a number of {len(event.value):,} digits", path=_place(name, event))
            size, height = 1 + len(event.value) // CHARACTERS, 0
            if event.anchor:
                anchored[event.anchor] = (size, height)
        elif isinstance(event, yaml.AliasEvent):
            size, height = anchored.get(event.anchor, (MOST, 0))  # an alias within its own anchor never ends
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            anchor, size, height = open_nodes.pop()
            height += 1
            if anchor:
                anchored[anchor] = (size, height)
        else:
            continue
        if open_nodes and size:
            anchor, before, highest = open_nodes[-1]
            open_nodes[-1] = (anchor, before + size, max(highest, height))
            size, height = before + size, max(highest, height) + len(open_nodes)
        if size > MOST:
            raise ConfigError(f"stands for more than {MOST:,} values", path=_place(name, event))
        if max(height, len(open_nodes)) > DEEPEST:
            raise ConfigError(f"is nested more than {DEEPEST} levels deep", path=_place(name, event))


def _place(name: str, event: Any) -> str:
    return f"{name}, line {event.start_mark.line + 1}"
