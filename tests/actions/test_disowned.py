"""« Pas moi »: the owner of a forged address freezes it for mail, by an answer from the proven address alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from helpdesk.actions.personwork import take_measure
from helpdesk.actions.places import PLACES
from helpdesk.core.people import AddressState, KnownAddress, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.standing import Measure, login_standing, standing
from helpdesk.core.tickets import Fate
from helpdesk.errors import Refused
from helpdesk.store.ids import new_id
from helpdesk.store.tables import addresses, audit_logs, letters, memberships, people, teams
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import ADMIN, JEAN, ZOE, IntakeBench, a_mail, bench
from tests.core.makers import DMARC_NONE, DMARC_PASS, SPF_PASS

FORGED = ("dmarc=fail header.from=univ.example",)
PROVEN = (DMARC_PASS, SPF_PASS)
WEAK = (DMARC_NONE, SPF_PASS)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    """A desk at which somebody wrote in Jean's name, on each engine in turn."""
    made = bench(each_url, tmp_path)
    made.person()
    made.file(a_mail(says=FORGED))
    yield made
    made.close()


def note(desk: IntakeBench) -> str:
    """Return the Message-ID of the note to the owner."""
    first = next(row for row in desk.rows(letters) if row["kind"] == "sender_forged")
    return str(message_from_bytes(first["content"])["Message-ID"])


def answer(
    desk: IntakeBench, text: str = "Pas moi !", says: Sequence[str] = PROVEN, *extra: str, **given: Any
) -> bytes:
    headers = [f"In-Reply-To: {note(desk)}", *extra]
    return a_mail("Re: ?", text, message_id="<not-me@x>", says=says, extra=headers, **given)


def jean(desk: IntakeBench) -> KnownAddress:
    with Work(desk.desk.database, read_only=True) as work:
        return work.people.known_addresses([JEAN])[JEAN]


def actions(desk: IntakeBench) -> list[str]:
    return [str(one) for one in desk.column(audit_logs, "action")]


def test_not_me_freezes_the_address_for_mail_and_tells_the_contacts(desk: IntakeBench) -> None:
    said, behind = desk.file(answer(desk), a_mail("Question", message_id="<q@x>", says=PROVEN))
    assert (said.fate, said.rule) == (Fate.COMMAND, "answers_our_question")
    assert behind.fate is Fate.HELD, "it was in the same batch"
    assert jean(desk).state is AddressState.SUSPENDED
    assert actions(desk)[-3:] == ["MAIL_HELD", "MAIL_DISOWNED", "ADDRESS_FROZEN"]
    assert desk.letters().count(("alert", ADMIN)) == 2  # of the forged mail, and of the answer
    (later,) = desk.file(a_mail("Encore", message_id="<q2@x>", says=PROVEN))
    assert later.fate is Fate.HELD


def letter_of(desk: IntakeBench, kind: str) -> str:
    """Return subject and text of the newest letter of a kind."""
    newest = [row for row in desk.rows(letters) if row["kind"] == kind][-1]
    message = message_from_bytes(newest["content"], policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    return f"{message['Subject']}\n{part.get_content()}"


def test_the_owner_is_told_what_was_frozen_and_what_comes_next(desk: IntakeBench) -> None:
    desk.file(answer(desk, "Bonjour,\n\nje n’ai rien envoyé.\n\nJean"))
    assert desk.letters().count(("address_frozen", JEAN)) == 1
    text = letter_of(desk, "address_frozen")
    assert "nous mettons de côté tout message qui porte votre adresse" in text
    assert "une personne de notre équipe regarde" in text
    assert "le titulaire répond" in letter_of(desk, "alert")


def test_the_owner_is_told_in_their_language(desk: IntakeBench) -> None:
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(people).values(language="en"))
    desk.file(answer(desk, "It was not me."))
    assert "we put aside every message that bears your address" in letter_of(desk, "address_frozen")


def test_the_note_counts_among_the_letters_that_an_owner_may_get(desk: IntakeBench) -> None:
    limit = desk.desk.thresholds.owner_letters_per_hour
    scope = {f"{PLACES}{jean(desk).person.id}": limit}
    in_work(desk.desk.database, lambda work: work.budgets.take(scope, limit, desk.now))
    desk.file(answer(desk))
    assert jean(desk).state is AddressState.SUSPENDED
    assert ("address_frozen", JEAN) not in desk.letters()


