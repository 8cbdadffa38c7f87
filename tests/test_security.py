"""What a stranger hands over runs no code, shows no secret and ties up no machine.

Each test is an attack on one door of a4eval: a config, a record, a data file or a folder that someone sent.
``SECURITY.md`` says what is trusted; this file says what is not, by trying it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from a4eval.runs import provenance

MARK = "pwned"
"""The file that an attack makes, in the working directory, if it gets to run anything."""
RUNS = "experiment=assignment4/q3_interpolated_ap"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """Let no test leave an allowed variable or a Hydra behind."""
    monkeypatch.setenv("A4EVAL_ALLOW_ENV", "")
    monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "")
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def sent(tmp_path):
    """Write files into the folder ``sent``, as a stranger would hand it over."""

    def write(files):
        for name, text in files.items():
            file = tmp_path / "sent" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
        return tmp_path / "sent"

    return write


def refused(done, *words):
    """Say whether a command ended as a wrong config does: exit status 2, a line for each fault, nothing run."""
    assert done.code == 2, done.out + done.err
    lines = done.err.strip().splitlines()
    assert lines, done.out
    assert all(line.startswith("a4eval: error: ") for line in lines), done.err
    for word in words:
        assert word in lines[0], lines[0]
    assert not (done.cwd / MARK).exists()
    return True


# --- 1. Hydra's own part of a config is code -------------------------------------------------------------------------

EVIL = "{_target_: pathlib.Path.touch, self: {_target_: pathlib.Path, _args_: [pwned]}}"
"""What Hydra's ``instantiate`` would make a file of."""
COPY = "{_target_: shutil.copy, src: sent/experiment/evil.yaml, dst: pwned}"
HYDRA = {
    "callbacks": (f"callbacks: {{evil: {COPY}}}", "hydra.callbacks"),
    "logging": (f"job_logging: {{version: 1, handlers: {{x: {{(): {COPY}}}}}}}", "hydra.job_logging"),
    "hydra_logging": ("hydra_logging: {version: 1, handlers: {x: {(): shutil.copy}}}", "hydra.hydra_logging"),
    "sweeper": ("sweeper: {_target_: shutil.copy}", "hydra.sweeper._target_"),
    "sweeper, nested": (f"sweeper: {{params: {EVIL}}}", "hydra.sweeper"),
    "launcher": ("launcher: {_target_: shutil.copy}", "hydra.launcher._target_"),
    "launcher, nested": (f"launcher: {{x: {EVIL}}}", "x"),
    "env_set": ("job: {env_set: {LD_PRELOAD: evil.so}}", "hydra.job.env_set"),
    "env_copy": ("job: {env_copy: [HOME]}", "hydra.job.env_"),
    "chdir": ("job: {chdir: true}", "hydra.job.chdir"),
    "name": ("job: {name: ../../elsewhere}", "hydra.job.name"),
    "searchpath": ("searchpath: [pkg://antigravity]", "hydra.searchpath"),
    "overrides": ("overrides: {hydra: ['hydra.searchpath=[pkg://antigravity]']}", "hydra.overrides"),
    "help": ("help: {template: x}", "hydra.help"),
    "output_subdir": ("output_subdir: elsewhere", "hydra.output_subdir"),
    "subdir": ("sweep: {subdir: ../elsewhere}", "hydra.sweep.subdir"),
    "verbose": ("verbose: true", "hydra.verbose"),
    "storage": ("sweeper: {storage: 'sqlite:///evil.db'}", "storage"),
}
WAYS = {
    "run": ["run"],
    "dry run": ["run", "dry_run=true"],
    "cfg": ["run", "--cfg", "job"],
    "sweep": ["run", "-m", "seed=1,2"],
    "planned sweep": ["run", "-m", "seed=1,2", "dry_run=true"],
    "basic sweep": ["run", "-m", "seed=1,2", "hydra/sweeper=basic"],
}


@pytest.mark.parametrize(
    "text",
    [
        "hydra: {sweeper: {params: {executor: slurm}}}",
        "hydra: {sweeper: {params: {executor.name: slurm}}}",
        "hydra: {sweeper: {params: {executor: ray, executor.address: '6.6.6.6:6379'}}}",
        "hydra: {sweeper: {params: {+executor@executor: slurm}}}",
        "zip: 'executor.name=slurm; task.W=5'",
        "zip: ['executor=slurm']",
        "zip: 'hydra.sweep.dir=elsewhere'",
        "zip: '++executor.name=slurm'",
    ],
)
@pytest.mark.parametrize("way", [["run", "-m"], ["run", "-m", "dry_run=true"]], ids=["sweep", "dry run"])
def test_what_a_config_sweeps_over_chooses_nothing_that_runs(cli, sent, text, way):
    header = "# @package _global_\ndefaults: [assignment4/q5_l2_vs_iou]\n"
    sent({"experiment/evil.yaml": f"{header}{text}\n"})
    command, *rest = way
    assert refused(cli(command, "--config-dir=sent", "experiment=evil", *rest))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", HYDRA)
def test_a_config_says_nothing_of_hydra_that_is_not_offered(cli, sent, attack, way):
    text, key = HYDRA[attack]
    header = "# @package _global_\ndefaults: [assignment4/q3_interpolated_ap]\n"
    sent({"experiment/evil.yaml": f"{header}hydra: {{{text}}}\n"})
    command, *rest = WAYS[way]
    assert refused(cli(command, "--config-dir=sent", "experiment=evil", *rest), key)


@pytest.mark.parametrize("way", WAYS)
def test_nor_does_one_point_of_a_sweep_or_a_file_that_puts_itself_there(cli, sent, way):
    sent(
        {
            "experiment/good.yaml": "# @package _global_\ndefaults: [assignment4/q3_interpolated_ap]\n",
            "experiment/evil.yaml": f"# @package hydra.callbacks\nevil: {COPY}\n",
            "experiment/named.yaml": "# @package _global_\ndefaults: ['/evil@hydra.callbacks.x']\n",
            "evil.yaml": f"{COPY}\n",
        }
    )
    command, *rest = WAYS[way]
    assert refused(cli(command, "--config-dir=sent", "experiment=evil", "task=null", *rest), "hydra.callbacks")
    assert refused(cli(command, "--config-dir=sent", "experiment=named", *rest), "hydra.callbacks")
    if "-m" in rest:
        assert refused(cli(command, "--config-dir=sent", "experiment=good,named", *rest), "hydra.callbacks")


