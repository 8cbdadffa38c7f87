"""The points of sweeps, sorted into problems: points that differ in nothing but the seed are repeats of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from a4eval.comparisons.differing import NOT_THE_EXPERIMENT
from a4eval.comparisons.opened import Opened
from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.experiment import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Seeds: TypeAlias = dict[int, Opened]
"""The repeats of a point, by seed."""
UNSET = b""
"""Stands for a key that a point does not have."""
SHOWN = 3
"""How many names an explanation gives."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Points of several candidates that are held against each other.

    Args:
        name: what sets it apart from other problems, such as ``task.length=10``; empty if nothing does.
        candidates: of each candidate, its points.
    """

    name: str
    candidates: tuple[Seeds, ...]


Groups: TypeAlias = dict[tuple[bytes, ...], list[Opened]]


def values_of(points: Iterable[Opened]) -> dict[str, set[bytes]]:
    """Return every key that is set in some of *points*, but for the seed, and the values that it takes, as JSON."""
    every = [_settings(point) for point in points]
    keys = dict.fromkeys(key for one in every for key in one)
    return {key: {one.get(key, UNSET) for one in every} for key in keys}


def paired_keys(first: Sequence[Opened], second: Sequence[Opened]) -> list[str]:
    """Return the keys by which points of two sweeps are paired: what varies, and is not set differently by the two."""
    one, other = values_of(first), values_of(second)
    return [
        key
        for key in dict.fromkeys([*one, *other])
        if len(both := one.get(key, {UNSET}) | other.get(key, {UNSET})) > 1
        and len(both) < len(one.get(key, {UNSET})) + len(other.get(key, {UNSET}))
    ]


def check_keys(keys: Iterable[str], points: Iterable[Opened], option: str) -> None:
    """Check that some point has each key.

    Raises:
        ConfigError: none has; the text holds the nearest.
    """
    known = values_of(points)
    for key in keys:
        if key not in known:
            raise ConfigError(f"there is no key {key!r} in the records{did_you_mean(key, known)}", path=option)


def grouped(points: Iterable[Opened], keys: Sequence[str]) -> Groups:
    """Return points by what they set for *keys*, in their order."""
    found: Groups = {}
    for point in points:
        settings = _settings(point)
        found.setdefault(tuple(settings.get(key, UNSET) for key in keys), []).append(point)
    return found


def by_seed(points: Sequence[Opened], where: str, option: str) -> Seeds:
    """Return points by seed.

    Args:
        points: of one problem.
        where: what they belong to, for the error.
        option: the one that could tell them apart.

    Raises:
        ConfigError: two have the same seed.
    """
    found: Seeds = {}
    for point in points:
        other = found.setdefault(point.record.seed, point)
        if other is not point:
            differs = [key for key, values in values_of([other, point]).items() if len(values) > 1]
            named = ", ".join(differs[:SHOWN]) or "nothing of their configs"
            raise ConfigError(
                f"{where} has two points of seed {point.record.seed}, which differ in {named}; name the keys that tell "
                f"problems apart with {option}"
            )
    return dict(sorted(found.items()))


def problems(first: Sequence[Opened], second: Sequence[Opened], by: Sequence[str]) -> tuple[list[Problem], list[str]]:
    """Return what two sweeps have in common, and a note for what only one of them has.

    Args:
        first: the points of the baseline.
        second: those of the candidate.
        by: the keys whose values make a problem; by default :func:`paired_keys`.

    Raises:
        ConfigError: a key is in no point, or two points of a problem have the same seed.
        DataError: they have no problem in common.
    """
    check_keys(by, [*first, *second], "--by")
    keys = list(by) or paired_keys(first, second)
    one, other = grouped(first, keys), grouped(second, keys)
    shared = [key for key in one if key in other]
    if not shared:
        has = " and ".join(named(keys, next(iter(groups))) for groups in (one, other))
        raise DataError(f"no point of the one is a point of the other with another seed, such as {has}; give --by KEY")
    found = [
        Problem(
            named(keys, key),
            (
                by_seed(one[key], _where("the baseline", keys, key), "--by"),
                by_seed(other[key], _where("the candidate", keys, key), "--by"),
            ),
        )
        for key in shared
    ]
    notes = [
        f"{_some([named(keys, key) for key in groups if key not in there])}: in the {which} only"
        for which, groups, there in (("baseline", one, other), ("candidate", other, one))
        if groups.keys() - there.keys()
    ]
    return found, notes


def named(keys: Sequence[str], values: Sequence[bytes]) -> str:
    """Return what points set, for people.

    >>> named(["task.length", "task.cell", "task.bias"], [b"10", b'"lstm"', b""])
    'task.length=10, task.cell=lstm'
    """
    return ", ".join(f"{key}={shown(value)}" for key, value in zip(keys, values, strict=True) if value != UNSET)


def shown(value: bytes) -> str:
    """Return a value, given as JSON, for people."""
    plain = msgspec.json.decode(value) if value != UNSET else "unset"
    return plain if isinstance(plain, str) else value.decode()


def _settings(point: Opened) -> Mapping[str, bytes]:
    config = {key: value for key, value in point.record.config.items() if key not in {*NOT_THE_EXPERIMENT, "seed"}}
    return {key: msgspec.json.encode(value) for key, value in leaves("", config)}


def _where(side: str, keys: Sequence[str], key: Sequence[bytes]) -> str:
    name = named(keys, key)
    return f"{side} with {name}" if name else side


def _some(names: Sequence[Any]) -> str:
    return "; ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
