"""Which bytes of a COCO result list are whose: stretches of entries of one image, found without decoding them.

Tools write all entries alike and those of an image one behind the other. So it is enough to compare the first bytes of
each entry with those of the one before, and to read the id where they differ. What is not certain in this way is left
to whoever decodes everything: backslashes, braces within an entry, an ``image_id`` that is not the first key or stands
twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval_ap_metric.readers.json_columns import NOT_USUAL, PIECE, as_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

SHORTEST = 8
"""Entries of an image one behind the other, on average, below which everything is decoded as fast."""
_LOOKED_AT = 1 << 18  # bytes at a time
_KEY = b'"image_id"'
_ID_BYTES = 12  # of an id and what ends it
_WORD = 8  # bytes that are compared at once
_FIRST = re.compile(rb'[ \t\r\n]*\[[ \t\r\n]*(\{[ \t\r\n]*"image_id"[ \t\r\n]*:[ \t\r\n]*)')
_GAP = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_ID = re.compile(rb"(-?(?:0|[1-9][0-9]*))[ \t\r\n]*[,}]")
_END = re.compile(rb"\}[ \t\r\n]*\][ \t\r\n]*")


class Stretches(NamedTuple):
    """Entries of one image, one behind the other.

    Args:
        begin: (k,) int64, the place of the first one's brace.
        end: (k,) int64, the place behind the last one's brace.
        entries: (k,) int64, how many.
        image: (k,) int64, their ``image_id``; two stretches behind each other may be of one image.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    entries: NDArray[np.int64]
    image: NDArray[np.int64]

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield where each begins and ends."""
        return zip(self.begin.tolist(), self.end.tolist(), strict=True)


def columns_but(
    content: Any, but: NDArray[np.int64], kind: Any, columns: Mapping[str, str]
) -> tuple[dict[str, NDArray[Any]], int] | None:
    """Return the entries of a result list, without those of some images, as ``as_columns`` does.

    Each entry that is left out has one ``image_id``, that which was seen; of the others it is decoded, and compared.

    Args:
        content: bytes or a memory map.
        but: images whose entries are not decoded.
        kind: of an entry.
        columns: with ``image_id``.

    Returns:
        The columns, and how many entries were left out; None if it is not certain which these are, or if nothing is
        gained.
    """
    found = stretches(content)
    if found is None:
        return None
    left_out = np.isin(found.image, but)
    mine, others = (Stretches(*(column[chosen] for column in found)) for chosen in (~left_out, left_out))
    keys = sum(bytes(content[begin:end]).count(_KEY) for begin, end in others.places())
    try:
        entries = as_columns(_lists(content, mine) if len(mine.begin) else [b"[]"], kind, columns)
    except NOT_USUAL:
        return None
    as_seen = np.array_equal(entries["image_id"], np.repeat(mine.image, mine.entries))
    return (entries, keys) if as_seen and keys == others.entries.sum() else None


def stretches(content: Any) -> Stretches | None:
    """Return the stretches of a result list, if it is written as tools write it.

    Every brace but the first stands behind ``},`` and each before an ``image_id``; so in a list as it should be, and
    without an ``image_id`` more, each is the beginning of an entry.

    Args:
        content: bytes or a memory map.

    >>> found = stretches(b'[{"image_id": 7, "score": 0.5}' + b', {"image_id": 7, "score": 0.25}' * 15 + b"]")
    >>> found.image, found.entries
    (array([7]), array([16]))
    """
    first = _FIRST.match(content)
    gap = _GAP.search(content, first.end()) if first else None
    if not first or not gap:
        return None
    last = content.rfind(b"}")
    if not _END.fullmatch(content, last):
        return None
    octets = np.frombuffer(content, np.uint8)
    words = np.ndarray((len(content) - _WORD + 1,), "<u8", content, strides=(1,))
    begins, counts, spare = [], [], 0
    for start in range(0, len(content), _LOOKED_AT):
        brace = np.flatnonzero(octets[start : start + _LOOKED_AT] == ord("{")) + start
        if not len(brace):
            continue
        id_at = brace + len(first[1])
        further = brace[brace > first.start(1)] + 1 - len(gap[0])
        if id_at[-1] + _ID_BYTES > len(content) or not _all_are(words, further, gap[0] + first[1][1:]):
            return None
        other = np.flatnonzero(_changes(words, id_at))
        begins.append(brace[other])
        counts.append(np.diff(other, append=len(brace)))
        spare += len(brace) - SHORTEST * len(other)
        if spare < 0:
            return None
    begin = np.concatenate(begins)
    ids = [_ID.match(content, place, place + _ID_BYTES) for place in (begin + len(first[1])).tolist()]
    if not all(ids) or content.find(b"\\") >= 0:
        return None
    image = np.array([int(one[1]) for one in ids if one], np.int64)
    return Stretches(begin, np.append(begin[1:] - len(gap[0]) + 2, last + 1), np.concatenate(counts), image)


def _all_are(words: NDArray[np.uint64], places: NDArray[np.int64], text: bytes) -> bool:
    """Return whether the same text, of a word or more, stands at all places."""
    parts = (*range(0, len(text) - _WORD, _WORD), len(text) - _WORD)
    return places.min(initial=0) >= 0 and all(
        bool((words[places + at] == int.from_bytes(text[at : at + _WORD], "little")).all()) for at in parts
    )


def _changes(words: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (n,) whether another id stands at a place than at the one before, for certain where the same does."""
    seen = [words[places + at] for at in (0, _ID_BYTES - _WORD)]
    return np.append(True, np.logical_or(*(one[1:] != one[:-1] for one in seen)))


def _lists(content: Any, chosen: Stretches) -> Iterator[bytes]:
    """Yield lists of the entries of some stretches."""
    view, some, size = memoryview(content), [], 0
    for begin, end in chosen.places():
        some.append(view[begin:end])
        size += end - begin
        if size >= PIECE:
            yield b"".join((b"[", b",".join(some), b"]"))
            some, size = [], 0
    if some:
        yield b"".join((b"[", b",".join(some), b"]"))
