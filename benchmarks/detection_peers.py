"""COCO evaluators beside each other: each reads the files itself, in a process that may hang or crash.

Peers that are not installed are left out.
"""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATISTICS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
_OWN = "from {0} import COCO, COCOeval"
PEERS = {
    "pycocotools": "from pycocotools.coco import COCO; from pycocotools.cocoeval import COCOeval",
    "ultrafast-pycocotools": _OWN.format("ultrafast_pycocotools"),
    "hotcoco": _OWN.format("hotcoco"),
    "vernier": "from pycocotools.coco import COCO; from vernier import COCOeval",
    "faster-coco-eval": "from faster_coco_eval import COCO; from faster_coco_eval import COCOeval_faster as COCOeval",
    "a4eval, drop-in": _OWN.format("a4eval_ap_metric.pycocotools"),
}
_MODULES = {"a4eval, drop-in": "a4eval_ap_metric"}

# one line for each job on the standard output as it was; whatever the peers print goes elsewhere
_CHILD = """
import hashlib, json, os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
import numpy as np
{imports}

def digest(array):
    array = np.asarray(array, np.float64)
    return hashlib.sha256(np.where(np.isnan(array), -1, array + 0.0).tobytes()).hexdigest()

for line in sys.stdin:
    job = json.loads(line)
    try:
        truth = COCO(job["truth"])
        found = getattr(truth, "load_res" if hasattr(truth, "load_res") else "loadRes")(job["results"])
        evaluation = COCOeval(truth, found, job["kind"])
        for name, value in job["params"].items():
            setattr(evaluation.params, name, np.array(value) if name.endswith("Thrs") else value)
        evaluation.evaluate(); evaluation.accumulate(); evaluation.summarize()
        answer = {{"stats": [float(one) for one in evaluation.stats]}}
        answer["arrays"] = [digest(evaluation.eval[name]) for name in ("precision", "recall", "scores")]
    except BaseException as error:
        words = " ".join(str(error).split())
        answer = {{"error": type(error).__name__ + (": " + words if words else "")}}
    print(json.dumps(answer), file=answers)
"""


@dataclass(frozen=True)
class Job:
    """One evaluation: two files, ``bbox``, ``segm`` or ``keypoints``, and what is set of ``params``."""

    truth: str
    results: str
    kind: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of it: the statistics and a digest of each array, or what was raised, or why there is neither."""

    stats: tuple[float, ...] = ()
    arrays: tuple[str, ...] = ()
    error: str = ""


def installed() -> list[str]:
    """Return the names of the peers that can be imported."""
    return [name for name in PEERS if find_spec(_MODULES.get(name, name.replace("-", "_")))]


def outcomes(peer: str, jobs: Sequence[Job], *, seconds: float = 10) -> Iterator[Outcome]:
    """Evaluate *jobs* in one process after the other; a new one takes over where one hung or crashed.

    Args:
        peer: a key of ``PEERS``.
        jobs: what to evaluate.
        seconds: how long one of them may take.
    """
    child = None
    for job in jobs:
        child = child or subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _CHILD.format(imports=PEERS[peer])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        outcome, alive = _asked(child, job, seconds)
        if not alive:
            child = _ended(child)
        yield outcome
    if child:
        _ended(child)


def _asked(child: subprocess.Popen[str], job: Job, seconds: float) -> tuple[Outcome, bool]:
    """Return what the process answers, and whether it can be asked again."""
    assert child.stdin
    assert child.stdout
    child.stdin.write(json.dumps(vars(job)) + "\n")
    child.stdin.flush()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        if not selector.select(seconds):
            return Outcome(error=f"no end in {seconds:g} s"), False
    line = child.stdout.readline()
    if not line:
        code = child.wait()
        return Outcome(error=f"crash: {signal.Signals(-code).name if code < 0 else f'exit {code}'}"), False
    answer = json.loads(line)
    if "error" in answer:
        return Outcome(error=answer["error"]), True
    return Outcome(tuple(answer["stats"]), tuple(answer["arrays"])), True


def _ended(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()
