"""What lies in a run's or a sweep's folder: records, journals and what is beside them, arrays."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from .target import Target, tried

RECORD = Path(__file__).with_name("record.json").read_bytes()


def record(folder: Path, data: bytes) -> None:
    """A record: listed, filtered and compared."""
    from a4eval.comparisons.opened import finished
    from a4eval.journal import query

    (folder / "result.json").write_bytes(data)
    found = tried(lambda: query.read(folder), str(folder))
    if found is not None:
        names = query.columns(found.rows)
        for row in found.rows:
            row.cells(names)
        for name in names:
            query.order(found.rows, name)
            tried(lambda name=name: query.keep(found.rows, [f"{name}>0.5"]))
    tried(lambda: finished(folder), str(folder))


def page(folder: Path, data: bytes) -> None:
    """A record, as a page."""
    from a4eval.results.report.build import report

    (folder / "result.json").write_bytes(data)
    tried(lambda: report([folder / "result.json"], None), str(folder))


def journal(folder: Path, data: bytes) -> None:
    """A journal, and what lies beside it."""
    from a4eval.journal.journal import Journal
    from a4eval.journal.lock import holder
    from a4eval.ownership import claim
    from a4eval.sweeps.command import read
    from a4eval.sweeps.status import status

    for name in ("results.jsonl", "sweep.json", ".lock", ".a4eval"):
        (folder / name).write_bytes(data)
    one = Journal(folder)
    tried(one.check, str(folder))
    standing = one.catch_up()
    for run_id in standing:
        standing.last(run_id)
    one.doubts()
    read(folder)
    holder(folder)
    tried(lambda: status(folder), str(folder))
    tried(lambda: claim(folder, "x"), str(folder))


def arrays(folder: Path, data: bytes) -> None:
    """Arrays, and the resamples of a record."""
    from a4eval.arrays import load_arrays
    from a4eval.comparisons.kept import read

    file = folder / "resamples.npz"
    file.write_bytes(data)
    tried(lambda: load_arrays(file), str(file))
    tried(lambda: read(file), str(file))


def _npz() -> bytes:
    file = io.BytesIO()
    contents = b'{"version":1,"metrics":[]}'
    np.savez_compressed(file, contents=np.frombuffer(contents, np.uint8), values=np.arange(3.0))
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.arange(3, dtype=np.float32))
    return file.getvalue()


TARGETS = {
    "record": Target(record, lambda: [RECORD]),
    "page": Target(page, lambda: [RECORD]),
    "journal": Target(journal, lambda: [
        RECORD + b"\n" + RECORD + b"\n", b'{"process":1,"node":"x","started":1.0,"total":3}', b'"a.txt"\n"b"\n',
        b'{"overrides":["task.x=1"],"config_dir":null,"directory":"/"}',
    ]),
    "arrays": Target(arrays, lambda: [_npz(), _npz()[:-9], _npy()]),
}  # fmt: skip
