"""The ledger: a mail has one row and one fate, and what had an effect has it once."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from helpdesk.core.tickets import Fate
from helpdesk.store.engine import Database
from helpdesk.store.mails import message_key
from helpdesk.store.rows import Effect, HeldMail, LedgerRow, Row, UnsettledMail
from helpdesk.store.tables import mails
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work
from tests.store.makers import MICROSECOND, NOW, SECOND, a_mail, a_mailbox, a_person, a_ticket, read

EFFECT = "e" * 64
OTHER = "f" * 64
SHA256 = "a" * 64


def add(database: Database, *rows: Row) -> None:
    in_work(database, lambda work: work.mails.add(rows))


def replace(database: Database, *rows: Row) -> None:
    in_work(database, lambda work: work.mails.replace(rows))


def stored(database: Database, mail_id: int) -> Row:
    with Work(database, read_only=True) as work:
        return dict(work._connection.execute(select(mails).where(mails.c.id == mail_id)).mappings().one())


def count(database: Database) -> int:
    return len(read(database, lambda work: work._connection.execute(select(mails.c.id)).all()))


def test_a_row_comes_back_as_it_was_written(database: Database) -> None:
    row = a_mail(
        a_mailbox(database), effect=EFFECT, subject="Ça ne marche pas 🪫", look_again_at=NOW + SECOND
    )
    add(database, row)
    assert stored(database, row["id"]) == row


@pytest.mark.parametrize(
    ("second", "accepted"),
    [
        pytest.param({}, False, id="the same UID twice"),
        pytest.param({"uid": 2}, True, id="another UID"),
        pytest.param({"uidvalidity": 8}, True, id="another UIDVALIDITY"),
        pytest.param({"uid": 2, "effect": EFFECT}, False, id="the same effect twice"),
        pytest.param({"uid": 2, "effect": OTHER}, True, id="another effect"),
        pytest.param({"uid": 2, "effect": EFFECT.upper()}, True, id="keys are bytes, not letters"),
    ],
)
def test_unique_keys_have_the_last_word(database: Database, second: Row, accepted: bool) -> None:
    box = a_mailbox(database)
    add(database, a_mail(box, effect=EFFECT))
    row = a_mail(box) | second
    if accepted:
        add(database, row)
    else:
        with pytest.raises(AlreadyThere):
            add(database, row)
    assert count(database) == 1 + accepted


def test_many_mails_may_have_no_effect(database: Database) -> None:
    box = a_mailbox(database)
    add(database, *(a_mail(box, uid, effect=None) for uid in (1, 2, 3)))
    assert count(database) == 3


def test_another_mailbox_may_have_the_same_uid_and_effect(database: Database) -> None:
    add(database, a_mail(a_mailbox(database, "INBOX"), effect=EFFECT))
    add(database, a_mail(a_mailbox(database, "Other"), effect=EFFECT))
    assert count(database) == 2


def test_one_refused_row_refuses_all_of_them(database: Database) -> None:
    box = a_mailbox(database)
    add(database, a_mail(box, 2))
    with pytest.raises(AlreadyThere):
        add(database, a_mail(box, 1), a_mail(box, 2), a_mail(box, 3))
    assert count(database) == 1


def test_a_mail_of_a_mailbox_that_is_not_there_is_refused(database: Database) -> None:
    with pytest.raises(Refusal):
        add(database, a_mail(mailbox_id=1))


def test_a_mailbox_has_one_id(database: Database) -> None:
    assert a_mailbox(database) == a_mailbox(database)
    assert a_mailbox(database) != a_mailbox(database, "inbox")


@pytest.mark.parametrize("look_again_at", [None, NOW], ids=["not looked at again", "looked at again"])
@pytest.mark.parametrize("fate", list(Fate))
def test_a_fate_is_never_written_over_except_that_of_a_kept_mail_which_is_filed_again(
    database: Database, fate: Fate, look_again_at: datetime | None
) -> None:
    row = a_mail(a_mailbox(database), fate=fate.value, look_again_at=look_again_at)
    add(database, row)
    if fate in (Fate.HELD, Fate.QUARANTINED) and look_again_at:
        replace(database, row | {"fate": "opened"})
        assert stored(database, row["id"])["fate"] == "opened"
    else:
        with pytest.raises(AlreadyThere, match="has its fate already"):
            replace(database, row | {"fate": "quarantined", "reason": "changed"})
        assert stored(database, row["id"]) == row


@pytest.mark.parametrize("look_again_at", [None, NOW], ids=["being tried", "deferred"])
def test_a_mail_without_fate_gets_one(database: Database, look_again_at: datetime | None) -> None:
    row = a_mail(a_mailbox(database), fate=None, look_again_at=look_again_at)
    add(database, row)
    replace(database, row | {"fate": "opened", "effect": EFFECT, "look_again_at": None})
    assert stored(database, row["id"])["fate"] == "opened"
    with pytest.raises(AlreadyThere):
        replace(database, row | {"fate": "held"})


def test_a_mail_that_is_not_there_cannot_be_replaced(database: Database) -> None:
    with pytest.raises(AlreadyThere):
        replace(database, a_mail(a_mailbox(database)))


def test_an_effect_that_is_there_stops_a_replacement(database: Database) -> None:
    box = a_mailbox(database)
    tried = a_mail(box, 2, fate=None)
    add(database, a_mail(box, 1, effect=EFFECT), tried)
    with pytest.raises(AlreadyThere):
        replace(database, tried | {"fate": "opened", "effect": EFFECT})
    assert stored(database, tried["id"]) == tried


def test_only_mails_without_fate_are_charged(database: Database) -> None:
    box = a_mailbox(database)
    tried, filed, other = a_mail(box, 1, fate=None, attempts=1), a_mail(box, 2), a_mail(box, 3, fate=None)
    add(database, tried, filed, other)
    in_work(database, lambda work: work.mails.charge([tried["id"], filed["id"]]))
    assert [stored(database, row["id"])["attempts"] for row in (tried, filed, other)] == [2, 0, 0]


def test_the_ledger_says_what_it_knows_of_uids(database: Database) -> None:
    box = a_mailbox(database)
    deferred = a_mail(box, 1, fate=None, attempts=2, look_again_at=NOW + SECOND)
    settled = a_mail(box, 2, settled_at=NOW)
    add(database, deferred, settled, a_mail(box, 3), a_mail(box, 4, uidvalidity=8))
    found = read(database, lambda work: work.mails.rows_of(box, 7, [1, 2, 4, 5]))
    assert found == {
        1: LedgerRow(deferred["id"], None, False, 2, NOW, NOW + SECOND),
        2: LedgerRow(settled["id"], "ignored", True, 0, NOW, None),
    }


def test_the_ledger_is_asked_for_any_number_of_uids(database: Database) -> None:
    box = a_mailbox(database)
    add(database, *(a_mail(box, uid) for uid in (1, 1000, 1001, 40_000)))
    found = read(database, lambda work: work.mails.rows_of(box, 7, range(1, 40_001)))
    assert set(found) == {1, 1000, 1001, 40_000}


def test_effects_are_found_in_their_own_mailbox(database: Database) -> None:
    box, other = a_mailbox(database), a_mailbox(database, "Other")
    row = a_mail(box, effect=EFFECT)
    add(database, row, a_mail(other, effect=OTHER))
    found = read(database, lambda work: work.mails.effects(box, [EFFECT, OTHER]))
    assert found == {EFFECT: Effect(row["id"], None)}
    assert read(database, lambda work: work.mails.effects(box, [])) == {}


def test_a_message_id_leads_to_the_ticket_of_the_first_mail_that_bears_it(database: Database) -> None:
    box, person = a_mailbox(database), a_person(database)
    first, second = a_ticket(person, 1), a_ticket(person, 2)
    in_work(database, lambda work: work.tickets.add([first, second]))
    same = {"message_id": "<same@univ.example>"}
    add(
        database,
        a_mail(box, 1, ticket_id=second["id"], **same),  # no effect: a duplicate, or not filed
        a_mail(box, 2, effect="2", ticket_id=first["id"], **same),
        a_mail(box, 3, effect="3", ticket_id=second["id"], **same),
        a_mail(box, 4, effect="4", message_id="<none@univ.example>"),
    )
    asked = ["<same@univ.example>", "<none@univ.example>", "<unknown@univ.example>"]
    found = read(database, lambda work: work.mails.tickets_by_message_ids(asked))
    assert found == {"<same@univ.example>": first["id"]}


@pytest.mark.parametrize(
    "message_id",
    [
        pytest.param(f"<{'a' * 300}@x.example>", id="longer than the column"),
        pytest.param("<é@x.example>", id="not ASCII"),
        pytest.param("<\0@x.example>", id="NUL"),
        pytest.param("<a@x.example> ", id="a space at the end"),
        pytest.param("<\udce9@x.example>", id="half a surrogate pair"),
    ],
)
def test_an_odd_message_id_is_found_again_by_its_hash(database: Database, message_id: str) -> None:
    box, ticket = a_mailbox(database), a_ticket(a_person(database))
    in_work(database, lambda work: work.tickets.add([ticket]))
    assert len(message_key(message_id)) == 64
    row = a_mail(box, effect=EFFECT, message_id=message_key(message_id), ticket_id=ticket["id"])
    add(database, row)
    found = read(database, lambda work: work.mails.tickets_by_message_ids([message_id]))
    assert found == {message_id: ticket["id"]}


@pytest.mark.parametrize("length", [255, 256])
def test_a_message_id_stands_for_itself_as_long_as_it_fits(length: int) -> None:
    message_id = "<".ljust(length - 1, "a") + ">"
    assert (message_key(message_id) == message_id) is (length == 255)


def test_unsettled_are_those_with_a_fate_that_have_not_left(database: Database) -> None:
    box = a_mailbox(database)
    waiting = a_mail(box, 1, seen_at=NOW + MICROSECOND)
    later = a_mail(box, 2, seen_at=NOW + SECOND)
    add(database, waiting, later, a_mail(box, 3, settled_at=NOW), a_mail(box, 4, fate=None))
    add(database, a_mail(a_mailbox(database, "Other"), 5))
    found = read(database, lambda work: work.mails.unsettled(box))
    assert sorted(found, key=lambda mail: mail.uid) == [
        UnsettledMail(waiting["id"], 7, 1),
        UnsettledMail(later["id"], 7, 2),
    ]
    assert read(database, lambda work: work.mails.oldest_unsettled(box)) == NOW + MICROSECOND
    in_work(database, lambda work: work.mails.settle([waiting["id"], later["id"]], NOW))
    assert read(database, lambda work: work.mails.unsettled(box)) == []
    assert read(database, lambda work: work.mails.oldest_unsettled(box)) is None


def test_only_held_mails_with_bytes_can_be_released(database: Database) -> None:
    box = a_mailbox(database)
    held = a_mail(box, 1, fate="held", raw_sha256=SHA256)
    lost = a_mail(box, 2, fate="held")
    filed = a_mail(box, 3, fate="opened", raw_sha256=SHA256)
    add(database, held, lost, filed)
    ids = [row["id"] for row in (held, lost, filed)]
    shown = HeldMail(held["id"], 7, 1, "jean@univ.example", "proven", SHA256, released_at=None)
    assert read(database, lambda work: work.mails.held(ids)) == {held["id"]: shown}
    assert read(database, lambda work: work.mails.released(box)) == []
    in_work(database, lambda work: work.mails.release(ids, NOW))
    (released,) = read(database, lambda work: work.mails.released(box))
    assert (released.id, released.released_at) == (held["id"], NOW)
    assert stored(database, filed["id"])["look_again_at"] is None


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(NOW, id="microseconds"),
        pytest.param(NOW.replace(microsecond=0), id="a whole second"),
        pytest.param(NOW.replace(microsecond=999_999), id="the last microsecond"),
        pytest.param(NOW.astimezone(timezone(timedelta(hours=5, minutes=45))), id="of another zone"),
    ],
)
def test_a_time_comes_back_the_same_and_in_utc(database: Database, moment: datetime) -> None:
    row = a_mail(a_mailbox(database), seen_at=moment, dated_at=moment)
    add(database, row)
    back = stored(database, row["id"])["seen_at"]
    assert back == moment
    assert back.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="has no time zone"):
        add(database, a_mail(a_mailbox(database), seen_at=NOW.replace(tzinfo=None)))
    assert count(database) == 0
