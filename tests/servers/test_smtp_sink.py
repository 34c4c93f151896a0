import asyncio
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificates, Flaw, server_context
from tests.servers.ports import HOST, free_port
from tests.servers.smtp_sink import Cut, SmtpSink, Tls

USER, PASSWORD = "desk", "correct horse"
MAIL = b"Subject: one\r\n\r\nhello\r\n"
Kept = tuple[str, tuple[str, ...], bytes]


@dataclass(frozen=True)
class Peer:
    """An SMTP server under test and what it kept."""

    port: int
    certificates: Certificates
    kept: Callable[[], list[Kept]]

    @asynccontextmanager
    async def client(self, *, starttls: bool = True) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect; afterwards wait until the client has really closed, which it does behind our back."""
        context = self.certificates.client_context()
        client = aiosmtplib.SMTP(
            hostname=HOST, port=self.port, start_tls=starttls, tls_context=context, timeout=10
        )
        async with client:
            connection = client.get_transport_info("socket")
            yield client
        while connection.fileno() != -1:
            await asyncio.sleep(0.001)


class Keeper:
    """aiosmtpd's handler: keeps what the server takes."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        sender = str(envelope.mail_from).removeprefix("<>")  # its way to write the empty sender
        self.kept.append((sender, tuple(envelope.rcpt_tos), envelope.content))
        return "250 kept"


def _password_is_right(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def _aiosmtpd(certificates: Certificates, folder: Path, login: bool) -> Iterator[Peer]:
    keeper, port = Keeper(), free_port()
    controller = Controller(
        keeper,
        hostname=HOST,
        port=port,
        enable_SMTPUTF8=True,
        require_starttls=True,
        tls_context=server_context(certificates.issue(), folder),
        auth_required=login,
        authenticator=_password_is_right if login else None,
    )
    controller.start()
    try:
        yield Peer(port, certificates, lambda: list(keeper.kept))
    finally:
        controller.stop()


@contextmanager
def _sink(certificates: Certificates, _folder: Path, login: bool) -> Iterator[Peer]:
    user, password = (USER, PASSWORD) if login else ("", "")
    with SmtpSink(certificates=certificates, user=user, password=password) as sink:
        yield Peer(
            sink.port, certificates, lambda: [(m.sender, m.recipients, m.content) for m in sink.messages]
        )


SERVERS = [pytest.param(_aiosmtpd, id="aiosmtpd"), pytest.param(_sink, id="sink")]


@pytest.fixture(params=SERVERS)
def peer(request: pytest.FixtureRequest, certificates: Certificates, tmp_path: Path) -> Iterator[Peer]:
    """Each server, no login."""
    with request.param(certificates, tmp_path, login=False) as server:
        yield server


@pytest.fixture(params=SERVERS)
def peer_with_login(
    request: pytest.FixtureRequest, certificates: Certificates, tmp_path: Path
) -> Iterator[Peer]:
    """Each server, login demanded."""
    with request.param(certificates, tmp_path, login=True) as server:
        yield server


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MAIL, id="plain"),
        pytest.param(b".\r\n", id="a dot alone"),
        pytest.param(b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\na.\r\n", id="dots at line starts"),
        pytest.param("Subject: x\r\n\r\nété\r\n".encode("latin-1"), id="eight bits"),
        pytest.param(b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n" * 2000, id="many packets"),
    ],
)
def test_content_arrives_byte_for_byte(peer: Peer, content: bytes) -> None:
    async def story() -> None:
        async with peer.client() as client:
            await client.sendmail("a@example.org", ["b@example.org"], content)

    asyncio.run(story())
    assert peer.kept() == [("a@example.org", ("b@example.org",), content)]


def test_one_connection_takes_several_mails_and_recipients(peer: Peer) -> None:
    async def story() -> None:
        async with peer.client() as client:
            await client.sendmail("a@example.org", ["b@example.org", "c@example.org"], MAIL)
            await client.mail("lost@example.org")
            await client.rset()
            await client.sendmail("", ["d@example.org"], MAIL)

    asyncio.run(story())
    assert peer.kept() == [
        ("a@example.org", ("b@example.org", "c@example.org"), MAIL),
        ("", ("d@example.org",), MAIL),
    ]


def test_mail_in_clear_is_refused_where_starttls_is_demanded(peer: Peer) -> None:
    async def story() -> int:
        async with peer.client(starttls=False) as client:
            await client.ehlo()
            assert client.supports_extension("starttls")
            return (await client.execute_command(b"MAIL", b"FROM:<a@example.org>")).code

    assert asyncio.run(story()) == 530
    assert peer.kept() == []


def test_starttls_is_not_offered_twice(peer: Peer) -> None:
    async def story() -> bool:
        async with peer.client() as client:
            await client.ehlo()
            return client.supports_extension("starttls")

    assert asyncio.run(story()) is False


