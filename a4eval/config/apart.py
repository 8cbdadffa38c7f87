"""Hydra's global state, ours and apart from anyone else's in this process.

Hydra keeps what it composes with in singletons, and OmegaConf its resolvers in one dictionary; what OmegaConf resolves
for us is counted.
A notebook, or a program with a Hydra of its own, finds all of it as it left it; threads take turns.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.singleton import Singleton
from omegaconf.basecontainer import BaseContainer

from a4eval.config.interpolation import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

_TURN = threading.RLock()
_OURS: dict[str, Any] = {"depth": 0, "singletons": {}, "resolvers": {}}


@contextmanager
def apart() -> Iterator[None]:
    """Within this context Hydra and OmegaConf hold our state; it may be entered again within itself."""
    with _TURN, ExitStack() as stack:
        if _OURS["depth"] == 0:
            stack.enter_context(_ours())
        _OURS["depth"] += 1
        try:
            yield
        finally:
            _OURS["depth"] -= 1


@contextmanager
def _ours() -> Iterator[None]:
    theirs = Singleton._instances, BaseContainer._resolvers  # noqa: SLF001  (there is no other way)
    # configs that modules store as they are imported: a module is imported but once
    store: Any = {ConfigStore: ConfigStore.instance()}
    Singleton._instances = _OURS["singletons"] | store  # noqa: SLF001
    BaseContainer._resolvers = {**theirs[1], **_OURS["resolvers"]}  # noqa: SLF001
    try:
        with counted():
            yield
    finally:
        # asked anew: some of Hydra's launchers put others in their place
        _OURS["singletons"], _OURS["resolvers"] = Singleton._instances, BaseContainer._resolvers  # noqa: SLF001
        Singleton._instances, BaseContainer._resolvers = theirs  # noqa: SLF001
