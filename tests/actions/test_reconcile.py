"""What the ledger knows of the mails in folders, and the alarm when it does not know one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk.actions.reconcile import (
    Key,
    fates_by_bytes,
    fates_by_key,
    forgotten,
    message_key_in,
    raise_alarm,
)
from helpdesk.core.fingerprint import HEAD_BYTES, fingerprint_of
from helpdesk.core.people import Language
from helpdesk.core.reconciling import OVERDUE, Reconciled
from helpdesk.core.tickets import Fate
from helpdesk.store.tables import letters, mails
from tests.actions.intakes import ADMIN, IntakeBench, a_mail, bench

FORGED = ("dmarc=fail header.from=univ.example",)
UNREAD = b"X-Long: " + b"x" * 70_000 + b"\r\n\r\nbody\r\n"
RETURNED = Reconciled("main", compared=9, returned=2)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    made.person()
    yield made
    made.close()


def by_key(desk: IntakeBench, *raws: bytes) -> list[set[Fate] | None]:
    keys = {uid: Key(message_key_in(raw), len(raw)) for uid, raw in enumerate(raws)}
    found = fates_by_key(desk.desk, desk.source, keys)
    return [found.get(uid) for uid in keys]


def by_bytes(desk: IntakeBench, *raws: bytes) -> list[set[Fate] | None]:
    found = fates_by_bytes(desk.desk, desk.source, dict(enumerate(raws)))
    return [found.get(uid) for uid in range(len(raws))]


def test_a_filed_mail_is_known_by_message_id_and_size_together(desk: IntakeBench) -> None:
    filed, held = a_mail(), a_mail("Faux", message_id="<2@x>", says=FORGED)
    desk.file(filed, held)
    longer = a_mail(text="Il ne marche plus du tout.")
    assert by_key(desk, filed, held, longer, a_mail(message_id="<3@x>")) == [
        {Fate.OPENED},
        {Fate.HELD},
        None,
        None,
    ]


def test_two_copies_have_the_fates_of_both(desk: IntakeBench) -> None:
    desk.file(a_mail(), a_mail())
    assert by_key(desk, a_mail()) == [{Fate.OPENED, Fate.DUPLICATE}]


def test_a_mail_without_message_id_is_known_by_its_bytes_alone(desk: IntakeBench) -> None:
    anonymous = a_mail(message_id="")
    desk.file(anonymous)
    assert by_key(desk, anonymous) == [None]
    other = anonymous.replace(b"marche", b"charge")
    assert len(other) == len(anonymous)
    assert by_bytes(desk, anonymous, other) == [{Fate.OPENED}, None]


def test_a_mail_that_was_not_read_is_known_by_its_bytes(desk: IntakeBench) -> None:
    desk.file(UNREAD)
    assert by_bytes(desk, UNREAD, UNREAD.replace(b"body", b"BODY")) == [{Fate.QUARANTINED}, None]


def test_a_mail_of_which_only_the_header_was_fetched_is_known_whole_and_by_its_header(
    desk: IntakeBench,
) -> None:
    raw = a_mail("Gros fichier", message_id="<3@x>")
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    desk.file(a_mail(message_id="<4@x>", says=FORGED))
    row = {"fingerprint": fingerprint_of(head[:HEAD_BYTES]), "message_id": "", "fate": "quarantined"}
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(mails).values(row))
    assert by_bytes(desk, raw, head) == [{Fate.QUARANTINED}] * 2


def test_the_ledger_of_another_mailbox_does_not_count(desk: IntakeBench) -> None:
    desk.file(a_mail())
    desk.source = replace(desk.source, mailbox_id=desk.source.mailbox_id + 1)
    assert by_key(desk, a_mail()) == by_bytes(desk, a_mail()) == [None]


def test_a_deferred_mail_that_left_the_inbox_has_no_fate(desk: IntakeBench) -> None:
    desk.file(a_mail(above=[]))
    assert by_key(desk, a_mail(above=[])) == by_bytes(desk, a_mail(above=[])) == [None]


@pytest.mark.parametrize(
    ("field", "key"),
    [
        pytest.param(b"Message-ID: <1@x>\r\n\r\n", "<1@x>", id="plain"),
        pytest.param(b"message-id:\r\n <1@\r\n x>\r\n\r\n", "<1@x>", id="folded"),
        pytest.param(b"\r\n", "", id="none"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"Message-ID: " + b"x" * 2_000_000 + b"\r\n\r\n", "", id="too long to be read"),
    ],
)
def test_the_key_of_a_message_id_is_the_one_that_intake_writes(field: bytes, key: str) -> None:
    assert message_key_in(field) == key


def test_what_has_no_fate_in_the_inbox_is_forgotten_unless_it_is_to_be_looked_at_again(
    desk: IntakeBench,
) -> None:
    filed, deferred = desk.file(a_mail(), a_mail(message_id="<2@x>", above=[]))
    new = 4000
    uids = [filed.uid, deferred.uid, new]
    assert forgotten(desk.desk, desk.source, uids) == [new]
    again_at = next(row["look_again_at"] for row in desk.ledger() if row["uid"] == deferred.uid)
    desk.clock[0] = again_at + OVERDUE
    assert forgotten(desk.desk, desk.source, uids) == [new]
    desk.later(timedelta(seconds=1))
    assert forgotten(desk.desk, desk.source, uids) == [deferred.uid, new]


def test_an_alarm_is_one_letter_for_each_contact_and_cause_within_an_hour(desk: IntakeBench) -> None:
    assert raise_alarm(desk.desk, RETURNED)
    assert not raise_alarm(desk.desk, RETURNED)
    assert desk.letters() == [("alert", ADMIN)]
    assert raise_alarm(desk.desk, replace(RETURNED, without_fate=1))
    assert raise_alarm(desk.desk, replace(RETURNED, mailbox="second"))
    desk.later(timedelta(hours=1))
    assert raise_alarm(desk.desk, RETURNED)
    assert desk.letters() == [("alert", ADMIN)] * 4


def test_nothing_is_told_where_nothing_is_wrong(desk: IntakeBench) -> None:
    assert not raise_alarm(desk.desk, Reconciled("main", compared=9, put_right=3))
    assert desk.letters() == []


def test_a_flood_of_other_alerts_does_not_hush_it_up(desk: IntakeBench) -> None:
    silent = replace(desk.desk, alerts_per_hour=0, language=Language.EN)
    assert raise_alarm(silent, RETURNED)
    (content,) = desk.column(letters, "content")
    assert "back in the inbox" in str(message_from_bytes(content)["Subject"])