@pytest.mark.parametrize(
    ("verbs", "code"),
    [
        pytest.param([b"RCPT TO:<b@example.org>"], 503, id="recipient before sender"),
        pytest.param([b"DATA"], 503, id="content before sender"),
        pytest.param([b"MAIL FROM:<a@example.org>", b"DATA"], 503, id="content before recipient"),
        pytest.param([b"MAIL FROM:<a@example.org>", b"MAIL FROM:<c@example.org>"], 503, id="two senders"),
        pytest.param([b"MAIL a@example.org"], 501, id="no path"),
        pytest.param([b"NOOP"], 250, id="nothing"),
        pytest.param([b"NONSENSE"], 500, id="unknown verb"),
    ],
)
def test_verbs_out_of_order_are_refused(peer: Peer, verbs: list[bytes], code: int) -> None:
    async def story() -> int:
        async with peer.client() as client:
            await client.ehlo()
            return [(await client.execute_command(verb)).code for verb in verbs][-1]

    assert asyncio.run(story()) == code


def test_addresses_beyond_ascii_are_taken_with_smtputf8(peer: Peer) -> None:
    async def story() -> int:
        async with peer.client() as client:
            await client.ehlo()
            assert client.supports_extension("smtputf8")
            address = "FROM:<élève@example.org>".encode()
            return (await client.execute_command(b"MAIL", address, b"SMTPUTF8")).code

    assert asyncio.run(story()) == 250


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_the_right_password_is_let_in(peer_with_login: Peer, mechanism: str) -> None:
    async def story() -> None:
        async with peer_with_login.client() as client:
            await client.ehlo()
            await (client.auth_plain if mechanism == "plain" else client.auth_login)(USER, PASSWORD)
            await client.sendmail("a@example.org", ["b@example.org"], MAIL)

    asyncio.run(story())
    assert len(peer_with_login.kept()) == 1


@pytest.mark.parametrize(
    "given", [pytest.param((USER, "wrong"), id="password"), pytest.param(("other", PASSWORD), id="user")]
)
def test_a_wrong_login_is_refused(peer_with_login: Peer, given: tuple[str, str]) -> None:
    async def story() -> int:
        async with peer_with_login.client() as client:
            await client.ehlo()
            with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refusal:
                await client.auth_plain(*given)
            return refusal.value.code

    assert asyncio.run(story()) == 535


def test_mail_without_login_is_refused_where_login_is_demanded(peer_with_login: Peer) -> None:
    async def story() -> int:
        async with peer_with_login.client() as client:
            await client.ehlo()
            return (await client.execute_command(b"MAIL", b"FROM:<a@example.org>")).code

    assert asyncio.run(story()) == 530


def test_login_is_offered_only_once_the_connection_is_encrypted(certificates: Certificates) -> None:
    with SmtpSink(certificates=certificates, user=USER, password=PASSWORD) as sink:
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            client.ehlo()
            before = client.has_extn("auth")
            client.starttls(context=certificates.client_context())
            client.ehlo()
            assert (before, client.has_extn("auth")) == (False, True)
        assert b"AUTH" not in sink.heard_in_clear
        assert b"STARTTLS" in sink.heard_in_clear


def test_pipelined_commands_are_answered_in_order(certificates: Certificates) -> None:
    said = b"EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nhi\r\n.\r\nMAIL FROM:<c@x>\r\nQUIT\r\n"
    with SmtpSink(tls=Tls.NONE, certificates=certificates) as sink:
        with socket.create_connection((sink.host, sink.port), timeout=10) as client:
            client.sendall(said)
            heard = client.makefile("rb").read()
        codes = [line[:3] for line in heard.splitlines() if line[3:4] == b" "]
        assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"250", b"221"]
        assert [mail.content for mail in sink.messages] == [b"hi\r\n"]
        assert sink.heard_in_clear == said


def test_a_mail_cut_into_single_bytes_is_whole_again(certificates: Certificates) -> None:
    said = b"EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n..x\r\n.\r\nQUIT\r\n"
    with SmtpSink(tls=Tls.NONE, certificates=certificates) as sink:
        with socket.create_connection((sink.host, sink.port), timeout=10) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in said:
                client.send(bytes([byte]))
            client.makefile("rb").read()
        assert [mail.content for mail in sink.messages] == [b".x\r\n"]


@pytest.mark.parametrize(
    "verb", ["MAIL FROM:<é@x>\r\n", "MAIL FROM:<a@x>\r\nRCPT TO:<é@x>\r\n"], ids=["sender", "recipient"]
)
def test_addresses_beyond_ascii_are_refused_without_smtputf8(certificates: Certificates, verb: str) -> None:
    with (
        SmtpSink(tls=Tls.NONE, certificates=certificates) as sink,
        socket.create_connection((sink.host, sink.port), timeout=10) as client,
    ):
        client.sendall(f"EHLO me\r\n{verb}QUIT\r\n".encode())
        assert b"\r\n553 5.6.7" in client.makefile("rb").read()


