"""Reading files: one voice for what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval import DataError

if TYPE_CHECKING:
    from pathlib import Path


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error that says why a file cannot be read."""
    return DataError(f"{path}: cannot be read: {error.strerror or error}")


def content(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def text(path: Path) -> str:
    """Return a file's text.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    try:
        return content(path).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not text: {error}") from error


def files(folder: Path, suffix: str) -> list[Path]:
    """Return the files of a folder that end in *suffix*, by name.

    Raises:
        DataError: there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is not a folder")
    return sorted(folder.glob(f"*{suffix}"))


def lines(path: Path) -> list[tuple[str, list[str]]]:
    """Return the lines of a text file that are not blank: where each stands, for messages, and its fields.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    fields = ((f"{path}: line {number}", line.split()) for number, line in enumerate(text(path).splitlines(), 1))
    return [(where, one) for where, one in fields if one]


def numbers(where: str, fields: list[str]) -> list[float]:
    """Return fields as numbers.

    Args:
        where: what to call their place in messages.
        fields: the texts.

    Raises:
        DataError: one is not a number.
    """
    try:
        return [float(one) for one in fields]
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
