"""Names that the command line alone may allow: of environment variables, of packages whose code a config may name.

They are kept in an environment variable of this process, which workers inherit.
So no config, record or folder can allow anything: none of them sets a variable.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Permission:
    """What one option of the command line allows.

    Args:
        option: the option, such as ``--allow-env``.
        variable: the environment variable that holds the allowed names, with commas between.
        pattern: what such a name looks like.
        what: whose name it is, for messages.
    """

    option: str
    variable: str
    pattern: re.Pattern[str]
    what: str

    def allow(self, names: Iterable[str]) -> None:
        """Allow *names*, beside those that are allowed already.

        Raises:
            ConfigError: there can be no such name.
        """
        for name in names:
            if not self.pattern.fullmatch(name):
                raise ConfigError(f"got {name!r}, expected the name of {self.what}", path=self.option)
            if name not in self.allowed():
                os.environ[self.variable] = ",".join([*self.allowed(), name])

    def allowed(self) -> list[str]:
        """Return the names that are allowed."""
        return [name for name in os.environ.get(self.variable, "").split(",") if name]


ENVIRONMENT = Permission(
    "--allow-env", "A4EVAL_ALLOW_ENV", re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "an environment variable"
)
IMPORTS = Permission("--allow-import", "A4EVAL_ALLOW_IMPORT", re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*"), "a package")


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a command allows, of every kind."""

    env: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @classmethod
    def now(cls) -> Permissions:
        """Return what is allowed in this process."""
        return cls(tuple(ENVIRONMENT.allowed()), tuple(IMPORTS.allowed()))

    def grant(self) -> None:
        """Allow it in this process and in those it starts.

        Raises:
            ConfigError: there can be no such name.
        """
        ENVIRONMENT.allow(self.env)
        IMPORTS.allow(self.imports)

    def options(self) -> list[str]:
        """Return the command line's options for it.

        >>> Permissions(env=("TOKEN",), imports=("mine",)).options()
        ['--allow-env=TOKEN', '--allow-import=mine']
        """
        pairs = ((ENVIRONMENT, self.env), (IMPORTS, self.imports))
        return [f"{kind.option}={name}" for kind, names in pairs for name in names]
