"""The demo's border stamps what happened, whatever a From looks like, and takes clients as they are."""

import asyncio
import gc
import imaplib
import logging
import smtplib
from pathlib import Path

import pytest

from daemon.demoservers import DemoServers, _stamp

MARIE = "marie@ecole.example"


@pytest.mark.parametrize(
    "sender",
    [
        pytest.param(f"Marie <{MARIE}>", id="plain"),
        pytest.param(
            f"=?utf-8?q?Marie_Dupr=C3=A9?=\r\n <{MARIE}>", id="an accented name on a line of its own"
        ),
        pytest.param(f"\r\n\tMarie <{MARIE}>", id="all of it on the next line"),
    ],
)
def test_who_logged_in_as_the_sender_is_proven(sender: str) -> None:
    raw = f"Subject: x\r\nFrom: {sender}\r\n\r\nFrom: other@ecole.example\r\n".encode()
    assert b"dmarc=pass header.from=ecole.example" in _stamp(MARIE, raw)
    assert b"dmarc=fail header.from=ecole.example" in _stamp("", raw)
    assert b"dmarc=fail" in _stamp("other@ecole.example", raw)


@pytest.mark.parametrize("sender", ["marie@écoie.example", "marie@ecole.example; dmarc=pass", "nobody"])
def test_a_domain_that_is_none_is_not_copied(sender: str) -> None:
    stamped = _stamp("", f"From: <{sender}>\r\n\r\n".encode())
    assert stamped.partition(b"From:")[0].isascii()
    assert b"dmarc=pass" not in stamped.partition(b"From:")[0]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.exc_info) for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_hangs_up_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with DemoServers(tmp_path, ()) as servers:
        for _ in range(2):
            client = smtplib.SMTP("localhost", servers.smtp_port, timeout=10)
            client.ehlo()
            assert client.docmd("STARTTLS")[0] == 220
            client.close()
        with smtplib.SMTP("localhost", servers.smtp_port, timeout=10) as client:
            assert client.noop()[0] == 250
    assert errors(caplog) == []


def test_a_mail_client_that_is_still_there_at_the_end_is_no_news(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with DemoServers(tmp_path, ()) as servers:
        client = smtplib.SMTP("localhost", servers.smtp_port, timeout=10)
        reader = imaplib.IMAP4("localhost", servers.imap_port, timeout=10)
        assert (client.noop()[0], reader.noop()[0]) == (250, "OK")
    reader.shutdown()
    client.close()
    del servers
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_defect_is_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with DemoServers(tmp_path, ()) as servers:
        assert asyncio.run(servers.handle_exception(KeyError("of ours"))).startswith("451 ")
    [told] = errors(caplog)
    assert "of ours" in told
