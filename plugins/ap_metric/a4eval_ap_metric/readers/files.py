"""Reading files: one voice for what cannot be read."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from io import BytesIO
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from a4eval import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


UNPACKED_ALWAYS = 10_000_000
"""Bytes that a packed file may hold, however small it is."""
UNPACKED_A_BYTE = 40
"""How many it may hold if that is more, for each of its own: annotations shrink to a tenth, but read take ten times."""
_GZIP = b"\x1f\x8b"
# that of UTF-32 begins as that of UTF-16 does
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZEROS = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False): "utf-16-be",
    (False, True): "utf-16-le",
}
_LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines would take a few letters for ends of lines, too
_FIELD = re.compile(r"[^ \t\v\f]+")


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error that says why a file cannot be read."""
    return DataError(f"{path}: cannot be read: {error.strerror or error}")


def content(path: Path) -> bytes:
    """Return a file's bytes, unpacked if it is gzip, whatever its name.

    Raises:
        DataError: it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not raw.startswith(_GZIP):
        return raw
    most = max(UNPACKED_ALWAYS, UNPACKED_A_BYTE * len(raw))
    try:
        with gzip.GzipFile(fileobj=BytesIO(raw)) as packed:
            unpacked = packed.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: broken gzip: {error}") from error
    if len(unpacked) > most:
        raise DataError(f"{path}: more than {most:,} bytes are packed into {len(raw):,}, which no real text is")
    return unpacked


def text(path: Path) -> str:
    """Return a file's text: UTF-8, or UTF-16 or UTF-32 with or without a byte order mark.

    Raises:
        DataError: it cannot be read, or is none of these; the text names the place.
    """
    raw = content(path)
    encoding = encoding_of(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + raw[: error.start].decode(encoding, "replace").count("\n")
        raise DataError(
            f"{path}: line {line}: got byte {raw[error.start]:#04x} at place {error.start}, expected {encoding} text: "
            "save the file as UTF-8"
        ) from error


def as_utf8(path: Path, raw: Any) -> Any:
    """Return a JSON file's bytes as UTF-8 without a byte order mark; as they are where they are that already.

    Args:
        path: the file, for messages.
        raw: bytes or a memory map.

    Raises:
        DataError: it is broken gzip, or not the text that its first bytes say.
    """
    head = bytes(raw[:4])
    if head[:2] == _GZIP or (len(raw) > 0 and encoding_of(head) != "utf-8-sig"):
        return text(path).encode()
    return raw[3:] if head.startswith(codecs.BOM_UTF8) else raw


def encoding_of(raw: bytes) -> str:
    """Return the Unicode encoding of a text by its byte order mark, or by where the zeros of its first letters stand.

    >>> encoding_of("{".encode("utf-16-be")), encoding_of(b"{}")
    ('utf-16-be', 'utf-8-sig')
    """
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return encoding
    zeros = tuple(one == 0 for one in raw[:4])
    return next((encoding for shape, encoding in _ZEROS.items() if zeros[: len(shape)] == shape), "utf-8-sig")


def files(folder: Path, suffix: str) -> list[Path]:
    """Return the files of a folder that end in *suffix*, in small letters or capitals, or in it and ``.gz``, by name.

    Raises:
        DataError: there is no such folder or no such file in it, or two are of one name but for that.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is not a folder")
    found = [one for one in folder.iterdir() if one.name.lower().endswith((suffix, f"{suffix}.gz"))]
    if not found:
        others = sorted(one.name for one in folder.iterdir())
        has = f"only others, such as {others[0]}" if others else "nothing in it"
        raise DataError(f"{folder}: got {has}, expected files {suffix} or {suffix}.gz")
    found.sort(key=attrgetter("name"))  # paths themselves are compared ten times as slowly
    seen: dict[str, Path] = {}
    for one in found:
        if seen.setdefault(stem(one), one) != one:
            raise DataError(f"{folder}: {seen[stem(one)].name} and {one.name} are two files of one name")
    return found


def stem(path: Path) -> str:
    """Return the name of a file without its suffix, and without ``.gz``.

    >>> from pathlib import Path
    >>> stem(Path("labels/0.5.TXT.gz"))
    '0.5'
    """
    return path.with_suffix("").stem if path.suffix.lower() == ".gz" else path.stem


def suffix_of(path: Path) -> str:
    """Return the suffix in small letters, that before ``.gz`` if there is one."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def lines(path: Path, *, comment: str | None = None, but: Collection[str] = ()) -> list[tuple[str, list[str]]]:
    """Return the lines of a text file that are not blank: where each stands, for messages, and its fields.

    Args:
        path: the file.
        comment: lines that begin so are left out.
        but: lines whose first field is one of these are left out.

    Raises:
        DataError: it cannot be read, or is not text.
    """
    found = []
    for number, line in enumerate(_LINE_END.split(text(path)), 1):
        if but and (first := _FIELD.search(line)) and first[0] in but:
            continue
        fields = _FIELD.findall(line)
        if fields and not (comment and fields[0].startswith(comment)):
            found.append((f"{path}: line {number}", fields))
    return found


def found_elsewhere(folder: Path, found: Mapping[str, Any], elsewhere: Collection[str]) -> bool:
    """Return whether other parts have detections, where this one has none.

    Args:
        folder: of files ``.txt``, in which each line is a detection.
        found: the detections of this part, by ``unit``.
        elsewhere: the images of other parts.
    """
    return bool(elsewhere) and not len(found["unit"]) and any(lines(path) for path in files(folder, ".txt"))


def numbers(where: str, fields: list[str]) -> list[float]:
    """Return fields as numbers.

    Args:
        where: what to call their place in messages.
        fields: the texts.

    Raises:
        DataError: one is not a number.
    """
    for one in fields:
        if not is_number(one):
            raise DataError(f"{where}: got {one!r}, expected a number")
    return [float(one) for one in fields]


def is_number(value: Any) -> bool:
    """Return whether a field is a number as C reads it, which Python's own ``1_000`` and other digits are not.

    >>> is_number("1e3"), is_number("1_000"), is_number("１")
    (True, False, False)
    """
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    written = str(value)
    return "_" not in written and written.isascii()
