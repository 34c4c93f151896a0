"""Attachments of tickets: list them, and take one out of the desk, which is on record."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by
from helpdesk.actions.tickets import shown_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.posts import ShownAttachment
from helpdesk.store.work import Work, in_work


@dataclass(frozen=True, slots=True)
class TakenAttachment:
    """An attachment with its bytes; whoever wrote the mail chose both."""

    name: str
    content: bytes = field(repr=False)


def attachments_of(desk: Desk, actor: Actor, number: int) -> Sequence[ShownAttachment]:
    """Return the attachments of a ticket in the order of its conversation. Raises Refused."""
    return shown_ticket(desk, actor, number).attachments


def take_attachment(desk: Desk, actor: Actor, number: int, wanted: str) -> TakenAttachment:
    """Return one attachment of a ticket, by its name or its place in the list, the first being 1. Raises Refused."""
    found = attachments_of(desk, actor, number)
    places = _places(found, wanted)
    if len(places) != 1:
        raise _which(found, number, wanted, places)
    one = found[places[0] - 1]
    try:
        content = desk.blobs.read(one.sha256)
    except OSError as error:
        raise Refused(
            f"the file of {one.name} cannot be read here ({error.strerror})",
            f"le fichier de {one.name} ne peut pas être lu ici ({error.strerror})",
        ) from error
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise Refused(
            f"the file of {one.name} is damaged: it is not what came in",
            f"le fichier de {one.name} est abîmé : ce n'est pas ce qui est arrivé",
        )

    def job(work: Work) -> None:
        detail = {"ticket": number, "sha256": one.sha256, "size": one.size}
        now = work.database_now()
        work.audit.add([event_by(actor, Action.ATTACHMENT_SAVED, Outcome.SUCCESS, now, **detail)])

    in_work(desk.database, job)
    return TakenAttachment(one.name, content)


def _places(found: Sequence[ShownAttachment], wanted: str) -> list[int]:
    named = [place for place, one in enumerate(found, 1) if one.name == wanted]
    if named or not (wanted.isascii() and wanted.isdigit()):
        return named
    return [int(wanted)] if len(wanted) < 6 and 0 < int(wanted) <= len(found) else []


def _which(found: Sequence[ShownAttachment], number: int, wanted: str, places: Sequence[int]) -> Refused:
    if places:
        several = ", ".join(map(str, places))
        return Refused(
            f"ticket {number} has several attachments {wanted}: say which by its number, {several}",
            f"le ticket {number} a plusieurs pièces {wanted} : donnez le numéro, {several}",
        )
    return Refused(
        f"ticket {number} has no attachment {wanted}; it has {len(found)}: attachment list {number}",
        f"le ticket {number} n'a pas de pièce {wanted} ; il en a {len(found)} : attachment list {number}",
    )
