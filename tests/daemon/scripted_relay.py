"""An SMTP server that does as told: it answers, refuses, cuts, hangs or talks nonsense at any stage."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.servers.certificates import Certificates, Flaw, server_context

CUT, RESET, HANG = "cut", "reset", "hang"
GARBAGE = b"\xff\xfe what is this\r\n"
HUGE = b"250-" + b"x" * 60 + b"\r\n"
EMPTY = b"250-\r\n"
MANY = 40_000
Behaviour = bytes | str
DEFAULT: Mapping[str, Behaviour] = {
    "connect": b"220 relay.example ESMTP\r\n",
    "starttls": b"220 go\r\n",
    "auth": b"235 welcome\r\n",
    "mail": b"250 sender\r\n",
    "rcpt": b"250 recipient\r\n",
    "data": b"354 go\r\n",
    "content": b"250 queued as 1\r\n",
    "rset": b"250 reset\r\n",
    "quit": b"221 bye\r\n",
}


@dataclass(frozen=True)
class Received:
    """One letter as it came over the wire, dots undone."""

    sender: str
    recipient: str
    content: bytes
    encrypted: bool


class _Over(Exception):
    """The script ends the conversation here."""


@dataclass
class ScriptedRelay:
    """What to do at which stage, and what was seen.

    ``once``: stages at which the script holds one time only. ``keeps_all``: also what it does not confirm.
    ``delay_seconds``: before the reply to a letter's content.
    """

    script: dict[str, Behaviour] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    pipelining: bool = True
    auth: str = ""
    keeps_all: bool = False
    delay_seconds: float = 0.0
    port: int = 0
    letters: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    in_clear: bytes = b""
    _open: list[socket.socket] = field(default_factory=list)
    _listener: socket.socket | None = None
    _ending: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator["ScriptedRelay"]:
        """Listen on a loopback port, a free one unless told; what is still open at the end is cut."""
        self._ending.clear()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        acceptor = threading.Thread(target=self._accept, args=(self._listener,))
        acceptor.start()
        try:
            yield self
        finally:
            self._ending.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            self._listener.close()
            self.cut_all()
            for thread in self._threads:
                thread.join(5)
            self._threads.clear()

    def cut_all(self) -> None:
        """Cut every open connection."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def say(self, text: bytes) -> None:
        """Write to every open connection without being asked."""
        for one in self._open:
            one.sendall(text)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _peer = listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(accepted,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        conversation = _Conversation(self, accepted)
        self._open.append(accepted)
        try:
            with suppress(_Over, OSError):
                conversation.talk()
        finally:
            self._open.remove(accepted)
            conversation.close()


class _Conversation:
    """One connection, in its own thread."""

    def __init__(self, relay: ScriptedRelay, accepted: socket.socket) -> None:
        self._relay = relay
        self._accepted = accepted
        self._socket = accepted
        self._file: IO[bytes] = accepted.makefile("rb")
        self._encrypted = False

    def talk(self) -> None:
        relay = self._relay
        if relay.tls is not None and not relay.starttls:
            self._encrypt(relay.tls)
        sender = recipient = ""
        if self._act("connect")[:1] != b"2":
            raise _Over
        while line := self._file.readline():
            if not self._encrypted:
                relay.in_clear += line
            text = line.decode("latin-1").strip()
            relay.commands.append(text)
            verb = text.partition(" ")[0].lower()
            answer = self._act(verb)
            if verb == "starttls" and answer[:3] == b"220":
                assert relay.tls is not None
                self._encrypt(relay.tls)
            elif verb == "mail":
                sender = text.partition("<")[2].partition(">")[0]
            elif verb == "rcpt":
                recipient = text.partition("<")[2].partition(">")[0]
            elif verb == "data" and answer[:3] == b"354":
                self._take(sender, recipient)
            elif verb == "quit":
                raise _Over

    def close(self) -> None:
        for one in (self._file, self._socket, self._accepted):
            with suppress(OSError):
                one.close()

    def _take(self, sender: str, recipient: str) -> None:
        content = b""
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise _Over
            content += line[1:] if line.startswith(b".") else line
        end = self._behaviour("content")
        if content and (end[:1] == b"2" or self._relay.keeps_all):
            self._relay.letters.append(Received(sender, recipient, content, self._encrypted))
        self._relay._ending.wait(self._relay.delay_seconds)
        self._do(end)

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self._file.close()
        self._accepted = self._socket  # wrapping detaches it
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._relay._open.append(self._socket)
        self._file = self._socket.makefile("rb")
        self._encrypted = True

    def _behaviour(self, stage: str) -> Behaviour:
        script = self._relay.script
        if stage == "ehlo" and stage not in script:
            return self._greeting()
        behaviour = script.get(stage, DEFAULT.get(stage, b"500 what?\r\n"))
        if stage in self._relay.once:
            script.pop(stage, None)
        return behaviour

    def _greeting(self) -> bytes:
        relay = self._relay
        lines = ["relay.example", *(["PIPELINING"] if relay.pipelining else [])]
        lines += ["STARTTLS"] if relay.starttls and not self._encrypted else []
        lines += [f"AUTH {relay.auth}"] if relay.auth else []
        return b"".join(f"250-{line}\r\n".encode() for line in lines) + b"250 8BITMIME\r\n"

    def _act(self, stage: str) -> bytes:
        return self._do(self._behaviour(stage))

    def _do(self, behaviour: Behaviour) -> bytes:
        if behaviour == HANG:
            self._relay._ending.wait()
        if behaviour == RESET:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if isinstance(behaviour, str):
            raise _Over
        self._socket.sendall(behaviour * MANY if behaviour in (HUGE, EMPTY) else behaviour)
        if behaviour.startswith(b"421"):
            raise _Over
        return behaviour


class Authority:
    """A private CA whose certificate is in ``ca_file``, and contexts for relays on 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._certificates = Certificates()
        self._folder = folder
        self.ca_file = str(folder / "ca.pem")
        Path(self.ca_file).write_bytes(self._certificates.ca_pem)

    def context(self, flaw: Flaw = Flaw.NONE) -> ssl.SSLContext:
        """Return what a relay with this *flaw* shows."""
        return server_context(self._certificates.issue(flaw), self._folder)
