"""What is fuzzed: a function of some bytes each, and what it begins with.

A target may raise errors of a4eval's own, which name the file; whatever else comes out of it is a finding.
"""

from __future__ import annotations

import io
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Target = Callable[[Path, bytes], None]

ROOT = Path(__file__).resolve().parents[2]


class FoundError(Exception):
    """What no input may bring about; the text says what."""


def tried(call: Callable[[], Any], *names: str) -> Any:
    """Call and return what it gives; None if it raises an error of ours that names one of *names*.

    Raises:
        FoundError: the error names none of them.
    """
    from a4eval.errors import A4evalError

    try:
        return call()
    except A4evalError as error:
        if names and not any(name in str(error) for name in names):
            raise FoundError(f"{type(error).__name__} names no file: {str(error)[:300]}") from error
    return None


def overrides(folder: Path, data: bytes) -> None:
    """Overrides of an experiment, a line each."""
    from a4eval.config.compose import experiment
    from a4eval.runs.runner import checked

    del folder
    words = [one for one in data.decode(errors="surrogateescape").split("\n") if one][:4]
    tried(lambda: checked(experiment(["experiment=assignment4/q5_l2_vs_iou", *words])))


def swept(folder: Path, data: bytes) -> None:
    """Overrides of a sweep, planned."""
    from a4eval.sweeps.multirun import sweep

    words = [one for one in data.decode(errors="surrogateescape").split("\n") if one][:3]
    where = ["dry_run=true", f"hydra.sweep.dir={folder / 'sweep'}"]
    tried(lambda: sweep(["experiment=assignment4/q5_l2_vs_iou", *words, *where], None))


def yaml(folder: Path, data: bytes) -> None:
    """An experiment's file."""
    from a4eval.config.compose import experiment
    from a4eval.runs.runner import checked

    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / "sent.yaml").write_bytes(data)
    tried(lambda: checked(experiment(["experiment=sent"], folder)))


def record(folder: Path, data: bytes) -> None:
    """A record: listed, filtered, shown, reported and compared."""
    from a4eval.comparisons.opened import finished
    from a4eval.journal import query
    from a4eval.results.report.build import report

    file = folder / "result.json"
    file.write_bytes(data)
    found = tried(lambda: query.read(folder), str(folder))
    if found is not None:
        names = query.columns(found.rows)
        for row in found.rows:
            row.cells(names)
        for name in names:
            query.order(found.rows, name)
            tried(lambda name=name: query.keep(found.rows, [f"{name}>0.5"]))
    tried(lambda: finished(folder), str(folder))
    tried(lambda: report([file], None), str(folder))


def journal(folder: Path, data: bytes) -> None:
    """A journal, and what lies beside it."""
    from a4eval.journal.journal import Journal
    from a4eval.journal.lock import holder
    from a4eval.ownership import claim
    from a4eval.results.report.build import report
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
    tried(lambda: report([folder], None), str(folder))


def points(ending: str) -> Target:
    """Return what reads a file of points."""

    def read(folder: Path, data: bytes) -> None:
        from a4eval.sweeps.multirun import sweep

        file = folder / f"sent{ending}"
        file.write_bytes(data)
        words = ["experiment=assignment4/q5_l2_vs_iou", f"points={file}", "dry_run=true"]
        tried(lambda: sweep([*words, f"hydra.sweep.dir={folder / 'sweep'}"], None))

    return read


def arrays(folder: Path, data: bytes) -> None:
    """Arrays, and the resamples of a record."""
    from a4eval.arrays import load_arrays
    from a4eval.comparisons.kept import read

    file = folder / "resamples.npz"
    file.write_bytes(data)
    tried(lambda: load_arrays(file), str(file))
    tried(lambda: read(file), str(file))


def _file_sets() -> dict[str, Any]:
    package = ModuleType("fuzzed_sets")
    package.__path__ = [str(ROOT / "plugins" / "ap_metric" / "tests")]
    sys.modules["fuzzed_sets"] = package
    return {one.__name__: one for one in import_module("fuzzed_sets.file_sets").FILE_SETS}


