"""A class from a file: judged whole, written in batches, never half by mistake."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.actions import roster
from helpdesk.actions.personwork import close_person, edit_person
from helpdesk.actions.roster import Imported, Ways, import_people
from helpdesk.core.people import AddressState, Language
from helpdesk.errors import Refused
from helpdesk.store.people import NewPerson
from helpdesk.store.tables import addresses, audit_logs
from helpdesk.store.work import in_work
from tests.actions.offices import ADMIN, AGENT, MANAGER, NETWORK, PRINTERS, STRANGER, USER, Office, office

FRENCH = Ways(Language.FR)
HEAD = "email;nom;langue;équipe;valide_du;valide_au"


@pytest.fixture
def here(each_url: str, tmp_path: Path) -> Iterator[Office]:
    made = office(each_url, tmp_path)
    yield made
    made.desk.close()


def read(here: Office, who: str, *lines: str, ways: Ways = FRENCH) -> Imported:
    """Import a file as Excel writes it in French."""
    data = "\r\n".join([HEAD, *lines, ""]).encode("cp1252")
    return import_people(here.desk.desk, here.actor(who), data, ways)


def lines(count: int) -> list[str]:
    return [f"p{number}@univ.example;Élève {number}" for number in range(count)]


def test_a_class_is_registered_with_teams_languages_and_dates(here: Office) -> None:
    done = read(
        here, ADMIN, "zoe@univ.example;Zoé Öst;en;reseau;01/12/2026;30/06/2027", "eve@univ.example;Eve"
    )
    assert done == Imported(2, 0, (), 2)
    zoe, eve = here.now_known("zoe@univ.example"), here.now_known("eve@univ.example")
    assert zoe
    assert eve
    assert (zoe.person.name, zoe.person.language, zoe.state) == (
        "Zoé Öst",
        Language.EN,
        AddressState.VERIFIED,
    )
    paris = ZoneInfo("Europe/Paris")
    assert here.desk.desk.stationery.zone == paris
    assert (str(zoe.valid_from), str(zoe.valid_until)) == (
        "2026-11-30 23:00:00+00:00",
        "2027-06-30 22:00:00+00:00",
    )
    assert (eve.person.language, eve.valid_from, eve.valid_until) == (Language.FR, None, None)
    assert here.actor("zoe@univ.example").team_ids == {here.teams[NETWORK]}
    assert here.actor("eve@univ.example").team_ids == frozenset()
    assert here.audit() == [("PEOPLE_IMPORTED", "SUCCESS")]
    assert here.detail()["count"] == 2


def test_a_managers_class_joins_the_managers_team_and_no_other(here: Office) -> None:
    done = read(here, MANAGER, "zoe@univ.example;Zoé", f"eve@univ.example;Eve;;{PRINTERS}")
    assert [(line.number, line.problem[0]) for line in done.bad] == [
        (3, f"there is no team {PRINTERS}; there are: {NETWORK}")
    ]
    assert read(here, MANAGER, "zoe@univ.example;Zoé").written == 1
    assert here.actor("zoe@univ.example").team_ids == {here.teams[NETWORK]}
    with here.refuses("there is no team"):
        read(here, MANAGER, "eve@univ.example;Eve", ways=replace(FRENCH, team=PRINTERS))


@pytest.mark.parametrize("who", [AGENT, USER])
def test_who_may_not_add_people_imports_nobody(here: Office, who: str) -> None:
    with here.refuses("your role", "UNAUTHORIZED_ACCESS"):
        read(here, who, "zoe@univ.example;Zoé")


def test_one_bad_line_keeps_all_out_unless_the_good_ones_suffice(here: Office) -> None:
    mixed = ["zoe@univ.example;Zoé", "x;X", f"{STRANGER};Somebody", "eve@univ.example;Eve"]
    before = here.people()
    done = read(here, ADMIN, *mixed)
    assert [(line.number, line.problem[0]) for line in done.bad] == [
        (3, "x: a mail address has an @, as in jean@example.org"),
        (4, f"{STRANGER} is registered already, with another name, team or other dates"),
    ]
    assert (done.good, done.written, here.people(), here.audit()) == (2, 0, before, [])
    done = read(here, ADMIN, *mixed, ways=replace(FRENCH, partial=True, dry_run=True))
    assert (done.good, done.written, here.people()) == (2, 0, before)
    done = read(here, ADMIN, *mixed, ways=replace(FRENCH, partial=True))
    assert (done.good, done.written, len(done.bad)) == (2, 2, 2)


def test_the_same_file_again_changes_nothing_and_other_words_are_bad_lines(here: Office) -> None:
    good = f"zoe@univ.example;Zoé;;{NETWORK};;30/06/2027"
    assert read(here, ADMIN, good).written == 1
    assert read(here, ADMIN, good) == Imported(0, 1, ())
    for other in (
        f"zoe@univ.example;Zoë Y;;{NETWORK};;30/06/2027",
        f"zoe@univ.example;Zoé;;{PRINTERS};;30/06/2027",
        f"zoe@univ.example;Zoé;;{NETWORK};;01/07/2027",
        f"{AGENT};Agent;;{NETWORK}",
    ):
        assert len(read(here, ADMIN, other).bad) == 1
    edit_person(here.database, here.actor(ADMIN), "zoe@univ.example", language=Language.EN)
    assert read(here, ADMIN, good).there == 1, "the language is not what makes them the same"
    close_person(here.database, here.actor(ADMIN), "zoe@univ.example")
    assert len(read(here, ADMIN, good).bad) == 1


def test_a_big_class_is_written_in_batches_and_goes_on_where_it_was_cut_off(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "AT_ONCE", 10)
    genuine = roster._write
    written: list[int] = []

    def cut(*given: object) -> int:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(genuine(*given))  # type: ignore[arg-type]
        return written[-1]

    monkeypatch.setattr(roster, "_write", cut)
    with pytest.raises(KeyboardInterrupt):
        read(here, ADMIN, *lines(25))
    assert len(here.desk.rows(addresses)) == 6 + 20
    monkeypatch.setattr(roster, "_write", genuine)
    assert read(here, ADMIN, *lines(25)) == Imported(5, 20, (), 5)
    assert [row["detail"]["count"] for row in here.desk.rows(audit_logs)] == [10, 10, 5]


def test_who_is_registered_by_somebody_else_meanwhile_stops_the_batch_in_plain_words(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = roster._write

    def rival(*given: object) -> int:
        if here.now_known("p7@univ.example") is None:
            new = NewPerson("Rival", Language.FR, "p7@univ.example", AddressState.PENDING)
            in_work(here.database, lambda work: work.people.register([new], work.database_now()))
        return genuine(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(roster, "_write", rival)
    monkeypatch.setattr(roster, "AT_ONCE", 5)
    with pytest.raises(Refused, match=r"somebody else registered one of these.* 5 people were written"):
        read(here, ADMIN, *lines(10))
    assert len(here.desk.rows(addresses)) == 6 + 1 + 5
