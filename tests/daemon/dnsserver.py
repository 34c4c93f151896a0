"""A name server on loopback that says what the test wants, or nothing."""

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Texts = tuple[str, ...]
SILENT = object()
"""For a name: no answer at all."""


class DnsServer:
    """Answers TXT questions over UDP from *zone*: texts, an error code, or SILENT; everything else NXDOMAIN.

    A text is one TXT record as in a zone file. The root always answers, unless *dead*.
    """

    def __init__(
        self, zone: Mapping[str, "Texts | dns.rcode.Rcode | object"], ttl: int = 120, dead: bool = False
    ):
        self._zone = zone
        self._ttl = ttl
        self._dead = dead
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))  # wakes the thread, which then ends
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            question = dns.message.from_wire(wire)
            name = question.question[0].name.to_text(omit_final_dot=True)
            self.asked.append(name)
            answer = self._answer(question, name)
            if answer is not None and not self._dead:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, question: dns.message.Message, name: str) -> dns.message.Message | None:
        content = self._zone.get(name.lower(), dns.rcode.NXDOMAIN)
        if content is SILENT:
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if isinstance(content, dns.rcode.Rcode):
            answer.set_rcode(dns.rcode.REFUSED if name == "." else content)
        elif isinstance(content, tuple) and content:
            owner = question.question[0].name
            answer.answer.append(dns.rrset.from_text_list(owner, self._ttl, "IN", "TXT", content))
        return answer
