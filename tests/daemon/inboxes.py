"""A mailbox in memory that answers as ``ImapInbox`` does (a contract test holds it to that)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from daemon.imap import OVERSIZE_HEADER_BYTES
from daemon.inbox import Glance
from helpdesk.errors import MailboxAway

CAME = datetime(2026, 11, 20, 8, 55, tzinfo=UTC)


class FakeInbox:
    """An inbox and its folders. ``deleted``: the UIDs that somebody flagged so.

    ``asked`` notes the verbs; a verb in ``failing`` fails, once for each entry.
    """

    def __init__(self, uidvalidity: int = 7) -> None:
        self.uidvalidity = uidvalidity
        self.can_move = True
        self.inbox: dict[int, bytes] = {}
        self.deleted: set[int] = set()
        self.folders: dict[str, list[bytes]] = {}
        self.asked: list[tuple[str, tuple[int, ...]]] = []
        self.failing: list[str] = []
        self._last_uid = 100

    def deliver(self, *raws: bytes) -> list[int]:
        """Put mails into the inbox; return their UIDs."""
        uids = range(self._last_uid + 1, self._last_uid + 1 + len(raws))
        self._last_uid += len(raws)
        self.inbox.update(zip(uids, raws, strict=True))
        return list(uids)

    def uids(self) -> list[int]:
        """See ``Inbox``."""
        self._ask("uids")
        return sorted(self.inbox.keys() - self.deleted)

    def flagged(self) -> list[int]:
        """See ``Inbox``."""
        self._ask("flagged")
        return sorted(self.inbox.keys() & self.deleted)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """See ``Inbox``."""
        self._ask("sizes", uids)
        return {uid: len(self.inbox[uid]) for uid in uids if uid in self.inbox}

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """See ``Inbox``."""
        self._ask("fetch", uids)
        return {uid: self.inbox[uid] for uid in uids if uid in self.inbox}

    def fetch_head(self, uid: int) -> bytes:
        """See ``Inbox``."""
        self._ask("fetch_head", [uid])
        head, end, _body = self.inbox.get(uid, b"").partition(b"\r\n\r\n")
        return (head + end)[:OVERSIZE_HEADER_BYTES]

    def move(self, uids: Sequence[int], folder: str) -> None:
        """See ``Inbox``."""
        self._ask("move", uids)
        into = self.folders.setdefault(folder, [])
        into += [self.inbox.pop(uid) for uid in uids if uid in self.inbox]

    def remove(self, uids: Sequence[int]) -> None:
        """See ``Inbox``."""
        self._ask("remove", uids)
        for uid in uids:
            self.inbox.pop(uid, None)

    @contextmanager
    def opened(self, folder: str) -> Iterator[None]:
        """See ``Inbox``. UIDs are places in the folder."""
        self._ask("opened")
        outside, self.inbox = self.inbox, dict(enumerate(self.folders.get(folder, []), 1))
        try:
            yield
        finally:
            self.folders[folder], self.inbox = list(self.inbox.values()), outside

    def like(self, message_id: str, size: int) -> list[int]:
        """See ``Inbox``."""
        self._ask("like")
        field = b"\r\nMessage-ID: " + message_id.encode() if message_id else None
        by_id = [uid for uid, raw in self.inbox.items() if field and field.lower() in raw.lower()]
        return sorted(by_id or [uid for uid, raw in self.inbox.items() if len(raw) == size])

    def glances(self, uids: Sequence[int]) -> dict[int, Glance]:
        """See ``Inbox``."""
        self._ask("glances", uids)
        return {
            uid: Glance(len(self.inbox[uid]), CAME, _message_id_field(self.inbox[uid]))
            for uid in uids
            if uid in self.inbox
        }

    def calls(self, verb: str) -> list[tuple[int, ...]]:
        """Return the UIDs of each call of a verb."""
        return [uids for name, uids in self.asked if name == verb]

    def _ask(self, verb: str, uids: Sequence[int] = ()) -> None:
        self.asked.append((verb, tuple(uids)))
        if verb in self.failing:
            self.failing.remove(verb)
            raise MailboxAway(f"{verb} failed")


def _message_id_field(raw: bytes) -> bytes:
    head = raw.partition(b"\r\n\r\n")[0]
    return b"".join(line + b"\r\n" for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))
