"""The demo's border stamps what happened, whatever a From looks like."""

import pytest

from daemon.demoservers import _stamp

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
