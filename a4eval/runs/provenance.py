"""Facts about where a run happened: machine, packages, git, what plugins add."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import sys
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import told
from a4eval.runs import installed
from a4eval.runs.record import EnvironmentRecord, GitRecord, plain

if TYPE_CHECKING:
    from a4eval.registry import Registry

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")
"""The environment variables that say how many threads BLAS and the like have."""
_PACKAGES = ("hydra", "omegaconf", "numpy", "scipy", "pluggy", "msgspec", "torch", "jax", "matplotlib")


def one_thread() -> None:
    """Let the numbers of this process come from one BLAS thread, as in a worker, unless the user said otherwise.

    Many small products are several times as fast with one, and a number does not depend on the machine.
    Where numpy is loaded already nothing changes: it has its threads.
    """
    if "numpy" not in sys.modules and not any(name in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))


def environment(registry: Registry, *, in_sweep: bool = False) -> tuple[EnvironmentRecord, list[str]]:
    """Return the facts, and a warning for each plugin that failed to give its own.

    In a sweep the list of all packages is named; it lies in the sweep's folder.
    They are gathered anew only once something has been imported since: a sweep has ten thousand runs in one process.
    """
    threads = tuple((name, os.environ[name]) for name in THREADS if name in os.environ)
    return _environment(registry, threads, installed.file_name() if in_sweep else None, len(sys.modules))


@lru_cache(maxsize=1)
def _environment(
    registry: Registry, threads: tuple[tuple[str, str], ...], listed: str | None, _imported: int
) -> tuple[EnvironmentRecord, list[str]]:
    facts, warnings = {}, []
    for plugin in registry.plugins:
        try:
            answers = [plain(dict(answer)) for answer in plugin.call("a4eval_provenance")]
            msgspec.json.encode(answers)
        except BaseException as error:  # noqa: BLE001  (a stranger's hook must not lose a finished run)
            warnings.append(f"plugin {plugin.name!r}: a4eval_provenance failed: {told(error)}")
            continue
        for answer in answers:
            facts[plugin.name] = answer
    return EnvironmentRecord(
        python=platform.python_version(),
        platform=_platform(),
        processors=os.cpu_count(),
        packages=_packages(),
        threads=dict(threads),
        plugins=facts,
        installed=listed or installed.packages(),
    ), warnings


def peak_memory() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@cache
def git() -> GitRecord | None:
    """Return the commit of the repository around the working directory, or None.

    The repository may be anyone's, and its configuration may name programs; git is asked so that it starts none.
    """
    filters = _ask_git(
        "config", "--null", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$"
    )
    if filters is None:
        return None
    off = [word for name in filters.split("\0") if name for word in ("-c", f"{name}={_OFF[name.rpartition('.')[2]]}")]
    status = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=all")
    found = _ask_git(*off, *status)
    if found is None:
        return None
    about: list[str] = []
    changes: list[str] = []
    for line in found.splitlines():
        (about if line.startswith("#") else changes).append(line)
    commit = next((line.split()[-1] for line in about if line.startswith("# branch.oid ")), "")
    return GitRecord(commit=commit, dirty=bool(changes)) if re.fullmatch("[0-9a-f]{40,64}", commit) else None


_OFF = {"clean": "", "smudge": "", "process": "", "required": "false"}
"""What turns a filter off; one that is required would fail instead."""
_HARMLESS = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false"),
    *("-c", "core.sshCommand=false", "-c", "core.alternateRefsCommand=", "-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit", "--no-optional-locks", "--no-pager", "--literal-pathspecs"),
)


def _ask_git(*words: str) -> str | None:
    """Return what git says, in an environment without its own variables; None if it cannot or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_TERMINAL_PROMPT": "0"}
    try:
        # fixed words, and names of settings that are turned off
        done = subprocess.run(  # noqa: S603
            ["git", *_HARMLESS, *words],  # noqa: S607  (the user's own git)
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=5,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout


@cache
def _platform() -> str:
    return platform.platform()


def _packages() -> dict[str, str]:
    """Return the versions of the imported ones among the packages that can change a number."""
    imported = {name: sys.modules.get(name) for name in _PACKAGES}
    return {name: str(module.__version__) for name, module in imported.items() if module is not None}
