"""Artifacts that are pictures, put into the page as long as it stays light."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from a4eval.drawing.files import stem as stem_of
from a4eval.files import inside
from a4eval.markup import Markup, tag
from a4eval.regular import content

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.runs.record import Record

ROOM = 400_000
"""Bytes of all pictures of a record together, as files; what does not fit is a link among the artifacts."""
_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}


def embedded(record: Record, folder: Path) -> list[Markup]:
    """Return the pictures that the record lists, once they are known to be the ones it means.

    Of a picture in two forms the smaller is taken; those that a chart of the record shows are left out.
    """
    kept: dict[str, tuple[int, str, str]] = {}
    charts = {stem_of(name) for name in record.charts}
    for one in record.artifacts:
        stem, dot, ending = one.path.rpartition(".")
        if dot + ending in _TYPES and one.sha256 and stem not in charts:
            kept[stem] = min(kept.get(stem, (one.bytes, one.path, one.sha256)), (one.bytes, one.path, one.sha256))
    left, found = ROOM, []
    for stem, (size, path, sha256) in kept.items():
        shown = _read(folder, path, size, sha256) if size <= left else None
        if shown is None:
            continue
        left -= size
        kind = _TYPES[path[path.rindex(".") :]]
        source = f"data:{kind};base64,{base64.b64encode(shown).decode()}"
        title = stem.replace("_", " ").replace("/", ": ")
        image = tag("img", src=source, alt=f"picture {title}", class_="picture")
        found.append(tag("figure", tag("figcaption", tag("h3", title)), image))
    return found


def _read(folder: Path, path: str, size: int, sha256: str) -> bytes | None:
    """Return a file below *folder*, or None if it is not there, lies elsewhere, or is not the one the record means."""
    whole = inside(folder, path, size)  # before it is read: a record may say 1 of what fills the memory
    try:
        found = None if whole is None else content(whole, ROOM)
    except OSError:
        return None
    return found if found is not None and hashlib.sha256(found).hexdigest() == sha256 else None
