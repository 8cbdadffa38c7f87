"""docs/sweeps.md: its sweep is in the folder that it names, and its examples of `ls` and `show` show what they say."""

from __future__ import annotations

import re
import shlex

from ..conftest import ROOT

PAGE = (ROOT / "docs" / "sweeps.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def words(line):
    return shlex.split(re.sub(r"\s+# .*", "", line))[1:]  # as in `FOLDER/#3`, a # need not begin a comment


def test_the_page(place):
    first = SHELL[0].splitlines()[0]
    done = place.run(*words(first))
    assert (done.code, "20 points: 20 ok" in done.out) == (0, True), done.err
    found = [line for block in SHELL for line in block.splitlines() if re.match(r"a4eval (ls|show) multirun", line)]
    assert len(found) == 4
    for line in found:
        done = place.run(*words(line))
        assert (done.code, done.err) == (0, ""), line
        assert len(done.out.splitlines()) > 3, "it shows something"
    (table,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert done.out == table


def test_what_is_swept_together_is_so_many_points(place):
    (line,) = (line for block in SHELL for line in block.splitlines() if " 'zip=" in line)
    done = place.run(*words(line), "dry_run=true")
    assert "\n6 points, into" in done.out, done.out + done.err
    assert line.endswith("# 3 · 2 points")
