"""What a stranger hands over runs no code, shows no secret and ties up no machine.

Each test is an attack on one door of a4eval: a config, a record, a data file or a folder that someone sent.
``SECURITY.md`` says what is trusted; this file says what is not, by trying it.
"""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

MARK = "pwned"
"""The file that an attack makes, in the working directory, if it gets to run anything."""
RUNS = "experiment=assignment4/q3_interpolated_ap"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """Let no test leave an allowed variable or a Hydra behind."""
    monkeypatch.setenv("A4EVAL_ALLOW_ENV", "")


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
    """Say whether a command ended as a wrong config does: exit status 2, one line that says why, nothing run."""
    assert done.code == 2, done.out + done.err
    lines = done.err.strip().splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("a4eval: error: ")
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
}
WAYS = {
    "run": ["run"],
    "dry run": ["run", "dry_run=true"],
    "cfg": ["run", "--cfg", "all"],
    "sweep": ["run", "-m", "seed=1,2"],
    "planned sweep": ["run", "-m", "seed=1,2", "dry_run=true"],
    "basic sweep": ["run", "-m", "seed=1,2", "hydra/sweeper=basic"],
}


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
        cli("run", "-m", "--config-dir=sent", "experiment=mine"), "hydra.sweeper.max_batch_size: unknown key"
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
