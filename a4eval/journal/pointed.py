"""Paths as people give them: a record, a journal, a folder of such, or one point of a sweep, ``SWEEP/#3``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from a4eval.errors import ConfigError, DataError, nearest, together
from a4eval.ownership import JOURNAL, RECORD, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERED = re.compile(r"(?P<sweep>.*?)/?#(?P<number>[0-9]+)")
DIGITS = 8
"""How much of a run's id tells it from the others of its sweep."""
BESIDE_SHOWN = 5
"""How many names are told where none is near."""
_ID = re.compile(r"[0-9a-f]{4,}")


class Place(NamedTuple):
    """What a path means.

    Args:
        path: a file or folder that is there.
        point: which of the runs in it: ``#`` and its number, or the beginning of its id; None for all of them.
    """

    path: Path
    point: str | None = None


def pointed(path: Path) -> Place:
    """Return what *path* means: ``SWEEP/#3`` and ``SWEEP/RUN_ID`` are one point of a sweep.

    Raises:
        DataError: there is no such file or folder; the text holds the nearest name.
    """
    parent = path.parent.parent if path.parent.name == RUNS else path.parent
    in_a_sweep = _ID.fullmatch(path.name) and (parent.is_file() or (parent / JOURNAL).is_file())
    if in_a_sweep and not (path / RECORD).exists() and not (path / JOURNAL).exists():
        return Place(parent, path.name)
    if path.exists():
        return Place(path)
    numbered = _NUMBERED.fullmatch(str(path))
    if numbered and Path(numbered["sweep"]).exists():  # which is the folder we are in for "#3"
        return Place(Path(numbered["sweep"]), f"#{numbered['number']}")
    raise DataError(f"{path}: there is no such file or folder{_there_instead(path)}")


def all_there(*paths: Path) -> None:
    """Check that there is something at each of *paths*.

    Raises:
        ConfigError: there is not; it names all that are missing.
    """
    problems = []
    for path in dict.fromkeys(paths):
        try:
            pointed(path)
        except DataError as error:
            problems.append(ConfigError(str(error)))
    if problems:
        raise together(problems)


def _there_instead(path: Path) -> str:
    """Say what is there in place of the first part of *path* that is not: the nearest name, or some of them."""
    above = path
    while not above.exists() and above != above.parent:
        above, missing = above.parent, above.name
    try:
        beside = sorted(one.name for one in above.iterdir() if not one.name.startswith("."))
    except OSError:  # it is a file, or may not be read
        return f"; {above} is a file" if above.is_file() else ""
    if hint := nearest(missing, beside):
        return hint
    where = "this folder" if above == Path() else str(above)
    more = f" and {len(beside) - BESIDE_SHOWN} more" if len(beside) > BESIDE_SHOWN else ""
    return f"; {where} holds {', '.join(beside[:BESIDE_SHOWN])}{more}" if beside else f"; {where} is empty"


def chosen(place: Place, run_ids: Sequence[str]) -> str:
    """Return the id of the run that *place* means, of those that are there, in the order of the journal.

    Raises:
        ConfigError: it means none of them, or several.
    """
    point = place.point or ""
    if point.startswith("#"):
        found = run_ids[int(point[1:]) - 1 :][:1] if int(point[1:]) else []
    else:
        found = [one for one in run_ids if one.startswith(point)]
    if len(found) != 1:
        expected = f"expected #1 to #{len(run_ids)}, as `a4eval ls` numbers them, or the beginning of one run_id"
        raise ConfigError(f"got {point}, which is {len(found) or 'none'} of its runs; {expected}", path=str(place.path))
    return found[0]


def spelt(file: Path, run_id: str) -> Path:
    """Return the path by which a record is asked for, the shortest that is sure.

    Args:
        file: it stands in.
        run_id: its identity.

    >>> [str(spelt(Path(file), "4f0a9b8c7d6e5f40")) for file in ("outputs/a/result.json", "q5/results.jsonl")]
    ['outputs/a', 'q5/4f0a9b8c']
    """
    if file.suffix == ".jsonl":
        return file.parent / run_id[:DIGITS]
    return file.parent if file.name == RECORD else file
