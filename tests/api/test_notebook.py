"""In a notebook: a kernel of Jupyter's own, which runs each cell in its event loop."""

from __future__ import annotations

import pytest

pytest.importorskip("ipykernel", reason="pip install ipykernel")
manager = pytest.importorskip("jupyter_client.manager", reason="pip install ipykernel")

Q5 = "assignment4/q5_l2_vs_iou"


@pytest.fixture
def cell(tmp_path):
    """Run a cell and return what a notebook shows below it, as HTML where there is any."""
    kernel, client = manager.start_new_kernel(cwd=str(tmp_path))

    def run(code):
        shown = []

        def note(message):
            content = message["content"]
            assert message["msg_type"] != "error", "\n".join(content["traceback"])
            data = content.get("data", {})
            shown.append(data.get("text/html") or data.get("text/plain") or "")

        reply = client.execute_interactive(code, output_hook=note, timeout=60)
        assert reply["content"]["status"] == "ok"
        return "".join(shown)

    yield run
    client.stop_channels()
    kernel.shutdown_kernel(now=True)


def test_what_a_notebook_runs_and_shows(cell):
    cell("import asyncio, a4eval; loop = asyncio.get_running_loop()")
    one = cell(f"a4eval.run({Q5!r}, {{'task.W': 12}}, directory='one')")
    assert "0.8333" in one
    assert "<table>" in one
    assert "<svg" in cell("a4eval.run('assignment4/q6_matrix')")
    swept = cell(f"records = a4eval.sweep({Q5!r}, {{'task.W': [6, 8]}}, directory='two'); records")
    assert "task.W" in swept
    assert "0.75" in swept
    side_by_side = f"asyncio.to_thread(a4eval.run, {Q5!r}, {{'task.W': width}})"
    code = f"[one['iou_p2'] for one in await asyncio.gather(*({side_by_side} for width in (4, 5, 8)))]"
    assert cell(code) == "[0.5, 0.6, 0.75]"
    assert cell("sorted(a4eval.load('.').filter('iou_p2>0').column('task.W'))") == "[4, 5, 6, 8, 12]", (
        "W=8 is one run, wherever it ran"
    )
    assert "<table" in cell("a4eval.load('two').filter('task.W=8')")
    assert cell("asyncio.get_running_loop() is loop") == "True"
