# ruff: noqa: E501  (a line of an app stays a line)
"""Hydra apps of strangers, written anew after those that Hydra's documentation describes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from textwrap import dedent

import pytest
from hydra._internal.utils import get_args_parser

from ..conftest import FOUND


def _main_starts():
    """Say whether ``@hydra.main`` reads its arguments: on Python 3.14 that of Hydra 1.3 ends there, with any sweeper."""
    try:
        get_args_parser()
    except ValueError:
        return False
    return True


STARTS = pytest.mark.skipif(
    not _main_starts(), reason="@hydra.main does not start on this Python: pip install --pre 'hydra-core>=1.4.0rc1'"
)
PATH = os.pathsep.join(filter(None, [FOUND, os.environ.get("PYTHONPATH")]))
"""Where a program finds a4eval as the tests do, and what whoever runs the tests wants it to find."""

SEE = '''
import json, logging, os, sys
from pathlib import Path
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

log = logging.getLogger(__name__)


def see(cfg, **more):
    """Write down all that a function can see of where and how it runs."""
    own = HydraConfig.get()
    log.info("seen %s", own.job.num)
    logging.getLogger("another").debug("whispered")
    try:
        resolved = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
    except Exception as error:
        resolved = f"{type(error).__name__}: {error}"
    handlers = [
        [type(one).__name__, one.level, getattr(one, "baseFilename", ""), one.formatter and one.formatter._fmt]
        for one in logging.getLogger().handlers
    ]
    seen = {
        "yaml": OmegaConf.to_yaml(cfg),
        "resolved": resolved,
        "type": str(OmegaConf.get_type(cfg)),
        "types": {str(key): str(OmegaConf.get_type(cfg, key)) for key in cfg if not OmegaConf.is_missing(cfg, key)},
        "flags": [OmegaConf.is_struct(cfg), OmegaConf.is_readonly(cfg)],
        "job": OmegaConf.to_container(own.job, resolve=True),
        "overrides": OmegaConf.to_container(own.overrides.task),
        "output_dir": own.runtime.output_dir,
        "runtime": [own.runtime.cwd, str(own.runtime.version_base), own.runtime.version],
        "mode": str(own.mode),
        "cwd": os.getcwd(),
        "environment": os.environ.get("APP_SETTING"),
        "arguments": [one for one in sys.argv[1:] if not one.startswith(("hydra/sweeper", "hydra.sweep.dir"))],
        "main": sys.modules["__main__"].__dict__.get("__name__"),
        "log": [logging.getLogger().level, handlers],
        **more,
    }
    Path(own.runtime.output_dir, "seen.json").write_text(json.dumps(seen, indent=1, default=str))
'''


@dataclass(frozen=True)
class App:
    """A program, its files, and the words to start and sweep it with."""

    code: str
    words: str
    files: dict[str, str] = field(default_factory=dict)
    start: tuple[str, ...] = ("app.py",)
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, folder):
        """Write the program."""
        for name, text in {"seeing.py": SEE, "app.py": self.code, **self.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip())


def plain(decorator="version_base=None", body="see(cfg)", before="", guard='if __name__ == "__main__":\n    main()\n'):
    """Return the code of an app of one function."""
    return (
        f"from dataclasses import dataclass, field\nfrom enum import Enum\nfrom typing import Any\n\nimport hydra\n"
        f"from hydra.core.config_store import ConfigStore\nfrom omegaconf import MISSING, OmegaConf\n"
        f"from seeing import see\n\n{dedent(before)}\n\n@hydra.main({decorator})\ndef main(cfg):\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + f"\n\n{guard}"
    )


YAML = 'version_base=None, config_path="conf", config_name="config"'
DB = {
    "conf/config.yaml": "defaults:\n  - db: mysql\n  - _self_\nlr: 0.1\nname: run-${db.user}-${lr}\n",
    "conf/db/mysql.yaml": "user: omry\nport: 3306\n",
    "conf/db/postgresql.yaml": "user: postgres\nport: 5432\ntimeout: 10\n",
}
TREE = {
    f"conf/{group}/{choice}.yaml": f"name: {choice}\nsize: {number}\nof: ${{lr}}\n"
    for number, group in enumerate(f"group{one}" for one in range(20))
    for choice in ("first", "second")
} | {"conf/config.yaml": "defaults:\n" + "".join(f"  - group{one}: first\n" for one in range(20)) + "lr: 0.5\n"}
STRUCTURED = """
class Colour(Enum):
    RED = 1
    BLUE = 2

