"""What the interpolations of a config may stand for: ``${a}${a}`` in lines that refer to each other doubles each time.

A file of a few hundred bytes could so keep OmegaConf busy for years, or fill the memory.
OmegaConf resolves one by one, within each other; so what they cost is counted while it does.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.resolvers import oc

from a4eval.config.yaml_file import DEEPEST, MOST, check_text
from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_REFERENCES = 5_000
"""How many are followed for one config: OmegaConf takes a tenth of a second for a thousand."""
MOST_CHARACTERS = 300_000
"""Of their own text, and of the texts that they stand for: OmegaConf takes 15 s for a million."""


@dataclass
class _Spent:
    """What the interpolations of one config have cost so far."""

    references: int = 0
    characters: int = 0
    values: int = 0
    excess: str = ""
    """What there is too much of."""

    def take(self, *, references: int = 0, characters: int = 0, values: int = 0) -> None:
        """Add to it.

        Raises:
            ConfigError: it is too much.
        """
        self.references += references
        self.characters += characters
        self.values += values
        for spent, most, what in (
            (self.references, MOST_REFERENCES, "references"),
            (self.characters, MOST_CHARACTERS, "characters"),
            (self.values, MOST, "values"),
        ):
            if spent > most:
                self.excess = f"the interpolations of the config stand for more than {most:,} {what}"
                raise ConfigError(self.excess)


_counting: ContextVar[bool] = ContextVar("counting", default=False)
_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)
_RESOLVE = Container.resolve_parse_tree
_REFER = Container._resolve_node_interpolation  # noqa: SLF001  (nothing public sees each text of several in one)


@contextmanager
def bounded() -> Iterator[_Spent]:
    """Within this context one config is composed or resolved, and its interpolations stand for no more than they may.

    Raises:
        ConfigError: they stand for too much.
    """
    mine = _Spent()
    before = _spent.set(mine)  # OmegaConf passes nothing along from one interpolation to those within it
    try:
        yield mine
    except Exception as error:
        if mine.excess:  # what is raised in the middle, OmegaConf wraps once for each interpolation around it
            raise ConfigError(mine.excess) from error
        raise
    finally:
        _spent.reset(before)
    if mine.excess:
        raise ConfigError(mine.excess)


@contextmanager
def counted() -> Iterator[None]:
    """Within this context OmegaConf counts what it resolves for this thread; it is not entered within itself."""
    OmegaConf.register_new_resolver("oc.create", _create, replace=True)
    before = _counting.set(True)
    Container.resolve_parse_tree = _resolve_parse_tree  # type: ignore[method-assign]
    Container._resolve_node_interpolation = _resolve_node_interpolation  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield
    finally:
        Container.resolve_parse_tree = _RESOLVE  # type: ignore[method-assign]
        Container._resolve_node_interpolation = _REFER  # type: ignore[method-assign]  # noqa: SLF001
        _counting.reset(before)


def _resolve_parse_tree(self: Container, parse_tree: Any, *arguments: Any, **keywords: Any) -> Any:
    """Do as OmegaConf does, and count it: of the config in hand, or by itself."""
    if not _counting.get():
        return _RESOLVE(self, parse_tree, *arguments, **keywords)  # of another thread
    known = _spent.get()
    with nullcontext(known) if known is not None else bounded() as spent:
        spent.take(references=1, characters=parse_tree.stop.stop + 1 if parse_tree.stop else 0)
        found = _RESOLVE(self, parse_tree, *arguments, **keywords)
        if isinstance(found, (DictConfig, ListConfig)):
            spent.take(values=_size(found))
        return found


def _resolve_node_interpolation(self: Container, *arguments: Any, **keywords: Any) -> Any:
    """Do as OmegaConf does, and count the text that comes of it, of which there may be many in one."""
    found = _REFER(self, *arguments, **keywords)
    spent = _spent.get()
    if spent is not None and not isinstance(found, (DictConfig, ListConfig)):
        spent.take(characters=len(str(found)))
    return found


def _size(node: DictConfig | ListConfig) -> int:
    """Return how many values are in *node*, or a number above those that there may be."""
    inside: list[Any] = [OmegaConf.to_container(node, resolve=False)]
    for one in inside:
        inside += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if len(inside) > MOST:
            break
    return len(inside)


def _create(given: Any, _parent_: Any) -> Any:
    """Do as ``${oc.create:…}`` does, with a text that is known to be harmless to load."""
    if isinstance(given, str):
        check_text(given, "oc.create")
    return oc.create(given, _parent_)


def check_depth(value: Any, levels: int = DEEPEST) -> None:
    """Refuse plain values that lie deeper within each other than those of a file may.

    Raises:
        ConfigError: they do.
    """
    if levels < 0:
        raise ConfigError(f"is nested more than {DEEPEST} levels deep")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, (dict, list)):
            check_depth(inner, levels - 1)
