"""The outbox: every letter is sent by one claim at a time, and only the claim in force can mark it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from helpdesk.store.engine import Database
from helpdesk.store.rows import ClaimedLetter, Row
from helpdesk.store.tables import letters
from helpdesk.store.work import AlreadyThere, Work, in_work
from tests.store.makers import MICROSECOND, NOW, SECOND, a_letter, a_person, a_ticket, read

LEASE_S = 60.0
LEASE_END = NOW + LEASE_S * SECOND


def add(database: Database, *rows: Row) -> None:
    in_work(database, lambda work: work.letters.add(rows))


def claim(database: Database, token: str = "t1", now: datetime = NOW, limit: int = 10) -> list[ClaimedLetter]:
    return in_work(database, lambda work: work.letters.claim(now, limit, LEASE_S, token))


def names(claimed: list[ClaimedLetter]) -> list[str]:
    return sorted(letter.message_id.strip("<>").partition("@")[0] for letter in claimed)


def stored(database: Database, row: Row) -> Row:
    with Work(database, read_only=True) as work:
        query = select(letters).where(letters.c.id == row["id"])
        return dict(work._connection.execute(query).mappings().one())


def test_a_claimed_letter_has_all_that_sending_needs(database: Database) -> None:
    row = a_letter(content=bytes(range(256)))
    add(database, row)
    assert claim(database) == [
        ClaimedLetter(
            row["id"],
            "ticket_opened",
            "jean@univ.example",
            "bounces@help.example",
            "<one@help.example>",
            1,
            NOW,
            bytes(range(256)),
        )
    ]
    taken = {"state": "sending", "claim": "t1", "attempts": 1, "next_at": LEASE_END}
    assert stored(database, row) == row | taken


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(a_letter("one") | {"message_id": "<two@help.example>"}, id="the same cause"),
        pytest.param(a_letter("two") | {"message_id": "<one@help.example>"}, id="the same Message-ID"),
    ],
)
def test_a_letter_is_queued_once(database: Database, second: Row) -> None:
    add(database, a_letter("one"))
    with pytest.raises(AlreadyThere):
        add(database, a_letter("before"), second)
    assert read(database, lambda work: work.letters.known(["one", "two", "before"])) == {"one"}


@pytest.mark.parametrize(
    ("letter", "due"),
    [
        pytest.param({"next_at": NOW}, True, id="queued and due now"),
        pytest.param({"next_at": NOW + MICROSECOND}, False, id="queued for a microsecond later"),
        pytest.param({"state": "sending", "claim": "t0", "next_at": NOW}, True, id="its claim ran out"),
        pytest.param({"state": "sending", "claim": "t0", "next_at": NOW + MICROSECOND}, False, id="claimed"),
        pytest.param({"state": "sent"}, False, id="sent"),
        pytest.param({"state": "dead"}, False, id="dead"),
    ],
)
def test_only_what_is_due_is_claimed(database: Database, letter: Row, due: bool) -> None:
    add(database, a_letter(**letter))
    assert len(claim(database)) == due


def test_the_oldest_come_first_and_those_whose_claim_ran_out_before_them(database: Database) -> None:
    add(database, *(a_letter(f"q{age}", next_at=NOW - age * SECOND) for age in (1, 3, 2)))
    add(database, a_letter("s0", state="sending", claim="t0", next_at=NOW))
    assert names(claim(database, "t1", limit=2)) == ["q3", "s0"]
    assert names(claim(database, "t2", limit=2)) == ["q1", "q2"]
    assert claim(database, "t3", limit=2) == []


def test_a_claim_without_commit_claims_nothing(database: Database) -> None:
    add(database, a_letter())
    with Work(database) as work:
        assert len(work.letters.claim(NOW, 10, LEASE_S, "t1")) == 1
    assert len(claim(database, "t2")) == 1


@pytest.mark.parametrize(
    ("count", "limit"), [pytest.param(60, 7, id="small"), pytest.param(60, 60, id="big")]
)
def test_threads_that_claim_at_once_share_all_letters_and_none_twice(
    database: Database, count: int, limit: int
) -> None:
    add(database, *(a_letter(f"{number:02}") for number in range(count)))
    start = Barrier(4)

    def claim_all(thread: int) -> list[str]:
        start.wait()
        mine: list[str] = []
        round_number = 0
        while got := claim(database, f"t{thread}.{(round_number := round_number + 1)}", limit=limit):
            mine += names(got)
        return mine

    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(claim_all, range(4)))
    together = sorted(name for share in shares for name in share)
    left = names(claim(database, "rest", limit=count))
    assert sorted(together + left) == [f"{number:02}" for number in range(count)]
    assert claim(database, "too late", limit=count) == []


MARKS = ("mark_sent", "put_back", "kill")


def mark(database: Database, how: str, row: Row, token: str) -> int:
    def marking(work: Work) -> int:
        if how == "mark_sent":
            return work.letters.mark_sent([row["id"]], token, NOW)
        if how == "put_back":
            return work.letters.put_back(row["id"], token, NOW + SECOND, "450 later")
        return work.letters.kill(row["id"], token, NOW, "550 no")

    return in_work(database, marking)


@pytest.mark.parametrize(
    ("how", "left"),
    [
        pytest.param("mark_sent", {"state": "sent", "sent_at": NOW}, id="sent"),
        pytest.param(
            "put_back",
            {"state": "queued", "next_at": NOW + SECOND, "last_error": "450 later"},
            id="put back",
        ),
        pytest.param("kill", {"state": "dead", "next_at": NOW, "last_error": "550 no"}, id="dead"),
    ],
)
def test_the_claim_in_force_marks(database: Database, how: str, left: Row) -> None:
    row, other = a_letter("one"), a_letter("two")
    add(database, row, other)
    claim(database, "t1")
    before = stored(database, row)
    assert mark(database, how, row, "t1") == 1
    assert stored(database, row) == before | left
    assert stored(database, other)["state"] == "sending"


@pytest.mark.parametrize("how", MARKS)
def test_a_claim_that_another_took_over_cannot_mark(database: Database, how: str) -> None:
    row = a_letter()
    add(database, row)
    claim(database, "slow")
    assert len(claim(database, "quick", now=LEASE_END)) == 1
    before = stored(database, row)
    assert mark(database, how, row, "slow") == 0
    assert stored(database, row) == before


@pytest.mark.parametrize("how", MARKS)
@pytest.mark.parametrize("first", MARKS)
def test_a_claim_marks_once(database: Database, first: str, how: str) -> None:
    row = a_letter()
    add(database, row)
    claim(database, "t1")
    mark(database, first, row, "t1")
    before = stored(database, row)
    assert mark(database, how, row, "t1") == 0
    assert stored(database, row) == before


@pytest.mark.parametrize("how", MARKS)
def test_a_letter_that_nobody_claimed_cannot_be_marked(database: Database, how: str) -> None:
    row = a_letter()
    add(database, row)
    assert mark(database, how, row, "") == 0
    assert stored(database, row) == row


def test_a_renewed_claim_lasts_longer_and_only_its_owner_renews(database: Database) -> None:
    add(database, a_letter())
    (letter,) = claim(database, "t1")
    in_work(database, lambda work: work.letters.renew([letter.id], "t0", LEASE_END + 99 * SECOND))
    assert len(claim(database, "t2", now=LEASE_END)) == 1
    in_work(database, lambda work: work.letters.renew([letter.id], "t2", LEASE_END + 99 * SECOND))
    assert claim(database, "t3", now=LEASE_END + 98 * SECOND) == []
    assert len(claim(database, "t3", now=LEASE_END + 99 * SECOND)) == 1


def test_each_attempt_is_counted(database: Database) -> None:
    row = a_letter()
    add(database, row)
    for attempt in (1, 2, 3):
        (letter,) = claim(database, f"t{attempt}", now=NOW + 10 * attempt * SECOND)
        assert letter.attempts == attempt
        mark(database, "put_back", row, f"t{attempt}")


def test_a_long_reason_is_cut_and_a_hostile_one_kept(database: Database) -> None:
    row = a_letter()
    add(database, row)
    claim(database)
    in_work(database, lambda work: work.letters.put_back(row["id"], "t1", NOW, "é🪫" * 300))
    assert stored(database, row)["last_error"] == "é🪫" * 250


@pytest.mark.parametrize(
    ("given", "due"),
    [
        pytest.param([], None, id="nothing waits"),
        pytest.param([{"state": "sent"}, {"state": "dead"}], None, id="all are done with"),
        pytest.param([{"next_at": NOW + SECOND}], NOW + SECOND, id="one waits"),
        pytest.param(
            [{"next_at": NOW + SECOND}, {"state": "sending", "next_at": NOW + MICROSECOND}],
            NOW + MICROSECOND,
            id="a claim runs out before the next one",
        ),
        pytest.param(
            [{"next_at": NOW - SECOND}, {"state": "sending", "next_at": NOW}, {"state": "sent"}],
            NOW - SECOND,
            id="one is overdue",
        ),
    ],
)
def test_the_next_moment_with_work_is_told(
    database: Database, given: list[Row], due: datetime | None
) -> None:
    add(database, *(a_letter(f"{number}", **row) for number, row in enumerate(given)))
    assert read(database, lambda work: work.letters.next_due_at()) == due


def test_waiting_sending_and_dead_letters_are_counted(database: Database) -> None:
    states = ("queued", "queued", "sending", "sent", "dead")
    ages = (3, 2, 4, 9, 9)
    add(
        database,
        *(
            a_letter(f"{number}", state=state, queued_at=NOW - age * SECOND)
            for number, (state, age) in enumerate(zip(states, ages, strict=True))
        ),
    )
    assert read(database, lambda work: work.letters.counts()) == {"queued": 2, "sending": 1, "dead": 1}
    assert read(database, lambda work: work.letters.oldest_unsent()) == NOW - 4 * SECOND


def test_nothing_waits_in_an_empty_outbox(database: Database) -> None:
    assert read(database, lambda work: work.letters.counts()) == {}
    assert read(database, lambda work: work.letters.oldest_unsent()) is None


def test_our_message_ids_lead_to_their_tickets(database: Database) -> None:
    ticket = a_ticket(a_person(database))
    in_work(database, lambda work: work.tickets.add([ticket]))
    add(database, a_letter("about", ticket_id=ticket["id"]), a_letter("of nothing"))
    asked = [
        "<about@help.example>",
        "<of nothing@help.example>",
        "<é\0>",
        f"<{'a' * 300}>",
        "<ABOUT@help.example>",
    ]
    found = read(database, lambda work: work.letters.tickets_by_message_ids(asked))
    assert found == {"<about@help.example>": ticket["id"]}


def test_a_letter_of_several_megabytes_is_kept_byte_for_byte(database: Database) -> None:
    content = bytes(range(256)) * 4 * 1024 * 3
    add(database, a_letter(content=content))
    (letter,) = claim(database)
    assert letter.content == content


def test_a_lease_is_as_long_as_was_asked(database: Database) -> None:
    add(database, a_letter())
    in_work(database, lambda work: work.letters.claim(NOW, 1, 0.5, "t1"))
    assert read(database, lambda work: work.letters.next_due_at()) == NOW + timedelta(seconds=0.5)
