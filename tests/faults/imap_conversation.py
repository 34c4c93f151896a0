"""One connection to the scripted IMAP server: the commands that our client uses, and what goes wrong at them."""

import asyncio
import re
from collections.abc import Iterable
from typing import Protocol

from tests.faults.imap_folders import DELETED, Folder, Stored, as_time, fetched, found, uids_of, words
from tests.faults.imap_script import How

IDLE_STEP_SECONDS = 0.02
LIE_BYTES = 10
SELECTED = ("FETCH", "STORE", "COPY", "MOVE", "EXPUNGE")
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")


class Keeper(Protocol):
    """What a conversation needs of its server."""

    folders: dict[bytes, Folder]
    subscribed: set[bytes]
    offers: tuple[str, ...]

    def asked(self, verb: str, uids: frozenset[int]) -> How | None:
        """Count a command and return what goes wrong at it."""


class Refused(Exception):
    """The tagged answer is NO, with this text."""


class Over(Exception):
    """The conversation ends here."""


class Conversation:
    """``talk`` until the client goes or the script cuts."""

    def __init__(self, server: Keeper, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._folder = Folder()
        self._view: list[Stored] = []

    async def talk(self) -> None:
        """Greet, then answer one command after the other."""
        try:
            await self._strike(self._server.asked("CONNECT", frozenset()), b"*")
            self._say(b"* OK ready")
            while line := await self._reader.readline():
                await self._answer(line)
                await self._writer.drain()
        except Over:
            await self._writer.drain()

    async def _answer(self, line: bytes) -> None:
        literal = b""
        if announced := _LITERAL.search(line):
            if not announced[2]:
                self._say(b"+ go on")
            literal = await self._reader.readexactly(int(announced[1]))
            line = line[: announced.start()] + await self._reader.readline()
        tag, _, rest = line.strip().partition(b" ")
        name, _, arguments = rest.removeprefix(b"UID ").partition(b" ")
        verb = name.decode().upper()
        uids = uids_of(arguments.split()[0], self._view) if verb in SELECTED and arguments else ()
        how = self._server.asked(verb, frozenset(uids))
        if not await self._strike(how, tag):
            await self._do(tag, verb, arguments, literal, how)

    async def _strike(self, how: How | None, tag: bytes) -> bool:
        """Do what goes wrong before the command is done; say whether that was the answer."""
        match how:
            case How.NO | How.BAD:
                self._say(b"%s %s [SERVERBUG] as the script says" % (tag, how.name.encode()))
                return True
            case How.BYE:
                self._say(b"* BYE as the script says")
                raise Over
            case How.CUT:
                self._cut()
            case How.HANG:
                while await self._reader.read(1000):
                    pass
                raise Over
            case How.GARBAGE:
                self._say(b"\xff\x00 {what} is (this")
            case How.EXPUNGE:
                self._folder.remove([mail for mail in self._folder.mails if DELETED in mail.flags][:1])
                self._sync()
        return False

    async def _do(self, tag: bytes, verb: str, arguments: bytes, literal: bytes, how: How | None) -> None:
        end = b"OK done"
        try:
            if verb == "FETCH":
                self._fetch(arguments, how)
            elif verb == "IDLE":
                await self._idle()
            else:
                for answer in self._answers(verb, arguments, literal):
                    self._say(answer)
        except Refused as reason:
            end = b"NO %s" % str(reason).encode()
        if how is How.CUT_AFTER:
            self._cut()
        self._sync()
        self._say(b"%s %s" % (tag, end))
        if verb == "LOGOUT":
            raise Over

    def _answers(self, verb: str, arguments: bytes, literal: bytes) -> Iterable[bytes]:
        """Do what a command asks and return the untagged answers."""
        match verb:
            case "CAPABILITY":
                return [b"* CAPABILITY " + " ".join(self._server.offers).encode()]
            case "LOGIN" | "NOOP":
                return []
            case "LOGOUT":
                return [b"* BYE until later"]
            case "SELECT" | "EXAMINE":
                return self._select(words(arguments)[0])
            case "SEARCH":
                uids = found(self._view, words(arguments))
                return [b"* SEARCH" + b"".join(b" %d" % uid for uid in uids)]
            case "STORE" | "COPY" | "MOVE" | "EXPUNGE":
                self._change(verb, arguments)
                return []
            case "APPEND":
                name, *_flags, when = words(arguments)
                self._named(name).add(literal, as_time(when))
                return []
            case _:
                return self._about_folders(verb, words(arguments))

    def _about_folders(self, verb: str, names: list[bytes]) -> Iterable[bytes]:
        folders, subscribed = self._server.folders, self._server.subscribed
        match verb:
            case "LIST" | "LSUB":
                there = folders if verb == "LIST" else subscribed
                wanted = there if names[-1] == b"*" else [name for name in there if name == names[-1]]
                return [b'* %s () "/" "%s"' % (verb.encode(), name) for name in sorted(wanted)]
            case "CREATE":
                folders.setdefault(names[0], Folder())
            case "SUBSCRIBE":
                subscribed.add(names[0])
            case "UNSUBSCRIBE":
                subscribed.discard(names[0])
            case _:
                raise Refused(f"{verb} is not understood")
        return []

    def _select(self, name: bytes) -> list[bytes]:
        self._folder = folder = self._named(name)
        self._view = list(folder.mails)
        return [
            rb"* FLAGS (\Seen \Deleted)",
            b"* %d EXISTS" % len(self._view),
            b"* 0 RECENT",
            b"* OK [UIDVALIDITY %d] valid" % folder.uidvalidity,
            b"* OK [UIDNEXT %d] next" % folder.next_uid,
        ]

    def _fetch(self, arguments: bytes, how: How | None) -> None:
        sequence, _, items = arguments.partition(b" ")
        uids = uids_of(sequence, self._view)
        for number, mail in enumerate(self._view, 1):
            if mail.uid in uids:
                short, literals = fetched(mail, items)
                self._writer.write(b"* %d FETCH (%s" % (number, b" ".join(short)))
                for name, literal in literals:
                    self._write_literal(name, literal, how)
                self._say(b")")

    def _write_literal(self, name: bytes, literal: bytes, how: How | None) -> None:
        lie = {How.LITERAL_SHORT: -LIE_BYTES, How.LITERAL_LONG: LIE_BYTES}.get(how, 0) if how else 0
        self._writer.write(b" %s {%d}\r\n" % (name, len(literal) + lie))
        if how is How.LITERAL_CUT:
            self._writer.write(literal[: len(literal) // 2])
            raise Over
        self._writer.write(literal)

    def _change(self, verb: str, arguments: bytes) -> None:
        sequence, _, rest = arguments.partition(b" ")
        uids = uids_of(sequence, self._view)
        there = [mail for mail in self._folder.mails if mail.uid in uids]
        if verb == "STORE":
            flags = set(re.findall(rb"\\\w+", rest))
            for mail in there:
                mail.flags = mail.flags | flags
        elif verb == "EXPUNGE":
            self._folder.remove(mail for mail in there if DELETED in mail.flags)
        else:
            into = self._named(words(rest)[0])
            for mail in there:
                into.add(mail.raw, mail.arrived, mail.flags)
            if verb == "MOVE":
                self._folder.remove(there)

    async def _idle(self) -> None:
        self._say(b"+ idling")
        ending = asyncio.create_task(self._reader.readline())
        try:
            while not ending.done():
                self._sync()
                await asyncio.wait([ending], timeout=IDLE_STEP_SECONDS)
            if not ending.result():
                raise Over
        finally:
            ending.cancel()

    def _sync(self) -> None:
        """Tell what has come and gone in the selected folder since this was told last."""
        there = {id(mail) for mail in self._folder.mails}
        for number in range(len(self._view), 0, -1):
            if id(self._view[number - 1]) not in there:
                del self._view[number - 1]
                self._say(b"* %d EXPUNGE" % number)
        if len(self._folder.mails) > len(self._view):
            self._view = list(self._folder.mails)
            self._say(b"* %d EXISTS" % len(self._view))

    def _named(self, name: bytes) -> Folder:
        if name not in self._server.folders:
            raise Refused("no such folder")
        return self._server.folders[name]

    def _say(self, line: bytes) -> None:
        self._writer.write(line + b"\r\n")

    def _cut(self) -> None:
        self._writer.transport.abort()
        raise Over
