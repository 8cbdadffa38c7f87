"""Every reader passes all checks: passes, parts, and files that are cut off, empty, in another encoding or wrong."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from a4eval_ap_metric.plugin import a4eval_components

from a4eval.testing import Check, reader_checks

from ..file_sets import FILE_SETS, panoptic


def named(write):
    """Return the file set as a function of a folder, under the name of its reader."""

    def made(folder):
        return write(folder, np.random.default_rng(0))[0]

    made.__name__ = write.__name__
    return made


INLINE = {"name": "ranking", "relevance": [1, 0, 1, 1]}


@reader_checks(INLINE, *(named(one) for one in FILE_SETS if one is not panoptic))
def test_readers(check: Check) -> None:
    check()


@pytest.mark.skipif(find_spec("PIL") is None, reason="Pillow writes PNG files")
@reader_checks(named(panoptic))
def test_panoptic(check: Check) -> None:
    check()


def test_none_is_left_out():
    tried = {"ranking", *(write.__name__ for write in FILE_SETS)}
    assert {one.name for one in a4eval_components() if one.kind == "reader"} == tried