@pytest.mark.parametrize(
    "files",
    [
        {"config.yaml": "hydra: {searchpath: [pkg://antigravity]}\ntask: ???\n"},
        {"hydra/launcher/basic.yaml": "_target_: shutil.copy\n"},
        {"hydra/callbacks/evil.yaml": "x: {_target_: shutil.copy}\n"},
        {"executor/local.yaml": f"# @package _global_\nhydra: {{callbacks: {{x: {COPY}}}}}\n"},
        {"executor/slurm.yaml": "name: slurm\noptions: {setup: [touch pwned]}\n"},
    ],
    ids=lambda files: next(iter(files)),
)
@pytest.mark.parametrize("way", WAYS)
def test_a_folder_of_configs_replaces_nothing_of_ours(cli, sent, files, way):
    sent(files)
    command, *rest = WAYS[way]
    assert refused(cli(command, "--config-dir=sent", RUNS, *rest), "sent/")


@pytest.mark.parametrize(
    "override",
    [
        "hydra.callbacks.x={_target_:shutil.copy}",
        "+hydra.callbacks.x={_target_:shutil.copy}",
        "+hydra={searchpath:[pkg://antigravity]}",
        "hydra.searchpath=[pkg://antigravity]",
        "hydra.sweeper._target_=shutil.copy",
        "hydra.launcher={_target_:shutil.copy}",
        "+hydra.launcher.x.y={_target_:shutil.copy}",
        "hydra/job_logging=default",
        "hydra/launcher=submitit_slurm",
        "hydra/sweeper=evil",
        "hydra.job.env_set.LD_PRELOAD=x",
        "~hydra.job_logging",
        "+experiment@hydra.callbacks=assignment4/q3_interpolated_ap",
    ],
)
def test_the_command_sets_only_what_is_offered_too(cli, override):
    """An override may come from the ``sweep.json`` of a folder that someone sent."""
    assert refused(cli("run", RUNS, override))
    assert refused(cli("run", "-m", RUNS, override))


def test_what_is_offered_works(cli, sent):
    sent(
        {
            "experiment/mine.yaml": """\
                # @package _global_
                defaults: [assignment4/q3_interpolated_ap]
                hydra: {run: {dir: here}, sweep: {dir: there}, sweeper: {max_batch_size: 2, params: {seed: "1,2"}}}
                """
        }
    )
    assert cli("run", "--config-dir=sent", "experiment=mine", "hydra/sweeper=basic").record["status"] == "ok"
    assert refused(
        cli("run", "-m", "--config-dir=sent", "experiment=mine"),
        "hydra.sweeper.max_batch_size: is for a sweep over a Hydra app of your own",
    )
    done = cli("run", "-m", "--config-dir=sent", "experiment=mine", "hydra/sweeper=basic")
    assert done.code == 0, done.err
    assert (done.cwd / "there" / "results.jsonl").read_bytes().count(b"\n") == 2


def test_in_a_task_a_target_is_only_an_unknown_key(cli, sent):
    sent({"experiment/evil.yaml": f"# @package _global_\ntask: {{name: evaluate, data: {COPY}, metrics: {{}}}}\n"})
    assert refused(cli("run", "--config-dir=sent", "experiment=evil"), "task.data.name: is missing")
    sent({"experiment/evil.yaml": "# @package _global_\ntask: {name: evaluate, _target_: os.system}\n"})
    assert refused(cli("run", "--config-dir=sent", "experiment=evil"), "task._target_: unknown key")


def test_a_config_reads_no_yaml_outside_its_folder(cli, sent, tmp_path):
    (tmp_path / "private.yaml").write_text("password: 123456\n")
    sent({"experiment/spy.yaml": "# @package _global_\ndefaults: ['/../private@task']\n"})
    assert refused(cli("run", "--config-dir=sent", "experiment=spy", "--cfg", "job"), "may lead out of the folder")
    (tmp_path / "sent" / "experiment" / "link.yaml").symlink_to(tmp_path / "private.yaml")
    assert refused(cli("run", "--config-dir=sent", "experiment=link", "--cfg", "job"))


# --- 2. Secrets ------------------------------------------------------------------------------------------------------

SECRET = "hunter2-hunter2"


@pytest.fixture
def secret(monkeypatch):
    """A secret in the environment."""
    monkeypatch.setenv("TOKEN", SECRET)


def written(folder):
    """Return all that lies in a folder: names and contents."""
    files = [file for file in folder.rglob("*") if "site" not in file.parts]
    return "\n".join([*map(str, files), *(file.read_text(errors="replace") for file in files if file.is_file())])


@pytest.mark.parametrize(
    "text",
    [
        "task: {name: probe, y: '${oc.env:TOKEN}'}",
        "task: {name: probe, y: '${oc.env:TOKEN,none}'}",
        "description: '${oc.env:TOKEN}'",
        "hydra: {run: {dir: 'runs/${oc.env:TOKEN}'}, sweep: {dir: 'runs/${oc.env:TOKEN}'}}",
        "defaults: ['${oc.env:TOKEN}']",
        "task: {name: probe, y: '${oc.decode:\"${oc.env:TOKEN}\"}'}",
        "hydra: {sweeper: {params: {task.y: '${oc.env:TOKEN}'}}}",
    ],
)
@pytest.mark.parametrize("way", ["run", "sweep", "planned sweep"])
def test_an_environment_variable_is_refused(cli, sent, probe, secret, text, way):
    sent({"experiment/spy.yaml": f"# @package _global_\n{text}\n"})
    command, *rest = WAYS[way]
    given = [] if text.startswith("task") else ["+task={name:probe}"]
    done = cli(command, "--config-dir=sent", "experiment=spy", "executor.name=here", *given, *rest)
    assert refused(done) if way != "run" or "sweeper" not in text else done.code == 0  # one run has no use for it
    assert SECRET not in done.out + done.err + written(done.cwd)


