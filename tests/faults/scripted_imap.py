"""An IMAP server that does as told: it refuses, hangs, lies, talks nonsense or cuts at any command."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from imapclient import IMAPClient

from tests.faults.imap_conversation import Conversation
from tests.faults.imap_folders import DELETED, Folder
from tests.faults.imap_script import Command, How, Script, in_peace
from tests.faults.loop import Loop, closed
from tests.servers.certificates import Certificates, server_context
from tests.servers.ports import HOST

USER, PASSWORD = "desk", "correct horse"
OFFERS = ("IMAP4rev1", "MOVE", "UIDPLUS", "IDLE")
CLIENT_SECONDS = 20.0


class ScriptedImap:
    """One mailbox over TLS from the first byte. ``happened``: the commands at which the script struck.

    *without*: capabilities that are not offered. The folders outlive ``serving`` blocks, as a disk does.
    """

    def __init__(self, folder: Path, certificates: Certificates, without: Iterable[str] = ()) -> None:
        self.script: Script = in_peace
        self.happened: list[Command] = []
        self.connected_at: list[float] = []
        self.commands: Counter[str] = Counter()
        self.port = 0
        self.folders: dict[bytes, Folder] = {b"INBOX": Folder()}
        self.subscribed: set[bytes] = set()
        self.offers = tuple(name for name in OFFERS if name not in frozenset(without))
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificates.ca_pem)
        self._tls = server_context(certificates.issue(), folder)
        self._client_tls = certificates.client_context()
        self._loop = Loop()

    @property
    def imaps_port(self) -> int:
        """The port, by the name it has on a real server."""
        return self.port

    @property
    def inbox(self) -> Folder:
        """The INBOX."""
        return self.folders[b"INBOX"]

    @contextmanager
    def serving(self) -> Iterator["ScriptedImap"]:
        """Listen on a loopback port; what is open at the end is cut."""
        with self._loop.running():
            server = self._loop.run(asyncio.start_server(self._serve, HOST, self.port, ssl=self._tls))
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield self
            finally:
                self._loop.run(closed(server))

    def asked(self, verb: str, uids: frozenset[int]) -> How | None:
        """Count a command and return what goes wrong at it."""
        self.commands.update((verb, "all"))
        command = Command(verb, self.commands["all"], self.commands[verb], uids)
        how = self.script(command)
        if how is not None:
            self.happened.append(command)
        return how

    def append_many(self, user: str, raws: Sequence[bytes], folder: str = "INBOX") -> list[int]:
        """Put mails into a folder; return their UIDs."""
        assert user == USER
        into = self.folders.setdefault(folder.encode(), Folder())
        return [into.add(raw) for raw in raws]

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder in the order of their UIDs; none if there is no such folder."""
        assert user == USER
        return [mail.raw for mail in self.folders.get(folder.encode(), Folder()).mails]

    def undeleted(self) -> list[bytes]:
        """Return the mails of the inbox that nobody has deleted."""
        return [mail.raw for mail in self.inbox.mails if DELETED not in mail.flags]

    def folder_counts(self, user: str) -> dict[str, int]:
        """Return how many mails each folder holds."""
        assert user == USER
        return {name.decode(): len(folder.mails) for name, folder in self.folders.items()}

    def wipe(self, user: str) -> None:
        """Remove all mails and all folders but the INBOX. UIDs go on from where they were."""
        assert user == USER
        self.folders = {b"INBOX": self.inbox}
        self.subscribed.clear()
        self.inbox.mails.clear()

    def add_deleted(self, raw: bytes) -> None:
        """Put a mail into the inbox that somebody else has deleted and not expunged."""
        self.inbox.add(raw, flags=[DELETED])

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """Return a logged-in client."""
        with IMAPClient(
            "localhost", self.port, ssl_context=self._client_tls, timeout=CLIENT_SECONDS
        ) as client:
            client.login(user, PASSWORD)
            yield client

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected_at.append(time.monotonic())
        with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await Conversation(self, reader, writer).talk()
        writer.close()
