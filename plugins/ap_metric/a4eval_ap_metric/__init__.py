"""Average precision of rankings and detectors, every definition by name.

Plain functions on numpy arrays; each is loaded when first used, so that listing the plugin stays light.
``__init__.pyi`` beside this file is the list of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
