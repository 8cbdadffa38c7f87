"""What a stranger hands over runs no code, shows no secret and ties up no machine.

Each test is an attack on one door of a4eval: a config, a record, a data file or a folder that someone sent.
``SECURITY.md`` says what is trusted; this file says what is not, by trying it.
"""

from __future__ import annotations

import json
import re
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
    sent(
        {
            "experiment/evil.yaml": f"# @package _global_\ndefaults: [assignment4/q3_interpolated_ap]\nhydra: {{{text}}}\n"
        }
    )
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
