"""Artifacts that are pictures, put into the page as long as it stays light."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from a4eval.drawing.files import stem as stem_of
from a4eval.files import inside
from a4eval.markup import Markup, tag
from a4eval.regular import content

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from a4eval.runs.record import Record

ROOM = 1_000_000
"""Bytes of all pictures of a record together, as files; what does not fit is named, and a link among the artifacts."""
ROOM_OF_PHOTOGRAPHS = 2_000_000
"""Bytes of all the pictures of a gallery together; in place of those beyond stands an empty frame."""
_DRAWN = {".png": "image/png", ".svg": "image/svg+xml"}
_PHOTOGRAPHS = {".jpg": "image/jpeg", ".webp": "image/webp"}


def embedded(record: Record, folder: Path) -> tuple[list[Markup], list[str]]:
    """Return the pictures that the record lists, once they are known to be the ones it means, and which did not fit.

    Of a picture in two forms the smaller is taken; those that a chart of the record shows are left out.
    """
    kept: dict[str, tuple[int, str, str]] = {}
    charts = {stem_of(name) for name in record.charts}
    for one in record.artifacts:
        stem, dot, ending = one.path.rpartition(".")
        if dot + ending in _DRAWN and one.sha256 and stem not in charts:
            kept[stem] = min(kept.get(stem, (one.bytes, one.path, one.sha256)), (one.bytes, one.path, one.sha256))
    left, found, too_large = ROOM, [], []
    for stem, (size, path, sha256) in kept.items():
        if size > left:
            too_large.append(path)
            continue
        shown = _read(folder, path, size, sha256)
        if shown is None:
            continue
        left -= size
        source = _address(_DRAWN[path[path.rindex(".") :]], shown)
        title = stem.replace("_", " ").replace("/", ": ")
        image = tag("img", src=source, alt=f"picture {title}", class_="picture")
        found.append(tag("figure", tag("figcaption", tag("h3", title)), image))
    return found, too_large


def photographs(record: Record, folder: Path | None, paths: Iterable[Any]) -> dict[str, str]:
    """Return the addresses, which hold them whole, of photographs that lie among a record's artifacts.

    Args:
        record: the record.
        folder: where its artifacts are; None for no pictures.
        paths: the pictures that are wanted, as the record says; those beyond :data:`ROOM_OF_PHOTOGRAPHS` are left out.
    """
    listed = {one.path: one for one in record.artifacts}
    found: dict[str, str] = {}
    left = ROOM_OF_PHOTOGRAPHS
    for path in dict.fromkeys(one for one in paths if isinstance(one, str)):
        one, kind = listed.get(path), _PHOTOGRAPHS.get(path[path.rfind(".") :])
        if folder is None or one is None or kind is None or one.sha256 is None or one.bytes > left:
            continue
        shown = _read(folder, path, one.bytes, one.sha256)
        if shown is not None:
            left -= one.bytes
            found[path] = _address(kind, shown)
    return found


def _address(kind: str, shown: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(shown).decode()}"


def _read(folder: Path, path: str, size: int, sha256: str) -> bytes | None:
    """Return a file below *folder*, or None if it is not there, lies elsewhere, or is not the one the record means."""
    whole = inside(folder, path, size)  # before it is read: a record may say 1 of what fills the memory
    try:
        found = None if whole is None else content(whole, ROOM)
    except OSError:
        return None
    return found if found is not None and hashlib.sha256(found).hexdigest() == sha256 else None
