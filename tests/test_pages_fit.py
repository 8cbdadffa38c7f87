"""Every command of the README and the docs runs, and prints lines that fit terminals of 60, 80, 120 and 200 columns.

A path and a command to copy stay whole: a line may be longer where it is one word, or names a command in `backquotes`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from .fences import PAGES, ROOT, blocks, typed
from .test_gate_page import made

WIDTHS = (60, 80, 120, 200)
ELSEWHERE = {
    "tests/apps/test_page.py": r"hydra-apps: ",
    "tests/test_gate_page.py": r"(README|gate): .*( gate |task\.against=)",
    "tests/test_seeds_page.py": r"seeds: .*( compare | gate | rank |stop=)",
    "tests/test_docs.py": r"plugins: a4eval (new|run)",
    "tests/api/test_page.py": r"python: a4eval export",
    "tests/api/test_records.py": r"detection: a4eval export FOLDER",
    "tests/sweeps/test_page.py": r"sweeps: a4eval (ls|show) multirun",
    "tests/sweeps/test_other_sweepers.py": r"hydra/sweeper=",
    "tests/results/report/test_page.py": r"report: a4eval report",
    "tests/results/view/test_pages.py": r"report: a4eval view",
    "tests/results/report/test_gallery.py": r"data\.images=",
    "plugins/deconv/tests/test_docs.py": r"experiment=deconv/(conformance|\w+_size task)|task\.path=",
    "plugins/frameworks/tests/test_your_own_layer.py": r"your-own-layer: .*--allow-import",
    "plugins/frameworks/tests/test_your_own_metric.py": r"your-own-metric: .*model\.csv",
}
"""Commands that need more than files of detections, and the test that has them.

A ruling of the gate is one line, as an error is, so that logs can be searched for it.
"""
ONLY_PLANNED = re.compile(r"executor=(ray|slurm)|name: (keras|jax),|trackers=|q2_distractors 'task\.layer=")
"""What would start a cluster, a server, a framework that takes the streams of this process, or 35 trainings.

Tests of these run them.
"""
LINES = 40
FILES = {
    "detections.json": "old.json",
    "results.json": "old.json",
    "a.json": "old.json",
    "b.json": "new.json",
    "G": "instances.json",
    "D": "old.json",
    "truth.json": "instances.json",
    "found.json": "old.json",
    "data/ground_truth.json": "instances.json",
    "data/detections.json": "old.json",
}
LESS = {
    "detection/compare": ["task.interval.resamples=100"],
    "q2_distractors": ["task.steps=20"],
    "recurrent/sequence_study": ["task.steps=5", "seed=0,1"],
}
"""What makes an experiment small enough to be run here; what is printed has the same form."""


def commands():
    """Yield every command of the pages with its page, those that stand on several pages once."""
    seen = set()
    for page in PAGES:
        for command in typed(page.read_text()):
            if command not in seen:
                seen.add(command)
                yield page.stem, command


def own_test(page, command):
    """Return the test that has a command, where it needs one of its own."""
    return next((test for test, what in ELSEWHERE.items() if re.search(what, f"{page}: {command}")), None)


def here():
    """Return the commands that are run here: the first of each experiment or layer, and those with other values."""
    first, others = {}, []
    for page, command in commands():
        if own_test(page, command):
            continue
        asked = re.search(r"experiment=\S+|task\.name=\S+ \S+ ?\S+", command)
        kept = re.search(r"hydra\.\w+\.dir=\w+", command)
        what = (page, kept[0]) if kept else (" -m " in command, asked[0] if asked else command)
        if what in first or ONLY_PLANNED.search(command):
            others.append((page, command))
        else:
            first[what] = (page, command)
    return list(first.values()), others


def too_long(text, width):
    """Return the lines of *text* that do not fit and hold nothing to copy."""
    return [
        line
        for line in text.splitlines()
        if len(line) > width and len(line.split()) > 1 and "`" not in line and not line.lstrip().startswith("a4eval ")
    ]


def written(page):
    """Return the files that a page of the docs has its reader write, by name."""
    text = (ROOT / "docs" / f"{page}.md").read_text() if page != "README" else ""
    if page == "configs":
        return {"my/experiment/two_definitions.yaml": blocks(text, "yaml")[0]}
    return {one.split()[1]: one for one in blocks(text, "python") if re.match(r"# my_\w+\.py\n", one)}


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
            (path / "val.txt").write_text("1\n2\n3\n")
            for file, text in written(page).items():
                (path / file).parent.mkdir(parents=True, exist_ok=True)
                (path / file).write_text(text)
        return folders[page]

    return of


FIRST, OTHERS = here()


def makers(page, command):
    """Yield the commands of a page that make what *command* reads, each with the folder that it makes."""
    for other_page, other in commands():
        made_there = re.search(r"hydra\.\w+\.dir=(\w+)$", other)
        if other_page == page and made_there and made_there[1] in command.split():
            yield Path(made_there[1]), other


def fits(cli, folder, arguments, width, monkeypatch):
    """Run a command in a folder of its page and hold what it prints to the terminal's width; return how it ended."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(width))
    done = cli(*arguments)
    if done.code and re.search("error: this needs|pip install|ModuleNotFoundError: No module named", done.err):
        pytest.skip(done.err.strip())
    assert done.code in (0, 3, 4), done.err
    assert not too_long(done.out, width)
    assert len(done.out.splitlines()) <= LINES or width < 80, done.out
    return done


