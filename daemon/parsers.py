"""A pool of worker processes that examine mails, so that no mail can hurt the daemon.

The workers are plain subprocesses: not forked, since the daemon has threads, and not run by multiprocessing,
whose own processes outlive a killed daemon. A worker that dies or takes too long is replaced, and its mails
are examined again one by one: the mail that does it again is given up, the others lose nothing.
"""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Self

from daemon.examine import Examined, Setup, given_up
from daemon.parseprocess import PoolClosed, WorkerBroken, WorkerDied, WorkerProcess
from daemon.parseworker import Orders, WorkerLimits
from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps
from helpdesk.core.trust import Trust

__all__ = ["Examined", "ParsePool", "PoolClosed", "WorkerBroken", "WorkerLimits", "chunks"]

MAX_CHUNK_MAILS = 12
MAX_CHUNK_BYTES = 8 * 1024 * 1024
EXAMINER = "daemon.examine:examiner"
LIMITS = WorkerLimits()


class ParsePool:
    """Workers that start at once and live until ``close``. Safe to use from several threads.

    ``on_parsed`` hears how many mails were read within how many seconds, ``on_progress`` each step of a worker; from
    any thread.
    """

    def __init__(
        self,
        workers: int,
        caps: Caps,
        own: OwnMarks,
        trust: Trust,
        nameservers: tuple[str, ...],
        limits: WorkerLimits = LIMITS,
        dns_port: int = 53,
        maker: str = EXAMINER,
    ) -> None:
        orders = Orders(maker, Setup(caps, own, trust, nameservers, dns_port), limits)
        self.on_parsed: Callable[[int, float], None] = lambda _mails, _seconds: None
        self.on_progress: Callable[[], None] = lambda: None
        self._closed = False
        self._all = [WorkerProcess(orders) for _ in range(workers)]
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="parsers")
        for worker in self._all:
            worker.start()
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def examine(self, raws: Sequence[bytes], now_epoch: int | None = None) -> list[Examined]:
        """Return what each mail holds, in order; blocks. Raises PoolClosed, WorkerBroken; never for a mail."""
        now = int(time.time()) if now_epoch is None else now_epoch
        parts = list(chunks(raws, len(self._all)))
        if len(parts) < 2:
            return [one for part in parts for one in self._examined(part, now)]
        done = self._threads.map(partial(self._examined, now_epoch=now), parts)
        return [one for part in done for one in part]

    def close(self) -> None:
        """End the workers at once, also in the middle of a mail: they hold nothing that could be lost."""
        self._closed = True
        for worker in self._all:
            worker.close()
        self._threads.shutdown(cancel_futures=True)

    def _examined(self, raws: Sequence[bytes], now_epoch: int) -> list[Examined]:
        try:
            return self._attempt(raws, now_epoch)
        except WorkerDied as died:
            if len(raws) == 1 and died.overran:
                return [given_up(raws[0], str(died))]
            return [self._alone(raw, now_epoch) for raw in raws]

    def _alone(self, raw: bytes, now_epoch: int) -> Examined:
        try:
            return self._attempt([raw], now_epoch)[0]
        except WorkerDied as died:
            return given_up(raw, str(died))

    def _attempt(self, raws: Sequence[bytes], now_epoch: int) -> list[Examined]:
        worker = self._idle.get()
        started = time.monotonic()
        try:
            found = worker.examine(raws, now_epoch, self.on_progress)
        except WorkerDied:
            if self._closed:
                raise PoolClosed("the parse workers are closed") from None
            raise
        finally:
            self._idle.put(worker)
        self.on_parsed(len(raws), time.monotonic() - started)
        return [_whole(raw, one) for raw, one in zip(raws, found, strict=True)]


def chunks(raws: Sequence[bytes], workers: int) -> Iterator[Sequence[bytes]]:
    """Cut *raws* so that every worker gets something and a big mail does not keep many others waiting."""
    most = min(MAX_CHUNK_MAILS, -(-len(raws) // workers)) if raws else 1
    chunk: list[bytes] = []
    size = 0
    for raw in raws:
        if chunk and (len(chunk) >= most or size + len(raw) > MAX_CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(raw)
        size += len(raw)
    if chunk:
        yield chunk


def _whole(raw: bytes, found: Any) -> Examined:
    if isinstance(found, Examined):
        return found
    return given_up(
        raw, f"it could not be read: {found if isinstance(found, str) else type(found).__name__}"[:200]
    )
