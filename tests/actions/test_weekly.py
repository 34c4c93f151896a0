"""The weekly report: a letter for each admin who can be reached, once for a week, with the figures of that week."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from threading import Barrier

import pytest
from sqlalchemy import insert, update

from helpdesk.actions import weekly
from helpdesk.actions.desk import Desk
from helpdesk.actions.weekly import queue_report, week_of
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.weekly import Compared, Counted, Week, last_week
from helpdesk.errors import Refused
from helpdesk.store.ids import new_id
from helpdesk.store.tables import addresses, audit_logs, letters, people
from helpdesk.store.work import in_work
from tests.actions.intakes import JEAN, NOW, ZOE, IntakeBench, a_mail
from tests.actions.staff import ADMIN, Staffed
from tests.core.makers import DOMAIN
from tests.store.makers import a_letter

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SINCE = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)  # Monday the 16th in Paris; NOW is Friday
UNTIL = SINCE + 7 * DAY
EARLIER = datetime(2026, 10, 18, 22, 0, tzinfo=UTC)  # four weeks before in Paris, which had summer time then
SECOND_ADMIN = f"second@{DOMAIN}"
FORGED = ("dmarc=fail header.from=univ.example",)


def audit(bench: IntakeBench, action: str, at: datetime, status: str = "DENIED", **given: object) -> None:
    row = {"id": new_id(), "user_id": None, "action": action, "status": status, "ip_address": ""}
    rest = {"user_agent": "", "created_at": at, "detail": {}}
    with bench.desk.database.engine.begin() as connection:
        connection.execute(insert(audit_logs), row | rest | given)


def queue_weekly(desk: Desk, moment: datetime) -> int:
    """Queue the report of the last whole week that has ended at *moment*."""
    return queue_report(desk, *last_week(moment, desk.stationery.zone))


def reports(bench: IntakeBench) -> list[str]:
    return sorted(recipient for kind, recipient in bench.letters() if kind == "weekly_report")


def the_week(bench: IntakeBench) -> Week:
    return week_of(bench.desk, SINCE, UNTIL)


def test_a_week_holds_what_happened_in_it_and_the_four_weeks_before(staffed: Staffed) -> None:
    bench = staffed.bench
    jean = staffed.id(JEAN)
    for at in (EARLIER - SECOND, EARLIER, SINCE - SECOND, SINCE, UNTIL - SECOND, UNTIL):
        audit(bench, "LOGIN", at, user_id=jean, ip_address="192.0.2.1")
    audit(bench, "LOGIN_LOCKED", NOW, user_id=jean)
    audit(bench, "LOGIN_FAILED_OFTEN", NOW)
    bench.file(a_mail(says=FORGED), a_mail("Hello", message_id="<2@x>"))
    week = the_week(bench)
    assert week.suspicious == (
        Compared("LOGIN", 2, 2),
        Compared("LOGIN_FAILED_OFTEN", 1),
        Compared("LOGIN_LOCKED", 1),
        Compared("SENDER_FORGED", 1),
    )
    assert dict(week.per_day) == {
        date(2026, 11, 16): 1,
        date(2026, 11, 17): 0,
        date(2026, 11, 18): 0,
        date(2026, 11, 19): 0,
        date(2026, 11, 20): 3,
        date(2026, 11, 21): 0,
        date(2026, 11, 22): 1,
    }
    assert week.accounts == (Counted(JEAN, 4),)  # two logins, a lock, a mail in their name
    assert week.origins == (Counted("192.0.2.1", 2),)
    assert week.senders == (Counted(JEAN, 1),)
    assert (week.kept, week.locks) == ((Compared("spoof", 1),), Compared("LOGIN_LOCKED", 1))
    assert (week.opened, week.resolved) == (Compared("opened", 1), Compared("resolved", 0))
    assert week.open_by_age == (1, 0, 0, 0, 0, 0)
    assert (week.without_fate, week.deferred) == (0, 0)
    assert (week.letters_waiting, week.oldest_waiting) == (len(bench.letters()), NOW)


def test_tickets_grow_older_and_are_resolved(staffed: Staffed) -> None:
    bench = staffed.bench
    bench.file(*(a_mail(str(number), message_id=f"<{number}@x>") for number in range(7)))
    for number, days in enumerate((0, 1, 3, 7, 14, 30), 1):
        staffed.change(number, opened_at=NOW - days * DAY)
    bench.resolve(7, NOW)
    week = the_week(bench)
    assert week.open_by_age == (1, 1, 1, 1, 1, 1)
    assert week.resolved.count == 1
    staffed.change(2, opened_at=NOW - DAY + SECOND)
    assert the_week(bench).open_by_age == (2, 0, 1, 1, 1, 1)


def test_frozen_addresses_and_dead_letters_are_counted_in_the_week_and_before(staffed: Staffed) -> None:
    bench = staffed.bench
    for at in (EARLIER - SECOND, EARLIER, SINCE - SECOND, SINCE, UNTIL):
        audit(bench, "ADDRESS_FROZEN", at, "SUCCESS")
    dead_at = (EARLIER - SECOND, EARLIER, SINCE, UNTIL - 2 * SECOND, UNTIL - SECOND, UNTIL)
    rows = [a_letter(f"{place}", state="dead", next_at=at) for place, at in enumerate(dead_at)]
    in_work(bench.desk.database, lambda work: work.letters.add(rows))
    with bench.desk.database.engine.begin() as connection:
        suspended = {"state": AddressState.SUSPENDED.value}
        connection.execute(update(addresses).where(addresses.c.address == JEAN).values(suspended))
        connection.execute(update(addresses).where(addresses.c.address == ZOE).values(disowned_at=NOW))
    week = the_week(bench)
    assert week.freezes == Compared("ADDRESS_FROZEN", 1, 2)
    assert (week.frozen_count, week.frozen_now) == (2, (JEAN, ZOE))
    assert week.letters_dead == Compared("dead", 3, 1)
    assert week.suspicious == (), "a frozen address is a measure, and stands apart"


def test_an_account_without_address_is_named(staffed: Staffed) -> None:
    bench = staffed.bench
    audit(bench, "LOGIN_LOCKED", NOW, user_id=staffed.id(JEAN))
    with bench.desk.database.engine.begin() as connection:
        connection.execute(addresses.delete().where(addresses.c.address == JEAN))
    assert the_week(bench).accounts == (Counted("jean", 1),)


def test_a_mail_that_was_forgotten_is_counted_as_such(staffed: Staffed) -> None:
    bench = staffed.bench
    bench.file(a_mail(above=[]))  # no verdict: deferred
    assert (the_week(bench).without_fate, the_week(bench).deferred) == (0, 1)
    bench.later(timedelta(hours=72))
    assert (the_week(bench).without_fate, the_week(bench).deferred) == (0, 1)
    bench.later(SECOND)
    assert (the_week(bench).without_fate, the_week(bench).deferred) == (1, 0)


def test_every_admin_who_can_be_reached_gets_the_report_once_in_their_language(staffed: Staffed) -> None:
    bench = staffed.bench
    bench.person(SECOND_ADMIN, role=Role.ADMIN, language=Language.EN)
    bench.person(f"closed@{DOMAIN}", role=Role.ADMIN, active=False)
    bench.person(f"pending@{DOMAIN}", AddressState.PENDING, Role.ADMIN)
    assert queue_weekly(bench.desk, UNTIL) == 2
    assert queue_weekly(bench.desk, UNTIL + 7 * DAY - SECOND) == 0, "the same week"
    assert reports(bench) == sorted([ADMIN, SECOND_ADMIN])
    sent = {row["recipient"]: row for row in bench.rows(letters)}
    for address, language, words in ((ADMIN, "fr", "Rapport du"), (SECOND_ADMIN, "en", "Report from")):
        message = message_from_bytes(sent[address]["content"], policy=default)
        assert message["Content-Language"] == language
        assert message["Subject"].startswith(words)
        assert (sent[address]["person_id"] is None, sent[address]["next_at"]) == (False, NOW)
    assert queue_weekly(bench.desk, UNTIL + 7 * DAY) == 2, "the next week"


def test_an_admin_who_comes_later_gets_the_report_and_the_others_not_again(staffed: Staffed) -> None:
    bench = staffed.bench
    assert queue_weekly(bench.desk, UNTIL) == 1
    bench.person(SECOND_ADMIN, role=Role.ADMIN)
    assert queue_weekly(bench.desk, UNTIL) == 1
    assert reports(bench) == sorted([ADMIN, SECOND_ADMIN])


def test_it_goes_to_the_first_address_that_is_verified_and_in_its_dates(staffed: Staffed) -> None:
    bench = staffed.bench
    person = staffed.known[ADMIN].person
    row = {"person_id": person.id, "best_verdict": "", "created_at": NOW, "bounces": 0}
    with bench.desk.database.engine.begin() as connection:
        first = addresses.c.address == ADMIN
        connection.execute(update(addresses).where(first).values(valid_until=NOW))
        more = [("late", NOW + SECOND, None), ("now", NOW, None), ("too", None, None)]
        for name, valid_from, valid_until in more:
            dated = {"valid_from": valid_from, "valid_until": valid_until, "state": "verified"}
            key = {"id": new_id(), "address": f"{name}@{DOMAIN}"}
            connection.execute(insert(addresses), row | dated | key)
    queue_weekly(bench.desk, UNTIL)
    assert reports(bench) == [f"now@{DOMAIN}"]


def test_without_an_admin_nobody_is_told(staffed: Staffed) -> None:
    bench = staffed.bench
    with bench.desk.database.engine.begin() as connection:
        connection.execute(update(people).values(role="agent"))
    assert queue_weekly(bench.desk, UNTIL) == 0
    assert reports(bench) == []


def test_two_daemons_at_once_queue_it_once(staffed: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = staffed.bench
    both_have_looked = Barrier(2, timeout=20)
    plain = weekly._week

    def after_the_other_looked(*given: object) -> Week:
        both_have_looked.wait()
        return plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(weekly, "_week", after_the_other_looked)
    with ThreadPoolExecutor(2) as daemons:
        queued = list(daemons.map(lambda _number: queue_weekly(bench.desk, UNTIL), range(2)))
    assert sorted(queued) == [0, 1]
    assert reports(bench) == [ADMIN]


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [
        pytest.param(SINCE, SINCE, False, id="empty"),
        pytest.param(UNTIL, SINCE, False, id="backwards"),
        pytest.param(SINCE, SINCE + SECOND, True, id="a second"),
        pytest.param(SINCE, SINCE + 31 * DAY, True, id="31 days"),
        pytest.param(SINCE, SINCE + 31 * DAY + SECOND, False, id="a second more"),
    ],
)
@pytest.mark.parametrize("ask", [week_of, queue_report])
def test_a_span_has_at_least_a_moment_and_at_most_31_days(
    staffed: Staffed, since: datetime, until: datetime, fits: bool, ask: Callable[..., object]
) -> None:
    if fits:
        ask(staffed.bench.desk, since, until)
        return
    with pytest.raises(Refused, match="31 days at most") as refused:
        ask(staffed.bench.desk, since, until)
    assert "31 jours au plus" in refused.value.in_french


def test_the_figures_cost_as_many_queries_however_much_happened(staffed: Staffed) -> None:
    bench = staffed.bench
    audit(bench, "LOGIN", NOW, user_id=staffed.id(JEAN))
    with bench.statements() as few:
        the_week(bench)
    for number in range(30):
        audit(bench, "SENDER_FORGED", NOW, user_id=staffed.id(ADMIN), ip_address=f"192.0.2.{number}")
        bench.file(a_mail(str(number), says=FORGED, message_id=f"<{number}@x>"))
    with bench.statements() as many:
        the_week(bench)
    assert len(many) == len(few)


def test_the_anchor_stands_in_the_report_where_it_is_given(staffed: Staffed) -> None:
    bench = staffed.bench
    queue_report(bench.desk, SINCE, UNTIL, "7:abcdef")
    (row,) = bench.rows(letters)
    assert b"7:abcdef" in row["content"]
