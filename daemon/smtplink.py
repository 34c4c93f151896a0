"""One open SMTP connection: sends letter after letter and knows how far each came.

Pipelines where the relay allows it (RFC 2920), so that a letter costs two round trips instead of four.
"""

import asyncio
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from helpdesk.core.smtpreplies import CLOSING, Broken, End, Outcome, Stage, classify
from helpdesk.core.terminal import term_safe
from helpdesk.killpoints import Point, reach

MAX_REPLY_BYTES = 32 * 1024  # of all that came and was not asked for yet
REASON_CHARS = 300
QUIT_SECONDS = 2.0
_START_CONTENT = 354
_MAILBOX = re.compile(r"[!-;=?-~]{0,254}+")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one letter. ``untouched``: the relay answered nothing, or that it is closing."""

    outcome: Outcome
    reason: str
    untouched: bool = False


class _BrokenOff(Exception):
    """The connection ended where a reply was due."""

    def __init__(self, how: Broken) -> None:
        super().__init__(how.value)
        self.how = how


class Link(asyncio.Protocol):
    """A connection on which letters are sent one after another. After a break it is ``closed`` for good.

    ``used``: the relay has answered to a letter on it, so that silence now may only mean that it got old.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        pipelining: bool,
        timeout_seconds: float,
        final_reply_seconds: float,
    ) -> None:
        self.used = False
        self._transport = transport
        self._pipelining = pipelining
        self._timeout_seconds = timeout_seconds
        self._final_reply_seconds = final_reply_seconds
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._lines: list[str] = []
        self._unread_bytes = 0
        self._replies: deque[tuple[int, str]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._broken: Broken | None = None
        self._gone = self._loop.create_future()
        transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        """Whether no letter can be sent any more; a reply that nobody asked for is a farewell."""
        return self._broken is not None or bool(self._replies) or self._transport.is_closing()

    async def send(self, envelope_from: str, recipient: str, content: bytes) -> Report:
        """Send one letter (*content*: whole, lines end in CRLF) and say what became of it. Never raises."""
        if not (recipient and _MAILBOX.fullmatch(recipient) and _MAILBOX.fullmatch(envelope_from)):
            return Report(Outcome(End.DEAD), "an envelope address is not fit for SMTP")
        commands = (
            (Stage.MAIL, f"MAIL FROM:<{envelope_from}>\r\n".encode()),
            (Stage.RCPT, f"RCPT TO:<{recipient}>\r\n".encode()),
            (Stage.DATA, b"DATA\r\n"),
        )
        stage = Stage.MAIL
        answered = False
        try:
            if self._pipelining:
                self._write(b"".join(line for _stage, line in commands))
            reach(Point.LETTER_BEGUN)
            for stage, line in commands:
                if not self._pipelining:
                    self._write(line)
                code, text = await self._reply(self._timeout_seconds)
                answered = self.used = True
                if not (code == _START_CONTENT if stage is Stage.DATA else 200 <= code <= 299):
                    return await self._refused(stage, code, text)
            stage = Stage.CONTENT
            self._write(_with_dot(content))
            reach(Point.DOT_SENT)
            code, text = await self._reply(self._final_reply_seconds)
            reach(Point.ACCEPTED)
        except _BrokenOff as broken:
            self.abort()
            reason = f"{stage.name}: {broken.how.value}"
            return Report(classify(stage, broken.how), reason, untouched=not answered)
        outcome = classify(stage, code)
        if code == CLOSING or outcome.end is End.AMBIGUOUS:
            self.abort()
        return Report(outcome, _reason(stage, code, text))

    async def quit(self) -> None:
        """Say goodbye and close; waits for the relay's farewell, but not long."""
        if not self.closed:
            self._write(b"QUIT\r\n")
            with suppress(_BrokenOff):
                await self._reply(QUIT_SECONDS)
            if not self._transport.is_closing():  # after a second close, TLS of Python 3.11.2 fails to abort
                self._transport.close()
            await asyncio.wait([self._gone], timeout=QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        """Close at once, without a word."""
        self._broken = self._broken or Broken.CUT
        self._transport.abort()

    async def _refused(self, stage: Stage, code: int, text: str) -> Report:
        """Bring the link back to where a new letter may begin, or close it."""
        untouched = stage is Stage.MAIL and code == CLOSING
        report = Report(classify(stage, code), _reason(stage, code, text), untouched)
        if code == CLOSING:
            self.abort()
            return report
        try:
            if self._pipelining:
                for later in range(stage + 1, Stage.DATA + 1):
                    later_code, _text = await self._reply(self._timeout_seconds)
                    if later == Stage.DATA and later_code == _START_CONTENT:
                        self._write(b".\r\n")  # RFC 2920 §3.1: DATA may be accepted without any recipient
                        await self._reply(self._timeout_seconds)
            self._write(b"RSET\r\n")
            code, _text = await self._reply(self._timeout_seconds)
            if not 200 <= code <= 299:
                self.abort()
        except _BrokenOff:
            self.abort()
        return report

    def _write(self, data: bytes) -> None:
        if self.closed:
            raise _BrokenOff(self._broken or Broken.CUT)
        self._transport.write(data)

    async def _reply(self, seconds: float) -> tuple[int, str]:
        if not self._replies:
            if self._broken is not None:
                raise _BrokenOff(self._broken)
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._break, Broken.SILENT)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
            if not self._replies:
                raise _BrokenOff(self._broken or Broken.CUT)
        reply = self._replies.popleft()
        if not self._replies:
            self._unread_bytes = len(self._buffer)
        return reply

    def data_received(self, data: bytes) -> None:
        """Read replies; several may come at once."""
        self._buffer += data
        self._unread_bytes += len(data)
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end].rstrip(b"\r"), self._buffer[end + 1 :]
            if not line[:3].isdigit() or line[3:4] not in (b"", b" ", b"-"):
                self._break(Broken.NONSENSE)
                return
            self._lines.append(line[4:].decode("utf-8", "replace"))
            if line[3:4] != b"-":
                self._replies.append((int(line[:3]), " ".join(self._lines)))
                self._lines = []
        if self._unread_bytes > MAX_REPLY_BYTES:  # line ends, too: empty lines without end are too many
            self._break(Broken.NONSENSE)
        elif self._replies:
            self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """Let go of whoever waits."""
        self._break(Broken.CUT)
        if not self._gone.done():
            self._gone.set_result(None)

    def _break(self, how: Broken) -> None:
        self._broken = self._broken or how
        self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _with_dot(content: bytes) -> bytes:
    """Return *content* with its leading dots doubled and the final dot added (RFC 5321 §4.5.2)."""
    if b"\n." in content or content.startswith(b"."):
        content = re.sub(rb"(?m)^\.", b"..", content)
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _reason(stage: Stage, code: int, text: str) -> str:
    return term_safe(f"{stage.name}: {code} {text}", REASON_CHARS)
