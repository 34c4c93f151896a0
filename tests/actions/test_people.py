"""Who is registered: a person and an address together, once."""

import pytest
from sqlalchemy import event

from helpdesk.actions.people import add_person
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.tables import addresses, audit_logs, people
from helpdesk.store.work import Work

VERIFIED = AddressState.VERIFIED


def add(database: Database, address: str = "zoe@univ.example", name: str = "Zoé Martin") -> str:
    return add_person(database, address, name, Role.AGENT, Language.FR, VERIFIED).address


def count(database: Database) -> tuple[int, ...]:
    with database.engine.connect() as connection:
        return tuple(
            len(connection.execute(table.select()).all()) for table in (people, addresses, audit_logs)
        )


def test_a_person_is_registered_with_an_address_and_audited(database: Database) -> None:
    known = add_person(database, "Zoe@UNIV.example", " Zoé  Martin ", Role.AGENT, Language.FR, VERIFIED)
    with Work(database, read_only=True) as work:
        assert work.people.known_addresses(["zoe@univ.example"]) == {"zoe@univ.example": known}
    assert (known.person.name, known.person.role, known.state) == ("Zoé Martin", Role.AGENT, VERIFIED)
    with database.engine.connect() as connection:
        ((action, status, detail),) = connection.execute(
            audit_logs.select().with_only_columns(
                audit_logs.c.action, audit_logs.c.status, audit_logs.c.detail
            )
        ).all()
    assert (action, status) == ("PERSON_ADDED", "SUCCESS")
    assert detail == {"person": known.person.id, "role": "agent", "state": "verified"}


@pytest.mark.parametrize(
    ("address", "name", "problem"),
    [
        pytest.param("zoe", "Zoé", "zoe: a mail address has an @", id="no address"),
        pytest.param(
            "zoe@univ.example\r\nBcc: x@y.example",
            "Zoé",
            "before the @ stand letters",
            id="a header in the address",
        ),
        pytest.param("zoe@univ.example", "Z\0", "holds characters that do not print", id="a NUL"),
        pytest.param("zoe@univ.example", " ", "a name has 1 to 200 characters, this one 0", id="no name"),
        pytest.param(
            "zoe@univ.example", "Z" * 201, "1 to 200 characters, this one 201", id="too long a name"
        ),
    ],
)
def test_what_cannot_be_registered_is_refused_and_leaves_nothing(
    database: Database, address: str, name: str, problem: str
) -> None:
    with pytest.raises(Refused, match=problem):
        add(database, address, name)
    assert count(database) == (0, 0, 0)


def test_the_longest_name_is_taken(database: Database) -> None:
    add(database, name="é" * 200)
    assert count(database) == (1, 1, 1)


def test_an_address_is_registered_once_whatever_its_case(database: Database) -> None:
    add(database)
    with pytest.raises(Refused, match="registered already, for Zoé Martin \\(agent\\)"):
        add(database, "ZOE@univ.EXAMPLE", "Somebody")
    assert count(database) == (1, 1, 1)


def test_an_address_with_an_accent_is_another_one(database: Database) -> None:
    """Under a collation that compares letters instead of bytes, "é" equals "e"."""
    add(database, "zoe@univ.example")
    add(database, "zoe@üniv.example")
    with Work(database, read_only=True) as work:
        assert set(work.people.known_addresses(["zoe@univ.example", "zoe@xn--niv-goa.example"])) == {
            "zoe@univ.example",
            "zoe@xn--niv-goa.example",
        }


def test_who_was_registered_by_somebody_else_in_between_is_refused_in_plain_words(database: Database) -> None:
    if database.kind == "sqlite":
        pytest.skip("SQLite lets nobody write in between")
    rivals: list[str] = []

    def rival(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO people") and not rivals:
            rivals.append("")
            rivals[:] = [add(database, name="Rival")]

    event.listen(database.engine, "before_cursor_execute", rival)
    with pytest.raises(Refused, match="registered"):
        add(database)
    event.remove(database.engine, "before_cursor_execute", rival)
    assert count(database) == (1, 1, 1)
