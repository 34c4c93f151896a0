"""One mailbox over IMAP: fetch by UID, oldest first, and settle by MOVE. One connection, blocking, timed.

Every failure of server, network or TLS leaves here as ``MailboxAway``, in words that say what to do.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from helpdesk.errors import MailboxAway
from helpdesk.killpoints import Point, reach

CONNECT_SECONDS = 15
IDLE_STEP_SECONDS = 1.0  # how soon a stop is noticed while idling
LINGER_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.2)
OVERSIZE_HEADER_BYTES = 256 * 1024
_KEEPALIVE = (  # NAT boxes drop silent connections: probe after two minutes, give up after three probes
    ("TCP_KEEPIDLE", 120),
    ("TCP_KEEPINTVL", 30),
    ("TCP_KEEPCNT", 3),
)


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where a mailbox is and how to get in. ``tls`` is tls, starttls or plain (loopback only)."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    ca_file: str | None = None
    folder: str = "INBOX"
    timeout_seconds: float = 60.0
    idle: bool = True


class Inbox(Protocol):
    """What intake needs of a mailbox; ``ImapInbox`` is the real one."""

    uidvalidity: int

    def uids(self) -> list[int]:
        """Return the UIDs now in the inbox, oldest first."""

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the size in bytes of each mail that is still there."""

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return the whole raw mails, those that are still there, without marking them read."""

    def fetch_head(self, uid: int) -> bytes:
        """Return the first 256 KiB of the header block of a mail that is too big to fetch."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails out of the inbox; UIDs that are gone are passed over."""


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and host name and speaks TLS 1.2 or newer."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def away(what: str) -> Iterator[None]:
    """Turn every way in which a server can fail us into MailboxAway, saying what was being done."""
    try:
        yield
    except LoginError as error:
        raise MailboxAway(f"{what}: login refused ({error}); check [imap] user and imap_password") from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxAway(
            f"{what}: certificate not trusted ({error.verify_message}); nothing was sent. "
            "Set [imap] ca_file to the certificate authority, or host to the name in the certificate"
        ) from error
    except ssl.SSLError as error:
        raise MailboxAway(f"{what}: TLS failed ({error.reason}); check [imap] port and tls") from error
    except TimeoutError as error:
        raise MailboxAway(f"{what}: no answer in time") from error
    except (OSError, IMAPClientError, AssertionError, ValueError, KeyError) as error:
        raise MailboxAway(f"{what}: {error or type(error).__name__}") from error


class ImapInbox:
    """A logged-in connection with the inbox selected. Use as a context manager."""

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        where = f"IMAP {account.host}:{account.port}"
        self._where = where
        with away(where):
            self._client = self._connect()
        try:
            with away(where):
                self._log_in()
        except MailboxAway:
            self.abort()
            raise

    def _connect(self) -> IMAPClient:
        account = self._account
        client = IMAPClient(
            account.host,
            port=account.port,
            ssl=account.tls == "tls",
            ssl_context=tls_context(account.ca_file) if account.tls == "tls" else None,
            timeout=SocketTimeout(CONNECT_SECONDS, account.timeout_seconds),
        )
        sock = client.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in _KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
        return client

    def _log_in(self) -> None:
        account, client = self._account, self._client
        if account.tls == "starttls":
            if not client.has_capability("STARTTLS"):
                raise MailboxAway(
                    f"{self._where}: the server offers no STARTTLS; nothing was sent. "
                    'Use tls = "tls" with its TLS port, or have STARTTLS switched on'
                )
            client.starttls(tls_context(account.ca_file))
        client.login(account.user, account.password)
        selected = client.select_folder(account.folder)
        self.uidvalidity = int(selected[b"UIDVALIDITY"])
        self.can_move = client.has_capability("MOVE")
        self.can_expunge_by_uid = client.has_capability("UIDPLUS")
        self.can_idle = account.idle and client.has_capability("IDLE")

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
        """Create the folders that are missing, and subscribe to them so that people see them."""
        with away(f"{self._where}: making folders"):
            for folder in folders:
                if not self._client.folder_exists(folder):
                    self._client.create_folder(folder)
                    self._client.subscribe_folder(folder)

    def uids(self) -> list[int]:
        """Return the UIDs now in the inbox, oldest first; those flagged ``\\Deleted`` are settled already."""
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
        people's deleted mail with it, so without UIDPLUS the marked copies stay and are not listed again.
        """
        with away(f"{self._where}: moving to {folder}"):
            if self.can_move:
                self._client.move(uids, folder)
                return
            self._client.copy(uids, folder)
            reach(Point.COPIED)
            self._client.delete_messages(uids, silent=True)
            reach(Point.FLAGGED)
            if self.can_expunge_by_uid:
                self._client.uid_expunge(uids)

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
        return bool(told != [None])

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
