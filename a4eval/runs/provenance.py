"""Facts about where a run happened: machine, packages, git, what plugins add."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import told
from a4eval.runs.record import EnvironmentRecord, GitRecord, plain

if TYPE_CHECKING:
    from a4eval.registry import Registry

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")
_PACKAGES = ("hydra", "omegaconf", "numpy", "scipy", "pluggy", "msgspec", "torch", "jax", "matplotlib")


def environment(registry: Registry) -> tuple[EnvironmentRecord, list[str]]:
    """Return the facts, and a warning for each plugin that failed to give its own."""
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
        threads={name: os.environ[name] for name in THREADS if name in os.environ},
        plugins=facts,
    ), warnings


def peak_memory() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@cache
def git() -> GitRecord | None:
    """Return the commit of the repository around the working directory, or None."""
    words = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        # fixed words to the user's own git
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=5)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    about: list[str] = []
    changes: list[str] = []
    for line in done.stdout.splitlines():
        (about if line.startswith("#") else changes).append(line)
    commit = next((line.split()[-1] for line in about if line.startswith("# branch.oid ")), "")
    return GitRecord(commit=commit, dirty=bool(changes)) if re.fullmatch("[0-9a-f]{40,64}", commit) else None


@cache
def _platform() -> str:
    return platform.platform()


def _packages() -> dict[str, str]:
    """Return the versions of the imported ones among the packages that can change a number."""
    imported = {name: sys.modules.get(name) for name in _PACKAGES}
    return {name: str(module.__version__) for name, module in imported.items() if module is not None}
