"""Shared by the benchmarks: interleaved timing, one table a benchmark, published into ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

# an installed package keeps its bytecode: without it, every process that a benchmark starts compiles all it imports
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def interleave(cases: Mapping[str, Callable[[], Any]], *, rounds: int = 7, at_least: float = 0.02) -> dict[str, float]:
    """Return the median seconds of one call of each case.

    The cases take turns, so that a slow spell of the machine falls on all of them alike.
    A case shorter than ``at_least`` seconds is called often enough in a round to last that long.
    """
    repeats = {}
    for name, call in cases.items():
        call()  # warm up: caches, compilation
        start = time.perf_counter()
        call()
        repeats[name] = max(1, int(at_least / max(time.perf_counter() - start, 1e-9)))
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, call in cases.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            seconds[name].append((time.perf_counter() - start) / repeats[name])
    return {name: median(times) for name, times in seconds.items()}


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table; floats get three significant digits."""
    cells = [[f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(row) for row in cells)]
    return "\n".join(f"| {line} |" for line in lines)


def environment(*packages: str) -> str:
    """Return one line: date, processor, how many cores, Python and the versions of *packages*."""
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    python = f"Python {platform.python_version()}"
    return ", ".join([time.strftime("%Y-%m-%d"), _processor(), f"{os.cpu_count()} cores", python, *versions])


def _processor() -> str:
    """Return the processor's name: ratios differ by what its vector units can do."""
    listed = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", listed.read_text()) if listed.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


def publish(name: str, text: str, path: Path = PAGE) -> None:
    """Print *text*; with ``--write`` on the command line also put it into its section of a page of the docs."""
    print(text)
    if "--write" not in sys.argv:
        return
    page = path.read_text()
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    if begin in page:
        page = re.sub(pattern, lambda _match: section, page, flags=re.DOTALL)
    else:
        page = f"{page.rstrip()}\n\n{section}\n"
    path.write_text(page)
