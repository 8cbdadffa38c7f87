"""TREC's files."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import read_trec

from a4eval import DataError, Run, build

from ..text_files import lines

QRELS = "1 0 a 1\n1 0 b 0\n2 0 a 1\n"
RUN = "1 Q0 a 1 0.5 x\n1 Q0 c 2 0.4 x\n"


def test_unanswered_queries_count_only_when_asked(tmp_path):
    qrels, run = lines(tmp_path, "qrels", QRELS), lines(tmp_path, "run", RUN + "\n9 Q0 a 1 1 x\n")
    assert read_trec(qrels, run)["unit"].tolist() == ["1"]
    node = {"name": "trec", "qrels": str(qrels), "run": str(run), "complete": True}
    metric = build("metric", "trec_eval")
    for batch in build("reader", node).batches(Run(directory=tmp_path)):
        assert np.isnan(batch["relevance"]).tolist() == [False, True]
        metric.update(batch)
    values = metric.compute()
    assert values["num_q"].value == 2
    assert values["map"].value == 0.5
    assert values["gm_map"].value == pytest.approx(np.sqrt(1e-5))


@pytest.mark.parametrize(
    ("qrels", "run", "words"),
    [
        ("1 0 a\n", RUN, "qrels: line 1: got 3 fields, expected 4"),
        ("1 0 a high\n", RUN, "qrels: entry 1: grade 'high'"),
        (QRELS, "1 Q0 a 1 x\n", "run: line 1: got 5 fields"),
        (QRELS, "1 Q0 a 1 nan x\n", "run: entry 1: score 'nan' is not a finite"),
        (QRELS, RUN + RUN, "run: document a is retrieved twice for query 1"),
        (QRELS + QRELS, RUN, "qrels: document a is judged twice"),
    ],
)
def test_bad_trec_files_are_refused(tmp_path, qrels, run, words):
    with pytest.raises(DataError, match=words):
        read_trec(lines(tmp_path, "qrels", qrels), lines(tmp_path, "run", run))
