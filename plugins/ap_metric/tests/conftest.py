"""Shared by the tests."""

from hypothesis import settings

settings.register_profile("patient", settings(), deadline=None)  # a loaded machine is no defect
settings.load_profile("patient")
