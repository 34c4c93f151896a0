"""An SMTP server that keeps what it gets: light enough for a benchmark, scriptable enough for every failure."""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.certificates import Certificates, Flaw, server_context
from tests.servers.ports import HOST, free_port
from tests.servers.smtp_conversation import Answer, Conversation, Cut, Hook, Received, Rules, Tls

__all__ = ["Answer", "Cut", "Hook", "Received", "SmtpSink", "Tls"]

START_SECONDS = 20.0
START_TRIES = 5
HEARD_BYTES = 64 * 1024


class SmtpSink:
    """An SMTP server on ``host``:``port`` in a thread of its own, to be used as a context manager.

    *user* and *password*: login is demanded, offered once the connection is as safe as *tls* says.
    ``reply_for`` may be set at any time: it is asked at each stage (CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT,
    DATA, BODY at the first bytes of the content, CONTENT at their end, RSET, NOOP, QUIT) with the stage and its
    argument, in the sink's thread. None: as usual. A string: that reply, and no effect unless it is 2xx or 3xx;
    421 closes the connection. A ``Cut``: the connection ends.
    """

    def __init__(
        self,
        *,
        tls: Tls = Tls.STARTTLS,
        certificates: Certificates | None = None,
        flaw: Flaw = Flaw.NONE,
        user: str = "",
        password: str = "",
        reply_for: Hook | None = None,
    ) -> None:
        self.host, self.port = HOST, 0
        self.tls, self.user, self.password = tls, user, password
        self.reply_for = reply_for
        self.connections = 0
        self._certificates = certificates or Certificates()
        self._flaw = flaw
        self._server: asyncio.Server | None = None
        self._open_now: set[Conversation] = set()
        self._arrival = threading.Condition()
        self._messages: list[Received] = []
        self._heard = bytearray()
        self._defects: list[BaseException] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="desk-sink-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink", daemon=True)
        self.ca_file.write_bytes(self._certificates.ca_pem)
        certificate = self._certificates.issue(self._flaw)
        self._context = server_context(certificate, Path(self._folder.name))
        self._loop.set_exception_handler(self._note)
        self._thread.start()
        try:
            self._start_first()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._show_defects()

    @property
    def ca_file(self) -> Path:
        """The certificate of the CA that a client of this server has to trust."""
        return Path(self._folder.name) / "ca.pem"

    @property
    def messages(self) -> list[Received]:
        """Everything kept so far, in the order of arrival."""
        with self._arrival:
            return list(self._messages)

    @property
    def heard_in_clear(self) -> bytes:
        """The first 64 KiB that any client sent unencrypted."""
        return bytes(self._heard)

    def wait_for(self, count: int, timeout_seconds: float = 10.0) -> list[Received]:
        """Return all mails kept once they are *count* or more; raise TimeoutError if they stay fewer."""
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self._messages) >= count, timeout_seconds):
                kept = len(self._messages)
                raise TimeoutError(f"{kept} mails after {timeout_seconds} s; {count} were awaited")
            return list(self._messages)

    def clear(self) -> None:
        """Forget what was kept, heard and scripted; raise what went wrong in the sink or in a script."""
        self._show_defects()
        with self._arrival:
            self._messages.clear()
        self._heard.clear()
        self.reply_for = None
        self.connections = 0

    def start(self) -> None:
        """Listen again after ``kill()``, on the same port."""
        self._call(self._listen())

    def certify(self, flaw: Flaw = Flaw.NONE) -> None:
        """Offer TLS with another certificate to whoever connects from now on."""
        self._context = server_context(self._certificates.issue(flaw), Path(self._folder.name))
        self.tls = Tls.STARTTLS if self.tls is Tls.NONE else self.tls

    def kill(self) -> None:
        """Stop listening and cut every connection; what was kept stays."""
        self._call(self._silence())

    def cut_connections(self) -> None:
        """Cut every connection; new ones are welcome."""
        self._call(self._cut_all())

    def _start_first(self) -> None:
        for left in reversed(range(START_TRIES)):
            self.port = free_port()
            try:
                self.start()
            except OSError:
                if not left:
                    raise
            else:
                return

    async def _listen(self) -> None:
        assert self._server is None, "the sink listens already"
        self._server = await self._loop.create_server(
            self._conversation,
            self.host,
            self.port,
            ssl=self._context if self.tls is Tls.IMPLICIT else None,
        )

    async def _silence(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut_all()

    async def _cut_all(self) -> None:
        for conversation in list(self._open_now):
            conversation.abort()

    def _conversation(self) -> Conversation:
        self.connections += 1
        rules = Rules(
            self.tls, self._context, self.user, self.password, self._keep, self._hear, self._answer_for
        )
        return Conversation(rules, self._open_now)

    def _keep(self, mail: Received) -> None:
        with self._arrival:
            self._messages.append(mail)
            self._arrival.notify_all()

    def _hear(self, data: bytes) -> None:
        self._heard += data[: max(0, HEARD_BYTES - len(self._heard))]

    def _answer_for(self, stage: str, argument: str) -> Answer:
        hook = self.reply_for
        if hook is None:
            return None
        try:
            return hook(stage, argument)
        except Exception as defect:  # noqa: BLE001 - shown to the test, which runs in another thread
            self._defects.append(defect)
            return Cut.BEFORE

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def _end(self) -> None:
        try:
            self.kill()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_SECONDS)
            self._loop.run_until_complete(_until_closed(self._open_now))
            self._loop.close()
            self._folder.cleanup()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Pass over connections that clients broke; anything else is a defect here or in a script."""
        error = context.get("exception")
        if error is not None and not isinstance(error, OSError):
            self._defects.append(error)

    def _show_defects(self) -> None:
        defects, self._defects = self._defects, []
        if defects:
            raise defects[0]


async def _until_closed(open_now: set[Conversation]) -> None:
    for _ in range(100):
        await asyncio.sleep(0)
        if not open_now:
            return
