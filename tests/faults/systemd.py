"""What systemd hears of a daemon: whether it feeds its watchdog, and the longest time between two meals."""

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

NUMBERS = itertools.count(1)
LISTEN_SECONDS = 0.2
MICROSECONDS = 1_000_000


class Ear:
    """Listens on a socket in the abstract namespace. ``environ``: what tells a daemon of it."""

    def __init__(self, watchdog_seconds: float) -> None:
        name = f"@desk-test-{os.getpid()}-{next(NUMBERS)}"
        self.environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(watchdog_seconds * MICROSECONDS))}
        self.ready = threading.Event()
        self.longest_seconds = 0.0
        self._fed_at: float | None = None
        self._ended = False

    @contextmanager
    def open(self) -> Iterator["Ear"]:
        """Listen until the block ends."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind("\0" + self.environ["NOTIFY_SOCKET"][1:])
            listener.settimeout(LISTEN_SECONDS)
            thread = threading.Thread(target=self._listen, args=(listener,), name="systemd-ear")
            thread.start()
            try:
                yield self
            finally:
                self._ended = True
                thread.join()

    def _listen(self, listener: socket.socket) -> None:
        while not self._ended:
            try:
                said = listener.recv(4096).decode()
            except TimeoutError:
                said = ""
            now = time.monotonic()
            if self._fed_at is not None:
                self.longest_seconds = max(self.longest_seconds, now - self._fed_at)
            if "WATCHDOG=1" in said:
                self._fed_at = now
            if "READY=1" in said:
                self.ready.set()
            if "STOPPING=1" in said:
                return
