"""What else differs between two records: before a metric is blamed on the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval.conversion import show
from a4eval.experiment import POINT_KEYS, SWEEP_KEYS, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from a4eval.runs.record import FileRecord, Record

NOT_THE_EXPERIMENT = frozenset({"description", "pictures", "timeout"}) | SWEEP_KEYS | POINT_KEYS
"""Keys of a config that do not say what is computed."""
ABSENT = "not there"
WIDEST = 60
"""Characters of a value that a table shows."""


class Differing(NamedTuple):
    """One thing that differs.

    Args:
        what: config, seed, component, data, package, machine or git, with the key behind a point.
        baseline: there; None where it has no such thing.
        candidate: the same of the candidate.
    """

    what: str
    baseline: Any
    candidate: Any

    def cells(self) -> list[str]:
        """Return it as a table shows it: long values are cut, and what a side lacks is said."""
        sides = (ABSENT if one is None else one if isinstance(one, str) else show(one) for one in self[1:])
        return [self.what, *(cut if len(cut) <= WIDEST else f"{cut[: WIDEST - 1]}…" for cut in sides)]


def differing(baseline: Record, candidate: Record) -> list[Differing]:
    """Return what differs between two records besides their numbers."""
    first, second = dict(_facts(baseline)), dict(_facts(candidate))
    keys = dict.fromkeys([*first, *second])
    found = [Differing(key, first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)]
    places = [place for place, one in enumerate(found) if one.what.startswith(("component", "package"))]
    at = places[0] if places else len(found)
    return [*found[:at], *_data(baseline.data, candidate.data), *found[at:]]


def _facts(record: Record) -> Iterator[tuple[str, Any]]:
    yield "experiment", record.experiment
    config = {key: value for key, value in record.config.items() if key not in {*NOT_THE_EXPERIMENT, "seed"}}
    yield from leaves("config", config)
    yield "seed", record.seed
    for one in record.components:
        yield (
            f"component.{one.kind}/{one.name}",
            f"version {one.version} of {one.distribution} {one.distribution_version}",
        )
    yield "package.python", record.environment.python
    yield from ((f"package.{name}", version) for name, version in record.environment.packages.items())
    yield "machine.platform", record.environment.platform
    yield "machine.processors", record.environment.processors
    yield from ((f"machine.{name}", value) for name, value in record.environment.threads.items())
    yield "machine.node", record.executor.node
    if record.git is not None:
        yield "git.commit", f"{record.git.commit[:12]}{' and changes' if record.git.dirty else ''}"
    yield from leaves("plugin", record.environment.plugins)


def _data(first: list[FileRecord], second: list[FileRecord]) -> Iterator[Differing]:
    """Yield the files that only one of them has read, by content; those of one path beside each other."""
    known = {one.sha256 for one in first} & {one.sha256 for one in second} - {None}
    only: list[Mapping[str, str]] = [
        {one.path: (one.sha256 or "unreadable")[:12] for one in files if one.sha256 not in known}
        for files in (first, second)
    ]
    for path in dict.fromkeys([*only[0], *only[1]]):
        yield Differing(f"data.{path}", only[0].get(path), only[1].get(path))
