"""An event loop in a thread of its own, for servers that tests of blocking code talk to."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

STOP_SECONDS = 10.0
Result = TypeVar("Result")


class Loop:
    """A running loop; ``run`` brings work to it from any other thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do *work* in the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_SECONDS)

    @contextmanager
    def running(self) -> Iterator["Loop"]:
        """Run; at the end, cancel what is left."""
        thread = threading.Thread(target=self._loop.run_forever, name="test-loop", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.run(_cancel_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(STOP_SECONDS)
            self._loop.close()


async def closed(server: asyncio.Server) -> None:
    """Let a server listen no longer; to be run in its own loop, where alone that is safe."""
    server.close()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the next round
