"""Delivery of letters: the loop of the running daemon, and the emptying of the outbox once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from daemon.links import Links
from daemon.shift import DeliverySettings, Shift
from daemon.smtp import Relay
from helpdesk.actions.deliver import Outbox
from helpdesk.core.smtpreplies import End


@dataclass(frozen=True, slots=True)
class DrainResult:
    """What became of the letters that were due. ``problem``: why some still wait, empty when none does."""

    sent: int
    later: int
    dead: int
    problem: str = ""


class Delivery:
    """Sends what the outbox holds. ``beat`` is called every few seconds while it makes progress."""

    def __init__(
        self,
        outbox: Outbox,
        relay: Relay,
        settings: DeliverySettings | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._relay = relay
        self._settings = settings or DeliverySettings()
        self._beat = beat
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shift: Shift | None = None

    def wake(self) -> None:
        """Look into the outbox now; may be called from any thread, and when nothing runs."""
        loop, shift = self._loop, self._shift
        if loop is not None and shift is not None and not loop.is_closed():
            loop.call_soon_threadsafe(shift.awake.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until *stop* is set, then end within two seconds. A defect in a task ends it with its error."""
        shift = self._begin()
        stopping = asyncio.create_task(stop.wait())
        try:
            tasks = shift.start(until_empty=False)
            done, _pending = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stopping.cancel()
            await self._finish(shift)

    async def drain(self) -> DrainResult:
        """Deliver until no letter is due and none is in hand, or the relay turns out to be away."""
        shift = self._begin()
        tasks = shift.start(until_empty=True)
        problem = ""
        try:
            while not (problem or any(task.done() for task in tasks)):
                gone = asyncio.create_task(shift.links.went_away.wait())
                await asyncio.wait([gone, *tasks], return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                problem = shift.links.away  # empty when another link has worked since
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await self._finish(shift)
        later = shift.ends[End.TRY_LATER] + shift.ends[End.AMBIGUOUS]
        return DrainResult(shift.ends[End.SENT], later, shift.ends[End.DEAD], problem)

    def _begin(self) -> Shift:
        shift = Shift(self._outbox, Links(self._relay), self._settings, self._beat)
        self._loop, self._shift = asyncio.get_running_loop(), shift
        return shift

    async def _finish(self, shift: Shift) -> None:
        self._shift = None
        await shift.end()
