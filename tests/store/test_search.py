"""Tickets are found by words in subjects and posts, the newest first, by whoever may see them and by nobody else."""

from collections.abc import Sequence

import pytest

from helpdesk.core.paging import Mark
from helpdesk.core.people import Person
from helpdesk.core.permissions import Reach
from helpdesk.core.searchwords import wanted_words
from helpdesk.core.tickets import Status
from helpdesk.store import search as searching
from helpdesk.store.engine import Database
from helpdesk.store.listing import Eyes, TicketFilter
from helpdesk.store.wordindex import BLOCK, index_everything
from helpdesk.store.work import Work, in_work
from tests.store.makers import NOW, a_person, a_post, a_ticket, read
from tests.store.test_listing import a_team

ADMIN = Eyes(1, frozenset(), Reach.ALL)


def found(
    database: Database,
    typed: str,
    eyes: Eyes = ADMIN,
    wanted: TicketFilter = TicketFilter(),  # noqa: B008 - frozen
    notes: bool = True,
) -> Sequence[int]:
    words = wanted_words(typed)
    return read(database, lambda work: work.search.numbers(words, wanted, eyes, NOW, notes=notes))


def add(database: Database, person: Person, number: int, *texts: str, **given: object) -> int:
    """Add a ticket with posts; its subject is the first text. Return its id."""
    ticket = a_ticket(person, number, subject=texts[0], **given)
    posts = [a_post(ticket["id"], text) for text in texts[1:]]

    def job(work: Work) -> None:
        work.tickets.add([ticket])
        work.posts.add(posts, [])

    in_work(database, job)
    return int(ticket["id"])


@pytest.fixture
def jean(database: Database) -> Person:
    return a_person(database)


