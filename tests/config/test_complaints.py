"""What is wrong with a config is said in our words: all of it at once, where it stands, and what to do."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import a4eval
from a4eval.errors import did_you_mean

Q5 = "experiment=assignment4/q5_l2_vs_iou"
HERE = "(on the command line)"
WRONG = {
    "a key of a list": (
        [Q5, "+task.y=[]", "task.y.k=1"],
        ["task.y.k: task.y is a list, which has no 'k': give it whole, task.y=[…]", "task.y: unknown key; known: H, W"],
    ),
    "a root key hides nothing": (
        [Q5, "tasc.k=1", "task.W=-1", "task.H=x"],
        [
            "tasc: unknown key; did you mean 'task'?",
            "task.W: got -1.0, expected above 0",
            "task.H: got 'x', expected fl",
        ],
    ),
    "three at once": (
        [Q5, "seed=a", "task.W=x", "task.q=3"],
        [
            f"seed: got 'a', expected int {HERE}",
            f"task.q: unknown key; known: H, W, c {HERE}",
            f"task.W: got 'x', expected float {HERE}",
        ],
    ),
    "a prefix of a name": (["experiment=assignment4/q3"], ["did you mean 'assignment4/q3_interpolated_ap'?"]),
    "another case": ([Q5, "task.w=3"], ["task.w: unknown key; did you mean 'W'?"]),
    "a brace that the shell took": (
        [Q5, "task.x={a:", "b}"],
        ["got 'task.x={a:', where { and } are not as many; quote it for the shell", "got 'b}', where"],
    ),
    "an item": ([Q5, "foo"], ["got 'foo', expected KEY=VALUE"]),
    "no experiment": (["foo"], ["got 'foo', expected KEY=VALUE", "task: is missing; choose an experiment"]),
    "a new root key": ([Q5, "+sed=3"], [f"sed: unknown key; did you mean 'seed'? {HERE}"]),
    "a plus too many": ([Q5, "+seed=3"], ["seed: is there already; leave out the +"]),
    "a sweep": ([Q5, "task.W=1,2"], ["task.W: got 1,2: with -m it is swept over; [1,2] is a list"]),
    "a range": ([Q5, "task.W=range(1,3)"], ["task.W: got range(1,3), which is swept over with -m"]),
    "a function": ([Q5, "task.W=rang(1,2)"], ["task.W: cannot read 'rang(1,2)': Unknown function 'rang'"]),
    "a key to leave out": ([Q5, "~task.Z"], ["task.Z: cannot be left out: there is no such key"]),
    "a reference": (
        [Q5, "task.W=${nope}", "seed=x"],
        ["task.W: ${nope} refers to a key that is not there", "seed: got 'x', expected int"],
    ),
    "a circle": ([Q5, "task.W=${task.H}", "task.H=${task.W}"], ["refers to itself, by way of what it refers to"]),
    "of what is missing": (
        ["experiment=detection/coco", "task.data.ground_truth=${task.data.detections}"],
        [
            "task.data.ground_truth: refers to task.data.detections, which must be given first",
            "task.data.detections: is missing; set task.data.detections=…",
        ],
    ),
    "of the shell's": (
        ["experiment=detection/coco", "task.data.ground_truth=${HOME}/a", "task.data.detections=${DATA}/b"],
        [
            f"${{HOME}} refers to a key that is not there; the home folder is ~ or $HOME, the current one . {HERE}",
            "${DATA} refers to a key that is not there; a variable of the environment is ${oc.env:DATA}, which --",
        ],
    ),
    "another name of the environment": (
        [Q5, "task.W=${env:W}"],
        ["no ${env:…} is known here; a variable of the environment is ${oc.env:NAME}, which --allow-env NAME allows"],
    ),
    "no experiment of the name, and the rest": (
        ["experiment=assignment4/q5_l2", "task.W=x", "sed=1", "seed=y", "executor=locl"],
        ["there is no experiment", "sed: unknown key", "seed: got 'y'", "executor: there is no 'locl'; did you mean"],
    ),
    "executor and trackers": (
        [Q5, "task.W=x", "executor.processes=3", "trackers=[mlfow]"],
        [
            "task.W: got 'x'",
            "executor.processes: unknown key",
            "trackers[0].name: no tracker 'mlfow'; did you mean 'mlflow'",
        ],
    ),
    "executor and trackers of a sweep": (
        ["-m", Q5, "task.W=8,x", "executor.processes=3", "trackers=[mlfow]"],
        ["task.W: got 'x'", "executor.processes: unknown key", "trackers[0].name: no tracker 'mlfow'; did you mean"],
    ),
    "of a sweep": (
        [
            Q5,
            "sort=iou_p1",
            "hydra.sweep.dir=out",
            "hydra.sweeper.max_batch_size=2",
            "hydra.mode=MULTIRUN",
        ],
        [
            f"sort: is for a sweep; add -m {HERE}",
            "hydra.sweep.dir: is for a sweep; add -m",
            "hydra.sweeper.max_batch_size: is for a sweep; add -m",
            "hydra.mode: cannot be set: with -m it is a sweep, without it a single run",
        ],
    ),
    "of a single run": (
        ["-m", Q5, "task.W=8,x", "hydra.run.dir=out", "hydra.mode=RUN"],
        [
            "hydra.run.dir: is for a single run; the folder of a sweep is hydra.sweep.dir=FOLDER",
            "hydra.mode: cannot be set: with -m it is a sweep, without it a single run",
            "task.W: got 'x'",
        ],
    ),
    "no resolver": ([Q5, "task.W=${nope:3}"], ["task.W: no ${nope:…} is known here"]),
    "of the environment": (
        [Q5, "task.W=${oc.env:HOME}"],
        [f"task.W: asks for the environment variable 'HOME'; allow it with --allow-env HOME {HERE}"],
    ),
    "texts and keys and ranges": (
        [Q5, "task.H=a=b", "seeds=3", "timeout=-1"],
        ["task.H: cannot read 'a=b'; quote", "seeds: unknown key; did you mean 'seed'", "timeout: got -1, expected"],
    ),
    "a package": ([Q5, "task@bar=3"], [f"task: there is no such group of configs {HERE}"]),
    "what must be given": (
        ["experiment=detection/coco", "task.metrics={a: coc}"],
        ["task.data.ground_truth: is missing", "task.data.detections: is missing", "task.metrics.a.name: no metric"],
    ),
    "a range of nothing": (["-m", Q5, "task.W=range(6,1)"], ["task.W: got range(6,1), which holds no value"]),
    "a range without steps": (
        ["-m", Q5, "task.W=range(6,12,0)", "sed=3"],
        ["task.W: got range(6,12,0), expected finite numbers and a step other than 0", "sed: unknown key"],
    ),
    "a range up to no number": (["-m", Q5, "task.W=range(6,12,nan)"], ["task.W: got range(6,12,nan), expected finite"]),
    "a pattern for numbers": (
        ["-m", Q5, "task.W=glob(*)"],
        ["task.W: got glob(*), which chooses among the configs of a group, and there is no such group"],
    ),
    "a list for a task": ([Q5, "task=[]"], [f"task: got [], expected a task: its name, or {{name: …}} {HERE}"]),
    "a list for a part": (
        ["experiment=assignment4/q2_distractors", "task.problem=[]"],
        [f"task.problem: got [], expected a sequence_problem: its name, or {{name: …}} {HERE}"],
    ),
    "what goes together": ([Q5, "task.c=100"], [f"task.c: got 100, expected 0 < c < min(W, H) / 2 = 2 {HERE}"]),
    "zipped": (
        ["-m", Q5, "zip='task.q=1,2;task.W=3,x'"],
        [
            f"task.q: unknown key; known: H, W, c {HERE}",
            "task.W: got 'x', expected float (in the point task.q=2 task.W",
        ],
    ),
    "a launcher that is none": (
        [Q5, "hydra.launcher=foo"],
        ["hydra.launcher: got 'foo', expected a mapping of its parameters; hydra/launcher=NAME chooses another"],
    ),
    "a launcher that is none, of a sweep": (
        ["-m", Q5, "hydra.launcher=foo"],
        ["hydra.launcher: got 'foo', expected a mapping of its parameters; hydra/launcher=NAME chooses another"],
    ),
    "a config of a sweep": (
        ["-m", Q5, "task.W=1,2", "--cfg", "resolved"],
        ["--cfg: prints the config of a single run; leave -m out, and what is swept over"],
    ),
    "Hydra's own config": ([Q5, "--cfg", "hydra"], ["--cfg: got 'hydra', expected job or resolved"]),
    "keys and sections that there are not": (
        [Q5, "task.w=12", "tsk.W=3", "sed=3", "seed=x"],
        ["task.w: unknown key; did you mean 'W'?", "tsk: unknown key", "sed: unknown key", "seed: got 'x'"],
    ),
    "in a sweep": (["-m", Q5, "task.W=6,8", "task.x={a", "task.y=("], ["got 'task.x={a'", "got 'task.y=('"]),
    "points, and what is the same in all": (
        ["-m", Q5, "task.W=6,x,8,y", "seed=1,z", "sed=1", "task.h=3"],
        [
            f"sed: unknown key; did you mean 'seed'? {HERE}",
            f"task.h: unknown key; did you mean 'H'? {HERE}",
            "task.W: got 'x', expected float (in the point task.W=x seed=1)",
            "task.W: got 'y', expected float (in the point task.W=y seed=1)",
            "seed: got 'z', expected int (in the point task.W=6 seed=z)",
        ],
    ),
}
THEIRS = re.compile(
    r"\+\+|--multirun|EOF|EQUAL|struct\b|Hydra|OmegaConf|viable|mismatched|extraneous|nterpolation|Mandatory"
    r"|append to your config|Traceback"
)


@pytest.mark.parametrize(("arguments", "expected"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(cli, tmp_path, arguments, expected):
    done = cli("run", *arguments)
    assert done.code == 2
    lines = done.err.splitlines()
    assert len(lines) == len(expected)
    for text in expected:
        assert any(line.startswith("a4eval: error: ") and text in line for line in lines), done.err
    assert not THEIRS.search(done.err)
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_says_is_found_in_it(cli, tmp_path):
    folder = tmp_path / "my" / "experiment"
    folder.mkdir(parents=True)
    text = (
        "# @package _global_\nseed: a\ntask:\n  name: check_layer\n  layer:\n    name: conv_transpose\n    strid: 2\n"
    )
    (folder / "mine.yaml").write_text(text)
    (folder / "theirs.yaml").write_text(f"# @package _global_\ndefaults:\n  - override /executor: lcoal\n{text}")
    group = cli("run", "--config-dir", "my", "experiment=theirs").err
    assert "executor: there is no 'lcoal'; did you mean 'local'? (in my/experiment/theirs.yaml, line 3)" in group
    done = cli("run", "--config-dir", "my", "experiment=mine", "task.layer.kernel_size=x")
    assert "seed: got 'a', expected int (in my/experiment/mine.yaml, line 2)" in done.err
    assert "task.layer.strid: unknown key; did you mean 'stride'? (in my/experiment/mine.yaml, line 7)" in done.err
    assert re.search(r"task\.layer\.kernel_size: got 'x', .* \(on the command line\)", done.err)
    assert done.err.count("\n") == 3


FILES = {
    "experiment/a.yaml": """\
