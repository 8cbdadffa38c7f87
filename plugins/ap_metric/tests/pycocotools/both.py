"""The same steps with pycocotools and with the drop-in, and whether everything they leave is the same."""

from __future__ import annotations

import contextlib
import copy
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from a4eval_ap_metric import pycocotools as ours


def pair():
    """Return pycocotools and the drop-in as ``COCO``, ``COCOeval`` and ``mask``."""
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return SimpleNamespace(COCO=COCO, COCOeval=COCOeval, mask=mask), ours


def said(steps, *arguments):
    """Return what *steps* gives and what it prints, but for how long it took."""
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        result = steps(*arguments)
    return result, re.sub(r"t=\d+\.\d\ds", "t=…", stream.getvalue())


def evaluation(library, truth, results, kind="bbox", **parameters):
    """Return an evaluation that is done, of a data set and results in memory."""
    data = library.COCO()
    data.dataset = copy.deepcopy(truth)
    data.createIndex()
    found = library.COCOeval(data, data.loadRes(copy.deepcopy(results)), kind)
    for name, value in parameters.items():
        setattr(found.params, name, copy.deepcopy(value))
    found.evaluate()
    found.accumulate()
    found.summarize()
    return found


def assert_same(one, other):
    """Compare all that two evaluations say."""
    assert one.eval["counts"] == other.eval["counts"]
    for key in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(one.eval[key], other.eval[key], err_msg=key)
    np.testing.assert_array_equal(one.stats, other.stats)
    assert_same_images(one.evalImgs, other.evalImgs)
    assert one.ious.keys() == other.ious.keys()
    for key, overlaps in one.ious.items():
        assert len(overlaps) == len(other.ious[key]), key
        np.testing.assert_array_equal(np.asarray(overlaps), np.asarray(other.ious[key]))


def assert_same_images(ones, others):
    assert len(ones) == len(others)
    for one, other in zip(ones, others, strict=True):
        assert (one is None) == (other is None)
        for key in one or ():
            np.testing.assert_array_equal(np.asarray(one[key]), np.asarray(other[key]), err_msg=key)
