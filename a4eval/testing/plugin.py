"""What a4eval adds to pytest: how many checks of parts ran and why others did not; a part of which none ran fails."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from textwrap import shorten
from typing import TYPE_CHECKING

import pytest

from a4eval.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Generator

PROPERTY = "a4eval"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put into the report of a check whose it was: it may come from another process."""
    report = yield
    check = item.callspec.params.get("check") if hasattr(item, "callspec") else None
    if check is not None and report.when == "call" and type(check).__module__ == "a4eval.testing.check":
        report.user_properties.append((PROPERTY, json.dumps([check.kind, check.part, check.name, check.of])))
    return report


def pytest_configure(config: pytest.Config) -> None:
    """Collect the reports, in the process that has them all."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Summary())


class _Summary:
    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()
        self.ran: Counter[tuple[str, str]] = Counter()
        self.checks: dict[tuple[str, str], int] = {}
        self.skipped: dict[str, Counter[str]] = defaultdict(Counter)

    @property
    def unchecked(self) -> list[str]:
        """The parts of which no check ran though all were asked for."""
        return [
            f"{kind} {part}"
            for (kind, part), n in self.checks.items()
            if not self.ran[kind, part] and self.seen[kind, part] >= n
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = [value for name, value in report.user_properties if name == PROPERTY and report.when == "call"]
        if not told:
            return
        kind, part, name, of = json.loads(str(told[0]))
        self.checks[kind, part] = of
        self.seen[kind, part] += 1
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.skipped[kind][f"{name}: {reason.removeprefix('Skipped: ').removeprefix('does not apply: ')}"] += 1
        else:
            self.ran[kind, part] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.checks:
            return
        terminalreporter.section("checks of parts")
        for kind in dict.fromkeys(kind for kind, _ in self.checks):
            ran = sum(n for (one, _), n in self.ran.items() if one == kind)
            parts = sum(one == kind for one, _ in self.checks)
            skipped = self.skipped[kind]
            of = counted(parts, kind)
            terminalreporter.line(f"{of}: ran {ran}, skipped {skipped.total()}{':' * bool(skipped)}")
            for reason, n in skipped.most_common():
                terminalreporter.line(shorten(f"{n} × {reason}", 78, placeholder=" …", initial_indent="  "))
        for one in self.unchecked:
            terminalreporter.line(f"{one}: nothing was checked, so it has failed", red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unchecked and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