def reader(name: str, place: int = 0) -> Target:
    """Return what puts the bytes in the place of one file of a small data set, and reads that.

    Args:
        name: of the reader.
        place: which of its files.
    """
    made: dict[str, Any] = {}

    def read(folder: Path, data: bytes) -> None:
        from a4eval.config.builder import build
        from a4eval.context import Run

        if not made:
            where = Path(tempfile.mkdtemp(prefix="a4eval-fuzzed-"))
            made["node"] = _file_sets()[name](where, np.random.default_rng(0))[0]
            files = sorted(one for one in where.rglob("*") if one.is_file())
            made["file"] = files[place % len(files)]
        made["file"].write_bytes(data)

        def whole() -> None:
            for _ in build("reader", made["node"], path="reader").batches(Run(folder)):
                pass

        tried(whole, str(made["file"].parent), made["file"].name)

    return read


TARGETS: dict[str, Target] = {
    "overrides": overrides,
    "swept": swept,
    "yaml": yaml,
    "record": record,
    "journal": journal,
    "points.csv": points(".csv"),
    "points.jsonl": points(".jsonl"),
    "arrays": arrays,
    **{f"coco-{one}": reader("coco", one) for one in (0, 1)},
    **{f"voc-{one}": reader("voc", one) for one in (0, -1)},
    **{f"{name}-{one}": reader(name, one) for name in ("box_text", "open_images") for one in (0, -1)},
    "detection_table": reader("detection_table"),
    "ranking_table": reader("ranking_table"),
    **{f"trec-{one}": reader("trec", one) for one in (0, 1)},
}


def beginnings(name: str, folder: Path) -> Iterator[bytes]:
    """Yield valid inputs to begin with."""
    stem = name.partition("-")[0]
    sets = _file_sets()
    if stem in sets:
        sets[stem](folder, np.random.default_rng(0))
        files = sorted(one for one in folder.rglob("*") if one.is_file())
        yield files[int(name[len(stem) + 1 :] or 0) % len(files)].read_bytes()
    yield from SEEDS.get(name, [])


def _npz() -> bytes:
    file = io.BytesIO()
    contents = b'{"version":1,"metrics":[]}'
    np.savez_compressed(file, contents=np.frombuffer(contents, np.uint8), values=np.arange(3.0))
    return file.getvalue()


RECORD = Path(__file__).with_name("record.json").read_bytes()
SEEDS = {
    "overrides": [b"task.W=12\nseed=1", b"+task.x=${seed}", b"~task.W", b"task={name: x}\ntimeout=5", b"task.W='a b'"],
    "swept": [b"task.W=1,2\nseed=range(3)", b"zip='task.W=1,2; task.H=3,4'", b"task.W=choice(1,2)\nseed=${task.W}",
              b"seed=glob(*)", b"task.W=sort(3,1,2)\nseed=tag(a,1,2)", b"task.W=interval(1,2)"],
    "yaml": [b"# @package _global_\ntask: {name: detection, x: &a [1, 2], y: *a}\nseed: 1\n",
             b"# @package _global_\ndefaults: [_self_]\ntask:\n  name: evaluate\n  data: ${task.name}\n",
             b"# @package _global_\nhydra: {sweeper: {params: {seed: '1,2'}}}\ntask: ???\n"],
    "record": [RECORD],
    "journal": [RECORD + b"\n" + RECORD + b"\n", b'{"process":1,"node":"x","started":1.0,"total":3}', b'"a.txt"\n"b"\n',
                b'{"overrides":["task.x=1"],"config_dir":null,"directory":"/"}'],
    "arrays": [_npz(), _npz()[:-9]],
    "points.csv": [b"task.W,seed\n6,1\n8,\n"],
    "points.jsonl": [b'{"task.W": 6, "seed": 1}\n{"task.W": [1, null]}\n'],
}  # fmt: skip
