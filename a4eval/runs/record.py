"""The record: what a run leaves behind, one JSON object that anyone can check.

Every key is documented where it is declared; ``record.schema.json`` beside this file is made from it.
Keys are never renamed; a new key raises nothing, a changed meaning raises ``schema_version``.
Numbers that JSON cannot hold are the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from a4eval.contracts import Outcome
from a4eval.environment import hidden
from a4eval.ownership import RECORD
from a4eval.permission import ENVIRONMENT
from a4eval.regular import content
from a4eval.whole import write_whole

FILE_NAME = RECORD
SCHEMA_VERSION = 1

Number: TypeAlias = int | float | Literal["NaN", "Infinity", "-Infinity"]
Scalar: TypeAlias = int | float | str | bool | None
Table: TypeAlias = list[dict[str, Scalar]]
Tables: TypeAlias = dict[str, Table]


class IntervalRecord(Struct):
    """A confidence interval."""

    level: Annotated[float, Meta(description="nominal coverage, 0.95 for 95 %", gt=0, lt=1)]
    low: Number
    high: Number
    method: Annotated[str, Meta(description="how it was made, such as 'bootstrap percentile, 1000 resamples'")]


class MetricRecord(Struct):
    """One number."""

    value: Number
    unit: Annotated[str, Meta(description="'1' for a pure number or a fraction")]
    higher_is_better: bool | None
    n: Annotated[int | None, Meta(description="over how many units it was taken")]
    interval: IntervalRecord | None


class ComponentRecord(Struct):
    """A component the run was built from."""

    kind: str
    name: str
    version: Annotated[int, Meta(description="raised when the same parameters give other numbers")]
    plugin: str
    distribution: str
    distribution_version: str


class FileRecord(Struct):
    """A file that was read or written."""

    path: Annotated[str, Meta(description="as given for data; relative to the run's folder for artifacts")]
    sha256: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None, Meta(description="null for data that could not be read")
    ]
    bytes: Annotated[int, Meta(ge=0)]


class TimingRecord(Struct):
    """What the run cost."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: Annotated[int, Meta(description="the largest resident set of the process so far")]


class EnvironmentRecord(Struct):
    """Where it ran."""

    python: str
    platform: str
    processors: int | None
    packages: Annotated[dict[str, str], Meta(description="name to version, of those that were imported")]
    threads: Annotated[dict[str, str], Meta(description="environment variables that set numbers of threads")]
    plugins: Annotated[dict[str, Any], Meta(description="facts from the plugins' a4eval_provenance hooks")]
    installed: Annotated[
        dict[str, str] | str | None,
        Meta(description="all packages, name to version; in a sweep the file in its folder that lists them"),
    ] = None


class GitRecord(Struct):
    """The repository around the working directory."""

    commit: str
    dirty: bool


class ExecutorRecord(Struct):
    """What ran it."""

    name: str
    node: str
    attempt: Annotated[int, Meta(ge=1)]


class ErrorRecord(Struct):
    """Why it failed."""

    type: str
    message: str
    traceback: str


class VerdictRecord(Struct):
    """What the run says of its subject, beside its numbers."""

    outcome: Outcome
    reasons: Annotated[list[str], Meta(description="what keeps it from having passed")]


class AppRecord(Struct):
    """What there is to say of a run of a Hydra app of the user's own."""

    number: Annotated[int, Meta(description="hydra.job.num", ge=0)]
    directory: Annotated[str, Meta(description="its folder as Hydra made it, hydra.runtime.output_dir")]
    version: Annotated[str | None, Meta(description="what hydra.sweeper.version says of the code")]
    command: Annotated[list[str], Meta(description="what runs it by itself, but for its overrides")] = []
    trial: Annotated[int | None, Meta(description="of a search: which trial it is a point of")] = None
    pruned: Annotated[int | None, Meta(description="the step at which a search ended it early")] = None


