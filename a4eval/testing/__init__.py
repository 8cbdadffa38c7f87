"""The kit for authors of plugins: every check as a test of pytest, and experiments and plugins in a clean process.

It needs pytest and hypothesis, ``pip install 'a4eval[testing]'``; ``import a4eval`` imports neither.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
