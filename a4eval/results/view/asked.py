"""What a page is asked for beside its address: which rows, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlencode

from a4eval.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
ROWS = 400
"""Rows of a table on one page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An address with what stands after its question mark.

    Args:
        path: of the page.
        given: name to values.
    """

    path: str
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, path: str, query: str) -> Asked:
        """Read an address; of what makes no sense, nothing is taken."""
        try:
            found = parse_qs(query, max_num_fields=20)
        except ValueError:
            found = {}
        return cls(path, tuple((name, tuple(values)) for name, values in sorted(found.items())))

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a name."""
        return dict(self.given).get(name, ())

    def text(self, name: str) -> str:
        """Return the last value of a name, or nothing."""
        return next(reversed(self.all(name)), "").strip()

    def page(self, name: str) -> int:
        """Return which page of a table is asked for, from 1 on."""
        text = self.text(name)
        return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1

    def other(self, **changed: object) -> str:
        """Return this address with other values."""
        given = {name: values for name, values in self.given if name not in changed}
        given |= {name: (str(value),) for name, value in changed.items() if value is not None}
        query = urlencode(sorted(given.items()), doseq=True)
        return f"{self.path}?{query}" if query else self.path


def paged(rows: Sequence[T], asked: Asked, name: str, what: str) -> tuple[Sequence[T], Markup | None]:
    """Return the rows of the page of a table that is asked for, and links to its other pages if there are any.

    Args:
        rows: all of them.
        asked: the address.
        name: under which the address says which page.
        what: the rows are.
    """
    pages = -(-len(rows) // ROWS) or 1
    if pages == 1:
        return rows, None
    here = min(asked.page(name), pages)
    begin = (here - 1) * ROWS
    some = rows[begin : begin + ROWS]
    near = sorted({1, *range(max(1, here - 2), min(pages, here + 2) + 1), pages})
    links = [
        tag("strong", one, aria_current="page") if one == here else tag("a", one, href=asked.other(**{name: one}))
        for one in near
    ]
    said = f"{what} {begin + 1:,} to {begin + len(some):,} of {len(rows):,}; page "
    return some, tag("nav", said, joined(links, " "), class_="pages", aria_label=f"pages of {what}")
