"""Answers that are written once and sent often. They are plain text: what looks like a placeholder is sent so."""

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.ticketwork import check_text, find_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.labels import label
from helpdesk.core.people import Language
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.canned import CannedAnswer
from helpdesk.store.work import Work, in_work


def canned_answers(desk: Desk, actor: Actor, name: str = "") -> list[CannedAnswer]:
    """Return all canned answers, or those of one name in every language. Raises Refused, NotAllowed."""
    require_right(desk.database, actor, Right.WORK_ON_TICKET)
    wanted = canned_name(name) if name else None
    with Work(desk.database, read_only=True) as work:
        found = work.canned.all(wanted)
    if wanted and not found:
        raise no_such_answer(wanted)
    return found


def canned_text(desk: Desk, actor: Actor, number: int, name: str) -> str:
    """Return a canned answer in the language of a ticket's requester. Raises Refused, NotAllowed."""
    ticket = find_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    found = canned_answers(desk, actor, name)
    with Work(desk.database, read_only=True) as work:
        language = work.people.by_ids([ticket.requester_id])[ticket.requester_id].language
    for answer in found:
        if answer.language is language:
            return answer.text
    there = ", ".join(answer.language.value for answer in found)
    raise Refused(
        f"the requester reads {language.value}, and {found[0].name} is there in {there} only;"
        f" write it with: canned set {found[0].name} --language {language.value}",
        f"le demandeur lit {language.value}, et {found[0].name} n'existe qu'en {there} ;"
        f" écrivez-la avec : canned set {found[0].name} --language {language.value}",
    )


def set_canned(desk: Desk, actor: Actor, name: str, language: Language, text: str) -> str:
    """Write a canned answer, over an older one; return its name as it is kept. Raises Refused, NotAllowed."""
    require_right(desk.database, actor, Right.WORK_ON_TICKET)
    check_text(text)
    answer = CannedAnswer(canned_name(name), language, text)

    def job(work: Work) -> None:
        work.canned.put(answer)
        detail = {"name": answer.name, "language": language.value}
        row = event_by(actor, Action.CANNED_ANSWER_SET, Outcome.SUCCESS, work.database_now(), **detail)
        work.audit.add([row])

    in_work(desk.database, job)
    return answer.name


def delete_canned(desk: Desk, actor: Actor, name: str, language: Language | None) -> int:
    """Delete a canned answer in one language or in all; return in how many. Raises Refused, NotAllowed."""
    require_right(desk.database, actor, Right.WORK_ON_TICKET)
    kept_as = canned_name(name)

    def job(work: Work) -> int:
        gone = work.canned.remove(kept_as, language)
        if not gone:
            raise no_such_answer(kept_as)
        detail = {"name": kept_as, "language": language.value if language else None}
        row = event_by(actor, Action.CANNED_ANSWER_DELETED, Outcome.SUCCESS, work.database_now(), **detail)
        work.audit.add([row])
        return gone

    return in_work(desk.database, job)


def canned_name(text: str) -> str:
    """Return the name of a canned answer in the form in which it is kept. Raises Refused where it can have none."""
    try:
        return label(text)
    except ValueError as error:
        french = "lettres, chiffres, points et traits d'union, 50 au plus"
        raise Refused(f"{text}: {error}", f"{text} : attendu {french}") from error


def no_such_answer(name: str) -> Refused:
    """Return the error for a canned answer that is not there."""
    return Refused(
        f"there is no canned answer {name}; canned list shows them",
        f"il n'y a pas de réponse type {name} ; canned list les montre",
    )
