"""One connection to the SMTP sink: the server's half of RFC 5321, strict where a client's mistake would hide."""

import asyncio
import base64
import binascii
import re
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

MAX_LINE_BYTES = 12_288  # RFC 4954 §4: a base64 line of AUTH may be that long
MAX_MAIL_BYTES = 64 * 1024 * 1024
PATH = re.compile(rb"(FROM|TO): ?<([^<>]*+)>(?: (.*+))?", re.IGNORECASE | re.DOTALL)
END_OF_CONTENT = b"\r\n.\r\n"


class Cut(Enum):
    """How a connection ends at a stage, with no reply and no warning."""

    BEFORE = "what was said has no effect"
    AFTER = "what was said has its effect: content is kept although the client is never told"


Answer = str | Cut | None
Hook = Callable[[str, str], Answer]


class Tls(Enum):
    """How a connection is encrypted."""

    STARTTLS = "STARTTLS is offered and demanded"
    IMPLICIT = "from the first byte"
    NONE = "never; STARTTLS is not offered"


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it was handed in. ``at`` is ``time.monotonic()`` when its last byte had come."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: float
    encrypted: bool
    user: str


@dataclass(slots=True)
class Rules:
    """How the sink behaves, and where it puts what it gets."""

    tls: Tls
    context: ssl.SSLContext | None
    user: str
    password: str
    keep: Callable[[Received], None]
    hear: Callable[[bytes], None]
    answer_for: Callable[[str, str], Answer]


@dataclass(slots=True)
class _Envelope:
    sender: str
    smtputf8: bool
    recipients: list[str] = field(default_factory=list)


