"""One mailbox over IMAP: fetch by UID, oldest first, and settle by MOVE. One connection, blocking, timed.

Every failure of server, network or TLS leaves here as ``MailboxAway``, in words that say what to do.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from imapclient.exceptions import IMAPClientError

from daemon.imaplogin import ImapAccount, away, connected, log_in
from daemon.inbox import Glance
from helpdesk.core.fingerprint import HEAD_BYTES
from helpdesk.errors import MailboxAway, MailRefused, MailStays
from helpdesk.killpoints import Point, reach

_NO_FOLDER = "[TRYCREATE]"  # RFC 9051, 7.1
_GONE = "[EXPUNGEISSUED]"  # RFC 5530: some of the mails are gone, and nothing was done with the others
IDLE_STEP_SECONDS = 1.0  # how soon a stop is noticed while idling
LINGER_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.2)
OVERSIZE_HEADER_BYTES = HEAD_BYTES
_MESSAGE_ID_FIELD = b"BODY[HEADER.FIELDS"  # how the answer begins; servers differ in what follows


class ImapInbox:
    """A logged-in connection with the inbox selected. Use as a context manager.

    *heard* is called whenever something comes from the server: however slow it is, it is alive.
    """

    def __init__(self, account: ImapAccount, heard: Callable[[], None] = lambda: None) -> None:
        self._account = account
        self._where = account.where
        self._unmade: set[str] = set()  # folders that may be missing
        self._news = False  # mail came while another folder was open
        with away(self._where):
            self._client = connected(account, heard)
        try:
            with away(self._where):
                self._log_in()
        except MailboxAway:
            self.abort()
            raise

    def _log_in(self) -> None:
        account, client = self._account, self._client
        log_in(client, account)
        self.uidvalidity = self._select(account.folder)
        self.can_move = client.has_capability("MOVE")
        self.can_expunge_by_uid = client.has_capability("UIDPLUS")
        self.can_idle = account.idle and client.has_capability("IDLE")

    def _select(self, folder: str) -> int:
        found = self._client.select_folder(folder)
        if folder == self._account.folder:
            self._uidnext = int(found.get(b"UIDNEXT", 0))
        return int(found[b"UIDVALIDITY"])

    def __enter__(self) -> "ImapInbox":
        return self

    def __exit__(self, *_exception: object) -> None:
        with suppress(OSError, IMAPClientError, AssertionError):
            self._client.logout()
        self.abort()

    def abort(self) -> None:
        """Cut the connection at once; a verb that another thread waits in ends with MailboxAway."""
        with suppress(OSError, IMAPClientError, AssertionError):
            self._client.socket().shutdown(socket.SHUT_RDWR)
        with suppress(OSError, IMAPClientError, AssertionError):
            self._client.shutdown()

    def make_folders(self, folders: Sequence[str]) -> None:
        """Create the folders that are missing, and subscribe to them so that people see them.

        Where the server refuses that, it will refuse the mails that are to go there.
        """
        for folder in folders:
            self._unmade.add(folder)
            with suppress(MailRefused), away(f"{self._where}: making folders"):
                if not self._client.folder_exists(folder):
                    self._client.create_folder(folder)
                    self._client.subscribe_folder(folder)
                self._unmade.discard(folder)

    def uids(self) -> list[int]:
        """Return the UIDs now in the inbox, oldest first; those flagged ``\\Deleted`` are not among them."""
        with away(f"{self._where}: searching"):
            self._told_of_mail()
            return sorted(int(uid) for uid in self._client.search("UNDELETED"))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the size in bytes of each mail that is still there."""
        with away(f"{self._where}: reading sizes"):
            found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, ["RFC822.SIZE"])
            return {uid: int(data[b"RFC822.SIZE"]) for uid, data in found.items() if b"RFC822.SIZE" in data}

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return the whole raw mails, those that are still there, without marking them read."""
        with away(f"{self._where}: fetching"):
            found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, ["BODY.PEEK[]"])
            return {uid: data[b"BODY[]"] for uid, data in found.items() if data.get(b"BODY[]") is not None}

    def fetch_head(self, uid: int) -> bytes:
        """Return the first 256 KiB of the header block of a mail that is too big to fetch."""
        with away(f"{self._where}: fetching a header"):
            found = self._client.fetch([uid], [f"BODY.PEEK[HEADER]<0.{OVERSIZE_HEADER_BYTES}>"])
            return bytes(found.get(uid, {}).get(b"BODY[HEADER]<0>") or b"")

    def flagged(self) -> list[int]:
        """Return the UIDs that are flagged ``\\Deleted``: by us, once they were copied, or by somebody else."""
        with away(f"{self._where}: searching"):
            return sorted(int(uid) for uid in self._client.search("DELETED"))

    def newest_heads(self, folders: Sequence[str], count: int) -> list[bytes]:
        """Return the header blocks of the newest mails of *folders*, *count* at most, passing over missing folders.

        Leaves another folder selected: not for a connection that goes on with intake.
        """
        heads: list[bytes] = []
        with away(f"{self._where}: reading headers"):
            for folder in folders:
                if len(heads) < count and self._client.folder_exists(folder):
                    self._client.select_folder(folder, readonly=True)
                    uids = sorted(self._client.search("ALL"))[len(heads) - count :]
                    found = self._client.fetch(uids, ["BODY.PEEK[HEADER]"])
                    heads += [data[b"BODY[HEADER]"] for data in found.values() if b"BODY[HEADER]" in data]
        return heads

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails out of the inbox; UIDs that are gone are passed over.

        Without MOVE (RFC 6851): COPY, mark ``\\Deleted``, UID EXPUNGE; a plain EXPUNGE would take other
        people's deleted mail with it, so without UIDPLUS, or where the server will not expunge, the marked
        copies stay and are not listed again. Raises MailStays where the server will not mark them either.
        """
        try:
            self._move(uids, folder)
        except MailRefused as refused:
            if _NO_FOLDER in str(refused) or folder in self._unmade:
                self.make_folders((folder,))  # somebody removed or renamed it
            elif _GONE not in str(refused):
                raise
            self._move(uids, folder)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        with away(f"{self._where}: moving to {folder}"):
            self._client.noop()  # else we were not told which mails others have taken out, or copied, meanwhile
            if self.can_move:
                self._client.move(uids, folder)
                return
            uids = self._client.search(["UNDELETED", "UID", ",".join(map(str, uids))])
            if not uids:
                return
            self._client.copy(uids, folder)
        reach(Point.COPIED)
        try:
            self.remove(uids)
        except MailRefused as refused:
            raise MailStays(str(refused)) from refused

    def remove(self, uids: Sequence[int]) -> None:
        """Mark mails as deleted and expunge them; they have their copies."""
        with away(f"{self._where}: removing what was copied"):
            self._client.delete_messages(uids, silent=True)
            reach(Point.FLAGGED)
            if self.can_expunge_by_uid:
                with suppress(MailRefused), away(self._where):
                    self._client.uid_expunge(uids)

    @contextmanager
    def opened(self, folder: str) -> Iterator[None]:
        """Let every verb mean another folder for a while, then the inbox again. The folder must exist."""
        told, before = self._told_of_mail(), self._uidnext
        try:
            with away(f"{self._where}: opening {folder}"):
                self._select(folder)
            yield
        finally:
            with away(f"{self._where}: opening {self._account.folder}"):
                if self._select(self._account.folder) != self.uidvalidity:
                    raise MailboxAway("its UIDs mean something else now; connecting anew")
                self._told_of_mail()  # of what was there before: it would end each wait at once
                self._news = told or not self._uidnext or self._uidnext != before

    def like(self, message_id: str, size: int) -> list[int]:
        """Return the UIDs of what may be that mail, oldest first: by its Message-ID, else by its size in bytes."""
        with away(f"{self._where}: searching for a mail"):
            criteria = ["UNDELETED", "HEADER", "Message-ID", message_id]
            found = self._client.search(criteria) if message_id else []
            if not found:  # a folded or encoded id is not found as it is meant
                found = self._client.search(["UNDELETED", "LARGER", max(size - 1, 0), "SMALLER", size + 1])
            return sorted(int(uid) for uid in found)

    def uids_since(self, day: date) -> list[int]:
        """Return the UIDs of mails that came on *day* or later, oldest first."""
        with away(f"{self._where}: searching"):
            return sorted(int(uid) for uid in self._client.search(["UNDELETED", "SINCE", day]))

    def glances(self, uids: Sequence[int]) -> dict[int, Glance]:
        """Return what the server tells of the mails that are still there, without their bytes."""
        what = ["RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]
        with away(f"{self._where}: reading sizes and ids"):
            found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, what)
            return {
                uid: Glance(int(data[b"RFC822.SIZE"]), data[b"INTERNALDATE"], _message_id_field(data))
                for uid, data in found.items()
                if b"RFC822.SIZE" in data
            }

    def linger(self, stopped: Callable[[], bool]) -> bool:
        """Look for more mail at growing intervals, half a second in all; return whether some came.

        Mail comes in bursts, and Dovecot tells an idling client of a mail only half a second after it came.
        """
        with away(f"{self._where}: waiting for mail"):
            for seconds in LINGER_SECONDS:
                if stopped():
                    return False
                time.sleep(seconds)
                self._client.noop()
                if self._told_of_mail():
                    return True
        return False

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait for news, at most *seconds*: by IDLE (RFC 2177) where offered; probe with NOOP after it."""
        with away(f"{self._where}: waiting for mail"):
            if self._told_of_mail():
                return
            if self.can_idle:
                self._idle(seconds, stopped)
            else:
                self._sleep(seconds, stopped)
            self._client.noop()

    def _told_of_mail(self) -> bool:
        """Say whether the server told of new mail since this was asked last.

        It tells of a mail once, perhaps at the end of our search that did not see it yet: IDLE would wait in vain.
        """
        _code, told = self._client._imap.response("EXISTS")
        news, self._news = self._news, False
        return news or bool(told != [None])

    def _idle(self, seconds: float, stopped: Callable[[], bool]) -> None:
        self._client.idle()
        left = seconds
        while left > 0 and not stopped() and not self._read_ahead():
            news = self._client.idle_check(timeout=min(left, IDLE_STEP_SECONDS))
            if any(len(item) > 1 and item[1] == b"EXISTS" for item in news):
                break
            left -= IDLE_STEP_SECONDS
        self._client.idle_done()

    def _read_ahead(self) -> bool:
        """Say whether the reader holds bytes that it took from the socket together with earlier ones.

        ``idle_check`` polls the socket, which knows nothing of them: an EXISTS that came in one piece with the
        server's "+ idling" would go unseen.
        """
        sock = self._client.socket()
        sock.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(self._account.timeout_seconds)

    def _sleep(self, seconds: float, stopped: Callable[[], bool]) -> None:
        left = seconds
        while left > 0 and not stopped():
            if select.select([self._client.socket()], [], [], min(left, IDLE_STEP_SECONDS))[0]:
                return  # the server said something unasked: a BYE or news; NOOP will tell
            left -= IDLE_STEP_SECONDS


def _message_id_field(data: dict[bytes, Any]) -> bytes:
    return next((value for name, value in data.items() if name.startswith(_MESSAGE_ID_FIELD)), None) or b""