def test_an_allowed_one_is_used_but_written_nowhere(cli, sent, probe, secret, tmp_path):
    (tmp_path / SECRET).write_text("41")
    text = "task: {name: probe, reads: '${oc.env:TOKEN}', y: 'a ${oc.env:TOKEN} b', x: 1}\n"
    sent({"experiment/use.yaml": f"# @package _global_\ndescription: ${{oc.env:TOKEN}}\n{text}"})
    use = ("--config-dir=sent", "experiment=use", "--allow-env=TOKEN")
    single = cli("run", *use, "hydra.run.dir=single")
    assert single.code == 0, single.err
    assert single.record["metrics"]["value"]["value"] == 42
    assert single.record["config"]["task"]["y"] == "a <env:TOKEN> b"
    assert [one["path"] for one in single.record["data"]] == ["<env:TOKEN>"]
    sweep = cli("run", "-m", *use, "seed=1,2", "task.fail=[7]", "task.x=1,7", "executor=local", "hydra.sweep.dir=sweep")
    assert sweep.code == 1, sweep.err
    again = cli("run", "-m", *use, "seed=1,2", "task.fail=[7]", "task.x=1,7", "executor=local", "hydra.sweep.dir=sweep")
    assert "2 ok, 2 failed, 4 of them earlier" in again.out
    failed = cli("run", *use, "task.needs=nowhere/${oc.env:TOKEN}", "hydra.run.dir=failed")
    assert (failed.code, "has no nowhere/<env:TOKEN>" in failed.err) == (1, True)
    (tmp_path / SECRET).unlink()
    shown = "".join(one.out + one.err for one in (single, sweep, again, failed))
    assert SECRET not in shown + written(tmp_path)


def test_resume_and_retry_of_ones_own_sweep_allow_what_it_allowed(cli, probe, secret, monkeypatch):
    sweep = ("task.y=${oc.env:TOKEN}", "task.x=1,2", "task.fail=[2]", "executor=local", "hydra.sweep.dir=sweep")
    assert cli("run", "-m", "experiment=probe", "--allow-env=TOKEN", *sweep).code == 1
    monkeypatch.setenv("A4EVAL_ALLOW_ENV", "")
    assert "1 failed" in cli("resume", "sweep").out
    monkeypatch.setenv("A4EVAL_ALLOW_ENV", "")
    assert "1 failed" in cli("retry", "sweep").out
    monkeypatch.setenv("A4EVAL_ALLOW_ENV", "")
    file = cli("experiments").cwd / "sweep" / "sweep.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"proof": "0" * 64}))
    assert refused(cli("resume", "sweep"), "allow it with --allow-env TOKEN")
    assert refused(cli("retry", "sweep"), "allow it with --allow-env TOKEN")
    assert "1 failed" in cli("retry", "sweep", "--allow-env", "TOKEN").out


def test_what_looks_like_an_allowed_one_is_none(cli, probe, secret):
    """A record may hold the text that stands for a variable; a config may, too."""
    done = cli("run", "experiment=probe", "task.y='<env:TOKEN>'")
    assert refused(done, "allow it with --allow-env TOKEN")
    assert refused(cli("run", "experiment=probe", "--allow-env=a b"), "--allow-env: got 'a b'")


# --- Code that a config names -----------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path, request):
    """Write a package whose import leaves a mark; its name is the test's own, as modules stay imported."""
    name = f"mine_{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "layers.py").write_text(f"open({MARK!r}, 'w').close()\nclass Fancy: pass\n")
    return name


@pytest.mark.parametrize("allowed", ["", "other", "min", "mine_", "{mine}.layer", "{mine}_more", "os,sys"])
def test_code_is_imported_only_from_a_package_that_the_command_named(cli, probe, mine, allowed):
    options = [f"--allow-import={one.format(mine=mine)}" for one in allowed.split(",") if one]
    done = cli("run", "experiment=probe", f"task.code={mine}.layers:Fancy", *options)
    assert refused(done, f"task.code: names the code '{mine}.layers:Fancy'; allow it with --allow-import {mine}")


@pytest.mark.parametrize("way", ["{mine}", "{mine}.layers"])
def test_named_code_of_the_folder_one_stands_in_is_imported(cli, probe, mine, way, tmp_path):
    done = cli("run", "experiment=probe", f"task.code={mine}.layers:Fancy", f"--allow-import={way.format(mine=mine)}")
    assert done.code == 0, done.err
    assert (tmp_path / MARK).exists()


@pytest.mark.parametrize(
    "text", ["allow_import: [{mine}]", "hydra: {{job: {{env_set: {{A4EVAL_ALLOW_IMPORT: {mine}}}}}}}"]
)
def test_no_config_allows_code(cli, probe, mine, sent, text):
    text = f"task: {{name: probe, code: '{mine}.layers:Fancy'}}\n{text.format(mine=mine)}\n"
    sent({"experiment/spy.yaml": f"# @package _global_\n{text}"})
    assert refused(cli("run", "--config-dir=sent", "experiment=spy"))


