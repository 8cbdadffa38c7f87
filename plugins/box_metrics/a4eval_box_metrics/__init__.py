"""How boxes agree: similarities, losses and their gradients.

Plain functions on numpy arrays; each is loaded when first used, so that listing the plugin stays light.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
