"""What somebody should look at, and what is no trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.health import (
    DAEMON,
    ENDS_SOON,
    LATE,
    BreakerSeen,
    CertificateSeen,
    GivenUp,
    Health,
    LeaseSeen,
    MailboxSeen,
    days_left,
    troubles,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALIVE = LeaseSeen(f"{DAEMON}one", "one", NOW + 20 * SECOND)
SILENT = LeaseSeen(f"{DAEMON}two", "two", NOW - SECOND)
MAILBOX = MailboxSeen("main", 3, "", 1, 2, NOW - LATE, NOW - LATE)
WELL = Health(NOW, (ALIVE,), (MAILBOX,), {"queued": 3, "dead": 7}, NOW - timedelta(days=2), NOW - LATE)


def a_breaker(scope: str) -> BreakerSeen:
    return BreakerSeen(scope, "all letters", "600 letters an hour: later ones wait", NOW, NOW + LATE, 5)


def a_failure(*, mended: bool) -> GivenUp:
    return GivenUp("reconcile main", 2, NOW, "away", mended)


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        pytest.param(WELL, [], id="at work, some letters waiting, old dead ones"),
        pytest.param(replace(WELL, leases=(ALIVE, SILENT)), [], id="one of two daemons is silent"),
        pytest.param(replace(WELL, leases=(SILENT,)), ["no daemon is running"], id="the only one is silent"),
        pytest.param(
            replace(WELL, leases=(LeaseSeen("mailbox:main", "one", NOW + LATE),)),
            ["no daemon is running"],
            id="a lease on work is no sign of life",
        ),
        pytest.param(
            replace(WELL, mailboxes=(replace(MAILBOX, inbox=None, away="no answer in time"),)),
            ["mailbox main is away: no answer in time"],
            id="a mailbox is away",
        ),
        pytest.param(
            replace(WELL, mailboxes=(replace(MAILBOX, oldest_unsettled=NOW - LATE - SECOND),)),
            [
                "mailbox main: a mail of 2026-11-24 11:54:59 UTC is filed and not known to have left the inbox",
            ],
            id="a mail does not leave the inbox",
        ),
        pytest.param(
            replace(WELL, mailboxes=(replace(MAILBOX, oldest_unfiled=NOW - LATE - SECOND),)),
            ["mailbox main: a mail of 2026-11-24 11:54:59 UTC waits in the inbox and is not filed"],
            id="a mail is not filed",
        ),
        pytest.param(
            replace(WELL, due_since=NOW - LATE - SECOND),
            ["a letter is due since 2026-11-24 11:54:59 UTC and was not sent"],
            id="a letter is overdue",
        ),
        pytest.param(
            replace(WELL, newly_dead=1),
            ["a letter was given up within a day: helpdeskd.py letter list"],
            id="dead",
        ),
        pytest.param(
            replace(WELL, newly_dead=2),
            ["2 letters were given up within a day: helpdeskd.py letter list"],
            id="two",
        ),
        pytest.param(
            replace(WELL, breakers=(a_breaker("hour:all"),)),
            ["all letters wait until 2026-11-24 12:05:00 UTC: 600 letters an hour: later ones wait"],
            id="all letters wait",
        ),
        pytest.param(
            replace(WELL, given_up=(a_failure(mended=False),)),
            ["job reconcile main was given up 2026-11-24 12:00:00 UTC: away"],
            id="a job was given up",
        ),
        pytest.param(replace(WELL, given_up=(a_failure(mended=True),)), [], id="a later run did it"),
        pytest.param(
            replace(WELL, canary_lost=True),
            ["mail does not flow: the letter of the desk to itself did not come back"],
            id="the canary is lost",
        ),
        pytest.param(
            replace(WELL, certificate=CertificateSeen("IMAP x:993", NOW + ENDS_SOON + SECOND)),
            [],
            id="a certificate ends in more than a week",
        ),
        pytest.param(
            replace(WELL, certificate=CertificateSeen("IMAP x:993", NOW + ENDS_SOON)),
            ["a certificate ends 2026-12-01 12:00:00 UTC: IMAP x:993"],
            id="a certificate ends in a week",
        ),
        pytest.param(replace(WELL, untold_since=NOW - LATE), [], id="an alarm was raised"),
        pytest.param(
            replace(WELL, untold_since=NOW - LATE - SECOND),
            [
                "alarms are not written to their file since 2026-11-24 11:54:59 UTC:"
                " the log of the daemon says why",
            ],
            id="the file of alarms cannot be written",
        ),
        pytest.param(
            replace(WELL, breakers=(a_breaker("hour:address:a@x.example"),)),
            [],
            id="one person's letters wait",
        ),
    ],
)
def test_what_somebody_should_look_at(health: Health, expected: list[str]) -> None:
    assert troubles(health) == expected


def test_a_daemon_that_stopped_a_week_ago_is_no_longer_shown() -> None:
    gone = replace(SILENT, ends_at=NOW - timedelta(days=7))
    work = LeaseSeen("mailbox:main", "two", NOW - timedelta(days=9))
    idle, busy = (LeaseSeen("job:close", "two", NOW + seconds * SECOND) for seconds in (0, 1))
    health = replace(WELL, leases=(ALIVE, SILENT, gone, work, idle, busy))
    assert health.daemons == (ALIVE, SILENT)
    assert health.work == (work, busy), "a job that nobody is at is no work"


@pytest.mark.parametrize(
    ("left", "days"),
    [
        pytest.param(timedelta(days=2), 2, id="two days"),
        pytest.param(timedelta(days=2) - SECOND, 1, id="a second less"),
        pytest.param(-SECOND, 0, id="over"),
    ],
)
def test_days_left_are_whole_ones(left: timedelta, days: int) -> None:
    assert days_left(CertificateSeen("x", NOW + left), NOW) == days
