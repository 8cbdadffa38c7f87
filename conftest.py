"""For all tests: property tests have no deadline, since a loaded machine is no defect."""

from hypothesis import settings

settings.register_profile("a4eval", deadline=None)
settings.load_profile("a4eval")
