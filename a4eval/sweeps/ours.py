"""Which folders the user's own commands left: a proof in ``sweep.json`` that nobody else can make.

A folder from someone else may hold a ``sweep.json`` that asks for an executor with a shell line in it.
What this user's commands write carries an HMAC under a key that lies in no folder of results, but in
``$XDG_STATE_HOME/a4eval/key`` (``~/.local/state/a4eval/key``), readable by the user alone.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def proof(content: bytes) -> str:
    """Return the proof that *content* is ours; empty where no key can be kept."""
    key = _key()
    return hmac.new(key, content, "sha256").hexdigest() if key else ""


def proven(content: bytes, claimed: str) -> bool:
    """Say whether *claimed* is the proof of *content*."""
    expected = proof(content)
    return bool(expected) and hmac.compare_digest(expected.encode(), claimed.encode())


def _key() -> bytes:
    """Return the user's key, made when it is first needed; empty if that cannot be."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    place = Path(state, "a4eval", "key")
    try:
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = place.with_name(f".key.{secrets.token_hex(8)}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(fresh, place)  # whole or not at all; another command may have been quicker
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = place.read_bytes()
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return b""
    return key if len(key) == KEY_BYTES else b""
