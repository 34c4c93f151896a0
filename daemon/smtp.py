"""The relay over SMTP: connect, verify TLS, log in; every failure says what to do about it.

aiosmtplib greets, starts TLS and logs in; then a ``Link`` takes the connection over, since aiosmtplib's own
``sendmail`` takes five times the processor time and cannot tell a cut at DATA from one after the dot.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from daemon.smtplink import Link
from helpdesk.core.terminal import term_safe
from helpdesk.errors import RelayAway

REASON_CHARS = 300
_AUTH_METHODS = ("plain", "login", "cram-md5")  # inside TLS, so the plainest that works is best


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where letters go. ``tls`` is tls, starttls or plain (loopback only). No ``user``: no login."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    hello_name: str = ""
    timeout_seconds: float = 60.0
    final_reply_seconds: float = 600.0  # RFC 5321 §4.5.3.2.6: giving up earlier means sending twice
    idle_seconds: float = 30.0

    @property
    def place(self) -> str:
        """The relay's name in messages."""
        return f"{self.host}:{self.port}"


class Relay:
    """Opens links to one relay. The TLS context is made once and kept while connecting works."""

    def __init__(self, settings: RelaySettings) -> None:
        self.settings = settings
        self._context: ssl.SSLContext | None = None

    async def connect(self) -> Link:
        """Return a link ready for letters; raises RelayAway, saying what to do, and has sent nothing then."""
        settings = self.settings
        if settings.tls == "plain" and not _is_loopback(settings.host):
            raise RelayAway(f'{settings.place}: [smtp] tls = "plain" is for loopback addresses only')
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls == "tls",
            start_tls=False,  # asked for below, where its absence can be explained
            tls_context=await self._tls_context(),
            local_hostname=settings.hello_name or _own_name(),
            timeout=settings.timeout_seconds,
        )
        try:
            await client.connect()
            await _secure(client, settings)
            if settings.user:
                await _log_in(client, settings)
            return _linked(client, settings)
        except (SMTPException, OSError) as error:  # ssl.SSLError and TimeoutError are OSErrors
            self._context = None
            client.close()
            raise RelayAway(_advice(settings, error)) from error
        except BaseException:
            client.close()
            raise

    async def _tls_context(self) -> ssl.SSLContext | None:
        if self.settings.tls == "plain":
            return None
        if self._context is None:
            try:
                self._context = await asyncio.to_thread(_new_context, self.settings.ca_file)
            except OSError as error:
                raise RelayAway(f"[smtp] ca_file {self.settings.ca_file}: {error}") from error
        return self._context


def _linked(client: SMTP, settings: RelaySettings) -> Link:
    transport = client.transport
    assert isinstance(transport, asyncio.Transport)
    pipelining = client.supports_extension("pipelining")
    return Link(transport, pipelining, settings.timeout_seconds, settings.final_reply_seconds)


async def _secure(client: SMTP, settings: RelaySettings) -> None:
    """Leave *client* greeted and, unless plain was asked for by name, behind verified TLS."""
    if settings.tls == "plain":
        peer = client.get_transport_info("peername")
        if not _is_loopback(peer[0]):
            raise SMTPException(f'tls = "plain" is for loopback addresses only, not for {peer[0]}')
    await client.ehlo()
    if settings.tls == "starttls":
        if not client.supports_extension("starttls"):
            raise SMTPException(
                "it does not offer STARTTLS, so nothing was sent; turn it on there, "
                'or set [smtp] tls = "tls" with the port for it, usually 465'
            )
        await client.starttls()
        await client.ehlo()
    if settings.tls != "plain" and client.get_transport_info("ssl_object") is None:
        raise SMTPException("the connection is not encrypted, so nothing was sent")


async def _log_in(client: SMTP, settings: RelaySettings) -> None:
    """Log in once: trying method after method with one wrong password gets accounts locked."""
    method = next((method for method in _AUTH_METHODS if method in client.server_auth_methods), None)
    login = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    if method is None:
        raise SMTPException("it offers no login that we know; remove [smtp] user if it needs none")
    try:
        await login[method](settings.user, settings.password)
    except SMTPResponseException as error:
        text = f"login refused ({error.code} {error.message}); check [smtp] user and smtp_password"
        raise SMTPException(text) from error


def _advice(settings: RelaySettings, error: Exception) -> str:
    """Return what went wrong at *settings.place* and what to do, on one line."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        text = (
            f"its certificate is not to be trusted ({cause.verify_message}), so nothing was sent; "
            "[smtp] host must be a name in the certificate, and ca_file the CA that signed it"
        )
    elif cause is not None:
        text = f"TLS failed ({cause.reason or cause}); check [smtp] tls and port"
    elif isinstance(error, ConnectionRefusedError) or isinstance(error.__cause__, ConnectionRefusedError):
        text = "connection refused; does the server run there? Check [smtp] host and port"
    elif isinstance(error, SMTPResponseException):
        text = f"refused ({error.code} {error.message})"
    elif isinstance(error, SMTPException):
        text = error.message
    else:
        text = str(error) or type(error).__name__
    return term_safe(f"{settings.place}: {text}", REASON_CHARS)


def _new_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name() -> str:
    """Return our name for EHLO without asking DNS, which may hang; RFC 5321 §4.1.3 allows an address."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
