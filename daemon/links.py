"""The open connections to the relay: reused, given up when idle, and not asked for while the relay is away."""

import asyncio
import logging
import random
from contextlib import suppress

from daemon.smtp import Relay
from daemon.smtplink import Link
from helpdesk.core.backoff import reconnect_seconds
from helpdesk.errors import RelayAway
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.letters")


class Links:
    """Lends links, one borrower each. A relay that is away is tried again ever more rarely, by one at a time.

    It counts as back when it has dealt with a letter, not when it merely greets.
    """

    def __init__(self, relay: Relay) -> None:
        self.away = ""
        self.went_away = asyncio.Event()
        self._relay = relay
        self._idle: list[tuple[Link, asyncio.TimerHandle]] = []
        self._probing = asyncio.Lock()
        self._failures = 0
        self._try_at = 0.0
        self._away_since = 0.0
        self._goodbyes: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> bool:
        """Whether a link can be lent at once."""
        return any(not link.closed for link, _timer in self._idle)

    async def take(self) -> Link:
        """Return a link that works as far as can be known; waits for as long as the relay is away."""
        while True:
            while self._idle:
                link, timer = self._idle.pop()  # the one used last: the others may grow old and be closed
                timer.cancel()
                if not link.closed:
                    return link
                link.abort()
            if not self.away:
                connected = await self._connect()
            else:
                async with self._probing:
                    if not self.away or self._idle:
                        continue
                    await asyncio.sleep(self._try_at - _now())
                    connected = await self._connect()
            if connected is not None:
                return connected

    def give(self, link: Link) -> None:
        """Take a link back; it says goodbye when nobody wants it for a while."""
        if link.closed:
            link.abort()
            return
        timer = asyncio.get_running_loop().call_later(self._relay.settings.idle_seconds, self._dismiss, link)
        self._idle.append((link, timer))

    def works(self) -> None:
        """Note that the relay has dealt with a letter."""
        if self.away:
            event(LOG, "relay-back", away_s=round(_now() - self._away_since), after=self.away)
            self.away = ""
            self.went_away.clear()
        self._failures = 0

    def fault(self, reason: str) -> None:
        """Note that the relay fails us, not a letter; logged once until it is back."""
        now = _now()
        if not self.away:
            event(LOG, "relay-away", logging.ERROR, reason=reason)
            self._away_since = now
        elif now < self._try_at:
            return  # another borrower has noted the same moment
        self.away = reason
        self._failures += 1
        self._try_at = now + reconnect_seconds(self._failures, random.random())  # noqa: S311 - spreads load
        self.went_away.set()

    async def close(self, grace_seconds: float) -> None:
        """Say goodbye on all idle links, and wait for that no longer than *grace_seconds*."""
        for link, timer in self._idle:
            timer.cancel()
            self._say_goodbye(link)
        self._idle.clear()
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=grace_seconds)
        for task in self._goodbyes:
            task.cancel()

    async def _connect(self) -> Link | None:
        try:
            return await self._relay.connect()
        except RelayAway as trouble:
            self.fault(str(trouble))
            return None

    def _dismiss(self, link: Link) -> None:
        self._idle = [(one, timer) for one, timer in self._idle if one is not link]
        self._say_goodbye(link)

    def _say_goodbye(self, link: Link) -> None:
        task = asyncio.get_running_loop().create_task(_quit(link))
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)


async def _quit(link: Link) -> None:
    try:
        with suppress(OSError):
            await link.quit()
    finally:
        link.abort()


def _now() -> float:
    return asyncio.get_running_loop().time()