# @package _global_
defaults:
  - /data@task.data: nope
  - /metrics@task.metrics: some
  - nor_this
  - override /executor: lcoal
seed: a
task:
  name: evaluate
  shards: ${nope}
""",
    "experiment/b.yaml": "# @package _global_\ndefaults: [base]\ntask: {name: evaluate}\n",
    "experiment/base.yaml": "# @package _global_\nretries: x\ntask:\n  shards: many\n",
    "metrics/some.yaml": "f1:\n  name: detection_f\n",
}


@pytest.fixture
def my(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "my" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "my" / name).write_text(text)


def test_what_is_wrong_with_a_group_hides_nothing(cli, my):
    done = cli("run", "--config-dir", "my", "experiment=a", "task.k=1")
    assert [line.removeprefix("a4eval: error: ") for line in done.err.splitlines()] == [
        "experiment: there is no experiment 'nor_this' (`a4eval experiments` lists them; one of a plugin is there once"
        " that is installed) (in my/experiment/a.yaml, line 5)",
        "data: there is no 'nope'; none is known (in my/experiment/a.yaml, line 3)",
        "executor: there is no 'lcoal'; did you mean 'local'? (in my/experiment/a.yaml, line 6)",
        "task.shards: ${nope} refers to a key that is not there (in my/experiment/a.yaml, line 10)",
        "seed: got 'a', expected int (in my/experiment/a.yaml, line 7)",
        "task.k: unknown key; known: against, data, interval, metrics, prefix, rules, shards (on the command line)",
        "task.metrics.f1.name: no metric 'detection_f'; did you mean 'detection_f1' (a4eval-ap-metric 0.1.0)? (in"
        " my/metrics/some.yaml, line 2)",
    ]


def test_a_file_that_another_names_is_the_source(cli, my):
    done = cli("run", "-m", "--config-dir", "my", "experiment=a,b,c,assignment4/q5_l2_vs_iou", "task.W=10")
    assert "seed: got 'a', expected int (in the point experiment=a) (in my/experiment/a.yaml, line 7)" in done.err
    b = "(in the point experiment=b) (in my/experiment/base.yaml, line"
    assert f"retries: got 'x', expected int {b} 2)" in done.err
    assert f"task.shards: got 'many', expected int {b} 4)" in done.err
    assert "there is no experiment 'c'" in done.err
    assert done.err.count("\n") == 12
    assert "q5" not in done.err


def test_what_a_plugin_that_is_disabled_brings_is_missed_with_the_reason(site):
    done = site.run("run", "experiment=boxes/landscape", A4EVAL_DISABLE="box_metrics")
    assert done.code == 2
    assert "there is no experiment 'boxes/landscape'" in done.err
    assert "left out, as A4EVAL_DISABLE says: box_metrics" in done.err


def test_an_error_of_python_holds_all():
    with pytest.raises(a4eval.ConfigError) as raised:
        a4eval.run("assignment4/q5_l2_vs_iou", {"seed": "a", "task.W": "x"})
    assert [one.path for one in raised.value.errors] == ["seed", "task.W"]


def test_a_bare_name_and_a_key_below_it(cli):
    layer = ["task.name=check_layer", "task.layer=conv_transpose", "task.layer.stride=2", "task.checks=[gradient]"]
    assert cli("run", *layer[:3], "hydra.run.dir=out", "-q").code == 0
    swept = cli("run", "-m", *layer[:3], "task.layer.kernel_size=2,3", "dry_run=true")
    assert swept.code == 0, swept.err
    assert "stride: 2" in swept.out
    whole = cli("run", *layer[:3], "--cfg", "job").out
    assert "  layer:\n    name: conv_transpose\n    stride: 2\n" in whole


def test_a_mapping_takes_the_place_of_another(cli):
    shown = cli("run", "experiment=detection/coco", "task.metrics={f1: detection_f1}", "--cfg", "job").out
    assert "  metrics:\n    f1: detection_f1\n" in shown
    assert "coco_detection" not in shown
    more = cli("run", "experiment=detection/coco", "task.metrics.f1=detection_f1", "--cfg", "job").out
    assert "coco_detection" in more
    assert "f1: detection_f1" in more


def test_home_is_where_a_shell_has_it(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SECRET", "told")
    for text in ("~/nothing.json", "$HOME/nothing.json"):
        done = cli("run", "experiment=detection/coco", f"task.data.ground_truth={text}", "task.data.detections=x")
        assert f"{tmp_path}/nothing.json: cannot be read" in done.err
    done = cli("run", "experiment=detection/coco", "task.data.ground_truth=$SECRET/x", "task.data.detections=x")
    assert "told" not in done.err
    assert cli("run", Q5, "hydra.run.dir=~/mine", "-q").out == f"{tmp_path}/mine/result.json\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("w", "; did you mean 'W'?"),
        ("assignment4/q3", "; did you mean 'assignment4/q3_ap'?"),
        ("q", "; known: W, assignment4/q3_ap, assignment4/q4"),
        ("", "; known: W, assignment4/q3_ap, assignment4/q4"),
    ],
)
def test_the_nearest_name(name, expected):
    assert did_you_mean(name, ["W", "assignment4/q3_ap", "assignment4/q4"]) == expected


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("experiment=3", "experiment: got 3, expected the name of one; `a4eval experiments` lists them"),
        ("experiment=null", "experiment: got null, expected the name of one"),
        ("executor=1.5", "executor: got 1.5, expected the name of one; `a4eval components executor` lists them"),
        ("experiment=glob(assigment4/*)", "matches none of the"),
        ("experiment=glob(assigment4/*)", "did you mean 'assignment4'?"),
    ],
)
def test_what_names_no_config_is_said_in_our_words(cli, override, text):
    done = cli("run", "-m", *([] if override.startswith("experiment") else [Q5]), override)
    assert (done.code, done.out) == (2, "")
    assert text in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("words", [["-m", "task.name=a", "seed=range(0,2)"], ["task.name=a"], ["-m", "zip='seed=1,2'"]])
def test_without_assertions_hydra_is_not_asked(tmp_path, words):
    command = [sys.executable, "-O", "-m", "a4eval", "run", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "a4eval: error: PYTHONOPTIMIZE: Hydra cannot read overrides without Python's assertions: "
        "unset it, leave -O out\n"
    )


BROKEN = {
    "list": (b"- a\n- b\n", "/my/experiment/list.yaml: got a list, expected a mapping"),
    "latin": (b"# @package _global_\n# caf\xe9\n", "/my/experiment/latin.yaml, line 2: is not in UTF-8"),
    "headless": (
        b"task: {name: check_layer}\n",
        "the YAML file of headless must begin with the line `# @package _global_` (in my/experiment/headless.yaml)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_experiment_is_named(cli, tmp_path, name):
    content, text = BROKEN[name]
    folder = tmp_path / "my" / "experiment"
    folder.mkdir(parents=True)
    (folder / f"{name}.yaml").write_bytes(content)
    for more in ([], ["-m", "seed=1,2"]):
        done = cli("run", "--config-dir", "my", f"experiment={name}", *more)
        assert done.code == 2
        assert text in done.err
        assert "Error" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["experiment=my/experiment/sub/two.yaml"],
        ["experiment=my/experiment/sub/two"],
        ["--config-dir", "my/experiment/sub", "experiment=two"],
    ],
)
def test_an_experiment_that_is_named_as_a_file(cli, tmp_path, words):
    folder = tmp_path / "my" / "experiment" / "sub"
    folder.mkdir(parents=True)
    (folder / "two.yaml").write_text("# @package _global_\ntask: {name: check_layer}\n")
    (tmp_path / "loose.yaml").write_text("# @package _global_\ntask: {name: check_layer}\n")
    said = "; my/experiment/sub/two.yaml is --config-dir my experiment=sub/two\n"
    assert cli("run", *words).err.endswith(said)
    loose = cli("run", "experiment=loose.yaml").err
    assert loose.endswith("; loose.yaml must stand in a folder FOLDER/experiment, for --config-dir FOLDER\n")


def test_a_folder_is_no_data(cli, tmp_path):
    (tmp_path / "data").mkdir()
    done = cli("run", "experiment=detection/coco", "task.data.ground_truth=data", "task.data.detections=data")
    assert done.code == 1
    assert "data: is a folder, expected a file" in done.err


def test_code_that_is_not_there_has_a_path(cli, tmp_path, monkeypatch):
    (tmp_path / "mine_of_complaints.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    layer = "task.layer={name: torch, layer: 'mine_of_complaints:Absent', input: [3, 4]}"
    pytest.importorskip("torch")
    done = cli("run", "task.name=check_layer", layer, "--allow-import", "mine_of_complaints")
    said = "task.layer.layer: 'mine_of_complaints:Absent': mine_of_complaints has no 'Absent'; known: x"
    assert done.err == f"a4eval: error: {said} {HERE}\n"


def test_python_is_told_in_its_own_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my" / "experiment").mkdir(parents=True)
    for name in ("my/experiment/two.yaml", "loose.yaml"):
        (tmp_path / name).write_text("# @package _global_\ntask: {name: check_layer}\n")
    with pytest.raises(a4eval.ConfigError, match=r"my/experiment/two\.yaml is two of config_dir=my$"):
        a4eval.run("my/experiment/two.yaml")
    with pytest.raises(a4eval.ConfigError, match=r"must stand in a folder FOLDER/experiment, for config_dir=FOLDER$"):
        a4eval.run("loose")
