"""A thread beside the mailboxes that looks after something every few seconds."""

import threading
from types import TracebackType
from typing import Self

STOP_SECONDS = 1.0  # then it ends with the process


class Beside(threading.Thread):
    """Calls ``look`` again and again while it is entered, and ``finish`` at the end."""

    def __init__(self, name: str, every_seconds: float) -> None:
        super().__init__(name=name, daemon=True)
        self.ending = threading.Event()
        self._every_seconds = every_seconds

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        if self.ident is not None:
            self.join(STOP_SECONDS)

    @property
    def died(self) -> bool:
        """Whether it began and is over; before it is left that is a defect."""
        return self.ident is not None and not self.is_alive()

    def run(self) -> None:
        """Look until stopped."""
        while True:
            self.look()
            if self.ending.wait(self._every_seconds):
                break
        self.finish()

    def look(self) -> None:
        """Do what is to be done now. Whatever it raises ends the thread."""
        raise NotImplementedError

    def finish(self) -> None:
        """Let go of what was taken."""
