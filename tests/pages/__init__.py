"""Records to make pages of, and the pages read back."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field
from html.parser import HTMLParser

import msgspec

from a4eval.runs import record as records

SIZES = {"telephone": (360, 740), "desk": (1600, 1000)}
"""Width and height of the screens that pages are looked at on, pixels."""
ENDED_BY = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}
"""Elements that end where another begins, as HTML has it."""
EMPTY_ELEMENTS = {"meta", "br", "hr", "img", "input", "link", "col"}


@dataclass
class Page(HTMLParser):
    """A page read back: its elements in order, its tables by name, and its text."""

    elements: list = field(default_factory=list)
    tables: dict = field(default_factory=dict)
    words: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self._open, self._table, self._cell = [], None, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.elements.append((tag, given))
        if tag in ENDED_BY:
            self._end(ENDED_BY[tag])
        if tag not in EMPTY_ELEMENTS:
            self._open.append(tag)
        if tag == "table":
            self._table = self.tables.setdefault(given.get("aria-label"), [])
        elif tag == "tr":
            self._table.append([])
        elif tag in ("td", "th"):
            self._cell = [given.get("data-v"), ""]

    def handle_endtag(self, tag):
        if tag in ("thead", "tbody"):
            self._end(("td", "th", "tr"))
        assert self._open.pop() == tag, "each element is closed, and in its order"

    def _end(self, names):
        while self._open[-1] in names:
            self._open.pop()
        if self._cell is not None:
            exact, shown = self._cell
            self._table[-1].append(shown if exact is None else float(exact))
            self._cell = None

    def handle_data(self, text):
        if self._open and self._open[-1] not in ("style", "script"):
            self.words.append(text)
            if self._cell is not None:
                self._cell[1] += text

    @property
    def text(self):
        return " ".join(self.words)

    @property
    def ids(self):
        return [given["id"] for _, given in self.elements if "id" in given]

    def addresses(self):
        return [
            given[name] for _, given in self.elements for name in ("href", "src", "action", "data") if given.get(name)
        ]


def read_page(text):
    page = Page()
    page.feed(text)
    page.close()
    assert not page._open
    return page


def record(**given):
    """Return a record with everything in it."""
    metric = records.MetricRecord
    whole = {
        "run_id": "0123456789abcdef",
        "experiment": "detection/report",
        "status": "ok",
        "started": "2026-01-02T03:04:05+00:00",
        "finished": "2026-01-02T03:04:06+00:00",
        "config": {"description": "What is asked.", "task": {"name": "evaluate", "lr": 0.1}, "seed": 7},
        "overrides": ["experiment=detection/report", "task.data.path=my file.json"],
        "seed": 7,
        "components": [records.ComponentRecord("task", "evaluate", 1, "a4eval", "a4eval", "0.1.0")],
        "metrics": {
            "AP": metric(0.123456789012345, "1", True, 100, records.IntervalRecord(0.95, 0.1, 0.2, "bca")),
            "loss": metric("NaN", "1", False, None, None),
            "length": metric(1234567.25, "pixels", None, 3, None),
        },
        "tables": {
            "classes": [
                {"class": name, "AP": value, "truths": count, "seen": seen}
                for name, value, count, seen in zip(
                    "abcdefgh",
                    [1 / 3, 2 / 3, "NaN", 0.0, 1e-9, 1.0, None, 0.1 + 0.2],
                    range(8),
                    [True, False] * 4,
                    strict=True,
                )
            ],
            "empty": [],
        },
        "charts": {
            "by class": {
                "title": "AP by class",
                "data": {"name": "classes"},
                "mark": "bar",
                "encoding": {"x": {"field": "AP", "type": "quantitative"}, "y": {"field": "class", "sort": "-x"}},
            }
        },
        "data": [records.FileRecord("my file.json", "a" * 64, 12)],
        "timing": records.TimingRecord(1.25, 1.0, 10**8),
        "environment": records.EnvironmentRecord(
            "3.11", "Linux", 2, {"numpy": "2.0"}, {"OMP_NUM_THREADS": "1"}, {"x": {"y": 1}}
        ),
        "git": records.GitRecord("f" * 40, True),
        "executor": records.ExecutorRecord("local", "node", 1),
        "warnings": ["a doubt"],
        "error": None,
        "artifacts": [],
        **given,
    }
    return records.Record(**whole)


CELLS = {"rnn": 0.0, "mgu": 0.07, "gru": 0.11, "lstm": 0.12}


def sweep_lines(seeds=5, fail=2, rates=(1e-4, 3e-4, 1e-3, 3e-3, 1e-2), depths=(1, 2, 4)):
    """Return the journal of a sweep over rate, depth, cell and seed, with some points that failed."""
    random.seed(0)
    lines = []
    for order, (rate, depth, cell, seed) in enumerate(itertools.product(rates, depths, CELLS, range(seeds))):
        accuracy = 0.55 + CELLS[cell] + 0.1 * math.exp(-((math.log10(rate) + 2.7) ** 2)) + 0.03 * math.log2(depth)
        value = accuracy + random.gauss(0, 0.015)
        failed = order < fail
        error = records.ErrorRecord("DataError", "the loss is NaN; lower task.rate", "Traceback: …")
        one = record(
            run_id=f"{order:016x}",
            experiment="study",
            sweep_id="s",
            status="failed" if failed else "ok",
            started=f"2026-01-02T{order // 3600:02d}:{order // 60 % 60:02d}:{order % 60:02d}+00:00",
            config={"description": "Which cell?", "task": {"rate": rate, "depth": depth, "cell": cell}, "seed": seed},
            overrides=[
                "experiment=study",
                f"task.rate={rate}",
                f"task.depth={depth}",
                f"task.cell={cell}",
                f"seed={seed}",
            ],
            seed=seed,
            metrics={}
            if failed
            else {
                "accuracy": records.MetricRecord(value, "1", True, 100, None),
                "loss": records.MetricRecord(2 - 2 * value, "1", False, None, None),
            },
            tables={},
            charts={},
            data=[],
            warnings=[],
            error=error if failed else None,
        )
        lines.append(msgspec.json.encode(one))
    return lines