def test_the_permission_reaches_workers_and_ones_own_resume_and_retry_but_no_folder_grants_it(
    cli, probe, mine, monkeypatch, tmp_path
):
    sweep = (f"task.code={mine}.layers:Fancy", "task.x=1,2", "task.fail=[2]", "executor=local", "hydra.sweep.dir=sweep")
    done = cli("run", "-m", "experiment=probe", f"--allow-import={mine}", *sweep)
    assert "1 ok, 1 failed" in done.out, done.err
    assert f"a4eval run --allow-import={mine} " in done.out
    for command in ("resume", "retry"):
        monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "")
        assert "1 failed" in cli(command, "sweep").out
    file = tmp_path / "sweep" / "sweep.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"proof": "0" * 64}))
    (tmp_path / MARK).unlink()
    for command in ("resume", "retry"):
        monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "")
        assert refused(cli(command, "sweep"), f"allow it with --allow-import {mine}")
    assert "1 failed" in cli("retry", "sweep", "--allow-import", mine).out


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("{mine}.layers", "expected package.module:name"),
        ("{mine}/layers:Fancy", "expected package.module:name"),
        ("{mine}.layers:Fanci", "has no 'Fanci'; did you mean 'Fancy'?"),
        ("{mine}.absent:Fancy", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_wrong_name_of_code_is_one_line(cli, probe, mine, name, says, tmp_path):
    name = name.format(mine=mine)
    done = cli("run", "experiment=probe", f"task.code='{name}'", f"--allow-import={mine}")
    (tmp_path / MARK).unlink(missing_ok=True)
    assert refused(done, says)


# --- 3. Nothing is unpickled from a folder ---------------------------------------------------------------------------


class Evil:
    """What runs when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path(MARK),)


@pytest.mark.parametrize("attack", ["pickle", "record", "outside", "endless"])
def test_the_state_of_a_part_is_never_a_program(cli, probe, tmp_path, attack):
    (tmp_path / "seed.txt").write_text("3")
    command = ("run", "experiment=heights", "task.shards=2", "hydra.run.dir=run", "executor.workers=1")
    assert cli(*command, "task.data.die=[1]").code == 1
    journal = tmp_path / "run" / "unfinished" / "results.jsonl"
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    (done,) = (one for one in lines if one["status"] == "ok")
    (artifact,) = done["artifacts"]
    state = tmp_path / "run" / "unfinished" / "runs" / done["run_id"] / artifact["path"]
    evil = {
        "pickle": pickle.dumps(Evil()),
        "record": msgspec.msgpack.encode([[], {"": {"record": ["os:system", {}]}}]),
        "outside": b"secret",
        "endless": b"",
    }[attack]
    if attack == "outside":
        (tmp_path / "secret").write_bytes(evil)
        artifact["path"] = "../../../../secret"
    elif attack == "endless":
        artifact["path"] = str(Path("/dev/zero"))
    else:
        state.write_bytes(evil)
    artifact |= {"sha256": hashlib.sha256(evil).hexdigest(), "bytes": len(evil)}
    journal.write_text("".join(json.dumps(one) + "\n" for one in lines))
    ended = cli(*command, "task.data.die=[1]")
    assert ended.code == 1
    assert "remove run/unfinished" in ended.err.replace(f"{tmp_path}/", "")
    assert not (tmp_path / MARK).exists()


@pytest.fixture
def fake_slurm(tmp_path, monkeypatch):
    """A Slurm that takes any job as number 7 and loses it."""
    if find_spec("submitit") is None:  # not imported here: it would close the log handlers of others
        pytest.skip("needs pip install 'a4eval[slurm]'")
    programs = {"sbatch": 'cp "$1" .; echo Submitted batch job 7', "squeue": "", "sacct": "", "srun": "", "scancel": ""}
    for name, line in programs.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


SLURM = ("executor=slurm", "executor.array_size=1", "hydra.sweep.dir=sweep")


def test_what_lies_in_a_folder_is_not_taken_for_the_result_of_a_job(cli, probe, fake_slurm, tmp_path):
    logs = tmp_path / "sweep" / "slurm"
    logs.mkdir(parents=True)
    for job in ("7", "7_0", "8", "8_0"):
        for name in (f"{job}_0_result.pkl", f"{job}_submitted.pkl"):
            (logs / name).write_bytes(pickle.dumps(Evil()))
    (logs / "jobs.txt").write_text("8_0\n")
    done = cli("run", "-m", "experiment=probe", "task.x=1,2", *SLURM)
    assert done.code == 1
    assert "running on slurm with {'array_size': 1}" in done.err
    assert not (tmp_path / MARK).exists()
    (fresh,) = (one for one in logs.iterdir() if one.is_dir())
    assert fresh.stat().st_mode & 0o077 == 0


def test_no_name_gets_a_line_into_the_script_of_a_job(cli, probe, fake_slurm, sent, half_failed, tmp_path):
    folder = 'hydra: {sweep: {dir: "x\\n touch pwned\\n"}}'
    sent({"experiment/evil.yaml": f"# @package _global_\n{folder}\ntask: {{name: probe}}\n"})
    done = cli("run", "-m", "--config-dir=sent", "experiment=evil", "executor=slurm")
    assert (done.code, "hydra.sweep.dir: Slurm cannot be given a folder named" in done.err) == (2, True)
    journal = half_failed / "results.jsonl"
    lines = [one | {"sweep_id": "x\ntouch pwned\n"} for one in records(half_failed)]
    journal.write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert cli("retry", "sweep", "executor=slurm", "executor.array_size=1").code == 1
    scripts = [file.read_text() for file in tmp_path.glob("*submission*.sh")]
    assert scripts
    assert not any(line.strip().startswith("touch") for text in scripts for line in text.splitlines())


# --- 4. A record or an experiment does not choose what runs ----------------------------------------------------------

ELSEWHERE = ["executor: slurm", "executor: {name: slurm, options: {setup: [touch pwned]}}", "executor: {name: here}"]


@pytest.mark.parametrize("way", ["run", "sweep", "planned sweep", "basic sweep", "cfg"])
@pytest.mark.parametrize("text", [*ELSEWHERE, "defaults: [override /executor: ray]", "defaults: ['/x@executor']"])
def test_an_experiment_chooses_no_executor(cli, sent, probe, text, way):
    sent(
        {
            "experiment/evil.yaml": f"# @package _global_\n{text}\ntask: {{name: probe}}\n",
            "x.yaml": "{name: slurm, options: {setup: [touch pwned]}}\n",
        }
    )
    command, *rest = WAYS[way]
    done = cli(command, "--config-dir=sent", "experiment=evil", *rest)
    assert refused(done, "executor: a config cannot choose", "give executor=")


@pytest.mark.parametrize("text", [*ELSEWHERE, "executor: {name: local, workers: 1}", "executor: {workers: 1}"])
def test_the_executor_of_the_command_is_beaten_by_none(cli, sent, probe, text):
    sent({"experiment/mine.yaml": f"# @package _global_\n{text}\ntask: {{name: probe}}\n"})
    command = ("run", "-m", "--config-dir=sent", "experiment=mine", "seed=1,2", "hydra.sweep.dir=sweep")
    done = cli(*command, "executor.name=here")
    assert done.code == 0, done.err
    assert "running on here" in done.err
    assert {one["executor"]["name"] for one in records(done.cwd / "sweep")} == {"here"}


def records(folder):
    """Return the records of a journal."""
    return [json.loads(line) for line in (folder / "results.jsonl").read_bytes().splitlines()]


def test_a_config_of_ones_own_is_chosen_by_the_command(cli, sent, probe):
    sent({"executor/mine.yaml": "name: here\n"})
    done = cli("run", "-m", "--config-dir=sent", "experiment=probe", "seed=1,2", "executor=mine")
    assert done.code == 0, done.err
    assert "running on here" in done.err


@pytest.fixture
def half_failed(cli, probe):
    """A sweep with a failed point on the executor ``here``."""
    sweep = ("experiment=probe", "task.x=1,2", "task.fail=[2]", "hydra.sweep.dir=sweep")
    done = cli("run", "-m", *sweep, "executor.name=here")
    assert done.code == 1, done.err
    return done.cwd / "sweep"


def test_ones_own_sweep_goes_on_where_it_ran(cli, half_failed):
    assert "running on here" in cli("retry", "sweep").err
    assert "running on here" in cli("resume", "sweep").err


@pytest.mark.parametrize("forged", ["", "0" * 64])
def test_a_folder_that_was_sent_chooses_nothing(cli, half_failed, forged):
    """A stranger's ``sweep.json`` and records may ask for a Slurm job with a shell line in it."""
    file = half_failed / "sweep.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"proof": forged}))
    assert refused(cli("resume", "sweep"), "asks for '++executor.name=here', and nothing proves that you gave")
    assert refused(cli("retry", "sweep"), "ask for 'here', which only a command may choose", "executor=here")
    assert "running on here" in cli("retry", "sweep", "executor.name=here").err
    assert "running on" not in cli("retry", "sweep", "executor=local", "executor.workers=1").err
    assert "running on" not in cli("resume", "sweep", "executor=local", "executor.workers=1").err


def test_a_sweep_that_goes_on_may_be_given_other_limits(cli, half_failed):
    done = cli("retry", "sweep", "timeout=60", "retries=1")
    assert done.code == 1
    last = records(half_failed)[-1]
    assert (last["config"]["timeout"], last["config"]["retries"], last["executor"]["attempt"]) == (60, 1, 2)
    assert refused(cli("retry", "sweep", "task.x=3"), "can only be given other values of executor, timeout")
    assert refused(cli("resume", "sweep", "seed=3"), "can only be given other values of executor, timeout")


TRACKERS = [
    "trackers: [{name: mlflow, uri: 'http://6.6.6.6/'}]",
    "trackers: mlflow",
    "trackers: [{name: tracked, to: pwned}]",
    "trackers: ${task.name}",
]
NO_LISTS = ["trackers: {name: tracked, to: pwned}", "defaults: ['/x@trackers']"]
"""What Hydra itself refuses, in place of a list."""


@pytest.mark.parametrize("way", [*WAYS, "resolved"])
@pytest.mark.parametrize("text", [*TRACKERS, *NO_LISTS])
def test_an_experiment_sends_nothing_anywhere(cli, sent, probe, text, way):
    header = "# @package _global_\n"
    task = "task: {name: probe}\n"
    sent({"experiment/evil.yaml": f"{header}{text}\n{task}", "x.yaml": "{name: tracked, to: pwned}\n"})
    command, *rest = {**WAYS, "resolved": ["run", "--cfg", "resolved"]}[way]
    done = cli(command, "--config-dir=sent", "experiment=evil", *rest)
    assert refused(done, *(() if text in NO_LISTS else ("trackers: a config cannot choose trackers", "give trackers=")))


@pytest.mark.parametrize(
    "text",
    [
        "hydra: {sweeper: {params: {trackers: '[{name: tracked, to: pwned}]'}}}",
        "hydra: {sweeper: {params: {++trackers: tracked}}}",
        "zip: 'trackers=tracked; task.x=5'",
    ],
)
def test_what_a_config_sweeps_over_sends_nothing_anywhere(cli, sent, probe, text):
    sent({"experiment/evil.yaml": f"# @package _global_\n{text}\ntask: {{name: probe}}\n"})
    assert refused(cli("run", "-m", "--config-dir=sent", "experiment=evil", "seed=1,2"))


@pytest.mark.parametrize("given", ["trackers=[{name: tracked}]", "trackers=[tracked]", "trackers=tracked"])
@pytest.mark.parametrize("text", TRACKERS)
def test_the_trackers_of_the_command_are_its_own(cli, sent, probe, text, given):
    header = "# @package _global_\n"
    sent({"experiment/mine.yaml": f"{header}{text}\ntask: {{name: probe}}\n", "x.yaml": "{name: tracked, to: pwned}\n"})
    done = cli("run", "--config-dir=sent", "experiment=mine", given, "hydra.run.dir=run")
    assert done.code == 0, done.err
    assert not (done.cwd / MARK).exists()
    assert (done.cwd / "tracked.jsonl").exists()


def test_a_folder_that_was_sent_is_sent_nowhere(cli, probe, tmp_path):
    sweep = ("experiment=probe", "task.x=1,2", "task.fail=[2]", "hydra.sweep.dir=sweep")
    assert cli("run", "-m", *sweep, "trackers=[{name: tracked, to: pwned}]").code == 1
    file = tmp_path / "sweep" / "sweep.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"proof": ""}))
    for one in ("pwned", "sweep/trackers.jsonl"):
        (tmp_path / one).unlink()
    assert refused(cli("resume", "sweep"), "asks for 'trackers=[{name: tracked, to: pwned}]'")
    assert cli("retry", "sweep").code == 1
    assert not (tmp_path / MARK).exists(), "a record chooses none"
    assert cli("resume", "sweep", "trackers=[tracked]").code == 1
    assert not (tmp_path / MARK).exists()
    assert len((tmp_path / "tracked.jsonl").read_text().splitlines()) == 3


def test_a_record_sends_no_file_but_its_own(tmp_path):
    from a4eval.trackers.facts import files

    folder = tmp_path / "run"
    (folder / "runs").mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    (folder / "own").write_text("secret")
    (folder / "other").write_text("others")
    os.mkfifo(folder / "pipe")
    digest = hashlib.sha256(b"secret").hexdigest()
    names = ("../secret", str(secret), "link", "runs", "pipe", "missing", "\0", "other", "own")
    listed = [{"path": name, "bytes": 6, "sha256": digest} for name in names]
    found = list(files({"artifacts": listed, "log": {"path": "own", "bytes": 7, "sha256": digest}}, folder))
    assert found == [("own", folder / "own")]


# --- 5. git is asked safely ------------------------------------------------------------------------------------------

PWN = "touch $PWNED"


def git(folder, *words, **keywords):
    """Run git, as the attacker, whose settings are harmless to make."""
    given = {"check": True, "capture_output": True, "text": True, **keywords}
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *identity, *words], cwd=folder, **given)  # noqa: PLW1510


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a file that changed, whose timestamps make git look at what is in it."""
    monkeypatch.setenv("PWNED", str(tmp_path / MARK))
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a\n")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "one")
    (tmp_path / "a.txt").write_text("b\n")
    provenance.git.cache_clear()
    yield tmp_path
    provenance.git.cache_clear()


def hostile(repository, setting):
    """Make a repository hostile; return whether git as it is would fall for it."""
    evil = repository / ".git" / "evil.sh"
    evil.write_text(f"#!/bin/sh\n{PWN}\ncat\n")
    evil.chmod(0o755)
    if setting == "hooks":
        hook = repository / ".git" / "hooks" / "post-index-change"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{PWN}\n")
        hook.chmod(0o755)
    elif setting in ("filter", "process", "filter in an included file"):
        (repository / ".git" / "info" / "attributes").write_text("* filter=evil\n")
        key = "process" if setting == "process" else "clean"
        file = ["-f", ".git/more"] if "included" in setting else []
        git(repository, "config", *file, f"filter.evil.{key}", str(evil))
        git(repository, "config", *file, "filter.evil.required", "true")
        if file:
            git(repository, "config", "include.path", "more")
    elif setting == "a .git file":
        (repository / ".git").rename(repository / "elsewhere")
        (repository / ".git").write_text("gitdir: elsewhere\n")
        git(repository, "config", "core.fsmonitor", f"sh -c '{PWN}; false'")
    elif setting == "alias":
        git(repository, "config", "alias.status", f"!{PWN}")
        git(repository, "config", "alias.config", f"!{PWN}")
    else:
        git(repository, "config", setting, f"sh -c '{PWN}; false'")


@pytest.mark.parametrize(
    ("setting", "works"),
    [
        ("core.fsmonitor", True),
        ("a .git file", True),
        ("filter", True),
        ("filter in an included file", True),
        ("process", True),
        ("hooks", True),
        ("alias", False),
        ("core.pager", False),
        ("diff.external", False),
        ("core.sshCommand", False),
    ],
)
def test_a_repository_runs_nothing(repository, setting, works):
    hostile(repository, setting)
    git(repository, "status", "--porcelain=v2", "--branch", "--untracked-files=no", check=False)
    assert (repository / MARK).exists() == works, "the attack on plain git"
    (repository / MARK).unlink(missing_ok=True)
    (repository / "a.txt").write_text("c\n")
    found = provenance.git()
    assert not (repository / MARK).exists()
    assert found is not None
    assert found.dirty
    assert found.commit == git(repository, "-c", "core.fsmonitor=false", "rev-parse", "HEAD").stdout.strip()


def test_a_run_inside_a_hostile_repository(cli, repository):
    hostile(repository, "core.fsmonitor")
    assert cli("run", RUNS).record["git"]["dirty"]
    assert not (repository / MARK).exists()


def test_a_missing_object_is_not_fetched(repository):
    """A partial clone names a remote, and the remote's address may be a command."""
    evil = f"ext::sh -c {PWN.replace(' ', '% ')}"
    git(repository, "config", "protocol.ext.allow", "always")
    git(repository, "config", "remote.origin.url", evil)
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "core.repositoryFormatVersion", "1")
    for one in (repository / ".git" / "objects").glob("??/*"):
        one.unlink()
    provenance.git()
    assert not (repository / MARK).exists()


