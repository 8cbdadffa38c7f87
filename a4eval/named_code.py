"""Code that a config names: ``package.module:thing``, imported only if the command line named its package."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from a4eval.errors import ConfigError, did_you_mean, told
from a4eval.permission import IMPORTS


def import_named(name: str, *, path: str = "") -> Any:
    """Import what a config names as ``package.module:thing``, if the command said ``--allow-import package``.

    The folder one stands in comes first, as with ``python -m``.

    Args:
        name: the module, a colon, and the name in it; dots lead into a class.
        path: where it stands in the config, for messages.

    Raises:
        ConfigError: it is no such name, its package is not allowed, or it cannot be imported.

    >>> import_named("mine.layers:Fancy", path="task.layer")
    Traceback (most recent call last):
    a4eval.errors.ConfigError: task.layer: names the code 'mine.layers:Fancy'; allow it with --allow-import mine
    """
    module, colon, thing = name.partition(":")
    if not (colon and IMPORTS.pattern.fullmatch(module) and IMPORTS.pattern.fullmatch(thing)):
        raise ConfigError(f"got {name!r}, expected package.module:name", path=path)
    parts = module.split(".")
    if not any(".".join(parts[:end]) in IMPORTS.allowed() for end in range(1, len(parts) + 1)):
        raise ConfigError(f"names the code {name!r}; allow it with {IMPORTS.option} {parts[0]}", path=path)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's module may raise anything, and may call sys.exit
        raise ConfigError(f"{name!r} cannot be imported: {told(error)}", path=path) from error
    for part in thing.split("."):
        if not hasattr(found, part):
            known = [one for one in dir(found) if not one.startswith("_")]
            raise ConfigError(f"{name!r}: {module} has no {thing!r}{did_you_mean(part, known)}", path=path)
        found = getattr(found, part)
    return found
