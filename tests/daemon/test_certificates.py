"""The certificates of real servers are seen as they show them, and the contacts hear of their end."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography import x509

from daemon.certificates import NotSeen, look_at_certificates, of_database, of_file, of_imap, of_smtp
from helpdesk.config import ImapSettings, Settings, SmtpSettings, Tls
from helpdesk.errors import LeaseLost
from helpdesk.store.engine import open_database
from helpdesk.store.tables import alerts, letters
from tests.actions.intakes import ADMIN, IntakeBench, bench
from tests.actions.turns import a_turn
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink

DAY = timedelta(days=1)


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    yield made
    made.close()


def mailbox(server: Dovecot, tls: Tls, port: int) -> ImapSettings:
    where = SimpleNamespace(host="localhost", port=port, tls=tls, ca_file=server.ca_file)
    return cast("ImapSettings", where)


def relay(port: int, tls: Tls = Tls.STARTTLS, ca_file: Path | None = None) -> SmtpSettings:
    return cast("SmtpSettings", SimpleNamespace(host="localhost", port=port, tls=tls, ca_file=ca_file))


def ca_in(folder: Path, certificates: Certificates) -> Path:
    file = folder / "ca.pem"
    file.write_bytes(certificates.ca_pem)
    return file


def end_of(certificates: Certificates) -> datetime:
    return x509.load_pem_x509_certificate(certificates.ca_pem).not_valid_after_utc


def test_an_imap_server_shows_the_same_certificate_both_ways(dovecot: Dovecot) -> None:
    (behind_tls,) = of_imap(mailbox(dovecot, Tls.TLS, dovecot.imaps_port))
    (behind_starttls,) = of_imap(mailbox(dovecot, Tls.STARTTLS, dovecot.imap_port))
    assert behind_tls.fingerprint == behind_starttls.fingerprint
    assert behind_tls.ends_at == behind_starttls.ends_at
    assert behind_tls.where == f"IMAP localhost:{dovecot.imaps_port}"
    shown = ssl.get_server_certificate(("localhost", dovecot.imaps_port))
    assert behind_tls.ends_at == x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc


def test_a_relay_shows_its_certificate_and_gets_nothing(
    smtp_sink: SmtpSink, certificates: Certificates, tmp_path: Path
) -> None:
    (seen,) = of_smtp(relay(smtp_sink.port, ca_file=ca_in(tmp_path, certificates)))
    assert seen.where == f"SMTP localhost:{smtp_sink.port}"
    assert smtp_sink.messages == []


def test_a_database_with_tls_shows_its_certificate(
    mariadb: MariaDb, desk: IntakeBench, tmp_path: Path
) -> None:
    url = mariadb.fresh_database()
    database = open_database(url, str(mariadb.ca_file))
    (seen,) = of_database(replace(desk.desk, database=database))
    assert seen.where.startswith("database mariadb")
    database.close()
    mariadb.drop_database(url)
    assert of_database(desk.desk) == []


def test_what_cannot_be_trusted_or_reached_is_not_seen(dovecot: Dovecot, tmp_path: Path) -> None:
    stranger = ca_in(tmp_path, Certificates())
    for place in (
        SimpleNamespace(host="localhost", port=dovecot.imaps_port, tls=Tls.TLS, ca_file=stranger),
        SimpleNamespace(host="localhost", port=1, tls=Tls.TLS, ca_file=None),
    ):
        with pytest.raises(NotSeen, match="IMAP localhost"):
            of_imap(cast("ImapSettings", place))
    with pytest.raises(NotSeen, match="SMTP localhost:1"):
        of_smtp(relay(1))
    (tmp_path / "empty.pem").touch()
    with pytest.raises(NotSeen, match=r"empty\.pem"):
        of_file(tmp_path / "empty.pem")


def test_the_contacts_hear_of_each_step_once_and_what_is_not_seen_is_a_line(
    desk: IntakeBench, certificates: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, end = ca_in(tmp_path, certificates), end_of(certificates)
    settings = cast(
        "Settings",
        SimpleNamespace(mailboxes=[], smtp=relay(1, ca_file=file), database=SimpleNamespace(ca_file=file)),
    )
    for left, told in ((22 * DAY, 0), (21 * DAY, 1), (20 * DAY, 1), (7 * DAY, 2), (DAY, 3), (DAY / 2, 3)):
        desk.clock[0] = end - left
        ends = int(left <= 21 * DAY)
        told_of = f"1 looked at, {ends} end soon, the first {end:%Y-%m-%d %H:%M} UTC: {file}"
        assert look_at_certificates(settings, desk.desk, a_turn()) == told_of
        assert desk.letters() == [("alert", ADMIN)] * told
    assert {record.getMessage() for record in caplog.records} == {"certificate_not_seen"}
    assert desk.column(alerts, "kind") == ["certificate_ends:21", "certificate_ends:7", "certificate_ends:1"]
    content = desk.column(letters, "content")[0]
    assert "un certificat expire" in str(message_from_bytes(content, policy=default)["Subject"])


def test_a_stop_ends_the_look(desk: IntakeBench) -> None:
    settings = cast(
        "Settings", SimpleNamespace(mailboxes=[], smtp=relay(1), database=SimpleNamespace(ca_file=None))
    )
    with pytest.raises(LeaseLost):
        look_at_certificates(settings, desk.desk, a_turn(going=lambda: False))