def test_variables_of_git_are_not_followed(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(repository / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"sh -c '{PWN}'")
    found = provenance.git()
    assert found is not None
    assert not (repository / MARK).exists()


# --- 6. Bombs --------------------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 9)}]\n" for one in range(1, 40)
)
BOMBS = {
    "aliases of aliases": (LAUGHS, "stands for more than 100,000 values"),
    "an alias in itself": ("task: &a [*a]\n", "stands for more than 100,000 values"),
    "aliases in keys": ("a: &a {x: 1}\n" + "b: &b {? *a : *a}\n" * 1 + LAUGHS, "stands for more than"),
    "aliases of a long text": (f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 9_000)}]\n", "stands for more than"),
    "deep": ("task: " + "[" * 500 + "]" * 500, "nested more than 60 levels deep"),
    "deeper": ("task: " + "[" * 100_000, "exceeded maximum nesting depth"),
    "deep in blocks": ("- " * 100_000, "nested more than 60 levels deep"),
    "a long number": (f"seed: {'9' * 5_000}\n", "holds a number of 5,000 digits"),
    "a long number to base 60": (f"seed: {'1:' * 100_000}1\n", "holds a number of"),
    "a long number by its tag": (f"seed: !!int '{'9' * 5_000}'\n", "holds a number of 5,000 digits"),
    "a large file": ("# " + "x" * 2_000_000, "larger than 1,000,000 bytes"),
    "many values": ("task: [" + "1, " * 120_000 + "]\n", "stands for more than"),
    "an object": ("task: !!python/object/apply:pathlib.Path.touch [pwned]\n", "could not determine a constructor"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_yaml_file_stands_for_no_more_than_a_config_may(cli, sent, bomb):
    text, why = BOMBS[bomb]
    head = "# @package _global_\n"
    sent({"experiment/good.yaml": f"{head}description: fine\n", "experiment/bomb.yaml": head + text})
    start = time.monotonic()
    assert refused(cli("run", "--config-dir=sent", "experiment=bomb"), why)
    assert refused(cli("run", "-m", "--config-dir=sent", "experiment=bomb", "seed=1,2"), why)
    assert refused(cli("run", "--config-dir=sent", "experiment=bom"), "did you mean 'bomb'")
    listed = cli("experiments", "--config-dir=sent", "--json")
    shown = {one["experiment"]: one["description"] for one in json.loads(listed.out)}
    assert shown["good"] == "fine"
    assert "(unreadable: " in shown["bomb"]
    assert time.monotonic() - start < 60  # of all four; a bomb takes hours, or the machine's memory


def chain(first, following, length=40):
    """Return a task whose keys a0, a1, … each refer to the one before, by *following* with its path in place of @."""
    lines = [f"a0: {first}", *(f"a{one}: {following.replace('@', f'task.a{one - 1}')}" for one in range(1, length))]
    return "task:\n  name: probe\n" + "".join(f"  {line}\n" for line in lines)


INTERPOLATIONS = {
    "texts of texts": (chain("xxxxxxxxxx", f"'{'${@}' * 9}'"), "more than 300,000 characters"),
    "lists of lists": (chain("[x, x, x]", '["${@}"' + ', "${@}"' * 8 + "]"), "more than 5,000 references"),
    "selected": (chain("xxxxxxxxxx", f"'{'${oc.select:@}' * 9}'"), "more than 300,000 characters"),
    "values of values": (chain("{x: 1}", "{x: '${oc.dict.values:@}', y: '${oc.dict.values:@}'}"), "5,000 references"),
    "deep": (chain("{x: 1}", "{x: '${@}'}", 3_000), "more than 5,000 references"),
    "a bit deep": (chain("{x: 1}", "{x: '${@}'}", 70), "nested more than 60 levels deep"),
    "large lists": (
        f"a: [{'x, ' * 20_000}]\nb: ['${{a}}', '${{a}}', '${{a}}', '${{a}}', '${{a}}', '${{a}}']\n",
        "values",
    ),
    "a large text often": (f"a: {'x' * 900_000}\ntask: {{x: '{'${a}' * 2_000}'}}\n", "more than 300,000 characters"),
    "a long one": (f"description: {'${seed}' * 10_000}\n", "with interpolations of more than 10,000 characters"),
    "in itself": ("description: ${description}\n", "refers to itself"),
    "within each other": (f"description: {'${' * 1_500}seed{'}' * 1_500}\n", "RecursionError"),
    "YAML in a text": (
        f"description: '${{oc.create:\"{{{LAUGHS.strip().replace(chr(10), ', ')}}}\"}}'\n",
        "stands for more than 100,000 values",
    ),
    "a folder": (
        "hydra: {run: {dir: '${task.a39}'}, sweep: {dir: '${task.a39}'}}\n" + chain("xxxx", f"'{'${@}' * 9}'"),
        "more than 300,000 characters",
    ),
    "what is swept over": (
        "hydra: {sweeper: {params: {seed: '${task.a39}'}}}\n" + chain("xxxx", f"'{'${@}' * 9}'"),
        "more than 300,000 characters",
    ),
}


SWEPT = [(one, way) for one in ("texts of texts", "a folder", "what is swept over") for way in WAYS if "sweep" in way]


@pytest.mark.parametrize(("bomb", "way"), [*((one, "run") for one in INTERPOLATIONS), *SWEPT])
def test_interpolations_stand_for_no_more_than_a_config_may(cli, sent, probe, bomb, way):
    text, why = INTERPOLATIONS[bomb]
    task = "" if "task:" in text else "task: {name: probe}\n"
    sent({"experiment/bomb.yaml": f"# @package _global_\n{task}{text}"})
    command, *rest = WAYS[way]
    start = time.monotonic()
    done = cli(command, "--config-dir=sent", "experiment=bomb", *rest)
    hydras = "Error executing job with overrides: "  # said by the basic sweeper before the error is ours
    assert refused(
        replace(done, err="\n".join(one for one in done.err.splitlines() if not one.startswith(hydras))), why
    )
    assert time.monotonic() - start < 60  # a bomb takes years, or the machine's memory


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "folder", "/proc/kmsg"])
def test_a_yaml_file_is_a_file(cli, sent, tmp_path, name):
    folder = sent({"experiment/good.yaml": "description: fine\n"})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (folder / "experiment" / "odd.yaml").symlink_to(tmp_path / name)
    assert refused(cli("run", "--config-dir=sent", "experiment=odd"))
    assert "good" in cli("experiments", "--config-dir=sent").out