@pytest.fixture(params=["looked through", "by the words' lists"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to find tickets for somebody who sees some: these give the same."""
    if request.param == "by the words' lists":
        monkeypatch.setattr(searching, "FEW", 0)


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        pytest.param("reunion", [3, 1], id="accents and capitals left out, newest first"),
        pytest.param("RÉUNION", [3, 1], id="accents and capitals typed"),
        pytest.param("reu", [3, 1], id="a beginning"),
        pytest.param("union", [], id="not the middle of a word"),
        pytest.param("réunion projecteur", [3], id="one word in the subject, one in a post"),
        pytest.param("clavier projecteur", [2], id="in two posts"),
        pytest.param("réunion absent", [], id="all words must be there"),
        pytest.param("le la the", [], id="words of no weight"),
        pytest.param('"réunion" -* \' ) OR 1=1', [], id="signs: 1 is looked for too"),
        pytest.param("'réunion' * -- ; % _ \\", [3, 1], id="signs"),
        pytest.param("projecteur " * 1000, [3, 2], id="ten thousand characters"),
    ],
)
def test_tickets_are_found_by_their_words(
    database: Database, jean: Person, typed: str, numbers: list[int]
) -> None:
    add(database, jean, 1, "Une question", "La réunion est annulée")
    add(database, jean, 2, "Mon écran", "Le clavier", "Un projecteur")
    add(database, jean, 3, "Réunions", "Le projecteur de la salle")
    assert found(database, typed) == numbers


@pytest.mark.usefixtures("way")
def test_nobody_finds_what_they_may_not_see(database: Database, jean: Person) -> None:
    zoe, other = a_person(database, "zoe@univ.example"), a_person(database, "other@univ.example")
    team = a_team(database, "Informatique")
    add(database, jean, 1, "wifi")
    add(database, jean, 2, "wifi", team_id=team)
    add(database, zoe, 3, "wifi", assignee_id=other.id)
    add(database, zoe, 4, "wifi", deleted_at=NOW)
    assert found(database, "wifi", Eyes(jean.id, frozenset(), Reach.OWN)) == [2, 1]
    assert found(database, "wifi", Eyes(other.id, frozenset({team}), Reach.SEEN)) == [3, 2]
    assert found(database, "wifi", Eyes(other.id, frozenset({team}), Reach.OWN)) == []
    assert found(database, "wifi", Eyes(other.id, frozenset(), Reach.NONE)) == []
    assert found(database, "wifi") == [3, 2, 1]


@pytest.mark.usefixtures("way")
def test_notes_are_found_by_staff_only(database: Database, jean: Person) -> None:
    ticket_id = add(database, jean, 1, "Mon chargeur", "secret au public")
    add(database, jean, 2, "secret")
    note = a_post(ticket_id, "un coupable secret", internal=True)
    in_work(database, lambda work: work.posts.add([note], []))
    own = Eyes(jean.id, frozenset(), Reach.OWN)
    assert found(database, "coupable") == [1]
    assert found(database, "coupable", own, notes=False) == []
    assert found(database, "secret", own, notes=False) == [2, 1]
    assert found(database, "secret coupable", own, notes=False) == []
    assert read(database, lambda work: work.search.texts([1], notes=False)) == {1: ["secret au public"]}
    assert len(read(database, lambda work: work.search.texts([1], notes=True))[1]) == 2


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_pages_follow_each_other_over_all_blocks(
    database: Database, jean: Person, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(searching, "FEW_AT_ONCE", at_once)
    monkeypatch.setattr(searching, "MOST_AT_ONCE", 2 * at_once)
    numbers = [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 40 * BLOCK, 40 * BLOCK + 1]
    for number in numbers:
        add(database, jean, number, "wifi salle", status="waiting" if number % 2 else "resolved")
    seen: list[int] = []
    for eyes in (ADMIN, Eyes(jean.id, frozenset(), Reach.OWN)):
        seen, mark = [], None
        while page := found(database, "salle wifi", eyes, TicketFilter(limit=3, after=mark)):
            seen += page
            mark = Mark(page[-1], page[-1])
        assert seen == numbers[::-1]
    waiting = TicketFilter(statuses=(Status.WAITING,))
    assert found(database, "wifi", wanted=waiting) == [n for n in numbers[::-1] if n % 2]


@pytest.mark.parametrize("about", [1, 4, 100], ids=["one after the other", "as it is", "at once"])
def test_many_tickets_with_one_word_are_narrowed_down_by_the_others(
    database: Database, jean: Person, monkeypatch: pytest.MonkeyPatch, about: int
) -> None:
    monkeypatch.setattr(searching, "ABOUT", about)
    rows = [a_ticket(jean, number, subject=f"wifi num{number}") for number in range(1, 700)]
    in_work(database, lambda work: work.tickets.add(rows))
    assert found(database, "wifi num3", wanted=TicketFilter(limit=200)) == [
        number for number in range(699, 0, -1) if str(number).startswith("3")
    ]
    assert len(found(database, "wifi", wanted=TicketFilter(limit=650))) == 650


def test_an_answer_that_was_taken_back_is_not_found(database: Database, jean: Person) -> None:
    ticket_id = add(database, jean, 1, "wifi", "un mot")
    answer = a_post(ticket_id, "un mot nouveau")
    in_work(database, lambda work: work.posts.add([answer], []))
    assert found(database, "nouveau") == [1]
    in_work(database, lambda work: work.posts.remove(answer["id"]))
    assert found(database, "nouveau") == []
    assert found(database, "mot wifi") == [1]


def test_words_that_were_looked_for_already_are_taken_as_they_are(database: Database, jean: Person) -> None:
    ticket_id = add(database, jean, 1, "wifi")
    here, there = a_post(ticket_id, "un projecteur"), a_post(ticket_id, "un clavier")
    known = {here["id"]: frozenset({b"ailleurs"})}
    in_work(database, lambda work: work.posts.add([here, there], [], known))
    assert [found(database, typed) for typed in ("ailleurs", "clavier", "projecteur")] == [[1], [1], []]


def test_a_post_takes_its_words_along_to_another_ticket(database: Database, jean: Person) -> None:
    first, second = add(database, jean, 1, "wifi", "un mot"), add(database, jean, BLOCK, "clavier")
    moving = a_post(first, "un projecteur")
    in_work(database, lambda work: work.posts.add([moving], []))
    assert in_work(database, lambda work: work.posts.move(moving["id"], first, second))
    assert found(database, "projecteur") == [BLOCK]
    assert found(database, "mot") == [1]
    assert found(database, "projecteur clavier") == [BLOCK]


def test_what_was_not_committed_is_not_found(database: Database, jean: Person) -> None:
    with Work(database) as work:
        work.tickets.add([a_ticket(jean, 1, subject="wifi")])
    assert found(database, "wifi") == []


def test_what_was_written_before_there_was_an_index_is_added_by_the_migration(
    database: Database, jean: Person
) -> None:
    add(database, jean, 1, "wifi", "La réunion")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ticket_words").close()
    assert found(database, "reunion") == []
    with database.engine.begin() as connection:
        index_everything(connection)
        index_everything(connection)
    assert found(database, "reunion wifi") == [1]
