"""``a4eval completion``: what a shell needs to complete commands, experiments, components and keys."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from a4eval.terminal import put

SHELLS = ("bash", "zsh", "fish")


COMPLETION_HELP = """Print the lines that teach a shell to complete: eval "$(a4eval completion bash)".

\b
bash: in ~/.bashrc                  eval "$(a4eval completion bash)"
zsh:  in ~/.zshrc, after compinit   eval "$(a4eval completion zsh)"
fish: in ~/.config/fish/config.fish a4eval completion fish | source
"""


@click.command(help=COMPLETION_HELP)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the lines that teach a shell to complete."""
    found = get_completion_class(shell)
    assert found is not None
    put(found(click.Group("a4eval"), {}, "a4eval", "_A4EVAL_COMPLETE").source())