def test_an_admin_looks_and_takes_the_mail_again(desk: IntakeBench) -> None:
    admin = desk.person("boss@help.example", role=Role.ADMIN)
    desk.file(answer(desk))
    changed = take_measure(desk.desk.database, Actor(admin.person), JEAN, Measure.UNFREEZE)
    assert changed == [JEAN]
    assert desk.column(addresses, "state", "disowned_at")[0] == ("verified", None)
    (later,) = desk.file(a_mail("Encore", message_id="<q2@x>", says=PROVEN))
    assert later.fate is Fate.OPENED


@pytest.mark.parametrize("measure", [Measure.UNFREEZE, Measure.BLOCK])
def test_until_an_admin_looks_no_manager_decides(desk: IntakeBench, measure: Measure) -> None:
    boss, team = desk.person("boss@help.example", role=Role.MANAGER), new_id()
    with desk.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), {"id": team, "name": "Network"})
        connection.execute(insert(memberships), {"team_id": team, "person_id": jean(desk).person.id})
    manager = Actor(boss.person, frozenset({team}))
    take_measure(desk.desk.database, manager, JEAN, Measure.FREEZE)
    take_measure(desk.desk.database, manager, JEAN, Measure.UNFREEZE)
    desk.file(answer(desk))
    with pytest.raises(Refused, match="only an admin"):
        take_measure(desk.desk.database, manager, JEAN, measure)
    assert jean(desk).state is AddressState.SUSPENDED
    assert desk.rows(audit_logs)[-1]["status"] == "DENIED"


def test_what_is_frozen_is_mail_not_the_login(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    known = jean(desk)
    assert standing(known, desk.now) is AddressState.SUSPENDED
    assert login_standing(known, desk.now) is AddressState.VERIFIED


def test_an_address_that_staff_froze_logs_nobody_in(desk: IntakeBench) -> None:
    admin = desk.person("boss@help.example", role=Role.ADMIN)
    take_measure(desk.desk.database, Actor(admin.person), JEAN, Measure.FREEZE)
    assert login_standing(jean(desk), desk.now) is AddressState.SUSPENDED


@pytest.mark.parametrize(
    "text",
    ["oui", "non", "C'était moi, merci."],
    ids=["yes", "a bare no", "it was me"],
)
def test_any_other_answer_freezes_nothing(desk: IntakeBench, text: str) -> None:
    (said,) = desk.file(answer(desk, text))
    assert said.fate is Fate.OPENED
    assert jean(desk).state is AddressState.VERIFIED


@pytest.mark.parametrize("says", [FORGED, WEAK, ("dmarc=none",)], ids=["forged", "weak", "unproven"])
def test_an_answer_that_is_not_proven_freezes_nothing(desk: IntakeBench, says: Sequence[str]) -> None:
    (said,) = desk.file(answer(desk, "Pas moi", says))
    assert said.fate is Fate.HELD
    assert jean(desk).state is AddressState.VERIFIED


def test_nobody_else_can_freeze_an_address_with_its_mark(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(answer(desk, sender=f"Zoé <{ZOE}>"))
    assert jean(desk).state is AddressState.VERIFIED
    assert "MAIL_DISOWNED" not in actions(desk)


def test_a_mark_that_we_did_not_sign_freezes_nothing(desk: IntakeBench) -> None:
    token = note(desk).rpartition("-")[2].partition("@")[0]
    wrong = answer(desk).replace(token.encode(), b"a" * len(token))
    desk.file(wrong)
    assert jean(desk).state is AddressState.VERIFIED


def test_a_machine_freezes_nothing(desk: IntakeBench) -> None:
    desk.file(answer(desk, "Pas moi", PROVEN, "Auto-Submitted: auto-replied"))
    assert jean(desk).state is AddressState.VERIFIED


def test_the_mark_of_a_forged_mail_releases_nothing(desk: IntakeBench) -> None:
    desk.file(answer(desk, "Oui"))
    assert "HELD_MAIL_CONFIRMED" not in actions(desk)


def test_a_second_not_me_is_held_like_all_mail_from_there(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    again = replace(desk, source=desk.source)
    (said,) = again.file(answer(desk).replace(b"<not-me@x>", b"<again@x>"))
    assert said.fate is Fate.HELD
    assert actions(desk).count("MAIL_DISOWNED") == 1
