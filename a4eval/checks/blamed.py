"""Which line an error is to be looked for in: the last one of the user's own code, not of what that calls."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from a4eval.permission import IMPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


def users_line(error: BaseException) -> str:
    """Return file and line of the last call in the user's own code; ``""`` where there is none.

    What is installed is not the user's own, unless the command line allowed it as such; nor is a4eval or a plugin of
    its own, which may stand between the error and what raised it.
    """
    return _told([place for one in _chain(error) for place in _places(one) if _is_own(*place)])


def blamed_line(error: BaseException) -> str:
    """Return the same, else file and line of the last call in any code."""
    return users_line(error) or _told(_places(error))


def cause_of(error: BaseException) -> BaseException:
    """Return the error that others were raised from, itself where there is none."""
    return list(_chain(error))[-1]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _told(places: list[tuple[FrameType, int]]) -> str:
    return f"{Path(places[-1][0].f_code.co_filename).name}, line {places[-1][1]}" if places else ""


def _places(error: BaseException) -> list[tuple[FrameType, int]]:
    return list(traceback.walk_tb(error.__traceback__))


def _is_own(frame: FrameType, _: int) -> bool:
    package, file = str(frame.f_globals.get("__name__", "")), Path(frame.f_code.co_filename)
    if any(package == one or package.startswith(f"{one}.") for one in IMPORTS.allowed()):
        return True
    top = package.partition(".")[0]
    ours = top == "a4eval" or top.startswith("a4eval_") or top in sys.stdlib_module_names
    return not ours and not {"site-packages", "dist-packages"} & set(file.parts) and file.exists()
