"""``a4eval gate``: the rulings as text, JSON, Markdown for a pull request, or JUnit XML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from a4eval.comparisons.costs import costs
from a4eval.comparisons.differing import Differing, differing
from a4eval.comparisons.judge import Judged, Ruling, judge, rulings, verdict
from a4eval.comparisons.opened import Opened, every, finished
from a4eval.comparisons.pair import Pair
from a4eval.comparisons.rows import judged_row
from a4eval.comparisons.seeds import limits_of_sweep
from a4eval.comparisons.sides import held
from a4eval.contracts import Interval
from a4eval.errors import OutputError
from a4eval.journal.views import number
from a4eval.results.exit_status import of_run
from a4eval.results.tables import wrapped
from a4eval.runs.record import plain
from a4eval.terminal import WIDTH_OF_A_FILE, printable, put, screen_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from a4eval.comparisons.rules import Rules
    from a4eval.comparisons.seeds import SweepOptions
    from a4eval.contracts import Verdict

_MARKS = {"passed": "✅", "undecided": "❔", "failed": "❌"}


class Gated:
    """A candidate held against rules.

    Args:
        baseline: what it is compared with; None where all rules are limits.
        candidate: what is gated.
        rules: the rules.
        options: how sweeps are compared.

    Raises:
        DataError: a record cannot be read.
        ConfigError: a rule names what is not there.
    """

    def __init__(self, baseline: Path | None, candidate: Path, rules: Rules, options: SweepOptions) -> None:
        level = 1 - rules.alpha
        second = finished(candidate)
        if baseline is None:
            self.paths: tuple[Path | None, Path] = None, candidate
            both, self.differing = Pair(notes=second.left_out("candidate")), []
        elif rules.margins or rules.parts:
            found = held(baseline, finished(baseline), candidate, second, options, level=level)
            self.paths = found.baseline, found.candidate
            both, self.differing = found.pair, found.differing
        else:  # what was computed is not compared
            first = finished(baseline)
            self.paths = baseline, candidate
            both = Pair(notes=[*first.left_out("baseline"), *second.left_out("candidate")])
            one, other = (min(side.runs, key=_in_order).record for side in (first, second))  # alike, if any are
            self.differing = differing(one, other)
        if baseline is not None and rules.costs:
            both.costs = costs(every(baseline), every(candidate), rules.costs, level=level)
        self.notes = both.notes
        self.rulings = rulings(rules, both, limited(second.runs, level) if rules.limits else {})
        self.verdict: Verdict = verdict(self.rulings)
        judged = {name: both.values[name] for name in rules.margins}
        self.judged: list[Judged] = judge(judged, rules.margins, rules.alpha)
        self.costs: list[Judged] = judge(both.costs, rules.costs, rules.alpha)

    @property
    def status(self) -> int:
        """The exit status."""
        return of_run("ok", self.verdict.outcome)


def _in_order(run: Opened) -> tuple[int, tuple[str, ...]]:
    return run.record.seed, tuple(run.record.overrides)


def limited(runs: Sequence[Opened], level: float) -> dict[str, tuple[float, Interval | None]]:
    """Return the values and intervals of a record, by metric; of a sweep, the means over its points."""
    if len(runs) > 1:
        return limits_of_sweep(runs, level=level)
    found: dict[str, tuple[float, Interval | None]] = {}
    for name, metric in runs[0].record.metrics.items():
        one = metric.interval
        interval = None if one is None else Interval(one.level, number(one.low), number(one.high), one.method)
        found[name] = number(metric.value), interval
    return found


def text(gated: Gated) -> str:
    """Return the rulings as lines."""
    lines = [f"{gated.verdict.outcome}: {_count(gated.rulings)}"]
    lines += [f"  {one.outcome}: {one.rule}: {one.reason}" for one in gated.rulings]
    lines += [f"  note: {note}" for note in gated.notes]
    lines += [f"  differs: {what}: {first} → {second}" for what, first, second in map(Differing.cells, gated.differing)]
    return "\n".join(map(_folded, lines)) + "\n"


def _folded(line: str) -> str:
    """Return a line folded to the terminal; a file or a pipe gets it whole."""
    width, indent = screen_width(), len(line) - len(line.lstrip())
    return line if width >= WIDTH_OF_A_FILE else "\n".join(wrapped(line.strip(), width, indent))


def as_json(gated: Gated) -> str:
    """Return everything as JSON."""
    first, second = gated.paths
    facts = {
        "outcome": gated.verdict.outcome,
        "baseline": None if first is None else str(first),
        "candidate": str(second),
        "rules": [one._asdict() for one in gated.rulings],
        "metrics": [judged_row(one) for one in gated.judged],
        "costs": [judged_row(one) for one in gated.costs],
        "notes": gated.notes,
        "differs": [one._asdict() for one in gated.differing],
    }
    return json.dumps(plain(facts), indent=2, allow_nan=False) + "\n"


def markdown(gated: Gated) -> str:
    """Return a comment for a pull request."""
    rows = [["", "rule", "what came of it"]]
    rows += [[_MARKS[one.outcome], one.rule, f"{one.outcome}: {one.reason}"] for one in gated.rulings]
    lines = [f"### {_MARKS[gated.verdict.outcome]} {gated.verdict.outcome}: {_count(gated.rulings)}", "", *_table(rows)]
    for note in gated.notes:
        lines += ["", f"> {_cell(note)}"]
    if gated.differing:
        differs = [
            ["what", "baseline", "candidate"],
            *(one.cells() for one in gated.differing),
        ]
        lines += ["", "<details><summary>What else differs</summary>", "", *_table(differs), "", "</details>"]
    return "\n".join(lines) + "\n"


def junit(gated: Gated) -> str:
    """Return JUnit XML, a test case a rule; what is undecided is an error, what is worse a failure."""
    counted = {outcome: str(sum(one.outcome == outcome for one in gated.rulings)) for outcome in _MARKS}
    suite = ET.Element(
        "testsuite",
        name="a4eval gate",
        tests=str(len(gated.rulings)),
        failures=counted["failed"],
        errors=counted["undecided"],
        skipped="0",
    )
    for one in gated.rulings:
        case = ET.SubElement(suite, "testcase", classname=printable(str(gated.paths[1])), name=printable(one.rule))
        kind = {"failed": "failure", "undecided": "error"}.get(one.outcome)
        if kind:
            ET.SubElement(case, kind, message=printable(one.reason), type=one.outcome)
        ET.SubElement(case, "system-out").text = printable(one.reason)
    whole = ET.Element("testsuites")
    whole.append(suite)
    ET.indent(whole)
    return ET.tostring(whole, encoding="unicode", xml_declaration=True) + "\n"


FORMATS: dict[str, Callable[[Gated], str]] = {"text": text, "json": as_json, "markdown": markdown, "junit": junit}


def write(content: str, path: Path | None) -> None:
    """Print *content*, or write it to *path*.

    Raises:
        OutputError: it cannot be written.
    """
    if path is None:
        put(content, end="")
        return
    try:
        path.write_text(printable(content), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def _count(found: list[Ruling]) -> str:
    counted = {outcome: sum(one.outcome == outcome for one in found) for outcome in ("failed", "undecided", "passed")}
    return ", ".join(f"{count} {outcome}" for outcome, count in counted.items() if count) + f" of {len(found)}"


def _table(rows: list[list[Any]]) -> list[str]:
    cells = [" | ".join(_cell(cell) for cell in row) for row in rows]
    return [f"| {cells[0]} |", "|" + " --- |" * len(rows[0]), *(f"| {row} |" for row in cells[1:])]


def _cell(value: Any) -> str:
    """Return *value* so that Markdown shows it as it is: what a record holds is text, not markup."""
    line = " ".join(str("" if value is None else value).split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|!~@" else one for one in line)
