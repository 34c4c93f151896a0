"""The relay in all its moods: what becomes of the letter, and that nothing leaves in clear."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from daemon.smtp import Relay, RelaySettings, _new_context
from daemon.smtplink import Link, Report
from helpdesk.core.smtpreplies import Broken, End, Outcome, Stage, classify
from helpdesk.errors import RelayAway
from tests.daemon.scripted_relay import (
    CUT,
    EMPTY,
    GARBAGE,
    HANG,
    HUGE,
    MANY,
    RESET,
    Authority,
    Behaviour,
    ScriptedRelay,
)
from tests.servers.certificates import Flaw

T = TypeVar("T")
CONTENT = (
    b"From: <desk@help.example>\r\nSubject: x\r\n\r\nHello\r\n.a line with a dot\r\n..two\r\n.\r\nend\r\n"
)
SENDER, RECIPIENT = "desk+bounce@help.example", "zoe@learn.example"
BREAKS: list[tuple[str, Behaviour, Broken]] = [
    ("cut", CUT, Broken.CUT),
    ("reset", RESET, Broken.CUT),
    ("hang", HANG, Broken.SILENT),
    ("garbage", GARBAGE, Broken.NONSENSE),
    ("endless reply", HUGE, Broken.NONSENSE),
    ("endless empty lines", EMPTY, Broken.NONSENSE),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def settings_for(relay: ScriptedRelay, ca_file: str | None = None, **changes: str | float) -> RelaySettings:
    tls = "plain" if relay.tls is None else "starttls" if relay.starttls else "tls"
    given: dict[str, str | float | None] = {
        "host": "127.0.0.1",
        "port": relay.port,
        "tls": tls,
        "ca_file": ca_file,
        "hello_name": "desk.example",
        "timeout_seconds": 10.0,
        "final_reply_seconds": 10.0,
    }
    return RelaySettings(**(given | changes))  # type: ignore[arg-type]


def on(
    relay: ScriptedRelay,
    do: Callable[[Link], Awaitable[T]],
    ca_file: str | None = None,
    **changes: str | float,
) -> T:
    """Connect to *relay* while it serves and *do* something on the link."""

    async def main() -> T:
        with relay.serving():
            link = await Relay(settings_for(relay, ca_file, **changes)).connect()
            try:
                return await do(link)
            finally:
                link.abort()

    return asyncio.run(main())


def refusal_of(relay: ScriptedRelay, ca_file: str | None = None, **changes: str | float) -> str:
    """Return why connecting to *relay* failed."""

    async def main() -> str:
        with relay.serving():
            with pytest.raises(RelayAway) as raised:
                await Relay(settings_for(relay, ca_file, **changes)).connect()
            return str(raised.value).replace(str(relay.port), "PORT")

    return asyncio.run(main())


async def send(link: Link, content: bytes = CONTENT) -> Report:
    return await link.send(SENDER, RECIPIENT, content)


async def send_twice(link: Link) -> tuple[Report, Report, bool]:
    first = await send(link)
    closed = link.closed
    return first, await send(link), closed


@pytest.mark.parametrize("mode", ["tls", "starttls", "plain"])
@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "one by one"])
def test_letters_arrive_byte_for_byte(authority: Authority, mode: str, pipelining: bool) -> None:
    relay = ScriptedRelay(
        tls=None if mode == "plain" else authority.context(),
        starttls=mode == "starttls",
        pipelining=pipelining,
    )
    first, second, _closed = on(relay, send_twice, authority.ca_file)
    assert first == Report(Outcome(End.SENT), "CONTENT: 250 queued as 1")
    assert second == first
    assert [(one.sender, one.recipient, one.content) for one in relay.letters] == [
        (SENDER, RECIPIENT, CONTENT)
    ] * 2
    assert [one.encrypted for one in relay.letters] == [mode != "plain"] * 2
    assert relay.connections == 1


@pytest.mark.parametrize(
    ("content", "arrived"),
    [
        pytest.param(b"a\r\n", b"a\r\n", id="ordinary"),
        pytest.param(b"a", b"a\r\n", id="no line end"),
        pytest.param(b".\r\n", b".\r\n", id="only a dot"),
        pytest.param(b".", b".\r\n", id="only a dot and no line end"),
        pytest.param(b"a\r\n.\r\nMAIL FROM:<x>\r\n", b"a\r\n.\r\nMAIL FROM:<x>\r\n", id="an end within"),
    ],
)
def test_no_line_of_a_letter_ends_it_early(content: bytes, arrived: bytes) -> None:
    relay = ScriptedRelay()
    report = on(relay, lambda link: send(link, content))
    assert report.outcome.end is End.SENT
    assert [one.content for one in relay.letters] == [arrived]


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "one by one"])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT])
@pytest.mark.parametrize("code", [421, 450, 451, 550, 554])
def test_a_refused_letter_is_classified_and_the_next_one_goes(
    stage: Stage, code: int, pipelining: bool
) -> None:
    name = stage.name.lower()
    relay = ScriptedRelay({name: f"{code} no".encode() + b"\r\n"}, {name}, pipelining=pipelining)
    first, second, closed = on(relay, send_twice)
    assert (first.outcome, first.reason) == (classify(stage, code), f"{stage.name}: {code} no")
    assert closed == (code == 421)
    assert second.outcome == (Outcome(End.TRY_LATER) if closed else Outcome(End.SENT))
    assert len(relay.letters) == (0 if closed else 1)


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "one by one"])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT])
@pytest.mark.parametrize(("behaviour", "broken"), [pytest.param(b, w, id=n) for n, b, w in BREAKS])
def test_a_break_at_any_stage_is_classified_and_closes(
    stage: Stage, behaviour: Behaviour, broken: Broken, pipelining: bool
) -> None:
    relay = ScriptedRelay({stage.name.lower(): behaviour}, pipelining=pipelining)

    async def send_then_look(link: Link) -> tuple[Report, bool]:
        return await send(link), link.closed

    seconds = 0.5 if behaviour == HANG else 10.0
    report, closed = on(relay, send_then_look, timeout_seconds=seconds, final_reply_seconds=seconds)
    assert report.outcome == classify(stage, broken)
    assert report.reason.endswith(f": {broken.value}")
    if behaviour != RESET:  # a reset also destroys the replies before it
        assert report.reason.startswith(f"{stage.name}: ")
    assert closed


@pytest.mark.parametrize(
    ("stage", "behaviour", "untouched"),
    [
        pytest.param("mail", CUT, True, id="cut before any answer"),
        pytest.param("mail", b"421 closing\r\n", True, id="closing"),
        pytest.param("mail", b"450 later\r\n", False, id="refused"),
        pytest.param("rcpt", CUT, False, id="cut after an answer"),
        pytest.param("rcpt", b"421 closing\r\n", False, id="closing after an answer"),
        pytest.param("content", CUT, False, id="cut after the dot"),
    ],
)
def test_a_letter_is_untouched_only_when_nothing_but_a_farewell_came(
    stage: str, behaviour: Behaviour, untouched: bool
) -> None:
    report = on(ScriptedRelay({stage: behaviour}, pipelining=False), send)
    assert report.untouched is untouched


def test_a_relay_that_takes_data_without_recipient_gets_a_lone_dot() -> None:
    relay = ScriptedRelay({"rcpt": b"550 who?\r\n", "content": b"554 nobody\r\n"}, {"rcpt", "content"})
    first, second, _closed = on(relay, send_twice)
    assert first.outcome == Outcome(End.DEAD)
    assert second.outcome == Outcome(End.SENT)
    assert len(relay.letters) == 1


@pytest.mark.parametrize("reset", [b"451 no\r\n", CUT], ids=["refused", "cut"])
def test_a_link_that_cannot_be_reset_is_closed(reset: Behaviour) -> None:
    relay = ScriptedRelay({"rcpt": b"550 who?\r\n", "rset": reset})
    first, _second, closed = on(relay, send_twice)
    assert first.outcome == Outcome(End.DEAD)
    assert closed


def test_replies_that_nobody_asked_for_end_the_link() -> None:
    relay = ScriptedRelay()

    async def hear_many(link: Link) -> bool:
        await send(link)
        with suppress(OSError):  # cut before the last of them
            await asyncio.to_thread(relay.say, b"250 and again\r\n" * MANY)
        await asyncio.wait([link._gone], timeout=5)
        return link._gone.done()

    assert on(relay, hear_many)


def test_long_answers_of_many_lines_are_read_whole() -> None:
    async def send_many(link: Link) -> Report:
        for _ in range(40):
            report = await send(link)
        return report

    relay = ScriptedRelay({"mail": b"250-" + b"x" * 500 + b"\r\n" + b"250-more\r\n" * 50 + b"250 ok\r\n"})
    assert on(relay, send_many).outcome == Outcome(End.SENT)


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [
        pytest.param(SENDER, "zoe@learn.example>\r\nDATA", id="line break in the recipient"),
        pytest.param("desk@help.example> SIZE=1", RECIPIENT, id="option in the sender"),
        pytest.param(SENDER, "zoé@learn.example", id="not ASCII"),
        pytest.param(SENDER, "", id="no recipient"),
        pytest.param(SENDER, "z" * 255, id="too long"),
    ],
)
def test_an_address_not_fit_for_smtp_never_reaches_the_wire(sender: str, recipient: str) -> None:
    relay = ScriptedRelay()
    report = on(relay, lambda link: link.send(sender, recipient, CONTENT))
    assert report.outcome == Outcome(End.DEAD)
    assert relay.commands == ["EHLO desk.example"]


def test_the_null_sender_is_allowed() -> None:
    relay = ScriptedRelay()
    assert on(relay, lambda link: link.send("", RECIPIENT, CONTENT)).outcome == Outcome(End.SENT)
    assert relay.letters[0].sender == ""


@pytest.mark.parametrize("farewell", [b"421 4.4.2 timeout\r\n", b""], ids=["with a farewell", "without"])
def test_a_link_that_the_relay_gave_up_is_known_as_closed(farewell: bytes) -> None:
    relay = ScriptedRelay()

    async def wait(link: Link) -> bool:
        await send(link)
        assert not link.closed
        if farewell:
            relay.say(farewell)
        else:
            relay.cut_all()
        await asyncio.sleep(0.05)
        return link.closed

    assert on(relay, wait)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("end", [b"221 bye\r\n", CUT, RESET, HANG], ids=["answered", "cut", "reset", "hang"])
def test_goodbye_never_hurts(
    authority: Authority, end: Behaviour, encrypted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.smtplink.QUIT_SECONDS", 0.1)
    relay = ScriptedRelay({"quit": end}, tls=authority.context() if encrypted else None)

    async def send_and_quit(link: Link) -> Report:
        report = await send(link)
        await link.quit()
        assert link.closed
        return report

    assert on(relay, send_and_quit, authority.ca_file).outcome == Outcome(End.SENT)
    assert relay.commands[-1] == "QUIT"


# Connecting


@pytest.mark.parametrize("code", [421, 450, 451, 530, 535, 550, 554])
@pytest.mark.parametrize("stage", ["connect", "ehlo", "auth"])
def test_a_relay_that_does_not_let_us_in_is_away(stage: str, code: int) -> None:
    relay = ScriptedRelay({stage: f"{code} not now".encode() + b"\r\n"}, auth="PLAIN")
    problem = refusal_of(relay, user="desk", password="secret")
    assert f"({code} not now)" in problem
    assert "secret" not in problem


@pytest.mark.parametrize("behaviour", [pytest.param(behaviour, id=name) for name, behaviour, _ in BREAKS])
@pytest.mark.parametrize("stage", ["connect", "ehlo", "auth", "starttls"])
def test_a_break_while_connecting_means_away(authority: Authority, stage: str, behaviour: Behaviour) -> None:
    tls = authority.context() if stage == "starttls" else None
    relay = ScriptedRelay({stage: behaviour}, tls=tls, starttls=tls is not None, auth="PLAIN")
    seconds = 0.5 if behaviour == HANG else 10.0
    problem = refusal_of(relay, authority.ca_file, user="desk", password="secret", timeout_seconds=seconds)
    assert problem.startswith("127.0.0.1:PORT: ")
    assert "secret" not in problem


def test_nobody_listening_means_away() -> None:
    with pytest.raises(RelayAway, match=r"127\.0\.0\.1:1: connection refused; .* \[smtp\] host and port"):
        asyncio.run(Relay(RelaySettings("127.0.0.1", 1, "plain")).connect())


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        pytest.param(Flaw.EXPIRED, "certificate has expired", id="expired"),
        pytest.param(Flaw.WRONG_HOST, "IP address mismatch", id="another host's"),
        pytest.param(Flaw.UNKNOWN_CA, "unable to get local issuer certificate", id="of an unknown CA"),
    ],
)
@pytest.mark.parametrize("starttls", [True, False], ids=["starttls", "tls"])
def test_nothing_is_sent_where_the_certificate_is_wrong(
    authority: Authority, flaw: Flaw, words: str, starttls: bool
) -> None:
    relay = ScriptedRelay(tls=authority.context(flaw), starttls=starttls, auth="PLAIN")
    problem = refusal_of(relay, authority.ca_file, user="desk", password="secret")
    assert words in problem
    assert "nothing was sent; [smtp] host must be a name in the certificate" in problem
    assert relay.in_clear == (b"EHLO desk.example\r\nSTARTTLS\r\n" if starttls else b"")
    assert relay.letters == []


def test_nothing_is_sent_where_tls_is_not_offered(authority: Authority) -> None:
    relay = ScriptedRelay(auth="PLAIN")
    problem = refusal_of(relay, authority.ca_file, tls="starttls", user="desk", password="secret")
    assert "does not offer STARTTLS, so nothing was sent; turn it on there" in problem
    assert relay.in_clear == b"EHLO desk.example\r\n"


def test_nothing_is_sent_where_starttls_is_refused(authority: Authority) -> None:
    relay = ScriptedRelay(
        {"starttls": b"454 not now\r\n"}, tls=authority.context(), starttls=True, auth="PLAIN"
    )
    assert "(454 not now)" in refusal_of(relay, authority.ca_file, user="desk", password="secret")
    assert relay.in_clear == b"EHLO desk.example\r\nSTARTTLS\r\n"


def test_implicit_tls_against_a_plain_port_says_what_to_check() -> None:
    problem = refusal_of(ScriptedRelay(), tls="tls")
    assert "check [smtp] tls and port" in problem


def test_plain_is_refused_anywhere_but_on_loopback() -> None:
    with pytest.raises(RelayAway, match="loopback addresses only"):
        asyncio.run(Relay(RelaySettings("192.0.2.1", 25, "plain")).connect())


def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(RelayAway, match=f"ca_file {missing}"):
        asyncio.run(Relay(RelaySettings("127.0.0.1", 1, "tls", ca_file=str(missing))).connect())


def test_tls_is_at_least_1_2_and_verified() -> None:
    context = _new_context(None)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


# Login


@pytest.mark.parametrize(
    ("offered", "method"),
    [
        pytest.param("CRAM-MD5 LOGIN PLAIN", "AUTH PLAIN AGRlc2sAc2VjcmV0", id="plain first"),
        pytest.param("XOAUTH2 PLAIN", "AUTH PLAIN AGRlc2sAc2VjcmV0", id="among unknown ones"),
    ],
)
def test_the_login_uses_one_method_once(authority: Authority, offered: str, method: str) -> None:
    relay = ScriptedRelay({"auth": b"535 wrong\r\n"}, tls=authority.context(), auth=offered)
    problem = refusal_of(relay, authority.ca_file, user="desk", password="secret")
    assert "login refused (535 wrong); check [smtp] user and smtp_password" in problem
    assert [command for command in relay.commands if command.startswith("AUTH")] == [method]


def test_a_relay_without_login_is_explained(authority: Authority) -> None:
    relay = ScriptedRelay(tls=authority.context())
    assert "offers no login" in refusal_of(relay, authority.ca_file, user="desk", password="secret")


def test_without_a_user_there_is_no_login(authority: Authority) -> None:
    relay = ScriptedRelay(tls=authority.context(), auth="PLAIN")
    assert on(relay, send, authority.ca_file).outcome == Outcome(End.SENT)
    assert not [command for command in relay.commands if command.startswith("AUTH")]


def test_a_password_does_not_show_in_the_settings() -> None:
    assert "secret" not in repr(RelaySettings("h", 25, "tls", "desk", "secret"))
