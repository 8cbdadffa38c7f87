"""Read a YAML file that someone may have sent: its size is known before anything is built from it.

A file of a few hundred bytes can stand for a gigabyte, through aliases of aliases, or keep a parser busy for hours.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from a4eval.errors import ConfigError
from a4eval.regular import beginning

if TYPE_CHECKING:
    from collections.abc import Iterator
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
LONGEST_REFERRING = 10_000
"""Characters of a text with interpolations in it, which OmegaConf takes apart one by one."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+.0-9][-+.0-9_:a-fA-FxXoO]*")


def text_of(file: Path) -> str:
    """Return the text of a YAML file, once it is known to be harmless to load.

    Raises:
        ConfigError: it is too large, nested too deep, no UTF-8, or stands for too much.
        yaml.YAMLError: it is no YAML.
        OSError: it is no regular file, or cannot be read.
    """
    content = beginning(file, LARGEST + 1)
    if len(content) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST:,} bytes, which no config is", path=str(file))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not in UTF-8", path=f"{file}, line {line}") from error
    check_text(text, str(file))
    return text


def load(file: Path) -> Any:
    """Return what is in a YAML file, as plain values.

    Raises:
        As :func:`text_of`.
    """
    return yaml.load(text_of(file), Loader=_LOADER)  # noqa: S506  (the safe loader, in C where there is one)


def check_text(text: str, name: str) -> None:
    """Walk through the events of *text*, which build nothing, and add up what they stand for.

    Args:
        text: YAML.
        name: of the file, for the error.

    Raises:
        ConfigError: it stands for too much.
        yaml.YAMLError: it is no YAML.
    """
    extents = _Extents()
    stream = io.StringIO(text)
    stream.name = name  # where PyYAML looks for what its errors name
    events: Iterator[Any] = yaml.parse(stream, Loader=_LOADER)
    for event in events:
        try:
            extents.take(event)
        except ValueError as error:
            raise ConfigError(str(error), path=f"{name}, line {event.start_mark.line + 1}") from error


class _Extent(NamedTuple):
    """How many values a node stands for, and how deep they are nested."""

    size: int
    height: int


@dataclass
class _Extents:
    """Adds up a stream of YAML events: the nodes that are open, the outermost first, and those with a name."""

    open_nodes: list[tuple[str | None, _Extent]] = field(default_factory=list)
    named: dict[str, _Extent] = field(default_factory=dict)

    def take(self, event: Any) -> None:
        """Take in one event.

        Raises:
            ValueError: it is too much.
        """
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self.open_nodes.append((event.anchor, _Extent(1, 0)))
        elif isinstance(event, yaml.ScalarEvent):
            self._close(event.anchor, _scalar(event))
        elif isinstance(event, yaml.AliasEvent):
            self._close(None, self.named.get(str(event.anchor), _Extent(MOST, 0)))  # within itself it would never end
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            anchor, inside = self.open_nodes.pop()
            self._close(anchor, _Extent(inside.size, inside.height + 1))
        if len(self.open_nodes) > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} levels deep")

    def _close(self, anchor: str | None, extent: _Extent) -> None:
        """Add a node that has ended to the one around it."""
        if anchor:
            self.named[anchor] = extent
        if not self.open_nodes:
            return
        around, inside = self.open_nodes[-1]
        inside = _Extent(inside.size + extent.size, max(inside.height, extent.height))
        self.open_nodes[-1] = (around, inside)
        if inside.size > MOST:
            raise ValueError(f"stands for more than {MOST:,} values")
        if inside.height + len(self.open_nodes) > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} levels deep")


def _scalar(event: Any) -> _Extent:
    may_be_number = event.implicit[0] or event.tag is not None
    if may_be_number and len(event.value) > LONGEST_NUMBER and _NUMBER.fullmatch(event.value):
        raise ValueError(f"holds a number of {len(event.value):,} digits")
    if len(event.value) > LONGEST_REFERRING and "${" in event.value:
        raise ValueError(f"holds a text with interpolations of more than {LONGEST_REFERRING:,} characters")
    return _Extent(1 + len(event.value) // CHARACTERS, 0)
