"""Text in any language and of any length comes back the same; keys are bytes; what cannot be kept is refused."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from helpdesk.core.people import AddressState
from helpdesk.store.columns import fits_key
from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.posts import ShownAttachment
from helpdesk.store.tables import teams
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work
from tests.store.makers import NOW, a_person, a_post, a_ticket, read

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Ça ne marche pas, déjà-vu €", id="French"),
        pytest.param("👩🏽‍🔧 🪫 𝔘𝔫𝔦", id="four bytes a letter"),
        pytest.param("الشاحن لا يعمل\u200f", id="Arabic with a mark"),
        pytest.param("充電器が動きません", id="Japanese"),
        pytest.param("e\u0301 is not \u00e9", id="accents stay apart"),
        pytest.param("a\r\nb\n\tc\x1b[31m \\ ' \" % :x {}", id="controls and quotes"),
        pytest.param("  spaces round it  ", id="spaces"),
        pytest.param("\ufffd\uffff\ufeff", id="odd code points"),
        pytest.param("à" * MIB, id="a million letters"),
    ],
)
def test_a_post_comes_back_letter_for_letter(database: Database, text: str) -> None:
    ticket = a_ticket(a_person(database))

    def write(work: Work) -> None:
        work.tickets.add([ticket])
        work.posts.add([a_post(ticket["id"], text, folds=[[0, 1, "quote"]])], [])

    in_work(database, write)
    (post,) = read(database, lambda work: work.posts.of_ticket(ticket["id"]))
    assert post.text == text
    assert (post.folds, post.created_at, post.author) == (((0, 1, "quote"),), NOW, "")


@pytest.mark.parametrize(
    "subject", ["🪫 plus de courant", "الشاحن", "充電器", "é" * 500, "🪫" * 500, "trail "]
)
def test_a_subject_comes_back_letter_for_letter(database: Database, subject: str) -> None:
    ticket = a_ticket(a_person(database), 42, subject=subject)
    in_work(database, lambda work: work.tickets.add([ticket]))
    (found,) = read(database, lambda work: work.tickets.by_numbers([42])).values()
    assert found.subject == subject


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        pytest.param("before\0after", "a text has a NUL character; remove it first", id="NUL"),
        pytest.param("half \ud83e", "a text has half a surrogate pair; replace it first", id="half a pair"),
    ],
)
def test_what_no_database_keeps_is_refused_without_quoting_it(
    database: Database, text: str, advice: str
) -> None:
    ticket = a_ticket(a_person(database))

    def write(work: Work) -> None:
        work.tickets.add([ticket])
        work.posts.add([a_post(ticket["id"], text)], [])

    with pytest.raises(Refusal) as refused:
        in_work(database, write)
    assert str(refused.value) == advice
    assert read(database, lambda work: work.tickets.newest(10)) == []


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), id="before all time"),
        pytest.param(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1))), id="after all time"),
    ],
)
def test_a_time_that_is_none_in_utc_is_refused(database: Database, moment: datetime) -> None:
    ticket = a_ticket(a_person(database), opened_at=moment)
    with pytest.raises(Refusal, match="too early or too late"):
        in_work(database, lambda work: work.tickets.add([ticket]))


@pytest.mark.parametrize("length", [500, 501])
def test_a_text_beyond_its_column_is_refused_not_cut(database: Database, length: int) -> None:
    ticket = a_ticket(a_person(database), subject="é" * length)
    if length == 500:
        in_work(database, lambda work: work.tickets.add([ticket]))
    else:
        with pytest.raises(Refusal, match="a text has 501 characters; the limit is 500"):
            in_work(database, lambda work: work.tickets.add([ticket]))


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        pytest.param("àdmin@univ.example", "not ASCII", id="an accent"),
        pytest.param("admin@univ.example ", "ends in a space", id="a space at the end"),
        pytest.param("ad\0min@univ.example", "NUL", id="NUL"),
        pytest.param("a" * 255, "255 characters; the limit is 254", id="too long"),
    ],
)
def test_a_key_that_a_database_could_read_otherwise_is_refused(
    database: Database, address: str, advice: str
) -> None:
    with pytest.raises(Refusal, match=advice):
        a_person(database, address)
    assert read(database, lambda work: work.people.known_addresses([address])) == {}


def test_looking_for_a_lookalike_finds_nobody(database: Database) -> None:
    a_person(database, "admin@univ.example")
    asked = ["àdmin@univ.example", "Admin@univ.example", "admin@univ.example ", "admin@univ.example"]
    found = read(database, lambda work: work.people.known_addresses(asked))
    assert list(found) == ["admin@univ.example"]


def test_addresses_that_differ_in_case_are_two_keys(database: Database) -> None:
    a_person(database, "admin@univ.example")
    a_person(database, "ADMIN@univ.example")
    with pytest.raises(AlreadyThere):
        a_person(database, "admin@univ.example")
    known = read(database, lambda work: work.people.known_addresses(["admin@univ.example"]))
    assert known["admin@univ.example"].state is AddressState.VERIFIED


def test_a_refusal_names_the_key_and_never_the_value(database: Database) -> None:
    a_person(database, "private@univ.example")
    with pytest.raises(AlreadyThere) as refused:
        a_person(database, "private@univ.example")
    assert "private" not in str(refused.value)
    assert "address" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        pytest.param("abc", True, id="as long as the column"),
        pytest.param("abcd", False, id="longer"),
        pytest.param("é", False, id="not ASCII"),
        pytest.param("a\0", False, id="NUL"),
        pytest.param("a ", False, id="a space at the end"),
        pytest.param(" a", True, id="a space before"),
        pytest.param("", True, id="nothing"),
    ],
)
def test_what_fits_a_key_is_what_the_column_takes(value: str, fits: bool) -> None:
    assert fits_key(value, 3) is fits


def test_names_of_teams_are_words_in_any_language(database: Database) -> None:
    with Work(database) as work:
        work._connection.execute(insert(teams), {"id": new_id(), "name": "Réseau 🛜"})
        assert work._connection.scalars(select(teams.c.name)).all() == ["Réseau 🛜"]


def test_posts_and_attachments_come_back_in_their_order(database: Database) -> None:
    person = a_person(database)
    ticket = a_ticket(person)
    posts = [
        a_post(ticket["id"], "first", author_id=person.id),
        a_post(ticket["id"], "second", internal=True),
    ]
    attached = [
        {
            "id": new_id(),
            "post_id": posts[0]["id"],
            "position": position,
            "name": name,
            "content_type": "text/plain",
            "size": position,
            "sha256": "a" * 64,
            "inline": False,
        }
        for position, name in ((2, "zwei.txt"), (1, "один.txt"))
    ]

    def write(work: Work) -> None:
        work.tickets.add([ticket])
        work.posts.add(posts[::-1], attached)

    in_work(database, write)
    shown = read(database, lambda work: work.posts.of_ticket(ticket["id"]))
    assert [(post.text, post.author, post.internal) for post in shown] == [
        ("first", "Jean Dupont", False),
        ("second", "", True),
    ]
    found = read(database, lambda work: work.posts.attachments_of([post.id for post in shown]))
    assert found == [
        ShownAttachment(posts[0]["id"], "один.txt", "text/plain", 1, "a" * 64),
        ShownAttachment(posts[0]["id"], "zwei.txt", "text/plain", 2, "a" * 64),
    ]


def test_a_ticket_number_beyond_the_column_is_nobodys(database: Database) -> None:
    ticket = a_ticket(a_person(database), 2**31 - 1)
    in_work(database, lambda work: work.tickets.add([ticket]))
    found = read(database, lambda work: work.tickets.by_numbers([0, -1, 2**31 - 1, 2**31, 10**30]))
    assert [one.number for one in found.values()] == [2**31 - 1]