class Conversation(asyncio.Protocol):
    """Commands may come pipelined; their replies then leave in one write."""

    def __init__(self, rules: Rules, open_now: set["Conversation"]) -> None:
        self._rules = rules
        self._open_now = open_now
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._encrypted = rules.tls is Tls.IMPLICIT
        self._user = ""
        self._login: list[bytes] | None = None
        self._plain_awaited = False
        self._in_content = False
        self._scanned = 0
        self._envelope: _Envelope | None = None
        self._upgrade: asyncio.Task[None] | None = None
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_now.add(self)
        self._reply("CONNECT", "", "220 sink.example ESMTP")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._open_now.discard(self)

    def data_received(self, data: bytes) -> None:
        if not self._encrypted and self._upgrade is None:
            self._rules.hear(data)
        self._buffer += data
        self._go_on()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    def _close(self) -> None:
        self._flush()
        self._over = True
        if self._transport is not None:
            self._transport.close()

    def _go_on(self) -> None:
        while not self._over and self._upgrade is None:
            if not (self._take_content() if self._in_content else self._take_line()):
                break
        self._flush()

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._over:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _say(self, *lines: str) -> None:
        self._out.extend(line.encode() + b"\r\n" for line in lines)

    def _reply(self, stage: str, argument: str, *usual: str) -> bool:
        """Reply as usual, or as the script says; return whether the stage has its effect."""
        answer = self._rules.answer_for(stage, argument)
        if isinstance(answer, Cut):
            self._flush()
            self.abort()
            return answer is Cut.AFTER
        lines = usual if answer is None else (answer,)
        self._say(*lines)
        if lines[0].startswith("421"):
            self._close()
        return lines[0][0] in "23"

    def _take_line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                self._say("500 5.5.2 line too long")
                self._close()
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        if self._plain_awaited or self._login is not None:
            self._take_secret(line)
        else:
            self._obey(line)
        return True

    def _obey(self, line: bytes) -> None:
        verb, _space, argument = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        command = COMMANDS.get(name)
        if command is None:
            self._reply(name, argument.decode("utf-8", "replace"), "500 5.5.2 no such command")
        elif self._rules.tls is Tls.STARTTLS and not self._encrypted and name not in IN_CLEAR:
            self._say("530 5.7.0 must issue a STARTTLS command first")
        elif self._rules.user and not self._user and name in WITH_LOGIN:
            self._say("530 5.7.0 authentication required")
        else:
            command(self, argument)

    def _hello(self, argument: bytes) -> None:
        self._envelope = None
        offers = ["sink.example", "PIPELINING", "8BITMIME", "SMTPUTF8", f"SIZE {MAX_MAIL_BYTES}"]
        if self._rules.tls is Tls.STARTTLS and not self._encrypted:
            offers.append("STARTTLS")
        elif self._rules.user:
            offers.append("AUTH PLAIN LOGIN")
        lines = [f"250-{offer}" for offer in offers]
        self._reply("EHLO", argument.decode("ascii", "replace"), *lines, "250 ENHANCEDSTATUSCODES")

    def _old_hello(self, argument: bytes) -> None:
        self._envelope = None
        self._reply("HELO", argument.decode("ascii", "replace"), "250 sink.example")

    def _starttls(self, _argument: bytes) -> None:
        if self._rules.tls is not Tls.STARTTLS or self._encrypted:
            self._say("503 5.5.1 STARTTLS is not available now")
        elif self._reply("STARTTLS", "", "220 2.0.0 go ahead"):
            self._flush()
            self._buffer.clear()  # what came in clear behind STARTTLS was never said by the client
            if self._transport is not None and not self._over:
                self._transport.pause_reading()
                self._upgrade = asyncio.ensure_future(self._encrypt(self._transport))

    async def _encrypt(self, transport: asyncio.Transport) -> None:
        assert self._rules.context is not None
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(transport, self, self._rules.context, server_side=True)
        except OSError:  # ssl.SSLError is one: the client did not like our certificate
            self.abort()
            self._open_now.discard(self)
            return
        assert isinstance(upgraded, asyncio.Transport)
        self._transport = upgraded
        self._encrypted = True
        self._upgrade = None
        self._go_on()  # the client may have spoken before this task had its turn

    def _auth(self, argument: bytes) -> None:
        mechanism, _space, initial = argument.partition(b" ")
        match mechanism.upper():
            case b"PLAIN" if initial:
                self._check(_plain(initial))
            case b"PLAIN":
                self._plain_awaited = True
                self._say("334 ")
            case b"LOGIN":
                self._login = [initial] if initial else []
                self._say("334 UGFzc3dvcmQ6" if initial else "334 VXNlcm5hbWU6")
            case _:
                self._say("504 5.5.4 this mechanism is not offered")

    def _take_secret(self, line: bytes) -> None:
        if self._plain_awaited:
            self._plain_awaited = False
            self._check(_plain(line))
            return
        assert self._login is not None
        self._login.append(line)
        if len(self._login) == 1:
            self._say("334 UGFzc3dvcmQ6")
            return
        answers, self._login = self._login, None
        self._check([_decoded(answer) for answer in answers])

    def _check(self, given: Sequence[bytes]) -> None:
        expected = [self._rules.user.encode(), self._rules.password.encode()]
        if not self._rules.user or list(given) != expected:
            self._say("535 5.7.8 authentication failed")
        elif self._reply("AUTH", self._rules.user, "235 2.7.0 welcome"):
            self._user = self._rules.user

    def _mail(self, argument: bytes) -> None:
        found = PATH.fullmatch(argument)
        if self._envelope is not None:
            self._say("503 5.5.1 nested MAIL")
        elif found is None or found[1].upper() != b"FROM":
            self._say("501 5.5.4 expected FROM:<address>")
        else:
            smtputf8 = b"SMTPUTF8" in (found[3] or b"").upper().split()
            if not found[2].isascii() and not smtputf8:
                self._say("553 5.6.7 a sender beyond ASCII needs SMTPUTF8")
                return
            sender = found[2].decode("utf-8", "replace")
            if self._reply("MAIL", argument.decode("utf-8", "replace"), "250 2.1.0 sender noted"):
                self._envelope = _Envelope(sender, smtputf8)

    def _rcpt(self, argument: bytes) -> None:
        found = PATH.fullmatch(argument)
        if self._envelope is None:
            self._say("503 5.5.1 MAIL comes first")
        elif found is None or found[1].upper() != b"TO" or not found[2]:
            self._say("501 5.5.4 expected TO:<address>")
        elif not found[2].isascii() and not self._envelope.smtputf8:
            self._say("553 5.6.7 a recipient beyond ASCII needs SMTPUTF8")
        elif self._reply("RCPT", argument.decode("utf-8", "replace"), "250 2.1.5 recipient noted"):
            self._envelope.recipients.append(found[2].decode("utf-8", "replace"))

    def _data(self, _argument: bytes) -> None:
        if self._envelope is None:
            self._say("503 5.5.1 MAIL comes first")
        elif not self._envelope.recipients:
            self._say("503 5.5.1 RCPT comes first")
        elif self._reply("DATA", "", "354 end with a dot on a line of its own"):
            self._in_content = True
            self._scanned = 0

    def _take_content(self) -> bool:
        if self._scanned == 0 and self._buffer:
            answer = self._rules.answer_for("BODY", "")
            if isinstance(answer, Cut):
                self.abort()
                return False
        if self._buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            start = max(0, self._scanned - len(END_OF_CONTENT))
            end = self._buffer.find(END_OF_CONTENT, start)
            if end < 0:
                self._scanned = len(self._buffer)
                return False
            end, after = end + 2, end + len(END_OF_CONTENT)
        content = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._in_content = False
        self._end_content(_unstuffed(content))
        return True

    def _end_content(self, content: bytes) -> None:
        assert self._envelope is not None
        envelope, self._envelope = self._envelope, None
        if len(content) > MAX_MAIL_BYTES:
            self._say("552 5.3.4 too big")
        elif content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(b"\r\n"):
            self._say("550 5.6.11 bare CR or LF (RFC 5321 §2.3.8)")
        elif self._reply("CONTENT", envelope.sender, "250 2.0.0 kept"):
            at = time.monotonic()
            self._rules.keep(
                Received(
                    envelope.sender, tuple(envelope.recipients), content, at, self._encrypted, self._user
                )
            )

    def _reset(self, _argument: bytes) -> None:
        self._envelope = None
        self._reply("RSET", "", "250 2.0.0 forgotten")

    def _noop(self, argument: bytes) -> None:
        self._reply("NOOP", argument.decode("ascii", "replace"), "250 2.0.0 ok")

    def _quit(self, _argument: bytes) -> None:
        self._reply("QUIT", "", "221 2.0.0 bye")
        self._close()


COMMANDS: dict[str, Callable[[Conversation, bytes], None]] = {
    "EHLO": Conversation._hello,
    "HELO": Conversation._old_hello,
    "STARTTLS": Conversation._starttls,
    "AUTH": Conversation._auth,
    "MAIL": Conversation._mail,
    "RCPT": Conversation._rcpt,
    "DATA": Conversation._data,
    "RSET": Conversation._reset,
    "NOOP": Conversation._noop,
    "QUIT": Conversation._quit,
}
IN_CLEAR = frozenset(("EHLO", "HELO", "STARTTLS", "NOOP", "QUIT"))  # RFC 3207 §4
WITH_LOGIN = frozenset(("MAIL", "RCPT", "DATA"))


def _unstuffed(content: bytes) -> bytes:
    """Take away the dots that the client doubled (RFC 5321 §4.5.2)."""
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n") if b"\r\n." in content else content


def _decoded(base64_text: bytes) -> bytes:
    try:
        return base64.b64decode(base64_text, validate=True)
    except binascii.Error:
        return b""


def _plain(initial: bytes) -> list[bytes]:
    """Return user and password out of PLAIN's one message, authorization identity left out (RFC 4616)."""
    return _decoded(initial).split(b"\0")[1:]