def test_a_bare_line_feed_is_refused(certificates: Certificates) -> None:
    with SmtpSink(tls=Tls.NONE, certificates=certificates) as sink:
        with socket.create_connection((sink.host, sink.port), timeout=10) as client:
            client.sendall(b"EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\na\nb\r\n.\r\nQUIT\r\n")
            heard = client.makefile("rb").read()
        assert b"\r\n550 5.6.11" in heard
        assert sink.messages == []


def test_implicit_tls_is_spoken_from_the_first_byte(certificates: Certificates) -> None:
    context = certificates.client_context()
    with SmtpSink(tls=Tls.IMPLICIT, certificates=certificates) as sink:
        with smtplib.SMTP_SSL(sink.host, sink.port, context=context, timeout=10) as client:
            client.sendmail("a@example.org", ["b@example.org"], MAIL)
        assert [mail.encrypted for mail in sink.messages] == [True]
        assert sink.heard_in_clear == b""


@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if flaw is not Flaw.NONE])
@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_client_that_verifies_turns_away_from_a_bad_certificate(
    certificates: Certificates, flaw: Flaw, tls: Tls
) -> None:
    context = certificates.client_context()

    def connect(sink: SmtpSink) -> None:
        if tls is Tls.IMPLICIT:
            smtplib.SMTP_SSL(sink.host, sink.port, context=context, timeout=10)
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            client.starttls(context=context)

    with SmtpSink(tls=tls, certificates=certificates, flaw=flaw) as sink:
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(sink)
        assert sink.messages == []


def test_a_scripted_refusal_has_no_effect(certificates: Certificates) -> None:
    def refuse_b(stage: str, argument: str) -> str | None:
        return "450 4.2.1 try later" if stage == "RCPT" and "<b@" in argument else None

    with SmtpSink(tls=Tls.NONE, certificates=certificates, reply_for=refuse_b) as sink:
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            refused = client.sendmail("a@example.org", ["b@example.org", "c@example.org"], MAIL)
        assert refused == {"b@example.org": (450, b"4.2.1 try later")}
        assert [mail.recipients for mail in sink.messages] == [("c@example.org",)]


@pytest.mark.parametrize(
    ("stage", "how", "kept"),
    [
        pytest.param("CONNECT", Cut.BEFORE, 0, id="at once"),
        pytest.param("MAIL", Cut.BEFORE, 0, id="at the sender"),
        pytest.param("BODY", Cut.BEFORE, 0, id="inside the content"),
        pytest.param("CONTENT", Cut.BEFORE, 0, id="after the content, not kept"),
        pytest.param("CONTENT", Cut.AFTER, 1, id="after the content, kept"),
        pytest.param("QUIT", Cut.BEFORE, 1, id="after all"),
    ],
)
def test_a_connection_ends_where_the_script_cuts_it(
    certificates: Certificates, stage: str, how: Cut, kept: int
) -> None:
    def cut(now: str, _argument: str) -> Cut | None:
        return how if now == stage else None

    def converse(sink: SmtpSink) -> None:
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            client.sendmail("a@example.org", ["b@example.org"], MAIL)
            client.quit()

    with SmtpSink(tls=Tls.NONE, certificates=certificates, reply_for=cut) as sink:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            converse(sink)
        assert len(sink.messages) == kept


def test_421_closes_the_connection(certificates: Certificates) -> None:
    def too_busy(stage: str, _argument: str) -> str | None:
        return "421 4.3.2 too busy" if stage == "MAIL" else None

    with (
        SmtpSink(tls=Tls.NONE, certificates=certificates, reply_for=too_busy) as sink,
        socket.create_connection((sink.host, sink.port), timeout=10) as client,
    ):
        client.sendall(b"EHLO me\r\nMAIL FROM:<a@x>\r\n")
        assert client.makefile("rb").read().endswith(b"421 4.3.2 too busy\r\n")


def test_a_defect_in_a_script_is_shown(certificates: Certificates) -> None:
    def broken(_stage: str, _argument: str) -> str:
        raise LookupError("no such stage")

    def story() -> None:
        with (
            SmtpSink(tls=Tls.NONE, certificates=certificates, reply_for=broken) as sink,
            socket.create_connection((sink.host, sink.port), timeout=10) as client,
        ):
            client.recv(10)

    with pytest.raises(LookupError, match="no such stage"):
        story()


def test_a_killed_sink_comes_back_on_its_port_with_what_it_kept(certificates: Certificates) -> None:
    with SmtpSink(tls=Tls.NONE, certificates=certificates) as sink:
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            client.sendmail("a@example.org", ["b@example.org"], MAIL)
            sink.kill()
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(sink.host, sink.port, timeout=10)
        sink.start()
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
            client.sendmail("c@example.org", ["b@example.org"], MAIL)
        assert [mail.sender for mail in sink.wait_for(2)] == ["a@example.org", "c@example.org"]


def test_waiting_for_mail_that_does_not_come_ends(smtp_sink: SmtpSink) -> None:
    with pytest.raises(TimeoutError, match=r"0 mails after 0\.05 s; 1 were awaited"):
        smtp_sink.wait_for(1, timeout_seconds=0.05)
