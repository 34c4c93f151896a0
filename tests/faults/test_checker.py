"""The checker finds each kind of damage, and nothing where there is none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.checker import Entry, LetterRow, Post, Seen, check, copied_twice, damages
from tests.faults.desk import FaultDesk
from tests.faults.fault import Tally
from tests.faults.mails import Delivered
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

OPENER = Delivered("<1@x>", "[mark 1]", attachment="a" * 64)
REPLY = Delivered("<2@x>", "[mark 2]", answers="<1@x>")
TWICE = Delivered("<3@x>", "[mark 3]", copies=2)
DELIVERED = (OPENER, REPLY, TWICE)
WHOLE = Seen(
    ledger=(
        Entry(1, "<1@x>", "opened", 100),
        Entry(2, "<2@x>", "appended", 100),
        Entry(3, "<3@x>", "opened", 300),
        Entry(4, "<3@x>", "duplicate", 300),
    ),
    tickets=(100, 300),
    posts=(
        Post(1, 100, "Bonjour\n[mark 1]", ("a" * 64,)),
        Post(2, 100, "Bonjour\n[mark 2]"),
        Post(3, 300, "Bonjour\n[mark 3]"),
    ),
    letters=(
        LetterRow("ticket_opened", "<c.1@desk>", "sent", 1),
        LetterRow("ticket_opened", "<c.3@desk>", "sent", 3),
    ),
    received=("<c.1@desk>", "<c.3@desk>"),
    in_folders=Counter({"<1@x>": 1, "<2@x>": 1, "<3@x>": 2}),
    blobs=frozenset({"a" * 64}),
)
ALERT = LetterRow("alert", "<c.9@desk>", "sent", None)


def _with_row(index: int, row: Entry | None) -> Seen:
    rows = list(WHOLE.ledger)
    rows[index : index + 1] = [row] if row else []
    return replace(WHOLE, ledger=tuple(rows))


def test_a_whole_desk_is_found_whole() -> None:
    found = damages(DELIVERED, WHOLE)
    assert (found.lost, found.doubled, found.strange, found.extra_letters) == ([], [], [], 0)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(_with_row(1, None), id="a mail without a row"),
        pytest.param(_with_row(0, Entry(1, "<1@x>", "quarantined", None)), id="a mail without effect"),
        pytest.param(_with_row(3, None), id="a second delivery without a row"),
        pytest.param(replace(WHOLE, posts=WHOLE.posts[:2]), id="a mail without a post"),
        pytest.param(
            replace(WHOLE, posts=(WHOLE.posts[0], Post(2, 100, "Bonjour"), WHOLE.posts[2])),
            id="a post without text",
        ),
        pytest.param(replace(WHOLE, blobs=frozenset()), id="an attachment whose bytes are gone"),
        pytest.param(
            replace(WHOLE, posts=(replace(WHOLE.posts[0], attachments=()), *WHOLE.posts[1:])),
            id="a post without its attachment",
        ),
        pytest.param(replace(WHOLE, tickets=(100,)), id="a ticket that is gone"),
        pytest.param(
            replace(WHOLE, letters=WHOLE.letters[:1], received=WHOLE.received[:1]), id="a letter never queued"
        ),
        pytest.param(replace(WHOLE, received=WHOLE.received[:1]), id="a letter sent and never received"),
        pytest.param(
            replace(WHOLE, in_folders=Counter({"<1@x>": 1, "<3@x>": 2})),
            id="a mail that is in no folder any more",
        ),
    ],
)
def test_what_is_lost_is_found(seen: Seen) -> None:
    assert damages(DELIVERED, seen).lost != []


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(replace(WHOLE, tickets=(100, 300, 301)), id="a ticket that no mail opened"),
        pytest.param(_with_row(3, Entry(4, "<3@x>", "opened", 301)), id="two effects"),
        pytest.param(
            replace(WHOLE, ledger=(*WHOLE.ledger, Entry(5, "<1@x>", "duplicate", 100))), id="a row too many"
        ),
        pytest.param(replace(WHOLE, posts=(*WHOLE.posts, WHOLE.posts[0])), id="a post too many"),
        pytest.param(
            replace(WHOLE, posts=(*WHOLE.posts, Post(4, 300, "Bonjour\n[mark 3]"))),
            id="a post of the second delivery",
        ),
        pytest.param(
            replace(WHOLE, letters=(*WHOLE.letters, LetterRow("ticket_opened", "<c.4@desk>", "sent", 3))),
            id="a second letter",
        ),
        pytest.param(
            replace(WHOLE, letters=(*WHOLE.letters, LetterRow("ticket_opened", "<c.2@desk>", "sent", 2))),
            id="a letter for a reply",
        ),
        pytest.param(
            replace(WHOLE, received=(*WHOLE.received, "<c.5@desk>")),
            id="a second copy with another Message-ID",
        ),
    ],
)
def test_what_is_doubled_is_found(seen: Seen) -> None:
    assert damages(DELIVERED, seen).doubled != []


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(_with_row(1, Entry(2, "<2@x>", "opened", 100)), id="a reply that opened"),
        pytest.param(_with_row(3, Entry(4, "<3@x>", "held", None)), id="a second delivery that was held"),
        pytest.param(_with_row(1, Entry(2, "<2@x>", "appended", 300)), id="a row that names another ticket"),
        pytest.param(
            replace(WHOLE, posts=(WHOLE.posts[0], Post(2, 300, "[mark 2]"), WHOLE.posts[2])),
            id="a reply in another ticket",
        ),
        pytest.param(
            replace(WHOLE, posts=(WHOLE.posts[0], Post(2, 100, "[mark 2] [mark 3]"), WHOLE.posts[2])),
            id="a post with a foreign text",
        ),
        pytest.param(
            _with_row(0, Entry(1, "<1@x>", "opened", 100, settled=False)), id="a mail that is not settled"
        ),
        pytest.param(
            replace(WHOLE, ledger=(*WHOLE.ledger, Entry(5, "<5@x>", "held", None))), id="a mail of nobody"
        ),
        pytest.param(replace(WHOLE, in_inbox=1), id="a mail that stays in the inbox"),
        pytest.param(
            replace(WHOLE, letters=(WHOLE.letters[0], replace(WHOLE.letters[1], state="dead"))),
            id="a dead letter",
        ),
        pytest.param(
            replace(WHOLE, letters=(*WHOLE.letters, ALERT), received=(*WHOLE.received, "<c.9@desk>")),
            id="an alert",
        ),
    ],
)
def test_what_else_may_not_be_is_told(seen: Seen) -> None:
    assert damages(DELIVERED, seen).strange != []


def test_a_second_copy_of_a_letter_with_the_same_message_id_is_counted_apart() -> None:
    found = damages(DELIVERED, replace(WHOLE, received=(*WHOLE.received, "<c.1@desk>", "<c.1@desk>")))
    assert (found.lost, found.doubled, found.strange, found.extra_letters) == ([], [], [], 2)


def test_more_duplicates_and_other_letters_are_well_where_the_fault_makes_them() -> None:
    seen = replace(
        WHOLE,
        ledger=(*WHOLE.ledger, Entry(5, "<1@x>", "duplicate", 100)),
        letters=(*WHOLE.letters, ALERT),
        received=(*WHOLE.received, "<c.9@desk>"),
    )
    found = damages(DELIVERED, seen, shown_again=True, kinds=("alert",))
    assert (found.lost, found.doubled, found.strange) == ([], [], [])


NOTHING = Tally(0, 0, 0, 0, 0)
MAILS = 30


@pytest.fixture
def desk(tmp_path: Path, database_url: str, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[FaultDesk]:
    with FaultDesk(tmp_path, database_url, dovecot, smtp_sink) as desk:
        yield desk


def test_a_desk_that_worked_in_peace_is_whole_and_each_damage_to_it_is_found(desk: FaultDesk) -> None:
    mails = desk.deliver(MAILS)
    assert any(mail.answers for mail in mails), "the seed gives no reply"
    assert any(mail.attachment for mail in mails), "the seed gives no attachment"
    daemon = desk.new_daemon()
    daemon.start()
    desk.wait_until_quiet()
    assert daemon.stop() == 0
    deliveries = sum(mail.copies for mail in mails)
    assert deliveries > MAILS, "the seed gives no mail that is delivered twice"
    assert check(desk, NOTHING) == replace(NOTHING, mails=deliveries)

    blob = next(iter(daemon.state_dir.glob("blobs/*/*")))
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    assert check(desk, NOTHING).lost == 1
    with desk.dovecot.client("desk") as client:
        client.select_folder("Done")
        client.delete_messages(client.search()[-1:])
        client.expunge()
    assert check(desk, NOTHING).lost == 2


def test_a_copy_too_many_is_found_and_a_second_delivery_is_none() -> None:
    assert copied_twice(DELIVERED, WHOLE.in_folders) == []
    assert copied_twice(DELIVERED, WHOLE.in_folders + Counter({"<3@x>": 1})) == [
        "<3@x>: came 2 times, 3 copies in the folders"
    ]