def arguments_of(command):
    """Return the arguments of a command, with less to do where that is long."""
    more = [*(one for name, less in LESS.items() if name in command for one in less)]
    return [*shlex.split(command)[1:], *(more if command.startswith("a4eval run ") else [])]


@pytest.mark.parametrize(("page", "command"), FIRST, ids=[f"{page}: {command}" for page, command in FIRST])
def test_what_a_command_prints_fits(cli, folder_of, monkeypatch, page, command):
    arguments = arguments_of(command)
    for folder, maker in makers(page, command):
        if not (folder_of(page) / folder).exists():  # another worker ran that test
            fits(cli, folder_of(page), arguments_of(maker), 80, monkeypatch)
    for width in reversed(WIDTHS):  # a sweep that is there already says more
        done = fits(cli, folder_of(page), arguments, width, monkeypatch)
        if arguments[0] == "run" and "-m" not in arguments:
            arguments = ["show", str(Path(done.out.strip().splitlines()[-1]).parent)]


@pytest.mark.parametrize(("page", "command"), OTHERS, ids=[f"{page}: {command}" for page, command in OTHERS])
def test_the_same_with_other_values(cli, folder_of, monkeypatch, page, command):
    arguments = arguments_of(command)
    planned = ["dry_run=true"] if ONLY_PLANNED.search(command) else []
    assert fits(cli, folder_of(page), [*arguments, *planned], 80, monkeypatch).out


def test_a_command_that_is_not_run_here_has_its_test():
    whole = (ROOT / "plugins").exists()  # the source archive of the core holds no plugin
    assert not [one for one in ELSEWHERE if not (ROOT / one).exists() and (whole or not one.startswith("plugins/"))]
    assert {own_test(*one) for one in commands()} == {None, *ELSEWHERE}, "what is elsewhere is on a page"


@pytest.mark.parametrize(
    "shell", [["bash", "-c"], ["zsh", "-f", "-c"], ["fish", "--no-config", "-c"]], ids=lambda one: one[0]
)
def test_a_shell_reads_a_command_as_it_is_meant(tmp_path, shell):
    """Brackets and parentheses that are not quoted are the shell's own: a range would be refused, a list looked for."""
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    expected = [shlex.split(command) for _, command in commands()]
    script = "\n".join(f"printf '%s\\0' {command}; printf '\\0'" for _, command in commands())
    done = subprocess.run([*shell, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert [one.split("\0") for one in done.stdout.split("\0\0")[:-1]] == expected, done.stderr


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
