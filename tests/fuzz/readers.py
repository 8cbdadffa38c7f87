"""Every reader that is installed and has files: found in the registry, so a stranger's is fuzzed as ours are.

The first byte of an input says which file of the reader's data sets the others stand for.
What has no set in ``sets`` begins with an empty file for each path that it must be given; its config is then as short
as it can be.
"""

from __future__ import annotations

import dataclasses
import tempfile
import typing
from functools import cache
from pathlib import Path
from typing import Any

from .sets import SETS, Set
from .target import Target, tried

if typing.TYPE_CHECKING:
    from collections.abc import Iterator


def _paths(factory: type[Any]) -> list[str]:
    """Return the parameters that are paths, those that must be given first."""
    hints = typing.get_type_hints(factory)
    fields = [
        one for one in dataclasses.fields(factory) if Path in (hints[one.name], *typing.get_args(hints[one.name]))
    ]
    return [one.name for one in sorted(fields, key=lambda one: not _required(one))]


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def sets_of(name: str, factory: type[Any]) -> list[Set]:
    """Return the data sets of a reader."""
    if name in SETS:
        return SETS[name]
    fields = {one.name: one for one in dataclasses.fields(factory)}
    needed = [one for one in _paths(factory) if _required(fields[one])] or _paths(factory)[:1]
    return [({one: f"@{one}" for one in needed}, dict.fromkeys(needed, b""))] if needed else []


def _placed(node: Any, folder: Path) -> Any:
    """Return a node whose texts that begin with ``@`` are paths below the folder."""
    if isinstance(node, dict):
        return {key: _placed(value, folder) for key, value in node.items()}
    return f"{folder}/{node[1:]}" if isinstance(node, str) and node.startswith("@") else node


class Reader:
    """What puts bytes in the place of one file of a small data set, and reads that.

    Args:
        name: of the reader.
        sets: its data sets.
    """

    def __init__(self, name: str, sets: list[Set]) -> None:
        self._name = name
        self._sets = sets
        self._files = [(number, file) for number, (_, files) in enumerate(sets) for file in files]

    def seeds(self) -> list[bytes]:
        """Return each file as it is when it is right."""
        return [bytes([at]) + self._sets[number][1][file] for at, (number, file) in enumerate(self._files)]

    @cache  # noqa: B019  (there is one of each, to the end)
    def _folders(self) -> list[tuple[Path, dict[str, Any]]]:
        return list(self._written())

    def _written(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        for node, files in self._sets:
            folder = Path(tempfile.mkdtemp(prefix="a4eval-fuzzed-"))
            for file, content in files.items():
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_bytes(content)
            yield folder, {"name": self._name, **_placed(node, folder)}

    def read(self, folder: Path, data: bytes) -> None:
        """Read the data set with *data* in the place of a file."""
        from a4eval.config.builder import build
        from a4eval.context import Run

        number, name = self._files[data[0] % len(self._files) if data else 0]
        where, node = self._folders()[number]
        (where / name).write_bytes(data[1:])

        def whole() -> None:
            for _ in build("reader", node, path="reader").batches(Run(folder)):
                pass

        try:
            tried(whole, str(where), Path(name).name)
        finally:
            (where / name).write_bytes(self._sets[number][1][name])


def found() -> dict[str, Target]:
    """Return a target for each reader with files."""
    from a4eval.registry import registry

    targets = {}
    for one in registry().components("reader"):
        if sets := sets_of(one.component.name, one.load()):
            reader = Reader(f"{one.plugin.name}/{one.component.name}", sets)
            targets[one.component.name] = Target(reader.read, reader.seeds)
    return targets
