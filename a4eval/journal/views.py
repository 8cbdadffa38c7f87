"""The two views of a record: the light one that a sweep follows, and the whole one that people ask about."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from a4eval.contracts import Outcome
from a4eval.runs.record import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The names that JSON texts have for numbers which JSON cannot hold."""
_NAME = re.compile(r"(?!null$)[\w./-]+")
"""A word as it stands in an override."""
LARGEST_BITS = 1023
"""Of an integer that surely is a float, too."""


class FileEntry(Struct):
    """A file of a record's ``data``; ``sha256`` is None if it could not be read."""

    path: str
    sha256: str | None
    bytes: int | None = None


class ExecutorEntry(Struct):
    """Which attempt it was."""

    attempt: int = 1


class VerdictEntry(Struct):
    """What the run said of its subject."""

    outcome: Outcome
    reasons: list[str] = []


class Entry(Struct):
    """What a sweep needs to know of a record."""

    run_id: str
    status: str
    executor: ExecutorEntry = msgspec.field(default_factory=ExecutorEntry)
    data: list[FileEntry] = []
    schema_version: int = SCHEMA_VERSION
    verdict: VerdictEntry | None = None
    offset: int = msgspec.field(default=0, name="#offset")  # no key of a record
    """Where in the journal its line begins."""

    def stands(self, retries: int) -> bool:
        """Is it the last word on its run, when a failed run gets *retries* more attempts?"""
        return self.status == "ok" or self.executor.attempt > retries


class Metric(Struct):
    """A number of a record."""

    value: int | float | str | None
    unit: str = "1"
    higher_is_better: bool | None = None
    n: int | None = None
    interval: dict[str, Any] | None = None


OF_A_METRIC = ("value", "unit", "higher_is_better", "n", "interval.low", "interval.high", "interval.level")
"""The keys that a metric has."""


class Row(Struct):
    """A record without its bulk; ``config`` is parsed when it is asked for."""

    run_id: str
    status: str
    overrides: list[str] = []
    metrics: dict[str, Metric] = {}
    config: msgspec.Raw = msgspec.Raw(b"{}")
    timing: dict[str, Any] = {}
    executor: dict[str, Any] = {}
    seed: int = 0
    experiment: str | None = None
    sweep_id: str | None = None
    started: str | None = None
    finished: str | None = None
    error: dict[str, Any] | None = None
    data: list[FileEntry] = []
    schema_version: int = SCHEMA_VERSION
    verdict: VerdictEntry | None = None
    log: dict[str, Any] | None = None
    app: dict[str, Any] | None = None
    path: str = msgspec.field(default="", name="#path")  # no key of a record
    """The file it stands in."""
    offset: int = msgspec.field(default=0, name="#offset")  # no key of a record
    """Where in a journal its line begins."""

    def cells(self, keys: Sequence[str]) -> list[Any]:
        """Return what stands under each of *keys*, as :meth:`get` does, at the cost of one."""
        settings = self.settings
        return [self.get(key, settings) for key in keys]

    @property
    def program(self) -> list[str]:
        """What runs it again, given its overrides; nothing where that cannot be known."""
        found = ["a4eval", "run"] if self.app is None else self.app.get("command")
        return [str(word) for word in found] if isinstance(found, list) else []

    def get(self, key: str, settings: Any = None) -> Any:
        """Return what stands under *key*, or None; what an override set goes before all else of that name.

        Args:
            key: a key of the record (``status``, ``verdict``, ``age`` in seconds, ``timing.wall_seconds``,
                ``metrics.accuracy``, ``config.task.cell``);
                the name of a metric or a key of the config may stand alone (``accuracy``, ``task.cell``).
            settings: the config, where it is known already.
        """
        for override in reversed(self.overrides):
            name, _, text = override.partition("=")
            if name.lstrip("+") == key:
                return self._set(key, text, settings)
        return self._found(key, settings)

    def _found(self, key: str, settings: Any) -> Any:
        head, _, rest = key.partition(".")
        if key == "age":
            return self.age
        if key == "verdict":
            return None if self.verdict is None else self.verdict.outcome
        if key in self.metrics or (head == "metrics" and rest in self.metrics):
            return number(self.metrics[key if key in self.metrics else rest].value)
        if (found := self.of_metric(rest if head == "metrics" else key)) is not None:
            return found[0]
        if head != "config" and head in self.__struct_fields__:
            value = getattr(self, head)
            return number(value) if isinstance(value, str) else _walk(msgspec.to_builtins(value), rest)
        return _walk(self.settings if settings is None else settings, rest if head == "config" else key)

    def _set(self, key: str, text: str, settings: Any) -> Any:
        """Return what *text* made of *key*; of a mapping that it chose by name, such as ``model=small``, the name.

        A config group that goes elsewhere in the config, or stands in a folder of another, has its name alone.
        """
        value = _walk(self.settings if settings is None else settings, key)
        chosen = (value is None or isinstance(value, dict)) and _NAME.fullmatch(text)
        return text if chosen else value

    def of_metric(self, key: str) -> tuple[Any] | None:
        """Return what stands under a key such as ``AP.interval.low``, or None if it names no metric."""
        for name, metric in self.metrics.items():
            if key.startswith(f"{name}.") and key[len(name) + 1 :].startswith(OF_A_METRIC):
                return (_walk(msgspec.to_builtins(metric), key[len(name) + 1 :]),)
        return None

    @property
    def age(self) -> float | None:
        """How long ago it began, in seconds; None where it does not say when."""
        try:
            return (datetime.now(UTC) - datetime.fromisoformat(self.started or "")).total_seconds()
        except (ValueError, TypeError):  # none, or one without its time zone
            return None

    @property
    def title(self) -> str | None:
        """The experiment, or the task of a run that is of none; that of an app has neither."""
        if self.experiment is not None:
            return self.experiment
        task = _walk(self.settings, "task.name")
        return task if isinstance(task, str) and self.app is None else None

    @property
    def settings(self) -> Any:
        """The config."""
        try:
            return msgspec.json.decode(self.config)
        except (msgspec.MsgspecError, RecursionError):
            return {}  # its brackets match, or the record would be torn, but within them something is wrong

    def keys(self) -> Iterator[str]:
        """Yield every key that :meth:`get` takes, as it is best written."""
        for name in self.__struct_fields__:
            if name == "offset":
                continue
            if name == "config":
                yield from _paths(self.settings)
            elif name == "metrics":
                yield from self.metrics
            else:
                yield from _paths({name: msgspec.to_builtins(getattr(self, name))})
        yield from ("age", "error.type", "error.message", "error.traceback")


def _paths(node: Any) -> Iterator[str]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in items:
        yield str(step)
        yield from (f"{step}.{rest}" for rest in _paths(value))


def number(value: Any) -> Any:
    """Return the number that a record's "NaN" or "Infinity" stands for; an integer that no float can hold is infinite.

    >>> number("Infinity"), number(-(10**400)), number(3), number("a")
    (inf, -inf, 3, 'a')
    """
    if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
        return math.inf if value > 0 else -math.inf
    return NUMBERS.get(value, value) if isinstance(value, str) else value


def _walk(value: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return number(value)
