"""The demo's own mail world on loopback: an IMAP server, an SMTP server that is the border, a private CA.

The border stamps what really happened: a mail handed in with a password proves its sender; one handed in
without is checked against nothing and fails (RFC 8601 form).
"""

import argparse
import asyncio
import email.utils
import logging
import re
import socket
import ssl
import threading
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, TLSSetupException
from pymap.backend.dict import Config, DictBackend, Identity
from pymap.imap import IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata

LOG = logging.getLogger("helpdesk.demo")
BORDER = "mx.ecole.example"
DOMAIN = "ecole.example"
START_SECONDS = 20.0
_A_DOMAIN = re.compile(r"[a-z0-9.-]++")


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox of the demo's mail world."""

    address: str
    password: str


class DemoServers:
    """Both servers in one thread of their own. Use as a context manager; certificates go to *folder*."""

    def __init__(self, folder: Path, accounts: tuple[Account, ...]) -> None:
        self._accounts = {account.address: account for account in accounts}
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-servers", daemon=True)
        self._stack = AsyncExitStack()
        self._imap_config: Config
        self._backend: DictBackend
        self.ca_file = folder / "ca.pem"
        self.imap_port = _free_port()
        self.smtp_port = _free_port()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def _start(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it deprecates itself
        authority = trustme.CA(organization_name="helpdeskd demo")
        certificate = authority.issue_cert("localhost")
        authority.cert_pem.write_to_path(str(self.ca_file))
        chain, key = self._folder / "server.pem", self._folder / "server.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(str(key))
        key.chmod(0o600)
        await self._start_imap(chain, key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(chain, key)
        await self._start_smtp(context)

    async def _stop(self) -> None:
        """Close both servers, and what clients have left open."""
        await self._stack.aclose()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _start_imap(self, chain: Path, key: Path) -> None:
        parser = argparse.ArgumentParser()
        IMAPService.add_arguments(parser)
        DictBackend.add_subparser("dict", parser.add_subparsers())
        parser.set_defaults(passlib_cfg=None, debug=False)
        arguments = ["--host", "localhost", "--port", str(self.imap_port)]
        given = parser.parse_args([*arguments, "--cert", str(chain), "--key", str(key), "dict"])
        self._backend, self._imap_config = await DictBackend.init(given)
        self._imap_config.apply_context()
        passwords = Passwords(self._imap_config)
        for account in self._accounts.values():
            hashed = await passwords.hash_password(account.password)
            user = UserMetadata(self._imap_config, account.address, password=hashed)
            await self._identity(account.address).set(user)
        await IMAPService(self._backend, self._imap_config).start(self._stack)

    def _identity(self, address: str) -> Identity:
        return Identity(address, self._backend.login, None, frozenset())

    async def _start_smtp(self, context: ssl.SSLContext) -> None:
        def session() -> SMTP:
            return SMTP(
                self,
                hostname=BORDER,
                tls_context=context,
                require_starttls=True,
                authenticator=self._check_password,
                loop=self._loop,
            )

        server = await self._loop.create_server(session, "localhost", self.smtp_port)
        await self._stack.enter_async_context(server)

    def _check_password(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        account = self._accounts.get(given.login.decode("ascii", "replace"))
        right = account is not None and account.password.encode() == given.password
        return AuthResult(success=right, handled=False, auth_data=account.address if account else None)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept only the mailboxes that are here, plus-addresses included."""
        if _mailbox_of(address) not in self._accounts:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Stamp the mail as a border does and put it into each recipient's inbox."""
        raw = envelope.original_content or b""
        stamped = _stamp(str(session.auth_data or ""), raw)
        for address in envelope.rcpt_tos:
            await self._deliver(_mailbox_of(address), stamped)
        return "250 2.0.0 delivered"

    async def handle_exception(self, error: Exception) -> str:
        """A client that hangs up, or does not trust our certificate, is the client's affair; a defect is told."""
        if not isinstance(error, TLSSetupException | ConnectionError | asyncio.IncompleteReadError):
            LOG.error("the demo's SMTP server failed", exc_info=error)
        return "451 4.3.0 it did not work out"

    async def _deliver(self, mailbox: str, raw: bytes) -> None:
        async with self._identity(mailbox).new_session() as session:
            inbox = await session.mailbox_set.get_mailbox("INBOX")
            await inbox.append(AppendMessage(raw, email.utils.localtime(), frozenset()), recent=True)


def _stamp(authenticated_as: str, raw: bytes) -> bytes:
    """Put the border's verdict and its Received line on top; both speak of what happened just now."""
    claimed = email.utils.parseaddr(_header(raw, b"from"))[1].lower()
    if authenticated_as and authenticated_as == claimed:
        verdict = f"auth=pass smtp.auth={authenticated_as}; dmarc=pass header.from={DOMAIN}"
    else:
        domain = claimed.rpartition("@")[2] or DOMAIN
        if not _A_DOMAIN.fullmatch(domain):
            domain = "unreadable.invalid"
        verdict = f"auth=none; spf=fail smtp.mailfrom={domain}; dmarc=fail header.from={domain}"
    date = email.utils.formatdate(localtime=True)
    head = (
        f"Authentication-Results: {BORDER}; {verdict}\r\n"
        f"Received: from client (localhost [127.0.0.1]) by {BORDER} with ESMTPS; {date}\r\n"
    )
    return head.encode("ascii") + raw


def _header(raw: bytes, name: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0]
    for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"):
        if line.lower().startswith(name + b":"):
            return line.partition(b":")[2].strip().decode("utf-8", "replace")
    return ""


def _mailbox_of(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