@dataclass
class MySQL:
    driver: str = "mysql"
    port: int = 3306

@dataclass
class Postgres:
    driver: str = "pg"
    port: int = 5432
    tags: list[str] = field(default_factory=lambda: ["a"])

@dataclass
class Config:
    defaults: list[Any] = field(default_factory=lambda: ["_self_", {"db": "mysql"}])
    db: Any = MISSING
    colour: Colour = Colour.RED
    rate: float = 0.1
    needed: int = MISSING

store = ConfigStore.instance()
store.store(name="config", node=Config)
store.store(group="db", name="mysql", node=MySQL)
store.store(group="db", name="postgres", node=Postgres)
"""
SCHEMA = STRUCTURED.replace('store.store(name="config"', 'store.store(name="base_config"')

APPS = {
    "five lines": App(plain(), "+lr=1e-4,1e-3"),
    "an empty config": App(plain(), "hydra.job.name=empty"),
    "a config file": App(plain(YAML), "lr=1,2,3", DB),
    "a config group": App(plain(YAML), "db=mysql,postgresql lr=0.1,0.2", DB),
    "a key of a group": App(plain(YAML), "db=postgresql db.timeout=5,6 +extra=[1,2],{a:b}", DB),
    "all of a group": App(plain(YAML), "db=glob(*)", DB),
    "twenty groups": App(plain(YAML), "group3=first,second group7.size=range(3) group19=second", TREE),
    "structured": App(
        plain(
            'version_base=None, config_name="config"',
            "see(cfg, real=type(OmegaConf.to_object(cfg)).__name__)",
            STRUCTURED,
        ),
        "db=mysql,postgres needed=1 colour=RED,BLUE",
    ),
    "structured, a key missing": App(
        plain('version_base=None, config_name="config"', before=STRUCTURED), "rate=1,2e-3"
    ),
    "a schema": App(
        plain(YAML, "see(cfg, colour=repr(cfg.colour))", SCHEMA),
        "colour=BLUE,RED rate=1,2",
        {"conf/config.yaml": "defaults:\n  - base_config\n  - _self_\ncolour: BLUE\nneeded: 3\n"},
    ),
    "interpolations": App(
        plain(YAML),
        "a.b=1,2 d=${a.b},x c=choice(p,q)",
        {
            "conf/config.yaml": "a: {b: 1}\nc: ${a.b}\nd: ${c}/${hydra:job.num}/${oc.env:APP_SETTING}\ne: ${hydra:job.name}\n"
            "f: [1, '${d}']\n"
        },
        environment={"APP_SETTING": "on"},
    ),
    "params in the config": App(
        plain(YAML),
        "lr=5",
        {
            "conf/config.yaml": "lr: 1\nwd: 2\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      lr: 1,2\n"
            "      wd: choice(7,8)\n      +new: a,b\n"
        },
    ),
    "resolvers of its own": App(
        plain(
            YAML,
            before="OmegaConf.register_new_resolver('times', lambda a, b: a * b)",
            guard='if __name__ == "__main__":\n    OmegaConf.register_new_resolver("late", lambda: SETTING)\n'
            '    SETTING = "set late"\n    main()\n',
        ),
        "x=2,3",
        {"conf/config.yaml": "x: 1\ny: ${times:${x},10}\nz: ${late:}\nhydra: {sweep: {subdir: 'y${times:${x},2}'}}\n"},
    ),
    "into its folder": App(plain(YAML, "see(cfg)\nopen('here.txt', 'w').close()"), "hydra.job.chdir=true lr=1,2", DB),
    "into its folder, as of old": App(
        plain(
            'config_path="conf", config_name="config", version_base="1.1"', "see(cfg)\nopen('here.txt', 'w').close()"
        ),
        "lr=1,2",
        DB,
    ),
    "version 1.3": App(plain('version_base="1.3", config_path="conf", config_name="config"'), "lr=1,2", DB),
    "version 1.2": App(plain('version_base="1.2", config_path="conf", config_name="config"'), "lr=1,2", DB),
    "no version": App(plain('config_path="conf", config_name="config"'), "lr=1,2", DB),
    "folders named by overrides": App(
        plain(YAML),
        "db=postgresql lr=0.1,0.2 seed=1,2",
        DB
        | {
            "conf/config.yaml": DB["conf/config.yaml"]
            + "seed: 0\nhydra:\n  sweep: {subdir: '${hydra.job.override_dirname}'}\n"
            "  job: {config: {override_dirname: {exclude_keys: [db], kv_sep: '-', item_sep: '+'}}}\n"
        },
    ),
    "folders named on the command line": App(
        plain(YAML), "lr=1,2 hydra.sweep.subdir=p${hydra.job.num}-${hydra:job.num}", DB
    ),
    "callbacks": App(
        plain(YAML),
        "x=1,2",
        {
            "calls.py": """
                from pathlib import Path
                from hydra.experimental.callback import Callback

                class Note(Callback):
                    def __init__(self, word):
                        self.word, self.began = word, 0
                    def on_multirun_start(self, config, **kwargs):
                        self.began += 1
                    def on_job_start(self, config, *, task_function, **kwargs):
                        Path(config.hydra.runtime.output_dir, "began").write_text(
                            f"{self.word} {self.began} {config.x} {task_function.__name__}")
                    def on_job_end(self, config, job_return, **kwargs):
                        text = f"{job_return.status} {job_return.return_value} {list(job_return.overrides)} {job_return.task_name}"
                        Path(config.hydra.runtime.output_dir, "ended").write_text(text)
                    def on_multirun_end(self, config, **kwargs):
                        Path(config.hydra.sweep.dir, "all").write_text("ended")
                """,
            "conf/config.yaml": "x: 1\nhydra: {callbacks: {note: {_target_: calls.Note, word: hello}}}\n",
        },
    ),
    "its own logging": App(
        plain(YAML, "import logging\nlogging.getLogger('another').info('another %s', cfg.x)\nsee(cfg)"),
        "x=1,2 hydra.verbose=another",
        {
            "conf/config.yaml": "defaults:\n  - override hydra/job_logging: mine\n  - _self_\nx: 1\n",
            "conf/hydra/job_logging/mine.yaml": "version: 1\nformatters: {short: {format: '%(levelname)s|%(message)s'}}\n"
            "handlers:\n  file: {class: logging.FileHandler, formatter: short, filename: '${hydra.runtime.output_dir}/my.log'}\n"
            "root: {level: INFO, handlers: [file]}\ndisable_existing_loggers: false\n",
        },
    ),
    "environment, no folder of its own": App(
        plain(YAML),
        "x=1,2",
        {"conf/config.yaml": "x: 1\nhydra: {output_subdir: null, job: {name: renamed, env_set: {APP_SETTING: '7'}}}\n"},
    ),
    "an option for the config": App(
        plain(), "--config-dir other --config-name mine k=1,2", {"other/mine.yaml": "k: 3\n"}
    ),
    "configs elsewhere": App(
        plain(YAML),
        "far=a,b far.k=4",
        {
            "conf/config.yaml": "defaults: [{far: a}]\nhydra: {searchpath: ['file://${oc.env:PWD}/outside']}\n",
            "outside/far/a.yaml": "k: 1\n",
            "outside/far/b.yaml": "k: 2\n",
        },
    ),
    "taken away and added": App(plain(YAML), "~db.port lr=1,2 ++db.user=me,you +new.deep=1", DB),
    "the same twice": App(plain(YAML), "lr=1,1,2", DB),
    "quoted": App(plain(YAML), "name='a b','c=d',\"it's\",'${lr}'\nlr=1", DB),
    "later wins": App(plain(YAML), "lr=1,2 db=postgresql lr=3,4 db=mysql", DB),
    "a package": App(
        "",
        "lr=1,2",
        {
            "shop/__init__.py": "",
            "shop/train.py": plain('version_base=None, config_path="conf", config_name="config"'),
            "shop/conf/__init__.py": "",
            "shop/conf/config.yaml": "lr: 1\n",
        },
        start=("-m", "shop.train"),
    ),
    "a package's entry": App(
        "import sys\nfrom shop.train import cli\nsys.exit(cli())\n",
        "lr=1,2",
        {
            "shop/__init__.py": "",
            "shop/train.py": plain(
                'version_base=None, config_path="conf", config_name="config"',
                guard="def cli():\n    OmegaConf.register_new_resolver('late', lambda: 7)\n    main()\n",
            ),
            "shop/conf/__init__.py": "",
            "shop/conf/config.yaml": "lr: 1\nx: ${late:}\n",
        },
    ),
    "no guard": App(plain(guard="main()\n"), "+lr=1,2"),
    "a read-only config": App(
        plain(YAML, "see(cfg)\nOmegaConf.set_readonly(cfg, False)\ncfg.x = 9"), "x=1,2", {"conf/config.yaml": "x: 1\n"}
    ),
}
