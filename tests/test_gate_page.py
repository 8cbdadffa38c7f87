"""docs/gate.md works as written, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COCO = ROOT.parent / "shared" / "data" / "coco_val2014_100"
PAGE = (ROOT / "docs" / "gate.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]
RULES, STEP = (text for kind, text in BLOCKS if kind == "yaml")


def made(folder):
    """Write 60 images of two classes, detections of all of it, and others that find three quarters of it."""
    rng = np.random.default_rng(0)
    truths, old, new = [], [], []
    for image in range(1, 61):
        for _ in range(rng.integers(2, 5)):
            box = [float(one) for one in [*rng.integers(0, 400, 2), *rng.integers(20, 90, 2)]]
            one = {"image_id": image, "category_id": int(rng.integers(1, 3)), "bbox": box}
            truths.append({**one, "id": len(truths) + 1, "area": box[2] * box[3], "iscrowd": 0})
            near = [box[0] + float(rng.normal(0, 3)), box[1] + float(rng.normal(0, 3)), *box[2:]]
            found = {**one, "bbox": near, "score": float(rng.uniform(0.3, 1))}
            old.append(found)
            if rng.random() < 0.75:
                new.append(found)
    images = [{"id": image, "width": 500, "height": 500} for image in range(1, 61)]
    classes = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    content = {"images": images, "categories": classes, "annotations": truths}
    for name, found in (("instances", content), ("old", old), ("new", new)):
        (folder / f"{name}.json").write_text(json.dumps(found))


def real(folder):
    """Put real images there, whose second detections lack every fourth of the first."""
    if not COCO.is_dir():
        pytest.skip(f"needs {COCO}")
    shutil.copy(COCO / "instances_val2014_100.json", folder / "instances.json")
    detections = json.loads((COCO / "instances_val2014_fakebbox100_results.json").read_text())
    (folder / "old.json").write_text(json.dumps(detections))
    (folder / "new.json").write_text(json.dumps([one for place, one in enumerate(detections) if place % 4]))


@pytest.fixture
def shell(tmp_path):
    """Run a script in an empty folder, with a ``gh`` that notes what it is asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text('#!/bin/sh\necho "$@" > "$NOTES"\n')
    (tools / "a4eval").write_text(f'#!/bin/sh\nexec {sys.executable} -m a4eval "$@"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "NOTES": str(tmp_path / "notes"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "PULL_REQUEST": "7",
    }

    def run(script):
        words = ["bash", "-e", "-c", script]
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    run.folder = folder
    run.notes, run.summary = tmp_path / "notes", tmp_path / "summary.md"
    return run


@pytest.mark.parametrize("data", [made, real])
def test_the_page(shell, data):
    data(shell.folder)
    gate, compare, with_rules, in_the_run, _ = SHELL
    gated = shell(gate)
    assert gated.returncode == 3, gated.stdout + gated.stderr
    assert "failed: AP not worse by more than 0.005: AP: " in gated.stdout
    last = gate.strip().splitlines()[-1]
    assert shell(last.replace("candidate", "baseline")).returncode == 0

    compared = shell(f"{compare.strip()} --json")
    (found,) = json.loads(compared.stdout)
    assert {row["name"]: row["verdict"] for row in found["metrics"]}["AP"] == "worse"
    assert found["notes"] == []
    differs = {one["what"] for one in found["differs"]}
    assert "config.task.data.detections" in differs
    assert not any("ground_truth" in one or one.startswith(("machine", "package")) for one in differs)

    (shell.folder / "gate.yaml").write_text(RULES.replace("parts:", "# parts:"))
    assert shell(with_rules).returncode == 3
    assert (shell.folder / "gate.md").read_text().startswith("### ❌ failed: ")
    own = shell(in_the_run)
    assert (own.returncode, "verdict: failed" in own.stdout) == (3, True), own.stdout + own.stderr
    junit = shell(with_rules.replace("markdown", "junit").replace("gate.md", "gate.xml"))
    assert junit.returncode == 3
    assert ET.parse(shell.folder / "gate.xml").getroot().find("testsuite").get("tests") == "5"


def test_time_and_memory(shell):
    made(shell.folder)
    done = shell(SHELL[-1].replace("1 2 3 4 5 6 7 8", "1 2 3 4 5 6"))
    assert done.returncode in (0, 3, 4), done.stderr
    assert len(re.findall(r"not higher by more than (?:2|5)%: .* 6 rounds, which scatter by [\d.]+%", done.stdout)) == 2


def test_the_step_on_github(shell):
    made(shell.folder)
    one, two, _ = SHELL[0].strip().splitlines()
    assert shell(f"{one} task.metrics.coco.per_class=true\n{two} task.metrics.coco.per_class=true").returncode == 0
    (shell.folder / "gate.yaml").write_text(RULES)
    (step,) = yaml.safe_load(STEP)
    done = shell(step["run"])
    assert done.returncode == 3, done.stderr
    assert shell.notes.read_text() == "pr comment 7 --body-file gate.md --edit-last --create-if-none\n"
    assert "each part of coco not worse by more than 0.05" in shell.summary.read_text()
    (shell.folder / "gate.md").unlink()
    (shell.folder / "gate.yaml").write_text("margin: {}")
    assert shell(step["run"]).returncode == 2, "wrong rules end the step, without a comment"


def test_what_the_page_says_of_the_size_is_so(shell):
    made(shell.folder)
    assert shell(SHELL[0].splitlines()[0]).returncode == 0
    assert (shell.folder / "baseline" / "resamples.npz").stat().st_size < 110_000


def test_the_page_names_every_rule_and_format():
    from a4eval.cli.gate import gate
    from a4eval.comparisons.rules import Rules
    from a4eval.config.builder import parameters

    assert list(yaml.safe_load(RULES)) == [one.name for one in parameters(Rules)]
    forms = next(one for one in gate.params if one.name == "form").type.choices
    assert all(f"`{one}`" in PAGE for one in forms)
