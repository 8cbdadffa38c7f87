"""What fuzzing begins with, and what it once found, comes to a good end; a short run of it, where atheris is there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from a4eval import Run, build, param

from .kept import CORPUS, Kept
from .one import note
from .readers import Reader, sets_of
from .sets import SETS
from .target import ROOT, FoundError
from .targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Lines:
    """A stranger's reader."""

    path: Path = param(help="a file")
    second: Path = param(help="a file that must be given, too")
    other: Path | None = param(None, help="another")

    def batches(self, _run: Run) -> Iterator[dict[str, str]]:
        yield {"lines": self.path.read_text()}


@pytest.mark.parametrize("name", TARGETS)
def test_what_it_begins_with_and_what_it_found(name, tmp_path, monkeypatch):
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    kept = [one.read_bytes() for one in sorted((CORPUS / name).glob("*"))]
    inputs = [b"", b"\0" * 9, *TARGETS[name].seeds(), *kept]
    assert len(inputs) > 2
    for number, data in enumerate(inputs):
        (tmp_path / str(number)).mkdir()
        TARGETS[name].read(tmp_path / str(number), data)
    assert list((tmp_path / "current").iterdir()) == []


@pytest.mark.parametrize("name", SETS)
def test_the_seeds_of_a_reader_are_right(name):
    for _folder, node in TARGETS[name].read.__self__._folders():
        assert list(build("reader", node, path="reader").batches(Run(Path())))


def test_a_reader_that_no_one_has_heard_of_is_fuzzed_too(tmp_path, monkeypatch):
    sets = sets_of("lines", Lines)
    assert sets == [({"path": "@path", "second": "@second"}, {"path": b"", "second": b""})]
    monkeypatch.setattr(
        "a4eval.config.builder.build", lambda _kind, node, path: Lines(Path(node["path"]), Path(node["second"]))
    )
    target = Reader("lines", sets)
    target.read(tmp_path, b"\0well")
    with pytest.raises(UnicodeDecodeError):
        target.read(tmp_path, b"\0\xff")


def test_the_command_fuzzes_and_goes_on_where_it_was(tmp_path):
    pytest.importorskip("atheris", reason="needs pip install atheris")
    command = [sys.executable, "-m", "tests.fuzz", "--only", "arrays", "--kept", str(tmp_path), "--executions"]
    for wanted in (50, 80, 80):
        done = subprocess.run(
            [*command, str(wanted)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        counted = Kept(tmp_path).totals()["arrays"]["executions"]
        assert wanted <= counted < wanted + 40
        assert f"| arrays | {counted:,} | " in done.stdout
    assert list((tmp_path / "corpus" / "arrays").iterdir())


def test_a_finding_is_kept_told_and_does_not_end_the_fuzzing(tmp_path):
    (tmp_path / "found").mkdir()
    for text in ("a", "b"):
        try:
            raise FoundError(text)
        except FoundError as error:
            note(error, text.encode(), tmp_path / "found", "arrays")
    assert [one.name.startswith("arrays-") for one in Kept(tmp_path).findings("arrays")] == [True, True]
