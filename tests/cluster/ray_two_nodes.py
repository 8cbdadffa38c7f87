"""A Ray cluster of two nodes on this machine, one processor each: ``python tests/cluster/ray_two_nodes.py [PORT]``.

It stays until Ctrl-C.  Only what was started here is ended, never "all of Ray".
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ENVIRONMENT = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
NODE = ["--node-ip-address=127.0.0.1", "--num-cpus=1", "--object-store-memory=100000000", "--block"]


class Cluster:
    """The two nodes; each is a process whose end ends all it started."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        ray = [sys.executable, "-m", "ray.scripts.scripts"]  # its command may lie beside another python
        head = [*ray, "start", "--head", f"--port={port}", "--include-dashboard=false", *NODE]
        self.nodes = [self._start(head)]
        wait_for(lambda: answers(port))
        self.nodes.append(self._start([*ray, "start", f"--address={self.address}", *NODE]))
        wait_for(lambda: len([node for node in self.nodes if raylet(node.pid)]) == 2)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}, start_new_session=True, **quiet)

    def kill(self, number: int) -> None:
        """Kill a node as a power cut would, its workers included."""
        found = raylet(self.nodes[number].pid)
        for pid in [*descendants(found), found, self.nodes[number].pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """End both."""
        for node in reversed(self.nodes):
            for pid in [*descendants(node.pid), node.pid]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            node.wait()


def descendants(pid: int) -> list[int]:
    """Return the processes that *pid* started, directly or not."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, fresh = [], [pid]
    while fresh:
        fresh = [child for child, parent in parents.items() if parent in fresh]
        found += fresh
    return found


def raylet(pid: int) -> int:
    """Return the process below *pid* that is the node itself, or 0."""
    for child in descendants(pid):
        try:
            if Path(f"/proc/{child}/comm").read_text().strip() == "raylet":
                return child
        except (FileNotFoundError, ProcessLookupError):
            continue
    return 0


def answers(port: int) -> bool:
    """Say whether something listens on *port*."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds: float = 90) -> None:
    """Wait until *condition* holds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            message = "the cluster does not come up"
            raise TimeoutError(message)
        time.sleep(0.2)


if __name__ == "__main__":
    cluster = Cluster(int(sys.argv[1]) if len(sys.argv) > 1 else 6399)
    sys.stdout.write(
        f"export RAY_AUTH_MODE=disabled; a4eval run -m … executor=ray executor.address={cluster.address}\n"
    )
    sys.stdout.flush()
    try:
        signal.pause()
    finally:
        cluster.stop()
