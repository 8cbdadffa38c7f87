"""Bad files: each must be an error that names the file and the place, never a plausible batch.

The reader's files are copied, one copy is damaged, and a copy of the reader is pointed at them.
The parameters that hold the paths are found by the files that ``sources`` names.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import Finding, crashed, not_applicable
from a4eval.checks.readers.case import ReaderCase, differs, read
from a4eval.errors import A4evalError

if TYPE_CHECKING:
    from collections.abc import Callable

_DELIMITER = re.compile(rb"[,\t; ]")
_LAST_NUMBER = re.compile(rb"(?<![\w.])-?\d+(\.\d+)?(?![\w.])(?!.*(?<![\w.])-?\d)")
MOST_FILES = 6
"""So many of a reader's files are damaged, from the first on."""


def truncated(content: bytes) -> list[bytes]:
    """Cut the last line after its first field, as a copy that was broken off is."""
    body = content.rstrip()
    start = body.rfind(b"\n") + 1
    found = _DELIMITER.search(body, start + 1 if start == 0 else start)
    if found is None:
        return [body[: len(body) // 2]] if b"\0" in body or start == 0 else []
    return [body[: found.end()]]


def emptied(content: bytes) -> list[bytes]:
    """Leave nothing."""
    return [b""] if content else []


def other_encoding(content: bytes) -> list[bytes]:
    """Write it in UTF-16."""
    try:
        return [content.decode().encode("utf-16")]
    except UnicodeDecodeError:
        return []


def marked(content: bytes) -> list[bytes]:
    """Put the byte order mark of UTF-8 in front, as spreadsheets do."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return []
    return [b"\xef\xbb\xbf" + content]


def without_a_column(content: bytes) -> list[bytes]:
    """Take the first field off every line."""
    lines = content.splitlines()
    cut = [_DELIMITER.split(line.strip(), maxsplit=1) for line in lines if line.strip()]
    if len(cut) < 2 or any(len(one) < 2 for one in cut) or content.lstrip()[:1] in b"{[<":
        return []
    return [b"\n".join(one[1] for one in cut) + b"\n"]


def word_for_number(content: bytes) -> list[bytes]:
    r"""Put a word in place of the last number of a line in the middle, and of one where it is another number.

    Whatever a reader may take a word for, it is not both.

    >>> word_for_number(b"id score\na 1\nb 0\nc 0\n")
    [b'id score\na 1\nb abc\nc 0\n', b'id score\na abc\nb 0\nc 0\n']
    """
    lines = content.splitlines()
    if len(lines) < 2 or b"\0" in content:
        return []
    middle, chosen = len(lines) // 2, dict[bytes, bytes]()
    for place in sorted(range(len(lines)), key=lambda one: abs(one - middle)):
        number = _LAST_NUMBER.search(lines[place])
        if number is not None and number[0] not in chosen and len(chosen) < 2:
            line = lines[place][: number.start()] + b"abc" + lines[place][number.end() :]
            chosen[number[0]] = b"\n".join([*lines[:place], line, *lines[place + 1 :]]) + b"\n"
    return list(chosen.values())


def noise(content: bytes) -> list[bytes]:
    """Put other bytes in its place."""
    return [bytes((7 * place + 131) % 256 for place in range(max(64, min(len(content), 4096))))]


DAMAGES: dict[str, Callable[[bytes], list[bytes]]] = {
    "truncated": truncated,
    "empty": emptied,
    "other_encoding": other_encoding,
    "byte_order_mark": marked,
    "wrong_columns": without_a_column,
    "word_for_number": word_for_number,
    "noise": noise,
}
"""From the content of a file to that of damaged ones; none where it cannot be damaged in this way."""


def damaged(case: ReaderCase, check: str) -> Finding:
    """Damage each file in one way, and see what the reader makes of it."""
    if not case.sources:
        return not_applicable(check, "the reader reads no file")
    contents = [(path, one) for path in case.sources[:MOST_FILES] for one in DAMAGES[check](path.read_bytes())]
    for path, content in contents:
        with tempfile.TemporaryDirectory() as folder:
            moved = _moved(case, Path(folder), path)
            if moved is None:
                return not_applicable(check, f"no parameter of the reader holds the path of {path.name}")
            reader, copy = moved
            copy.write_bytes(content)
            finding = _outcome(case, check, reader, copy)
        if finding.verdict == "failed":
            return finding
    return Finding(check, "passed") if contents else not_applicable(check, "no file can be damaged in this way")


def _outcome(case: ReaderCase, check: str, reader: Any, copy: Path) -> Finding:
    wrong = ""
    try:
        found, warnings = read(reader)
    except A4evalError as error:
        wrong = _unclear(str(error), check, copy)
    except Exception as error:  # noqa: BLE001  (a stranger's reader may raise anything)
        return dataclasses.replace(crashed(check, error), where=copy.name)
    else:
        stated = check == "empty" and getattr(reader, "may_be_empty", False)
        same = not differs(case.whole, found)
        if same and check == "empty" and len(case.sources) == 1 and not stated:
            wrong = "the file is empty, and what was in it is read all the same"
        elif not same and not warnings and not stated:
            wrong = "it is read as if nothing were wrong with it"
    if not wrong:
        return Finding(check, "passed")
    look = "the error where the file is read: path, line or row, what was got and what expected"
    return Finding(check, "failed", where=copy.name, meaning=wrong, look_at=look)


def _unclear(text: str, check: str, copy: Path) -> str:
    """Return what an error fails to say: which file, and for one wrong entry where."""
    if copy.name not in text and str(copy.parent) not in text:
        return f"the error does not name it: {text}"
    rest = text.replace(str(copy), "").replace(copy.name, "")
    if check == "word_for_number" and not (re.search(r"\d", rest) or "abc" in rest):
        return f"the error names no place: {text}"
    return ""


def _moved(case: ReaderCase, folder: Path, wanted: Path) -> tuple[Any, Path] | None:
    """Return the reader pointed at copies of its files, and the copy of one of them; None where it has no such path."""
    changes, found = dict[str, Any](), None
    for number, one in enumerate(dataclasses.fields(case.reader)):
        value = getattr(case.reader, one.name)
        if not one.init or not isinstance(value, (str, Path)) or not str(value) or not Path(value).exists():
            continue
        path = Path(value)
        if not any(source == path or path in source.parents for source in case.sources):
            continue
        copy = folder / str(number) / path.name
        copy.parent.mkdir()
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copyfile(path, copy)
        changes[one.name] = type(value)(copy)
        if wanted == path or path in wanted.parents:
            found = copy / wanted.relative_to(path) if path.is_dir() else copy
    return None if found is None else (dataclasses.replace(case.reader, **changes), found)
