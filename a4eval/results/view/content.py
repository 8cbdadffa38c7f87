"""A page in parts, and the pieces that several pages have."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from a4eval.markup import Markup, joined, tag
from a4eval.results.report.page import Section, contents, page
from a4eval.results.view.drawn import Drawn
from a4eval.results.view.read import short

if TYPE_CHECKING:
    from a4eval.journal.views import Row
    from a4eval.results.view.read import Sweep
    from a4eval.results.view.watched import Watched


@dataclass(frozen=True)  # without slots: what is found once is kept
class Content:
    """What a page shows at one moment.

    Args:
        title: of the window.
        top: what stands first.
        sections: what follows.
        version: of what it shows; the same version is the same page.
        said: what changes of it are told to those who do not see them; they hear of it whenever it is another.
        live: it may change.
        charts: of it, which the next version may show once more.
        until: when its charts have to be drawn again, in seconds of the monotonic clock.
    """

    title: str
    top: Markup
    sections: Sequence[Section]
    version: int = 0
    said: str = ""
    live: bool = True
    charts: Drawn | None = None
    until: float = math.inf

    def holds(self, version: int | None) -> bool:
        """Say whether this still is what the page shows."""
        return self.live and self.version == version and time.monotonic() < self.until

    @property
    def head(self) -> Markup:
        """What stands first, as one element."""
        form = tag("form", id="compare", action="/compare")  # of the boxes that are ticked in tables
        version = self.seal if self.live else None
        return tag("div", self.top, form, id="top", data_version=version, data_said=self.said)

    @cached_property
    def seal(self) -> str:
        """What is another one when any of it is."""
        digest = hashlib.sha256(f"{self.title}\n{self.said}\n{self.top}".encode())
        for one in self.sections:
            digest.update(one.markup().encode())
        return digest.hexdigest()[:16]

    def whole(self, script: str) -> str:
        """Return the page."""
        return page(self.title, self.head, self.sections, served=script)

    def parts(self) -> dict[str, str]:
        """Return the elements that take the place of others, by their id, in their order."""
        found = {one.name: str(one.markup()) for one in self.sections}
        return {"contents": str(contents(self.sections)), "top": str(self.head), **found}


def crumbs(*steps: tuple[str, str]) -> Markup:
    """Return the way from the first page to one: text and address of each step but the last."""
    links = [tag("a", said, href=to) for said, to in (("all results", "/"), *steps)]
    compare = tag("a", "compare", href="/compare")
    return tag("nav", joined(links, " / "), " · ", compare, class_="crumbs", aria_label="way")


def progress_bar(one: Sweep) -> Markup:
    """Return how far a sweep is, as a bar and in words."""
    far = one.progress
    if far is None:
        return Markup()
    state = "running" if one.running else "done" if far.done >= far.total else "not running"
    bar = tag("progress", value=far.done, max=max(1, far.total), aria_label=f"progress of {one.folder}")
    return joined([bar, f" {state}: {far.said()}"])


def point_address(row: Row, watched: Watched) -> str:
    """Return the address of the page of a run or a point."""
    key = short(row.path)
    return f"/sweep/{key}/{short(row.run_id)}" if key in watched.sweeps else f"/run/{key}"


def chosen(key: str, name: str) -> Markup:
    """Return the box by which two of a table are chosen to be compared."""
    return tag("input", type="checkbox", name="of", value=key, form="compare", aria_label=f"compare {name}")


def chooser() -> Markup:
    """Return the button that compares the two that are chosen."""
    button = tag("button", "compare the two that are ticked", form="compare")
    return tag("p", button, class_="tools")
