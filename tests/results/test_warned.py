"""What a sweep says of its points' warnings: the first distinct ones, and how much more there is."""

from __future__ import annotations

import json
from types import SimpleNamespace

from a4eval.journal.journal import Journal
from a4eval.results.warned import warned


def test_the_first_distinct_warnings_and_how_many_more(tmp_path):
    given = [["a", "b"], ["b"], [], ["c\nc" * 200, "d", "e"]]
    records = [{"run_id": f"{place}" * 16, "status": "ok", "warnings": texts} for place, texts in enumerate(given)]
    journal = Journal(tmp_path)
    journal.path.write_text("".join(json.dumps(one) + "\n" for one in records))
    standing = journal.catch_up()
    entries = [standing.current(one["run_id"]) for one in records]
    lines = warned(SimpleNamespace(journal=journal, entries=lambda: entries))
    assert lines[:2] == [
        f"in 1 point: a; `a4eval show {tmp_path}/00000000`",
        f"in 2 points: b; `a4eval show {tmp_path}/00000000`",
    ]
    assert lines[2].startswith("in 1 point: c cc c")
    assert lines[2].endswith(f"…; `a4eval show {tmp_path}/33333333`")
    assert lines[3:] == ["3 points warned; 2 other warnings not shown"]