class Record(Struct, kw_only=True):
    """One run of an experiment."""

    schema_version: Literal[1] = 1
    run_id: Annotated[str, Meta(description="hash of task, seed and component versions: same id, same numbers")]
    sweep_id: Annotated[str | None, Meta(description="the sweep it belongs to")] = None
    experiment: Annotated[str | None, Meta(description="the choice of experiment=")]
    status: Literal["ok", "failed", "interrupted"]
    started: Annotated[str, Meta(description="ISO 8601, UTC")]
    finished: Annotated[str, Meta(description="ISO 8601, UTC")]
    config: Annotated[dict[str, Any], Meta(description="composed and resolved")]
    resolved: Annotated[dict[str, Any] | None, Meta(description="the config with every default of the task")] = None
    overrides: Annotated[list[str], Meta(description="as typed on the command line")]
    app: Annotated[AppRecord | None, Meta(description="of a run of a Hydra app of the user's own")] = None
    seed: int
    components: list[ComponentRecord]
    verdict: Annotated[VerdictRecord | None, Meta(description="of a task that judges, such as a check")] = None
    metrics: dict[str, MetricRecord]
    tables: Annotated[Tables, Meta(description="name to rows; rows share their columns")]
    charts: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="name to a Vega-Lite specification without data, whose data.name is the table it draws"),
    ] = {}
    data: Annotated[list[FileRecord], Meta(description="the files that were read, or could not be")]
    timing: TimingRecord
    environment: EnvironmentRecord
    git: GitRecord | None
    executor: ExecutorRecord
    warnings: list[str]
    error: ErrorRecord | None
    artifacts: Annotated[list[FileRecord], Meta(description="the files that were written beside the record")]
    reused: Annotated[
        str | None, Meta(description="the file that this record was taken from, finished there: reuse=PATH")
    ] = None
    log: Annotated[
        FileRecord | None, Meta(description="what it printed, in a file beside the record; null if nothing")
    ] = None


def columns(tables: Tables) -> dict[str, list[str]]:
    """Return table to its columns.

    >>> columns({"t": [{"a": 1}, {"a": 2, "b": 3}]})
    {'t': ['a', 'b']}
    """
    return {name: list(dict.fromkeys(key for row in rows for key in row)) for name, rows in tables.items()}


def schema(version: int) -> str:
    """Say that a record's schema is not ours.

    >>> schema(2)
    'schema version 2, which this a4eval (schema version 1) reads as far as it knows it'
    """
    ours = f"this a4eval (schema version {SCHEMA_VERSION})"
    return f"schema version {version}, which {ours} reads as far as it knows it"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record, as published in ``record.schema.json``."""
    schema = msgspec.json.schema(Record)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_BUILT_IN = frozenset({float, str, dict, list, tuple})


def plain(value: Any) -> Any:
    """Return *value* in types that every JSON reader can read.

    numpy scalars and arrays become numbers and lists, paths become strings, non-finite numbers their names.

    Raises:
        ValueError: two keys of a mapping are the same in JSON, such as 1 and "1".

    >>> plain({"a": [float("nan"), 1.5], "b": (True, float("-inf"))})
    {'a': ['NaN', 1.5], 'b': [True, '-Infinity']}
    """
    kind = type(value)
    if kind is int or kind is bool or value is None or (kind is str and value.isascii()):
        return value  # as most are, and a sweep has many
    if kind not in _BUILT_IN and hasattr(value, "tolist"):  # numpy, without importing it
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        named = {_text(str(key)): plain(item) for key, item in value.items()}
        if len(named) < len(value):
            raise ValueError(
                f"two of the keys {', '.join(map(repr, value))} are the same in JSON, whose keys are strings"
            )
        return named
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        value = str(value)
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """Return *text* without half surrogate pairs, which come from file names that are no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def encode(record: Record) -> bytes:
    """Return the record, made by ``runner.execute``, as one line of JSON.

    The values of environment variables that its config used are not in it.
    """
    if not ENVIRONMENT.allowed():
        try:
            return msgspec.json.encode(record)
        except UnicodeEncodeError:
            pass  # half a surrogate pair, from a file name or a message that is no UTF-8
    return msgspec.json.encode(hidden(plain(msgspec.to_builtins(record))))


def write(record: Record, directory: Path) -> Path:
    """Write ``result.json`` into *directory*, whole or not at all, and return its path.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; an older record is still there.
    """
    path = directory / FILE_NAME
    directory.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(encode(record), indent=2) + b"\n"
    write_whole(path, text)
    return path


def read(path: Path) -> Record:
    """Read a record back.

    Raises:
        msgspec.ValidationError: it is not a record.
        OSError: it cannot be read.
    """
    return msgspec.json.decode(content(path), type=Record)
