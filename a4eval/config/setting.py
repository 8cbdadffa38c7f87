"""How an override of the task is set, where we mean something else than Hydra does.

A mapping takes the place of the one that was there, where Hydra would merge the two.
A component may stand as its bare name, and a key below it be set nevertheless: the name becomes ``{name: …}``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf, open_dict, read_write

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

_hydras = ConfigLoaderImpl._apply_overrides_to_config  # noqa: SLF001  (Hydra's own rules)


@contextmanager
def our_rules() -> Iterator[None]:
    """Within this context Hydra sets overrides by :func:`apply`."""
    theirs: Any = ConfigLoaderImpl
    before = theirs._apply_overrides_to_config  # noqa: SLF001
    theirs._apply_overrides_to_config = staticmethod(apply)  # noqa: SLF001
    try:
        yield
    finally:
        theirs._apply_overrides_to_config = staticmethod(before)  # noqa: SLF001


def apply(overrides: list[Override], config: DictConfig) -> None:
    """Set *overrides* in *config*, one after the other."""
    for override in overrides:
        steps = override.key_or_group.split(".")
        _no_key_of_a_list(config, steps)
        if steps[0] == "task" and not override.is_delete():
            _name_above(config, steps)
            _make_way(config, steps, override.value())
        _hydras([override], config)


def _name_above(config: DictConfig, steps: list[str]) -> None:
    """Make ``{name: …}`` of every bare name above the key."""
    for place in range(1, len(steps)):
        path = ".".join(steps[:place])
        above = _raw(config, path)
        if isinstance(above, str) and above != "???" and "${" not in above:
            OmegaConf.update(config, path, {"name": above}, force_add=True)


def _no_key_of_a_list(config: DictConfig, steps: list[str]) -> None:
    for place in range(1, len(steps)):
        above, step = ".".join(steps[:place]), steps[place]
        if not step.isdigit() and OmegaConf.is_list(_raw(config, above)):
            raise ConfigError(
                f"{above} is a list, which has no {step!r}: give it whole, {above}=[…]", path=".".join(steps)
            )


def _make_way(config: DictConfig, steps: list[str], value: Any) -> None:
    """Remove the mapping that is there, so that nothing of it is merged into the new one, or a list where that was."""
    there, merged = _raw(config, ".".join(steps)), isinstance(value, dict)
    if (isinstance(there, dict) and (isinstance(value, list) or (merged and len(steps) > 1))) or (
        merged and OmegaConf.is_list(there)
    ):
        OmegaConf.update(config, ".".join(steps), None, merge=False)


def _raw(config: DictConfig, path: str) -> Any:
    """Return what stands at *path*, no interpolation resolved; a mapping as some dict, None where there is nothing."""
    node: Any = config
    for step in path.split("."):
        if not OmegaConf.is_dict(node) or step not in node or OmegaConf.is_interpolation(node, step):
            return None
        node = node.get(step)
    return {} if OmegaConf.is_dict(node) else node


def note_point(own: DictConfig, overrides: Sequence[Override], number: int) -> None:
    """Let Hydra's own part of a config say which point of a sweep it is of, as Hydra's sweepers do.

    Args:
        own: that part.
        overrides: those of the point that are not about Hydra.
        number: the point's.
    """
    job, noted = own.job, own.overrides  # to look a key up is half of the work
    naming = job.config.override_dirname
    with read_write(job), open_dict(job), read_write(noted), open_dict(noted):
        job.id, job.num = str(number), number
        noted.task = [one.input_line for one in overrides]
        if hasattr(config_loader_impl, "get_overrides_dirname"):  # from 1.4 on a resolver makes it of the overrides
            job.override_dirname = config_loader_impl.get_overrides_dirname(
                overrides=list(overrides),
                kv_sep=naming.kv_sep,
                item_sep=naming.item_sep,
                exclude_keys=naming.exclude_keys,
            )