@pytest.mark.parametrize("path", ["/dev/zero", "pipe", "large", "/proc/kmsg", "/proc/self/mem"])
def test_a_record_has_no_endless_file_read(cli, half_failed, tmp_path, path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 42)
    data = [{"path": path, "sha256": "0" * 64, "bytes": 3}]
    lines = [one | {"data": data} for one in records(half_failed)]
    (half_failed / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert cli("retry", "sweep").code == 1
    command = ("experiment=probe", "task.x=1,2", "task.fail=[2]", "hydra.sweep.dir=sweep", "executor.name=here")
    assert cli("run", "-m", *command).code == 1
    assert cli("run", "-m", *command, "hydra/sweeper=basic").code == 1


def test_an_artifact_is_hashed_as_a_stream(tmp_path):
    """A sparse file of 3 GB is hashed in a few megabytes of memory."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(3 << 30)
    code = (
        "import resource, sys; from pathlib import Path; from a4eval.runs.runner import _artifact; "
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); "
        "print(_artifact(Path('large'), Path('.')).bytes)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(3 << 30), done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"run_id": "x", "status": "ok", "executor": {"attempt": 1' + "0" * 5_000 + "}}",
        '{"run_id": "x", "status": "failed", "executor": {}, "config": ' + "[" * 100_000 + "}",
        '{"run_id": "x", "status": "failed", "executor": {}, "data": [{"path": "\\u0000", "sha256": ""}]}',
    ],
    ids=range(5),
)
def test_a_line_of_a_journal_is_read_or_passed_over(cli, half_failed, line):
    with (half_failed / "results.jsonl").open("a") as file:
        file.write(line + "\n")
    for command in (["ls", "sweep"], ["retry", "sweep"], ["resume", "sweep"], ["ls", "sweep", "status=failed"]):
        done = cli(*command)
        assert done.code in (0, 1), done.err
        assert "Traceback" not in done.err
    (half_failed / "sweep.json").write_text(line)
    assert "Traceback" not in cli("resume", "sweep").err


@pytest.mark.parametrize("way", ["sweep", "planned sweep", "basic sweep"])
@pytest.mark.parametrize(
    "params",
    [
        "{task.x: 'range(0,1000000000000)'}",
        "{task.x: 'range(0.0,1.0,1e-15)'}",
        "{task.x: 'shuffle(range(0,1000000000000))'}",
        "{task.x: 'range(0,100000)', task.y: 'range(0,100000)'}",
    ],
)
def test_a_sweep_has_an_end(cli, sent, probe, params, way):
    head = "# @package _global_\ntask: {name: probe}\n"
    sent({"experiment/bomb.yaml": f"{head}hydra: {{sweeper: {{params: {params}}}}}\n"})
    command, *rest = WAYS[way]
    done = cli(command, "--config-dir=sent", "experiment=bomb", *rest)
    assert refused(done, "the sweep has more than 1,000,000 points")


# --- 7. What is printed ----------------------------------------------------------------------------------------------

TRICK = "\x1b[2J\x1b]0;owned\x07\r\u202e\u2066\x9b31m[link=x]y[/link]"
"""Clears the screen, names the window, overwrites the line, turns the text round; and a link in the markup of rich."""


def harmless(done):
    """Say whether what a command printed is text alone."""
    odd = {one for one in done.out + done.err if not one.isprintable()} - {"\n", "\t"}
    assert not odd, odd
    return done


def test_nothing_printed_is_a_command_to_the_terminal(cli, sent, probe, half_failed):
    quoted = json.dumps(TRICK)
    text = f"# @package _global_\ndescription: {quoted}\ntask: {{name: probe, y: {quoted}, needs: {quoted}}}\n"
    sent({"experiment/trick.yaml": text, "experiment/a\x1b[31mb.yaml": text, "experiment/bad.yaml": f"{quoted}: [\n"})
    mine = "--config-dir=sent"
    assert "\\x1b[2J" in harmless(cli("experiments", mine)).out
    harmless(cli("experiments", mine, "--json"))
    assert "\\x1b[2J" in harmless(cli("run", mine, "experiment=trick", "hydra.run.dir=run")).err
    harmless(cli("run", mine, "experiment=trick", "--cfg", "job"))
    harmless(cli("run", mine, "experiment=trick", "dry_run=true"))
    harmless(cli("run", mine, "experiment=bad"))
    harmless(cli("run", mine, f"experiment={TRICK}"))
    harmless(cli("run", mine, "experiment=trick", f"task.{TRICK}=1"))
    harmless(cli("run", "-m", mine, "experiment=trick", "seed=1,2", "dry_run=true"))
    harmless(cli("run", "-m", mine, "experiment=trick", "seed=1,2", "hydra.sweep.dir=trick", "executor.name=here"))
    harmless(cli("ls", "trick", f"task.{TRICK}=1"))
    harmless(cli("ls", "run"))
    journal = half_failed / "results.jsonl"
    lines = [
        one
        | {"experiment": TRICK, "overrides": [f"task.y={TRICK}{number}", f"seed={TRICK}"], "seed": number}
        | {"metrics": {TRICK: {"value": 1, "unit": TRICK, "higher_is_better": None, "n": None, "interval": None}}}
        | {"tables": {TRICK: [{TRICK: TRICK}]}, "warnings": [TRICK], "run_id": f"{number}"}
        | ({"error": {"type": TRICK, "message": TRICK, "traceback": TRICK}} if one["error"] else {})
        for number, one in enumerate(records(half_failed))
    ]
    journal.write_text("".join(json.dumps(one) + "\n" for one in lines))
    for form in ([], ["--csv"], ["--json"], ["--columns", "error,overrides,seed"], ["--sort", "seed"]):
        harmless(cli("ls", "sweep", *form))
    harmless(cli("retry", "sweep"))


def test_a_description_or_a_warning_of_a_plugin_is_text_too(site):
    code = f"""
        from dataclasses import dataclass
        from a4eval import Component, Result, Value, hookimpl, param
        A4EVAL_API = 1
        TRICK = {TRICK!r}

        @dataclass
        class Trick:
            "A task."
            __doc__ = TRICK
            y: str = param(TRICK, help=TRICK, unit=TRICK)

            def run(self, run):
                run.warn(TRICK)
                for _ in run.track([1], TRICK):
                    pass
                return Result({{TRICK: Value(1.0, TRICK)}}, {{TRICK: [{{TRICK: TRICK}}]}})

        @hookimpl
        def a4eval_components():
            return [Component(kind="task", name="trick", factory=Trick, summary=TRICK, references=(TRICK,))]

        @hookimpl
        def a4eval_run_finished(run, record):
            raise ValueError(TRICK)
    """
    site.add("tricky", dedent(code))
    site.add("broken", f"raise ValueError({TRICK!r})")
    assert "\\x1b[2J" in harmless(site.run("plugins")).out
    harmless(site.run("components"))
    assert "\\x1b[2J" in harmless(site.run("components", "trick")).out
    assert "\\x1b[2J" in harmless(site.run("run", "+task={name:trick}")).out


def test_one_place_prints():
    """No other file of the core calls ``print`` or writes to a stream of its own."""
    root = Path(__file__).resolve().parent.parent / "a4eval"
    for file in root.rglob("*.py"):
        text = file.read_text()
        if file.name != "terminal.py":
            assert not re.search(r"(?<!>>> )(?<![\w.])print\(|sys\.std(out|err)\.write|click\.echo", text), file


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_have_the_modes_that_the_user_wants(cli, probe, umask):
    before = os.umask(umask)
    try:
        done = cli("run", "experiment=probe", "task.write=true", "hydra.run.dir=run")
        assert cli("run", "-m", "experiment=probe", "seed=1,2", "executor.name=here", "hydra.sweep.dir=sweep").code == 0
    finally:
        os.umask(before)
    files = [file for name in ("run", "sweep") for file in (done.cwd / name).rglob("*")]
    assert {"result.json", "x.txt", "results.jsonl", "sweep.json"} <= {file.name for file in files}
    for file in files:
        assert file.stat().st_mode & 0o777 == (0o777 if file.is_dir() else 0o666) & ~umask, file


@pytest.mark.parametrize("setting", ["executor: slurm", "executor: {name: ray}", "timeout: 5", "version: git"])
def test_a_config_sent_by_others_does_not_say_how_a_sweep_runs_in_the_words_for_apps(cli, sent, setting):
    text = f"# @package _global_\ndefaults: [assignment4/q3_interpolated_ap]\nhydra: {{sweeper: {{{setting}}}}}\n"
    sent({"experiment/mine.yaml": text})
    name = setting.partition(":")[0]
    done = cli("run", "-m", "--config-dir=sent", "experiment=mine", "seed=1,2")
    assert refused(done, f"hydra.sweeper.{name}")
