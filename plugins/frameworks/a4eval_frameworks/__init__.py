"""Layers of torch, keras and jax, and metrics of other libraries, as components of a4eval."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
