"""Every command of the README and the docs prints lines that fit terminals of 60, 80, 120 and 200 columns.

A path and a command to copy stay whole: a line may be longer where it is one word, or names a command in `backquotes`.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from .test_docs import PAGES
from .test_gate_page import made

WIDTHS = (60, 80, 120, 200)
NOT_HERE = re.compile(
    r"--config-dir|--allow-import|executor=(ray|slurm)|hydra/sweeper|stop=|task\.path=|experiment=(my_metrics/)?accuracy"
    r"|multirun/DATE|(outputs|multirun)/2026|report before|^a4eval (export|new|show|draws|gate|view)"
    r"|data\.images=|deconv/conformance|name: (torch|keras|jax),"
)
"""What needs files of its page's own, a cluster, another sweeper or minutes; the tests of these have them.

A ruling of the gate is one line, as an error is, so that logs can be searched for it.
"""
LINES = 40
FILES = {
    "detections.json": "old.json",
    "results.json": "old.json",
    "a.json": "old.json",
    "b.json": "new.json",
    "G": "instances.json",
    "D": "old.json",
    "data/ground_truth.json": "instances.json",
    "data/detections.json": "old.json",
}
LESS = {
    "q2_distractors": ["task.steps=20"],
    "recurrent/sequence_study": ["task.steps=5", "seed=0,1"],
}
"""What makes an experiment small enough to be run here; what is printed has the same form."""


def commands():
    """Yield the commands of the pages: of those that run one experiment or layer with other values, the first."""
    seen = {}
    for page in PAGES:
        if page.name == "hydra-apps.md":
            continue  # its sweeps are those of an app, which its own test makes
        for block in re.findall(r"^```(?:sh)?\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.partition(" #")[0].strip()
                if not re.match(r"a4eval [a-z]+( [a-z'-]|$)", command) or NOT_HERE.search(command):
                    continue
                if page.name == "README.md" and " baseline candidate" in command:
                    continue  # which another page makes
                asked = re.search(r"experiment=\S+|task\.name=\S+ \S+ ?\S+", command)
                kept = re.search(r"hydra\.\w+\.dir=\w+", command)
                what = (page, kept[0]) if kept else (" -m " in command, asked[0] if asked else command)
                seen.setdefault(what, (page.stem, command))
    return list(seen.values())


def too_long(text, width):
    """Return the lines of *text* that do not fit and hold nothing to copy."""
    return [
        line
        for line in text.splitlines()
        if len(line) > width and len(line.split()) > 1 and "`" not in line and not line.lstrip().startswith("a4eval ")
    ]


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Return the folder of a page, with the files that it speaks of."""
    folders = {}

    def of(page):
        if page not in folders:
            path = folders[page] = tmp_path_factory.mktemp(page)
            made(path)
            (path / "data").mkdir()
            for name, source in FILES.items():
                shutil.copy(path / source, path / name)
        return folders[page]

    return of


@pytest.mark.parametrize(("page", "command"), commands(), ids=[f"{page}: {command}" for page, command in commands()])
def test_what_a_command_prints_fits(cli, folder_of, monkeypatch, page, command):
    monkeypatch.chdir(folder_of(page))
    arguments = shlex.split(command)[1:]
    of_one = arguments[0] == "run" and "-m" not in arguments
    less = next((more for name, more in LESS.items() if name in command), []) if arguments[0] == "run" else []
    again = []
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        done = cli(*(again or [*arguments, *less]))
        if "error: this needs" in done.err:
            pytest.skip(done.err.strip())
        assert done.code in (0, 3, 4), done.err
        assert not too_long(done.out, width)
        assert len(done.out.splitlines()) <= LINES or width < 80, done.out
        if of_one and not again:
            again = ["show", str(Path(done.out.strip().splitlines()[-1]).parent)]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_worksheet_fits_and_its_answers_are_in_plain_sight(place, width):
    place.environment.update(COLUMNS=str(width))
    done = place.run("run", "-m", "experiment=glob(assignment4/*)")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) <= 60
    assert not too_long(done.out, width)
    rows = [line.split() for line in lines]
    assert ["0", "7", "1", "0.571429", "0.8"] in rows, "question 3: precision and recall by rank"
    assert "11_point = 0.753247" in done.out
    assert "iou_p1 = 0.5  iou_p2 = 0.8" in done.out, "question 5"
    assert "output_height = 9" in done.out, "question 6a"
    assert ["y11", "4", "3", "2", "1"] in rows, "question 6b: a row of the matrix"
    assert "decomposition_error" in done.out, "question 1"
    assert "accuracy = " in done.out, "question 2"
