"""A server that is slow is alive: whatever comes from it is told to who waits, and written down nowhere."""

import logging
from pathlib import Path

import pytest

from daemon.imap import ImapInbox
from daemon.imaplogin import PIECE_BYTES, ImapAccount
from helpdesk.errors import MailboxAway
from tests.faults.scripted_imap import USER, ScriptedImap
from tests.faults.watched import account
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

SMALL = b"Subject: small\r\n\r\nSmall.\r\n"


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 20 * PIECE_BYTES + 7])
def test_each_piece_of_a_mail_is_told_and_the_mail_arrives_whole(
    size: int, tmp_path: Path, certificates: Certificates
) -> None:
    server = ScriptedImap(tmp_path, certificates)
    big = bytes(range(1, 256)) * (size // 255 + 1)
    [first, second] = server.append_many(USER, [big[:size], SMALL])
    told: list[str] = []
    with server.serving(), ImapInbox(account(server, 5.0), lambda: told.append("piece")) as inbox:
        told.clear()
        assert inbox.fetch([first, second]) == {first: big[:size], second: SMALL}
    assert len(told) > size // PIECE_BYTES


def test_the_answers_of_a_slow_login_are_told_one_by_one(tmp_path: Path, certificates: Certificates) -> None:
    server = ScriptedImap(tmp_path, certificates)
    told: list[str] = []
    with server.serving(), ImapInbox(account(server, 5.0), lambda: told.append("line")):
        assert len(told) >= server.commands["all"]


def test_a_refused_login_is_told_in_the_words_of_the_server(dovecot: Dovecot) -> None:
    wrong = ImapAccount("localhost", dovecot.imaps_port, "tls", "desk", "wrong", str(dovecot.ca_file))
    refused = r"login refused \(\[AUTHENTICATIONFAILED\] Authentication failed\.\); check"
    with pytest.raises(MailboxAway, match=refused):
        ImapInbox(wrong)


def test_where_nobody_listens_it_is_said_what_to_look_at() -> None:
    nobody = ImapAccount("127.0.0.1", 1, "tls", "desk", "secret", None)
    with pytest.raises(
        MailboxAway, match=r"connection refused; does the server run .* \[imap\] host and port"
    ):
        ImapInbox(nobody)


def test_what_comes_is_not_written_out_for_a_debug_log(
    tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedImap(tmp_path, certificates)
    [uid] = server.append_many(USER, [SMALL])
    with caplog.at_level(logging.DEBUG), server.serving(), ImapInbox(account(server, 5.0)) as inbox:
        inbox.fetch([uid])
    assert not [line for line in caplog.records if line.name == "imapclient.imaplib"]
