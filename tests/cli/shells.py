"""What a shell shows when Tab is pressed, and after how long: bash and zsh at a terminal, fish as it says itself."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
TEACH = {
    "bash": "bind 'set show-all-if-ambiguous on'; bind 'set bell-style none'",
    "zsh": "autoload -Uz compinit; compinit -D; unsetopt beep list_ambiguous",
}
PROMPT = "type here: "
"""Shown once the shell reads keys, one by one."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\x07\x08\r]")
PATIENCE = 20


def pressed(shell: str, line: str, expected: str, environment: Mapping[str, str], script: Path) -> float:
    """Return the seconds between Tab after *line* and *expected* on the screen.

    Args:
        shell: ``bash``, ``zsh`` or ``fish``.
        line: what is typed.
        expected: what is then to be read at the end of the line, or below it.
        environment: what the shell is given.
        script: the file that teaches it to complete.

    Raises:
        AssertionError: If it does not appear; its text is the screen.
    """
    return (
        _fish(line, expected, environment, script)
        if shell == "fish"
        else Screen(shell, environment, script).tab(line, expected)
    )


def _fish(line: str, expected: str, environment: Mapping[str, str], script: Path) -> float:
    code = 'source $argv[1]; set begun (date +%s%N); complete -C $argv[2]; math "($(date +%s%N) - $begun) / 1e9"'
    words = ["fish", "--no-config", "-c", code, str(script), line]
    done = subprocess.run(words, env={**environment, "fish_history": ""}, capture_output=True, text=True, check=True)
    *offered, seconds = done.stdout.splitlines()
    assert any(expected in one for one in offered), done.stdout + done.stderr
    return float(seconds)


class Screen:
    """A shell at a terminal of its own."""

    def __init__(self, shell: str, environment: Mapping[str, str], script: Path) -> None:
        self.terminal, inner = pty.openpty()
        termios.tcsetwinsize(inner, (24, 120))
        self.process = subprocess.Popen(
            START[shell], stdin=inner, stdout=inner, stderr=inner, env={**environment, "TERM": "xterm", "PS1": "$ "},
            start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        self.type(f"{TEACH[shell]}; . {script}; PS1='type''{PROMPT.removeprefix('type')}'\n")
        self.seen(PROMPT)

    def type(self, text: str) -> None:
        """Type *text*."""
        os.write(self.terminal, text.encode())

    def seen(self, expected: str, text: str = "") -> None:
        """Read until *expected* is on the screen, after *text*, which is there already."""
        last = time.monotonic() + PATIENCE
        while expected not in text:
            ready, _, _ = select.select([self.terminal], [], [], max(0, last - time.monotonic()))
            assert ready, text
            text = CONTROL.sub("", text + os.read(self.terminal, 4096).decode(errors="replace"))

    def tab(self, line: str, expected: str) -> float:
        """Return the seconds from Tab after *line* to *expected*, and end the shell."""
        try:
            self.type(line)
            self.seen(line)
            begun = time.monotonic()
            self.type("\t")
            self.seen(expected, line)
            return time.monotonic() - begun
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.terminal)
