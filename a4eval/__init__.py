"""a4eval: a measuring bench for metrics and layers.

Everything a plugin may use is named in ``__init__.pyi``, and imported when it is first used.
Importing a4eval imports neither numpy nor hydra nor pluggy: a plugin's plain functions need none of the framework.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
