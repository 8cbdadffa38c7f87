"""What a target is: a function of some bytes, and the valid inputs that it begins with.

It may raise errors of a4eval's own, which name the file; whatever else comes out of it is a finding.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WHOLE_WAY = 2048
"""Of so many inputs one takes a way that is a hundred times as long."""


class FoundError(Exception):
    """What no input may bring about; the text says what."""


@dataclass(frozen=True)
class Target:
    """Something that reads what someone may have sent.

    Args:
        read: of a folder, empty and its own, and the bytes.
        seeds: makes valid inputs.
    """

    read: Callable[[Path, bytes], None]
    seeds: Callable[[], Sequence[bytes]]


def tried(call: Callable[[], Any], *names: str) -> Any:
    """Call and return what it gives; None if it raises an error of ours that names one of *names*.

    Raises:
        FoundError: the error names none of them.
    """
    from a4eval.errors import A4evalError

    try:
        return call()
    except A4evalError as error:
        if names and not any(name in str(error) for name in names):
            raise FoundError(f"{type(error).__name__} names no file: {str(error)[:300]}") from error
    return None


def goes_the_whole_way(data: bytes, of: int = WHOLE_WAY) -> bool:
    """Say whether this input is one *of* so many that are taken from the very beginning to the end."""
    return zlib.crc32(data) % of == 0


def words(data: bytes, most: int) -> list[str]:
    """Return the lines of an input as words of a command line, as Python has them."""
    return [one for one in data.replace(b"\0", b"").decode(errors="surrogateescape").split("\n") if one][:most]
