"""What was run, and how to run it again."""

from __future__ import annotations

import shlex
from math import prod
from typing import TYPE_CHECKING, Any

from a4eval.markup import Markup, joined, tag
from a4eval.plurals import counted
from a4eval.results.report.tables import grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from a4eval.journal.views import FileEntry, Row
    from a4eval.runs.record import FileRecord, Record


def command(overrides: Sequence[str], program: Sequence[str] = ("a4eval", "run")) -> str:
    """Return the command line of a run.

    Args:
        overrides: its overrides.
        program: what they are given to.

    >>> command(["experiment=detection/coco", "task.data.detections=my boxes.json"])
    "a4eval run experiment=detection/coco 'task.data.detections=my boxes.json'"
    """
    return shlex.join([*program, *overrides])


def what_was_run(record: Record) -> Markup:
    """Return command, data, code and config of a run."""
    elsewhere = [one for one in record.overrides if not one.startswith("hydra.run.dir=")]  # there it is finished
    again = command(elsewhere) if record.app is None else command(record.overrides, record.app.command)
    parts = [
        tag("p", "The same numbers come from this command, with the data and the versions below."),
        tag("pre", again, class_="wrapped", data_copy=True, tabindex="0", aria_label="command"),
    ]
    return joined([*parts, *_data(record.data), *_code(record)])


def what_was_swept(rows: Sequence[Row], keys: Sequence[str], first: Record) -> Markup:
    """Return the command of a sweep, if its points are a whole grid, its data, and code and config of its first point.

    Args:
        rows: its points.
        keys: what was swept, the seed among them.
        first: the record of the first of them.
    """
    typed = [dict.fromkeys(row.overrides) for row in rows]
    common = [one for one in typed[0] if all(one in others for others in typed)]
    swept = {key: list(dict.fromkeys(_typed(row.overrides, key) for row in rows)) for key in keys}
    parts = []
    grid_of = prod(map(len, swept.values())) if all(None not in of for of in swept.values()) else 0
    if rows[0].program and grid_of == len(rows) > 1:
        axes = [f"{key}={','.join(map(str, of))}" for key, of in swept.items()]
        again = command([*common, *axes], [*rows[0].program, "-m"])
        parts = [
            tag("p", "The same points come from this command, with the data and the versions below."),
            tag("pre", again, class_="wrapped", data_copy=True, tabindex="0", aria_label="command"),
        ]
    data = {(one.path, one.sha256): one for row in rows for one in row.data}
    parts += [*_data([*data.values()]), tag("p", f"Code and config of the first point, run {first.run_id}.")]
    return joined([*parts, *_code(first)])


def _typed(overrides: Sequence[str], key: str) -> str | None:
    return next((one.partition("=")[2] for one in overrides if one.partition("=")[0].lstrip("+") == key), None)


def _data(files: Sequence[FileRecord | FileEntry]) -> list[Markup]:
    rows = [[one.path, one.sha256 or "unreadable", one.bytes] for one in files]
    return [tag("h3", "Data"), grid("data files", ["file", "sha256", "bytes"], rows)] if rows else []


def _code(record: Record) -> Iterator[Markup]:
    components = [
        [one.kind, one.name, one.version, f"{one.distribution} {one.distribution_version}"] for one in record.components
    ]
    yield tag("h3", "Components")
    yield grid("components", ["kind", "name", "version", "from"], components)
    if record.git is not None:
        dirty = ", with changes that are not committed" if record.git.dirty else ""
        yield tag("p", "Code: git commit ", tag("code", record.git.commit), dirty)
    yield tag(
        "details",
        tag("summary", "Config, as it was composed"),
        tag("pre", _yaml(record.config), tabindex="0", aria_label="config"),
    )


def environment(record: Record) -> Markup:
    """Return where it ran and what it cost."""
    found, timing = record.environment, record.timing
    rows: list[list[Any]] = [
        ["started", record.started],
        ["finished", record.finished],
        ["wall time, seconds", timing.wall_seconds],
        ["processor time, seconds", timing.cpu_seconds],
        ["peak memory, MiB", round(timing.peak_memory_bytes / 2**20)],
        ["executor", f"{record.executor.name} on {record.executor.node}, attempt {record.executor.attempt}"],
        ["Python", found.python],
        ["platform", found.platform],
        ["processors", found.processors],
        *([f"{name}", value] for name, value in found.threads.items()),
    ]
    packages = [[name, version] for name, version in found.packages.items()]
    facts = list(_leaves("", found.plugins))
    return joined(
        [
            grid("environment", ["what", "value"], rows),
            tag(
                "details",
                tag("summary", counted(len(packages), "package")),
                grid("packages", ["package", "version"], packages),
            ),
            tag("details", tag("summary", "Facts from plugins"), grid("facts from plugins", ["what", "value"], facts))
            if facts
            else None,
        ]
    )


def _leaves(path: str, node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), value)
    else:
        yield [path, node if isinstance(node, (str, int, float, bool)) or node is None else str(node)]


def _yaml(config: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
