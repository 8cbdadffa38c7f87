"""From plain config values to the types that were asked for, with errors that say got and expected."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from a4eval.errors import A4evalError, ConfigError, did_you_mean


def convert(value: Any, hint: Any, path: str) -> Any:
    """Check *value* against the type *hint*; an int becomes a float where a float is wanted, nothing else is bent.

    Raises:
        ConfigError: it does not fit; the text says got and expected.

    >>> convert("five", int, "task.k")
    Traceback (most recent call last):
    a4eval.errors.ConfigError: task.k: got 'five', expected int
    """
    try:
        return msgspec.convert(value, hint, dec_hook=_decode)
    except msgspec.ValidationError as error:
        inner = str(error).partition(" - at `$")[2].rstrip("`")
        expected = type_name(hint)
        choices = [str(one) for one in _literals(hint)]
        nearest = did_you_mean(value, choices) if isinstance(value, str) and choices else ""
        nearest = nearest if "did you mean" in nearest else ""
        detail = f" (at {inner.lstrip('.')})" if inner else ""
        raise ConfigError(f"got {show(value)}, expected {expected}{detail}{nearest}", path=path) from error
    except (ValueError, TypeError) as error:
        if isinstance(error, A4evalError):
            raise
        raise ConfigError(str(error), path=path) from error


def type_name(hint: Any) -> str:
    """Return a type as people write it.

    >>> type_name(list[Path] | None)
    'list[Path] | None'
    >>> type_name(dict[str, tuple[float, ...]])
    'dict[str, tuple[float, ...]]'
    >>> type_name(Literal["auto", 1])
    "'auto' | 1"
    """
    if get_origin(hint) in (Union, types.UnionType):
        return " | ".join(type_name(one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return " | ".join(repr(one) for one in get_args(hint))
    if hint is Any:
        return "anything"
    if hint in (types.NoneType, ...):
        return "None" if hint is types.NoneType else "..."
    if (origin := get_origin(hint)) is not None and get_args(hint):
        return f"{origin.__name__}[{', '.join(type_name(one) for one in get_args(hint))}]"
    return getattr(hint, "__name__", str(hint))


def _decode(hint: type[Any], value: Any) -> Any:
    if hint is Path and isinstance(value, str):
        return at_home(value)
    raise msgspec.ValidationError(f"Expected `{hint}`")


def at_home(path: str) -> Path:
    """Return a path as a shell would: ``~`` and ``$HOME`` at its beginning are the home folder; no other variable is.

    >>> at_home("$HOME/data") == at_home("~/data") == Path.home() / "data", str(at_home("data/~"))
    (True, 'data/~')
    """
    if path == "$HOME" or path.startswith("$HOME/"):
        path = f"~{path.removeprefix('$HOME')}"
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user
        return Path(path)


def _literals(hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [choice for inner in get_args(hint) for choice in _literals(inner)]


def show(value: Any) -> str:
    """Return *value* as an error shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
