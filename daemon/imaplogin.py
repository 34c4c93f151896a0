"""Get into a mailbox: connect, TLS, login. Every failure leaves here as ``MailboxAway``, with what to do about it."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from helpdesk.core.imapcodes import is_about_folder
from helpdesk.errors import FolderRefused, MailboxAway, MailRefused

CONNECT_SECONDS = 15
PIECE_BYTES = 16 * 1024  # what TLS brings at once at most
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

    @property
    def where(self) -> str:
        """The server in the words of a message."""
        return f"IMAP {self.host}:{self.port}"


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and host name and speaks TLS 1.2 or newer."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def away(what: str) -> Iterator[None]:
    """Turn every way in which a server can fail us into MailboxAway, saying what was being done.

    A NO or BAD is MailRefused: the connection can be used as before.
    """
    try:
        yield
    except LoginError as error:
        raise MailboxAway(
            f"{what}: login refused ({_said(error)}); check [imap] user and imap_password"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxAway(
            f"{what}: certificate not trusted ({error.verify_message}); nothing was sent. "
            "Set [imap] ca_file to the certificate authority, or host to the name in the certificate"
        ) from error
    except ssl.SSLError as error:
        raise MailboxAway(f"{what}: TLS failed ({error.reason}); check [imap] port and tls") from error
    except ConnectionRefusedError as error:
        raise MailboxAway(
            f"{what}: connection refused; does the server run there? Check [imap] host and port"
        ) from error
    except TimeoutError as error:
        raise MailboxAway(f"{what}: no answer in time") from error
    except IMAPClientReadOnlyError as error:
        raise FolderRefused(f"{what}: the server lets nothing be written there") from error
    except (IMAPClientAbortError, ProtocolError) as error:
        raise MailboxAway(f"{what}: {error}") from error
    except IMAPClientError as error:
        sort = FolderRefused if is_about_folder(str(error)) else MailRefused
        raise sort(f"{what}: {error}") from error
    except (OSError, AssertionError, ValueError, KeyError) as error:
        raise MailboxAway(f"{what}: {error or type(error).__name__}") from error


def _said(error: LoginError) -> str:
    """Return what the server said; imapclient keeps how Python shows the bytes, the error below it has them."""
    below = error.__context__
    said = below.args[0] if below is not None and below.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def connected(account: ImapAccount, heard: Callable[[], None]) -> IMAPClient:
    """Return a connection, not logged in; with TLS from the first byte where the account says so.

    *heard* is called for each line and each piece of a mail that comes.
    """
    client = IMAPClient(
        account.host,
        port=account.port,
        ssl=account.tls == "tls",
        ssl_context=tls_context(account.ca_file) if account.tls == "tls" else None,
        timeout=SocketTimeout(CONNECT_SECONDS, account.timeout_seconds),
    )
    client.normalise_times = False  # times with their zone, not in this machine's without it
    client._imap.debug = 0  # else every mail is written out for a log line that nobody reads
    sock = client.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in _KEEPALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
    _tell_what_comes(client, heard)
    return client


def _tell_what_comes(client: IMAPClient, heard: Callable[[], None]) -> None:
    """Let big mails be read in pieces: of one that comes slowly nothing would be heard for minutes."""
    imap = client._imap
    read, readline = imap.read, imap.readline

    def read_in_pieces(size: int) -> bytes:
        pieces = []
        while size > 0 and (piece := read(min(size, PIECE_BYTES))):
            pieces.append(piece)
            size -= len(piece)
            heard()
        return b"".join(pieces)

    def read_a_line() -> bytes:
        line: bytes = readline()
        heard()
        return line

    imap.read, imap.readline = read_in_pieces, read_a_line


def log_in(client: IMAPClient, account: ImapAccount) -> None:
    """Log in, behind STARTTLS where the account says so: without it nothing is sent."""
    if account.tls == "starttls":
        if not client.has_capability("STARTTLS"):
            raise MailboxAway(
                f"{account.where}: the server offers no STARTTLS; nothing was sent. "
                'Use tls = "tls" with its TLS port, or have STARTTLS switched on'
            )
        client.starttls(tls_context(account.ca_file))
    client.login(account.user, account.password)
