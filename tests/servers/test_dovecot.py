import imaplib
import os
import socket
import ssl

import pytest
from imapclient import IMAPClient

from tests.servers.certificates import Certificates, Flaw
from tests.servers.dovecot import PASSWORD, Dovecot

MAIL = b"Subject: one\r\n\r\nhello\r\n"


def test_a_mail_delivered_through_lmtp_lies_in_the_inbox(dovecot: Dovecot) -> None:
    dovecot.deliver("desk", MAIL, sender="learner@example.org")
    [mail] = dovecot.mails("desk")
    assert mail.startswith(b"Return-Path: <learner@example.org>\r\n")
    assert mail.endswith(MAIL)
    assert dovecot.folder_counts("desk") == {"INBOX": 1}


def test_appended_mails_keep_their_bytes_and_their_order(dovecot: Dovecot) -> None:
    raws = [b"Subject: %d\r\n\r\n\xe9t\xe9 {5}\r\n" % number for number in range(300)]
    uids = dovecot.append_many("desk", raws)
    assert uids == sorted(set(uids))
    assert len(uids) == 300
    assert dovecot.mails("desk") == raws


def test_wiping_leaves_an_empty_inbox_and_no_other_folder(dovecot: Dovecot) -> None:
    dovecot.append_many("desk", [MAIL])
    with dovecot.client("desk") as client:
        client.create_folder("Held/2026")
    dovecot.append_many("desk", [MAIL], "Held/2026")
    dovecot.append_many("second", [MAIL])
    dovecot.wipe("desk")
    assert dovecot.folder_counts("desk") == {"INBOX": 0}
    assert dovecot.folder_counts("second") == {"INBOX": 1}


def test_a_rebuilt_mailbox_keeps_its_mails_under_a_new_uidvalidity(dovecot: Dovecot) -> None:
    dovecot.append_many("desk", [MAIL])
    before = dovecot.uidvalidity("desk")
    dovecot.rebuild("desk")
    assert dovecot.uidvalidity("desk") > before
    assert dovecot.mails("desk") == [MAIL]


def test_a_restored_mailbox_shows_again_what_was_moved_away(certificates: Certificates) -> None:
    with Dovecot(certificates=certificates) as dovecot:  # one of its own: it is stopped meanwhile
        dovecot.append_many("desk", [MAIL, MAIL], "INBOX")
        before = dovecot.uidvalidity("desk")
        with dovecot.client("desk") as client:
            client.create_folder("Done")
            client.select_folder("INBOX")
            client.move([1, 2], "Done")
        assert dovecot.restore("desk", "Done") == 2
        assert dovecot.uidvalidity("desk") > before
        assert dovecot.folder_counts("desk") == {"INBOX": 2, "Done": 0}
        assert (len(dovecot.files("desk")), dovecot.files("desk", "Done")) == (2, [])
        assert dovecot.mails("desk") == [MAIL, MAIL]


def test_the_certificate_holds_for_starttls_and_imaps(dovecot: Dovecot) -> None:
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with IMAPClient(dovecot.host, dovecot.imaps_port, ssl_context=context) as client:
        client.login("desk", PASSWORD)
    with IMAPClient(dovecot.host, dovecot.imap_port, ssl=False) as client:
        client.starttls(context)
        client.login("desk", PASSWORD)


def test_a_wrong_password_is_refused(dovecot: Dovecot) -> None:
    with (
        imaplib.IMAP4(dovecot.host, dovecot.imap_port) as client,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        client.login("desk", "wrong")


def test_move_idle_and_uidplus_are_offered_after_login(dovecot: Dovecot) -> None:
    with dovecot.client("desk") as client:
        assert all(client.has_capability(name) for name in ("MOVE", "IDLE", "UIDPLUS"))


def test_capabilities_are_withheld_when_asked_for() -> None:
    with Dovecot(without=("MOVE", "UIDPLUS")) as server, server.client("desk") as client:
        offered = [client.has_capability(name) for name in ("MOVE", "UIDPLUS", "IDLE")]
        assert offered == [False, False, True]


@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if flaw is not Flaw.NONE])
def test_a_client_that_verifies_turns_away_from_a_bad_certificate(
    certificates: Certificates, flaw: Flaw
) -> None:
    context = certificates.client_context()
    with (
        Dovecot(certificates=certificates, flaw=flaw) as server,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        IMAPClient(server.host, server.imaps_port, ssl_context=context)


def test_without_tls_neither_starttls_nor_imaps_is_there() -> None:
    with Dovecot(tls=False) as server:
        with IMAPClient(server.host, server.imap_port, ssl=False) as client:
            assert not client.has_capability("STARTTLS")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.host, server.imaps_port), timeout=5)


def test_a_killed_dovecot_comes_back_with_its_mails_on_its_ports(certificates: Certificates) -> None:
    with Dovecot(certificates=certificates) as server:
        server.deliver("desk", MAIL)
        port, pid = server.imap_port, server.pid
        with server.client("desk") as client:
            server.kill()
            with pytest.raises(imaplib.IMAP4.abort):
                client.noop()
            client.shutdown()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        server.start()
        assert server.imap_port == port
        assert server.folder_counts("desk") == {"INBOX": 1}
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.host, server.imap_port), timeout=5)
    assert not server.folder.exists()
