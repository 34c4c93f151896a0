"""A contact who is registered reads alerts in their own language, whatever the desk's is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk.actions.alarms import raise_alarms
from helpdesk.actions.canary import look_for_canary, send_canary
from helpdesk.actions.certificates import tell_of_certificates
from helpdesk.actions.digest import hourly
from helpdesk.actions.mailboxalarms import tell_of_mailbox
from helpdesk.actions.overdue import remind_of_overdue
from helpdesk.actions.reconcile import raise_alarm
from helpdesk.core.alertwords import FOLDER_REFUSES, folder_refuses, refused_change
from helpdesk.core.audit import Action
from helpdesk.core.certificates import Certificate
from helpdesk.core.jobs import JobName, JobPlan
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.people import Language
from helpdesk.core.reconciling import Reconciled
from helpdesk.core.suspicion import Alarm
from helpdesk.store.tables import letters, tickets
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, ZOE, IntakeBench, a_mail, bench
from tests.actions.turns import a_turn

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    """A French desk with two contacts: one whom nobody registered, and Zoé, who reads English."""
    made = bench(each_url, tmp_path, alert_addresses=(ADMIN, ZOE))
    made.person()
    made.person(ZOE, language=Language.EN)
    yield made
    made.close()


def raise_one(desk: IntakeBench, alarm: Alarm) -> None:
    in_work(desk.desk.database, lambda work: raise_alarms(work, desk.desk, [alarm], desk.now))


def forged_mail(desk: IntakeBench) -> None:
    desk.file(a_mail(says=("dmarc=fail header.from=univ.example",)))


def a_cap(desk: IntakeBench) -> None:
    one = replace(desk, desk=replace(desk.desk, limits=LetterLimits(100, 100, 100, 100, overall_hour=1)))
    one.file(a_mail(message_id="<1@x>"), a_mail("Autre", message_id="<2@x>"))


def a_digest(desk: IntakeBench) -> None:
    desk.file(a_mail(says=("dmarc=none header.from=univ.example",)))
    desk.later(HOUR)
    hourly(desk.desk)


def a_lock(desk: IntakeBench) -> None:
    raise_one(desk, Alarm(Action.LOGIN_LOCKED, "nobody"))


def a_refused_change(desk: IntakeBench) -> None:
    raise_one(desk, Alarm(Action.UNAUTHORIZED_ROLE_CHANGE, "1", reason=refused_change("")))


def a_mailbox(desk: IntakeBench) -> None:
    reason = folder_refuses("main", "Done", "quota")
    tell_of_mailbox(desk.desk, "folder_refuses", "main", FOLDER_REFUSES, reason, 2, "Done")


def a_certificate(desk: IntakeBench) -> None:
    tell_of_certificates(desk.desk, [Certificate("smtp", desk.now + HOUR, "ab")])


def a_comparison(desk: IntakeBench) -> None:
    raise_alarm(desk.desk, Reconciled("main", without_fate=2))


def a_lost_canary(desk: IntakeBench) -> None:
    send_canary(desk.desk, JobPlan(), a_turn(desk.now, JobName.CANARY))
    look_for_canary(desk.desk, JobPlan(), a_turn(desk.now, JobName.CANARY_BACK))


def an_overdue_ticket(desk: IntakeBench) -> None:
    desk.file(a_mail())
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(tickets).values(due_at=desk.now))
    remind_of_overdue(desk.desk, JobPlan(), a_turn())


def text_to(desk: IntakeBench, recipient: str) -> str:
    """Return subject and text of the letter to a contact."""
    (content,) = [row["content"] for row in desk.rows(letters) if row["recipient"] == recipient]
    message = message_from_bytes(content, policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    return f"{message['Subject']}\n{part.get_content()}".replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("cause", "french", "english"),
    [
        (forged_mail, "Raison : le domaine de l’adresse dit", "Reason: the domain of the address says"),
        (a_cap, "Raison : le plafond de toutes les lettres", "Reason: the cap on all letters"),
        (a_digest, "Raison : expéditeur non prouvé (1)", "Reason: unproven sender (1)"),
        (a_lock, "connexion verrouillée", "a login was locked"),
        (a_refused_change, "Raison : un changement de rôle", "Reason: nobody who is logged in"),
        (a_mailbox, "Raison : boîte main", "Reason: mailbox main"),
        (a_certificate, "20 novembre 2026", "20 November 2026"),
        (a_comparison, "Raison : boîte main", "Reason: mailbox main"),
        (a_lost_canary, "Raison : une lettre du service", "Reason: a letter of the desk"),
        (an_overdue_ticket, "Une demande aurait dû", "Hello zoe"),
    ],
)
def test_each_contact_reads_their_own_language(
    desk: IntakeBench, cause: Callable[[IntakeBench], None], french: str, english: str
) -> None:
    cause(desk)
    assert french in text_to(desk, ADMIN)
    assert english in text_to(desk, ZOE)
