"""Lists of people on every database: who is in them, in which order, page by page."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from helpdesk.core.people import STORED, AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.permissions import Reach
from helpdesk.core.standing import standing
from helpdesk.store import tables
from helpdesk.store.directory import ListedPerson, PersonFilter
from helpdesk.store.engine import Database
from helpdesk.store.people import NewPerson
from helpdesk.store.work import AlreadyThere, in_work
from tests.store.makers import MICROSECOND, NOW, SECOND, a_ticket, read

VERIFIED = AddressState.VERIFIED
DAY = timedelta(days=1)


def registered(database: Database, *new: NewPerson) -> list[KnownAddress]:
    return in_work(database, lambda work: work.people.register(new, NOW))


def named(name: str, address: str = "", team: int | None = None, role: Role = Role.USER) -> NewPerson:
    return NewPerson(
        name, Language.FR, address or f"{name.lower()}@univ.example", VERIFIED, team, None, None, role
    )


def listed(
    database: Database, wanted: PersonFilter, teams: tuple[int, ...] = (), far: Reach = Reach.ALL
) -> list[ListedPerson]:
    return read(database, lambda work: work.directory.people(wanted, teams, far, NOW))


def names(database: Database, wanted: PersonFilter) -> list[str]:
    return [one.person.name for one in listed(database, wanted)]


def team(database: Database, name: str) -> int:
    return in_work(database, lambda work: work.teams.add(name))


def test_people_are_listed_by_name_whatever_their_accents(database: Database) -> None:
    registered(database, *(named(name, f"a{n}@x.example") for n, name in enumerate(("Zoé", "élodie", "Eve"))))
    assert names(database, PersonFilter()) == ["élodie", "Eve", "Zoé"]


def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    registered(database, *(named("Jean" if n % 3 else "Anne", f"a{n:02}@x.example") for n in range(20)))
    seen: list[ListedPerson] = []
    for _ in range(10):
        page = listed(database, PersonFilter(after=seen[-1].person if seen else None, limit=7))
        if not page:
            break
        seen += page
    assert len(seen) == len({one.person.id for one in seen}) == 20
    assert [one.person.name for one in seen] == ["Anne"] * 7 + ["Jean"] * 13


def test_a_person_is_listed_with_addresses_and_teams(database: Database) -> None:
    network, printers = team(database, "Network"), team(database, "Alpha printers")
    (known,) = registered(database, named("Jean", team=network))

    def more() -> None:
        in_work(database, lambda work: work.teams.join(printers, known.person.id))
        in_work(database, lambda work: work.people.add_address(known.person, "j@home.example", VERIFIED, NOW))

    more()
    (one,) = listed(database, PersonFilter())
    assert [owned.address for owned in one.addresses] == ["jean@univ.example", "j@home.example"]
    assert one.teams == ("Alpha printers", "Network")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("helene", ["Hélène Öst"], id="without accents"),
        pytest.param("ÖST hél", ["Hélène Öst"], id="each word somewhere"),
        pytest.param("univ.example", ["Hélène Öst"], id="in the address"),
        pytest.param("100%", ["Marc 100%"], id="a sign of LIKE is itself"),
        pytest.param("_", [], id="the other one too"),
        pytest.param("\x1b", [], id="what no name can hold"),
        pytest.param("\0", [], id="NUL"),
        pytest.param("李", [], id="no Latin letters"),
        pytest.param("x" * 500, [], id="very long"),
    ],
)
def test_text_is_looked_for_in_names_and_addresses(database: Database, text: str, found: list[str]) -> None:
    registered(
        database,
        named("Hélène Öst", "ho@univ.example"),
        named("Marc 100%", "marc@home.example"),
    )
    assert names(database, PersonFilter(text=text)) == found


def test_roles_teams_and_closed_accounts_are_filters(database: Database) -> None:
    network = team(database, "Network")
    anne, _, _ = registered(
        database, named("Anne", team=network), named("Bob"), named("Cid", role=Role.AGENT)
    )
    in_work(database, lambda work: work.people.change(anne.person.id, active=False))
    assert names(database, PersonFilter(team_id=network)) == ["Anne"]
    assert names(database, PersonFilter(role=Role.AGENT)) == ["Cid"]
    assert names(database, PersonFilter(closed=True)) == ["Anne"]
    assert names(database, PersonFilter(closed=False)) == ["Bob", "Cid"]


def test_only_people_within_reach_are_listed(database: Database) -> None:
    network, printers = team(database, "Network"), team(database, "Printers")
    registered(database, named("Anne", team=network), named("Bob", team=printers), named("Cid"))
    found = listed(database, PersonFilter(), (network,), Reach.TEAM)
    assert [one.person.name for one in found] == ["Anne"]
    assert listed(database, PersonFilter(), (), Reach.TEAM) == []
    for far in (Reach.NONE, Reach.SELF, Reach.OWN):
        assert listed(database, PersonFilter(), (network,), far) == []


def test_the_filter_by_state_agrees_with_core(database: Database) -> None:
    """The same question is answered in SQL for lists and in core for mail."""
    edges = (None, NOW - DAY, NOW, NOW + MICROSECOND)
    new = [
        NewPerson("Jean", Language.FR, f"a{n}{m}{k}@x.example", state, None, begins, ends)
        for n, state in enumerate(STORED)
        for m, begins in enumerate(edges)
        for k, ends in enumerate(edges)
    ]
    known = registered(database, *new)
    for state in (*STORED, AddressState.NOT_YET, AddressState.EXPIRED):
        expected = {one.person.id for one in known if standing(one, NOW) is state}
        assert {one.person.id for one in listed(database, PersonFilter(state=state, limit=100))} == expected


def test_completion_finds_beginnings_of_addresses_and_of_each_name(database: Database) -> None:
    network = team(database, "Network")
    registered(
        database, named("Zoé Élan", "jz@univ.example", network), named("Jean Dupont", "jd@univ.example")
    )

    def found(typed: str, far: Reach = Reach.ALL) -> list[tuple[str, str]]:
        return read(database, lambda work: work.directory.beginning(typed, (network,), far, 10))

    assert found("ela") == [("jz@univ.example", "Zoé Élan")]
    assert found("zoé é") == [("jz@univ.example", "Zoé Élan")]
    assert found("j") == [("jd@univ.example", "Jean Dupont"), ("jz@univ.example", "Zoé Élan")]
    assert found("j", Reach.TEAM) == [("jz@univ.example", "Zoé Élan")]
    assert found("pont") == found("%") == found("\x1b") == found("j", Reach.NONE) == []


def test_a_batch_with_one_address_that_is_registered_writes_nothing(database: Database) -> None:
    registered(database, named("Anne"))
    with pytest.raises(AlreadyThere):
        registered(database, named("Bob"), named("Eve", "anne@univ.example"))
    assert names(database, PersonFilter()) == ["Anne"]


def test_a_new_name_is_sorted_anew(database: Database) -> None:
    anne, _ = registered(database, named("Anne"), named("Bob"))
    in_work(database, lambda work: work.people.change(anne.person.id, name="Zoé"))
    assert names(database, PersonFilter()) == ["Bob", "Zoé"]


def test_an_address_is_changed_only_from_the_state_that_was_seen(database: Database) -> None:
    (anne,) = registered(database, named("Anne"))

    def change(seen: AddressState) -> bool:
        return in_work(database, lambda work: work.people.change_address(anne.id, seen, state="blocked"))

    assert not change(AddressState.PENDING)
    assert change(VERIFIED)
    assert not change(VERIFIED)


def test_teams_count_staff_and_users_apart(database: Database) -> None:
    network, _ = team(database, "Network"), team(database, "Empty")
    registered(database, named("A", team=network), named("B", team=network),
               named("C", team=network, role=Role.AGENT))  # fmt: skip
    found = read(database, lambda work: work.teams.all())
    assert [(one.name, one.staff, one.users) for one in found] == [("Empty", 0, 0), ("Network", 1, 2)]
    assert [one.id for one in read(database, lambda work: work.teams.all([network]))] == [network]
    assert read(database, lambda work: work.teams.all([])) == []


def test_a_team_hands_its_tickets_over_and_is_gone(database: Database) -> None:
    network, printers = team(database, "Network"), team(database, "Printers")
    (anne,) = registered(database, named("Anne", team=network))
    row = a_ticket(anne.person, team_id=network)
    in_work(database, lambda work: work.tickets.add([row]))
    assert read(database, lambda work: work.teams.tickets_of(network)) == 1
    assert in_work(database, lambda work: work.teams.hand_over(network, printers)) == 1
    in_work(database, lambda work: work.teams.remove(network))
    assert read(database, lambda work: work.teams.names()) == {printers: "Printers"}
    assert read(database, lambda work: work.people.teams_of([anne.person.id])) == {}


def test_who_is_in_a_team_cannot_join_again_and_can_leave(database: Database) -> None:
    network = team(database, "Network")
    (anne,) = registered(database, named("Anne", team=network))
    with pytest.raises(AlreadyThere):
        in_work(database, lambda work: work.teams.join(network, anne.person.id))
    in_work(database, lambda work: work.teams.leave(network, anne.person.id))
    assert read(database, lambda work: work.people.teams_of([anne.person.id])) == {}


def test_two_teams_of_one_name_are_refused(database: Database) -> None:
    network = team(database, "Network")
    other = team(database, "Other")
    with pytest.raises(AlreadyThere):
        team(database, "Network")
    with pytest.raises(AlreadyThere):
        in_work(database, lambda work: work.teams.rename(other, "Network"))
    in_work(database, lambda work: work.teams.rename(network, "Réseau"))
    assert read(database, lambda work: work.teams.names()) == {network: "Réseau", other: "Other"}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        pytest.param({}, 1, id="an admin who can log in"),
        pytest.param({"role": "manager"}, 0, id="a manager"),
        pytest.param({"active": False}, 0, id="a closed account"),
        pytest.param({"state": "blocked"}, 0, id="a blocked address"),
        pytest.param({"valid_until": NOW}, 0, id="after its last day"),
        pytest.param({"valid_until": NOW + SECOND}, 1, id="before its last moment"),
        pytest.param({"valid_from": NOW + SECOND}, 0, id="before its first day"),
        pytest.param({"password": False}, 0, id="without a password"),
    ],
)
def test_the_admins_who_can_log_in_are_counted(
    database: Database, change: dict[str, object], count: int
) -> None:
    (known,) = registered(database, named("Anne", role=Role.ADMIN))
    person: Person = known.person
    if change.get("password", True):
        with database.engine.begin() as connection:
            row = {"person_id": person.id, "password_hash": "x", "must_change": False, "changed_at": NOW}
            connection.execute(insert(tables.credentials), row)
    mine = {key: value for key, value in change.items() if key in ("role", "active")}
    of_address = {key: value for key, value in change.items() if key not in (*mine, "password")}
    if mine:
        in_work(database, lambda work: work.people.change(person.id, **mine))
    if of_address:
        in_work(database, lambda work: work.people.change_address(known.id, VERIFIED, **of_address))
    in_work(database, lambda work: work.directory.change_admins())
    assert read(database, lambda work: work.directory.admins_who_can_log_in(NOW)) == count
