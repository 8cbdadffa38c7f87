"""For all tests: property tests have no deadline, since a loaded machine is no defect.

Tests that run side by side compute with one thread each: more only get into each other's way.
"""

import os

from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

settings.register_profile("a4eval", deadline=None)
settings.load_profile("a4eval")
