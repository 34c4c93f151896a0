"""A daemon that runs while a certificate is bad sends nothing, loses nothing, and goes on once it is mended."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.endtoend.world import World, from_learner
from tests.servers.certificates import Certificates, Flaw
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.smtp_conversation import Tls
from tests.servers.smtp_sink import SmtpSink

WAIT_SECONDS = 120.0
FLAWS = [Flaw.WRONG_HOST, Flaw.EXPIRED, Flaw.UNKNOWN_CA]
NO_TLS = None  # the server offers none at all
FLAWS_AND_NO_TLS = [pytest.param(flaw, id=flaw.value if flaw else "no STARTTLS") for flaw in (*FLAWS, NO_TLS)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Ends what a test started, the daemon first."""
    with ExitStack() as one:
        yield one


@pytest.fixture
def url(mariadb: MariaDb) -> Iterator[str]:
    """An empty database."""
    fresh = mariadb.fresh_database()
    yield fresh
    mariadb.drop_database(fresh)


def _until(condition: Callable[[], bool], world: World) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, world.log.read_text()
        time.sleep(0.1)


def _until_told(world: World, *words: str) -> None:
    _until(lambda: all(word in world.log.read_text() for word in words), world)


def _assert_served(world: World, subject: str = "Mon chargeur ne marche plus") -> None:
    """Wait until the mail is a ticket and its letter has arrived, without another start of the daemon."""
    sent = "SELECT COUNT(*) FROM letters WHERE state = 'sent' AND kind = 'ticket_opened'"
    _until(lambda: world.rows(sent) == [(1,)], world)
    assert world.rows("SELECT subject FROM tickets") == [(subject,)]
    assert len(world.sink.messages) == 1
    assert world.dovecot.folder_counts("desk")["INBOX"] == 0
    (daemon,) = world.started
    daemon.terminate()
    assert daemon.wait(WAIT_SECONDS) == 0


@pytest.mark.parametrize("flaw", FLAWS_AND_NO_TLS)
def test_letters_wait_for_a_relay_that_cannot_prove_itself_and_go_out_once_it_can(
    flaw: Flaw | None,
    tmp_path: Path,
    url: str,
    dovecot: Dovecot,
    certificates: Certificates,
    stack: ExitStack,
) -> None:
    tls = Tls.NONE if flaw is NO_TLS else Tls.STARTTLS
    bad = stack.enter_context(SmtpSink(certificates=certificates, tls=tls, flaw=flaw or Flaw.NONE))
    world = World(tmp_path, url, dovecot, bad).prepare()
    stack.callback(world.end)
    dovecot.append_many("desk", [from_learner()])
    world.daemon()
    _until_told(world, "ca_file" if flaw else "STARTTLS", "nothing was sent")
    assert world.rows("SELECT COUNT(*) FROM letters WHERE state = 'sent'") == [(0,)]
    assert bad.messages == []
    assert b"MAIL FROM" not in bad.heard_in_clear
    bad.kill()
    bad.certify()
    bad.start()
    _assert_served(world)
    assert b"MAIL FROM" not in bad.heard_in_clear


@pytest.mark.parametrize("flaw", FLAWS_AND_NO_TLS)
def test_mail_waits_in_a_mailbox_that_cannot_prove_itself_and_is_filed_once_it_can(
    flaw: Flaw | None,
    tmp_path: Path,
    url: str,
    smtp_sink: SmtpSink,
    certificates: Certificates,
    stack: ExitStack,
) -> None:
    bad = stack.enter_context(
        Dovecot(
            users={"desk": PASSWORD},
            certificates=certificates,
            tls=flaw is not NO_TLS,
            flaw=flaw or Flaw.NONE,
        )
    )
    bad.append_many("desk", [from_learner()])
    world = World(tmp_path, url, bad, smtp_sink).prepare("tls" if flaw else "starttls")
    stack.callback(world.end)
    logins = bad.output.read_text().count("Login:")
    world.daemon()
    _until_told(world, "ca_file" if flaw else "offers no STARTTLS", "nothing was sent")
    assert bad.output.read_text().count("Login:") == logins, "it heard the password"
    assert world.rows("SELECT COUNT(*) FROM mails") == [(0,)]
    bad.stop()
    bad.certify()
    bad.start()
    _assert_served(world)


@pytest.mark.parametrize("flaw", [Flaw.WRONG_HOST, Flaw.EXPIRED], ids=lambda flaw: str(flaw.value))
@pytest.mark.parametrize("kind", [MariaDb, Postgres], ids=lambda kind: kind.name)
def test_mail_waits_while_the_database_cannot_prove_itself_and_is_filed_once_it_can(
    kind: type[MariaDb | Postgres],
    flaw: Flaw,
    tmp_path: Path,
    dovecot: Dovecot,
    smtp_sink: SmtpSink,
    certificates: Certificates,
    stack: ExitStack,
) -> None:
    server = kind(certificates=certificates)
    stack.enter_context(server)
    more = f'[database]\nca_file = "{server.ca_file}"\n'
    world = World(tmp_path, server.fresh_database(), dovecot, smtp_sink, more=more).prepare()
    stack.callback(world.end)
    world.daemon()
    _until(lambda: dovecot.folder_counts("desk").get("Quarantine") == 0, world)  # it is at work
    server.stop()
    server.certify(flaw)
    server.start()
    dovecot.append_many("desk", [from_learner()])
    _until_told(world, "certificate", "[database] ca_file")
    assert dovecot.folder_counts("desk")["INBOX"] == 1
    assert world.rows("SELECT COUNT(*) FROM mails") == [(0,)]
    server.stop()
    server.certify()
    server.start()
    _assert_served(world)
