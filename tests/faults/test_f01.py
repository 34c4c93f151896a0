"""A handful of kills on each database, and who is blamed for a letter that came twice."""

from pathlib import Path

import pytest

from helpdesk.killpoints import Point
from tests.faults.checker import check, copied_twice, look
from tests.faults.desk import FaultDesk
from tests.faults.fault import Tally
from tests.faults.kills import BEFORE_SECONDS, OUTSIDE, Kill, blame
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

MAILS = 12
LIMIT_SECONDS = 60.0


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    server: Sqlite | MariaDb = request.getfixturevalue(request.param)
    return server.fresh_database()


def _dies_at(desk: FaultDesk, places: tuple[Point, ...]) -> None:
    """Kill one daemon at each place in turn; then let another take over, when its leases have run out."""
    daemon = desk.new_daemon()
    for place in places:
        desk.deliver(MAILS)
        daemon.start(f"{place}:2")
        assert daemon.wait(LIMIT_SECONDS) == -9, (
            f"it never came to {place} a second time:\n{daemon.log[-2000:]}"
        )
    desk.end_leases()
    another = desk.new_daemon()
    another.start()
    desk.wait_until_quiet()
    assert another.stop() == 0


def test_a_daemon_that_dies_again_and_again_loses_nothing_and_doubles_nothing(
    url: str, tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    with FaultDesk(tmp_path, url, dovecot, smtp_sink) as desk:
        _dies_at(desk, (Point.ROWS_WRITTEN, Point.COMMITTED, Point.ACCEPTED))
        tally = check(desk, Tally(3, 0, 0, 0, 0))
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())


def test_without_move_a_mail_that_was_copied_or_marked_deleted_has_one_effect_and_one_copy(
    tmp_path: Path, sqlite: Sqlite, certificates: Certificates, smtp_sink: SmtpSink
) -> None:
    users = {"desk": PASSWORD}
    with (
        Dovecot(users=users, certificates=certificates, without=("MOVE",)) as dovecot,
        FaultDesk(tmp_path, sqlite.fresh_database(), dovecot, smtp_sink) as desk,
    ):
        _dies_at(desk, (Point.COPIED, Point.FLAGGED))
        tally = check(desk, Tally(2, 0, 0, 0, 0))
        assert copied_twice(desk.delivered, look(desk).in_folders) == []
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())


FIRST = 100.0


@pytest.mark.parametrize(
    ("kills", "blamed", "unexplained"),
    [
        pytest.param([Kill("dot-sent", FIRST + 0.1)], {"dot-sent": 1}, 0, id="killed at once after it"),
        pytest.param(
            [Kill("dot-sent", FIRST - 0.1)], {"dot-sent": 1}, 0, id="the relay read on after the kill"
        ),
        pytest.param(
            [Kill(OUTSIDE, FIRST + 3), Kill("accepted", FIRST + 0.1)], {"accepted": 1}, 0, id="the nearest"
        ),
        pytest.param([], {}, 1, id="nobody was killed"),
        pytest.param([Kill("accepted", FIRST - BEFORE_SECONDS - 1)], {}, 1, id="killed before"),
        pytest.param([Kill("accepted", FIRST + 30)], {}, 1, id="killed when the outbox had long known"),
    ],
)
def test_a_letter_that_came_again_is_blamed_on_a_kill_near_its_first_copy(
    kills: list[Kill], blamed: dict[str, int], unexplained: int
) -> None:
    received = [("<c.1@desk>", FIRST), ("<c.2@desk>", FIRST), ("<c.1@desk>", FIRST + 60)]
    assert blame(received, kills) == (blamed, unexplained)
