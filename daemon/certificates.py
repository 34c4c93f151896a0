"""The certificates that the desk lives by: those of its servers, as they are shown now, and those of ``ca_file``s."""

import imaplib
import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from daemon.imaplogin import tls_context
from helpdesk.actions.certificates import tell_of_certificates
from helpdesk.actions.desk import Desk
from helpdesk.config import ImapSettings, Settings, SmtpSettings, Tls
from helpdesk.core.certificates import Certificate
from helpdesk.core.jobs import Turn
from helpdesk.errors import LeaseLost
from helpdesk.logs import event
from helpdesk.store.work import Work

LOG = logging.getLogger("helpdesk.jobs")
CONNECT_SECONDS = 15.0


class NotSeen(Exception):
    """A certificate cannot be read now; whatever needs its server tells of that by itself."""


def look_at_certificates(settings: Settings, desk: Desk, turn: Turn) -> str:
    """Look at each certificate and tell the contacts of those that end soon. Raises StoreAway and LeaseLost."""
    seen: list[Certificate] = []
    for look in _places(settings, desk):
        if not turn.going():
            raise LeaseLost("the look at certificates was stopped before its end")
        try:
            seen += look()
        except NotSeen as trouble:
            event(LOG, "certificate_not_seen", logging.WARNING, where=trouble)
    return tell_of_certificates(desk, seen)


def _places(settings: Settings, desk: Desk) -> Iterator[Callable[[], list[Certificate]]]:
    for mailbox in settings.mailboxes:
        if mailbox.tls is not Tls.PLAIN:
            yield partial(of_imap, mailbox)
    if settings.smtp.tls is not Tls.PLAIN:
        yield partial(of_smtp, settings.smtp)
    yield partial(of_database, desk)
    files = [one.ca_file for one in settings.mailboxes] + [settings.smtp.ca_file, settings.database.ca_file]
    for file in dict.fromkeys(file for file in files if file is not None):
        yield partial(of_file, file)


def of_imap(mailbox: ImapSettings) -> list[Certificate]:
    """Return what an IMAP server shows; nobody logs in. Raises NotSeen."""
    where = f"IMAP {mailbox.host}:{mailbox.port}"
    with _seeing(where):
        context = tls_context(str(mailbox.ca_file) if mailbox.ca_file else None)
        if mailbox.tls is Tls.TLS:
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                mailbox.host, mailbox.port, ssl_context=context, timeout=CONNECT_SECONDS
            )
        else:
            client = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=CONNECT_SECONDS)
        try:
            if mailbox.tls is Tls.STARTTLS:
                client.starttls(context)
            return _shown_by(where, client.sock)
        finally:
            client.shutdown()


def of_smtp(relay: SmtpSettings) -> list[Certificate]:
    """Return what the relay shows; nothing is sent. Raises NotSeen."""
    where = f"SMTP {relay.host}:{relay.port}"
    with _seeing(where):
        context = tls_context(str(relay.ca_file) if relay.ca_file else None)
        if relay.tls is Tls.TLS:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, timeout=CONNECT_SECONDS, context=context
            )
        else:
            client = smtplib.SMTP(relay.host, relay.port, timeout=CONNECT_SECONDS)
        try:
            if relay.tls is Tls.STARTTLS:
                client.starttls(context=context)
            return _shown_by(where, client.sock)
        finally:
            client.close()


def of_database(desk: Desk) -> list[Certificate]:
    """Return what the database server shows; nothing without TLS, or where its driver does not tell.

    Raises StoreAway.
    """
    with Work(desk.database, read_only=True) as work:
        der = work.server_certificate()
    return [_read(f"database {desk.database.shown}", x509.load_der_x509_certificate(der))] if der else []


def of_file(file: Path) -> list[Certificate]:
    """Return the certificates of a ``ca_file``. Raises NotSeen."""
    with _seeing(str(file)):
        return [_read(str(file), one) for one in x509.load_pem_x509_certificates(file.read_bytes())]


def _shown_by(where: str, sock: object) -> list[Certificate]:
    der = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    return [_read(where, x509.load_der_x509_certificate(der))] if der else []


def _read(where: str, one: x509.Certificate) -> Certificate:
    return Certificate(where, one.not_valid_after_utc, one.fingerprint(SHA256()).hex())


@contextmanager
def _seeing(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, imaplib.IMAP4.error, smtplib.SMTPException) as error:
        raise NotSeen(f"{where}: {type(error).__name__}: {error}") from error
