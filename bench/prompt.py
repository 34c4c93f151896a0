"""How long the shell takes from its start to its prompt, besides whoever types and the hash of the password."""

import os
import pty
import select
import statistics
import sys
import time
from pathlib import Path

from helpdesk.actions import passwords
from shell.keyboard import Keyboard

ROOT = Path(__file__).parents[1]
PASSWORD = "une petite phrase pour le banc d'essai"
ROUNDS = 5
TIMEOUT_SECONDS = 30


def prompt_ms(keyboard: Keyboard, config: Path, environ: dict[str, str], address: str) -> float:
    """Return the median; the account must have PASSWORD and know this place."""
    hashed = passwords.hash_password(PASSWORD)
    begun = time.perf_counter()
    passwords.password_is(PASSWORD, hashed)
    hash_seconds = time.perf_counter() - begun
    took = [_once(config, environ, address) - hash_seconds for _ in range(ROUNDS)]
    return statistics.median(took) * 1000


def _once(config: Path, environ: dict[str, str], address: str) -> float:
    program = str(ROOT / "helpdesk-admin.py")
    child, terminal = pty.fork()
    if child == 0:
        more = {"LANG": "C.UTF-8", "PROMPT_TOOLKIT_NO_CPR": "1"}  # nobody here answers where the cursor is
        os.execvpe(sys.executable, [sys.executable, program, "--config", str(config)], environ | more)
    try:
        begun = time.perf_counter()
        _read_until(terminal, b"address")
        asked = time.perf_counter()
        os.write(terminal, f"{address}\n".encode())
        _read_until(terminal, b"assword")
        os.write(terminal, f"{PASSWORD}\n".encode())
        typed = time.perf_counter()
        _read_until(terminal, b"(admin)>")
        return (asked - begun) + (time.perf_counter() - typed)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def _read_until(terminal: int, wanted: bytes) -> None:
    seen = b""
    until = time.monotonic() + TIMEOUT_SECONDS
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(until - time.monotonic(), 0))
        if not ready:
            raise RuntimeError(f"the shell did not show {wanted!r}: {seen[-500:]!r}")
        seen += os.read(terminal, 4096)
