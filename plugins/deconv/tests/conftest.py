"""Peers that the numbers are checked against; without them those tests skip."""

import pytest
from hypothesis import settings

settings.register_profile("patient", settings(), deadline=None)  # a loaded machine is no defect
settings.load_profile("patient")


@pytest.fixture
def torch():
    module = pytest.importorskip("torch", reason="torch is not installed: pip install 'a4eval[conformance]'")
    module.set_num_threads(1)  # the tests' arrays are small: threads only get into each other's way
    return module
