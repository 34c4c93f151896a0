"""A server that cannot prove who it is gets nothing from us, and the log says what to do."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.endtoend.world import World, from_learner
from tests.servers.certificates import Certificates, Flaw
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_conversation import Tls
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

FLAWS = [Flaw.WRONG_HOST, Flaw.EXPIRED, Flaw.UNKNOWN_CA]


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database on each of two engines."""
    engine: Sqlite | MariaDb = request.getfixturevalue(request.param)
    fresh = engine.fresh_database()
    yield fresh
    engine.drop_database(fresh)


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: str(flaw.value))
def test_a_relay_with_a_bad_certificate_gets_no_letter_and_none_is_lost(
    flaw: Flaw,
    tmp_path: Path,
    url: str,
    dovecot: Dovecot,
    certificates: Certificates,
    servers: ExitStack,
) -> None:
    bad = servers.enter_context(SmtpSink(certificates=certificates, flaw=flaw))
    world = World(tmp_path, url, dovecot, bad).prepare()
    dovecot.append_many("desk", [from_learner()])
    done = world.once()
    assert done.returncode == 1
    assert "certificate" in done.stderr
    assert bad.messages == []
    assert b"RCPT" not in bad.heard_in_clear
    assert b"DATA" not in bad.heard_in_clear
    assert world.rows("SELECT state FROM letters") == [("queued",)]
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)], "the relay delays letters, not mail"


def test_a_relay_without_starttls_gets_no_letter(
    tmp_path: Path, url: str, dovecot: Dovecot, certificates: Certificates, servers: ExitStack
) -> None:
    plain = servers.enter_context(SmtpSink(certificates=certificates, tls=Tls.NONE))
    world = World(tmp_path, url, dovecot, plain).prepare()
    dovecot.append_many("desk", [from_learner()])
    done = world.once()
    assert done.returncode == 1
    assert "STARTTLS" in done.stderr
    assert b"MAIL FROM" not in plain.heard_in_clear
    assert world.rows("SELECT state FROM letters") == [("queued",)]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: str(flaw.value))
@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_mailbox_with_a_bad_certificate_never_hears_the_password(
    flaw: Flaw,
    tls: str,
    tmp_path: Path,
    url: str,
    smtp_sink: SmtpSink,
    certificates: Certificates,
    servers: ExitStack,
) -> None:
    bad = servers.enter_context(Dovecot(users={"desk": PASSWORD}, certificates=certificates, flaw=flaw))
    world = World(tmp_path, url, bad, smtp_sink).prepare(tls)
    before = len(bad.log_text())  # the server's own start looks whether it lets people in
    done = world.once()
    assert done.returncode == 1
    assert "certificate not trusted" in done.stderr
    assert "ca_file" in done.stderr
    assert "Login" not in bad.log_text()[before:]


def test_a_mailbox_without_starttls_never_hears_the_password(
    tmp_path: Path, url: str, smtp_sink: SmtpSink, certificates: Certificates, servers: ExitStack
) -> None:
    plain = servers.enter_context(Dovecot(users={"desk": PASSWORD}, certificates=certificates, tls=False))
    world = World(tmp_path, url, plain, smtp_sink).prepare("starttls")
    before = len(plain.log_text())
    done = world.once()
    assert done.returncode == 1
    assert "offers no STARTTLS" in done.stderr
    assert "Login" not in plain.log_text()[before:]
