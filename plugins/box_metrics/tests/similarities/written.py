"""What follows from the register of similarities: exports, a row in the README, a row in the docs.

``python plugins/box_metrics/tests/similarities/written.py`` writes them anew; a test holds that nothing would change.
"""

from __future__ import annotations

import re
from pathlib import Path

from a4eval_box_metrics import FACTS
from a4eval_box_metrics.similarities.register import REGISTER

PLUGIN = Path(__file__).resolve().parents[2]
STUB = PLUGIN / "a4eval_box_metrics" / "__init__.pyi"
README = PLUGIN / "README.md"
DOCS = PLUGIN.parents[1] / "docs" / "boxes.md"


def stub(text):
    """Return the exports with the function and the component of each similarity among them, sorted."""
    lines = set(text.splitlines())
    for function, one in REGISTER.items():
        module, _, component = one.place.partition(":")
        lines |= {f"from .similarities.{module} import {name} as {name}" for name in (function, component)}
    return "".join(f"{line}\n" for line in sorted(lines, key=_place))


def _place(line):
    module, name = re.fullmatch(r"from (\S+) import (\w+) as \2", line).groups()
    return module, 0 if name.isupper() else 1 if name[0].isupper() else 2, name


def readme(text):
    """Return the README with one row a similarity."""
    rows = [f"| similarity | `{name}` | {one.summary} |" for name, one in REGISTER.items()]
    return between(text, "\n".join(["| kind | name | what it is |", "| --- | --- | --- |", *rows]))


def docs(text):
    """Return the page with the facts of each similarity."""
    head = "| name | short | range | metric | invariant under | pulls | paper |\n" + "| --- " * 7 + "|"
    return between(text, "\n".join([head, *map(row, REGISTER)]))


def row(name):
    """Return the row of facts of one similarity."""
    facts = FACTS[name]
    cells = [
        f"`{name}`",
        facts.title,
        f"{number(facts.low)} … {number(facts.high)}",
        "yes" if facts.triangle_inequality else "no",
        ", ".join(facts.invariances),
        "yes" if facts.disjoint_slope else "no",
        facts.paper,
    ]
    return f"| {' | '.join(cells)} |"


def number(value):
    """Return it with five digits and a true minus."""
    return f"{value:.5g}".replace("-", "−").replace("inf", "∞")


def between(text, content):
    """Put *content* between the markers."""
    before, begin, rest = text.partition("<!-- similarities -->\n")
    _, end, after = rest.partition("<!-- /similarities -->")
    return f"{before}{begin}{content}\n{end}{after}"


WRITTEN = {STUB: stub, README: readme, DOCS: docs}

if __name__ == "__main__":
    for path, write in WRITTEN.items():
        path.write_text(write(path.read_text(encoding="utf-8")), encoding="utf-8")
