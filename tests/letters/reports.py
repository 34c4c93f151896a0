"""Weeks for the report: one in which much happened and one in which nothing did."""

from datetime import UTC, date, datetime, timedelta

from helpdesk.core.weekly import FROZEN, LOCKED, SUSPICIOUS, Compared, Counted, Week

SINCE = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)  # Monday the 16th in Paris
UNTIL = SINCE + timedelta(days=7)
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAYS = [date(2026, 11, 16) + timedelta(days=at) for at in range(7)]
COUNTS = ((41, 37), (3, 2), (2, 9), (6, 26), (18, 0), (1, 4), (0, 5), (4, 15), (1, 0), (2, 1), (11, 90))


def a_busy_week() -> Week:
    """Return a week with an attack, a lost mail and an old ticket in it."""
    return Week(
        SINCE,
        UNTIL,
        NOW,
        tuple(Compared(kind, *counts) for kind, counts in zip(SUSPICIOUS, COUNTS, strict=True)),
        dict(zip(DAYS, (5, 7, 4, 58, 9, 0, 6), strict=True)),
        (Counted("boss@learn.example", 31), Counted("zoe@learn.example", 7), Counted("Sœur Anne", 1)),
        (Counted("192.0.2.66", 29), Counted("2001:db8::dead:beef", 4), Counted("poste-4", 1)),
        (
            Counted("ceo@learn.example", 18),
            Counted("newsletter@shop.example", 6),
            Counted("win@http-prize.example", 2),
        ),
        Compared(LOCKED, 2, 9),
        Compared(FROZEN, 1, 0),
        ("old.one@learn.example", "zoe@learn.example"),
        12,
        (
            Compared("bomb", 1, 0),
            Compared("spoof", 18, 3),
            Compared("pass", 12, 44),
            Compared("weak", 0, 2),
            Compared("unauthenticated", 7, 30),
        ),
        Compared("dead", 2, 1),
        3,
        NOW - timedelta(minutes=25),
        1,
        2,
        Compared("opened", 134, 490),
        Compared("resolved", 121, 600),
        (14, 22, 19, 8, 3, 1),
        "48213:9f2c6f1be04c7d1ab6e7d2b5a0c3e4f8",
    )


def an_empty_week() -> Week:
    """Return the first week of a desk that nobody has written to."""
    nothing = Compared("", 0)
    return Week(
        SINCE, UNTIL, NOW, (), dict.fromkeys(DAYS, 0), (), (), (), nothing, nothing, (), 0,
        (), nothing, 0, None, 0, 0, nothing, nothing, (0,) * 6,
    )  # fmt: skip
