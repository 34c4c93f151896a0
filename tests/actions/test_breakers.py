"""Open breakers are listed with the letters that wait for them; a reset lets those go and no others."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from helpdesk.actions.breakers import open_breakers, reset
from helpdesk.actions.letters import Wanted, book_letters
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.errors import Refused
from helpdesk.store.ids import new_id
from helpdesk.store.tables import budgets, letters
from helpdesk.store.work import Work, in_work
from tests.actions.outboxes import OutboxBench, bench
from tests.store.makers import a_letter, a_person, a_ticket

ZOE, SAM = "zoe@learn.example", "sam@other.example"
ADDRESS = f"hour:address:{ZOE}"


@pytest.fixture
def desk(each_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutboxBench]:
    """An outbox in the middle of an hour: what waits for the next hour waits for long."""
    made = bench(each_url)
    with Work(made.database, read_only=True) as work:
        made.now = work.database_now().replace(minute=30)
    monkeypatch.setattr(Work, "database_now", lambda _work: made.now)
    yield made
    made.close()


def book(
    desk: OutboxBench, limits: LetterLimits, *recipients: str, ticket: int | None = None, first: int = 0
) -> None:
    """Queue a letter to each, now or later as the caps say."""
    wanted = [Wanted(one, f"subject {first + number}", ticket) for number, one in enumerate(recipients)]

    def job(work: Work) -> None:
        slots = book_letters(work, limits, wanted, desk.now).slots
        rows = [
            a_letter(
                f"{new_id()}",
                recipient=one.recipient,
                next_at=slot.at,
                last_error=slot.reason,
                ticket_id=ticket,
            )
            for one, slot in zip(wanted, slots, strict=True)
        ]
        work.letters.add(rows)

    in_work(desk.database, job)


def waiting(desk: OutboxBench) -> list[str]:
    """Return to whom letters wait for a breaker."""
    return sorted(row["recipient"] for row in desk.rows() if row["next_at"] > desk.now + timedelta(minutes=1))


def shown(desk: OutboxBench) -> dict[str, int]:
    return {breaker.scope: breaker.letters for breaker in open_breakers(desk.database)}


def test_none_is_open_at_first(desk: OutboxBench) -> None:
    assert open_breakers(desk.database) == []


def test_a_breaker_is_shown_in_words_with_the_letters_that_wait_for_it(desk: OutboxBench) -> None:
    book(desk, LetterLimits(2, 40, 200, 3, 600), *[ZOE] * 5, SAM)
    [breaker] = open_breakers(desk.database)
    assert (breaker.scope, breaker.letters) == (ADDRESS, 3)
    assert breaker.words == f"letters to {ZOE}, counted by the hour"
    assert breaker.reason == "2 letters an hour: later ones wait"
    assert breaker.opened_at <= desk.now < breaker.closes_at


def test_a_reset_lets_the_waiting_letters_go_and_the_next_ones_too(desk: OutboxBench) -> None:
    limits = LetterLimits(2, 40, 200, 3, 600)
    book(desk, limits, *[ZOE] * 5)
    assert waiting(desk) == [ZOE] * 3
    assert reset(desk.database, ADDRESS) == 3
    assert waiting(desk) == []
    assert shown(desk) == {}
    assert desk.states() == ["queued"] * 5
    book(desk, limits, ZOE, first=10)
    assert waiting(desk) == []
    row = desk.audited()[-1]
    assert (row["action"], row["detail"]) == ("BREAKER_RESET", {"scope": ADDRESS, "letters": 3})


def test_what_another_cap_makes_wait_keeps_its_time(desk: OutboxBench) -> None:
    book(desk, LetterLimits(2, 40, 200, 3, 3), ZOE, ZOE, ZOE, SAM, SAM, SAM, SAM, ZOE)
    notes = [row["last_error"] for row in desk.rows()]
    alone, both = "waits: 2 letters an hour", "waits: 2 letters an hour, 3 letters an hour"
    assert {"", alone, "waits: 3 letters an hour", both} <= set(notes)
    assert reset(desk.database, ADDRESS) == notes.count(alone)
    kept = [row["last_error"] for row in desk.rows() if row["next_at"] > desk.now + timedelta(minutes=1)]
    assert sorted(kept) == sorted(note for note in notes if "3 letters" in note)


def test_letters_that_a_relay_put_off_are_not_hurried(desk: OutboxBench) -> None:
    book(desk, LetterLimits(2, 40, 200, 3, 600), *[ZOE] * 3)
    later = desk.now + timedelta(hours=2)
    with desk.database.engine.begin() as connection:
        tried = letters.insert().values(
            a_letter("tried", recipient=ZOE, next_at=later, last_error="RCPT: 451")
        )
        connection.execute(tried)
    assert reset(desk.database, ADDRESS) == 1
    assert [row["next_at"] for row in desk.rows() if row["last_error"] == "RCPT: 451"] == [later]


def test_a_domain_does_not_hold_the_letters_of_another(desk: OutboxBench) -> None:
    book(desk, LetterLimits(40, 40, 1, 3, 600), ZOE, ZOE, "a@sub.learn.example", SAM, SAM)
    assert shown(desk) == {"hour:domain:learn.example": 1, "hour:domain:other.example": 1}
    assert reset(desk.database, "hour:domain:learn.example") == 1
    assert waiting(desk) == [SAM]


def test_a_ticket_is_shown_by_its_number(desk: OutboxBench) -> None:
    ticket = a_ticket(a_person(desk.database), 12)
    in_work(desk.database, lambda work: work.tickets.add([ticket]))
    book(desk, LetterLimits(40, 40, 200, 2, 600), ZOE, ZOE, ticket=int(ticket["id"]))
    [breaker] = open_breakers(desk.database)
    assert (breaker.words, breaker.letters) == ("letters about ticket 12, counted by the hour", 1)
    assert reset(desk.database, breaker.scope) == 1


def test_answers_to_one_subject_are_not_written_so_none_waits(desk: OutboxBench) -> None:
    wanted = [Wanted(ZOE, "Absence")] * 3
    in_work(desk.database, lambda work: book_letters(work, LetterLimits(), wanted, desk.now))
    [breaker] = open_breakers(desk.database)
    assert (breaker.words, breaker.letters) == ("answers to one person's mails with one subject", 0)
    assert reset(desk.database, breaker.scope) == 0
    with desk.database.engine.connect() as connection:
        scopes = set(connection.scalars(budgets.select().with_only_columns(budgets.c.scope)))
    assert breaker.scope not in scopes, "the count begins anew"


def test_what_is_not_open_cannot_be_reset(desk: OutboxBench) -> None:
    book(desk, LetterLimits(2, 40, 200, 3, 600), *[ZOE] * 3)
    with pytest.raises(Refused, match=f"no breaker hour:all is open; open are: {ADDRESS}"):
        reset(desk.database, "hour:all")
    assert desk.audited() == []


def test_a_breaker_that_closed_by_itself_is_not_listed(desk: OutboxBench) -> None:
    book(desk, LetterLimits(2, 40, 200, 3, 600), *[ZOE] * 3)
    past = datetime(2026, 1, 1, tzinfo=desk.now.tzinfo)
    with desk.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE breakers SET closes_at = '{past:%Y-%m-%d %H:%M:%S}.000000'")
    assert open_breakers(desk.database) == []
