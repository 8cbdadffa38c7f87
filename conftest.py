"""For all tests: property tests have no deadline, since a loaded machine is no defect.

Tests that run side by side compute with one thread each: more only get into each other's way.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# what a shell starts in the background ignores Ctrl-C, what nohup starts a hang-up, and children inherit that:
# the tests start programs that must hear them
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.pop("COLUMNS", None)  # which xdist gives its workers: what a file gets is not folded to a terminal

# hypothesis keeps what it found in the source folder, if that may be written
_found = {} if os.access(Path(__file__).parent, os.W_OK) else {"database": None}
settings.register_profile("a4eval", deadline=None, **_found)
settings.load_profile("a4eval")


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the key that proves a user's own sweeps out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
