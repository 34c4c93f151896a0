"""``ticket list``: which tickets there are."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.tickets import listed_tickets
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.listing import ListedTicket, TicketFilter
from shell.keyboard import Keyboard
from shell.screen import Cell
from shell.verbs import Arguments, Verb

STATUS_STYLES = {Status.WAITING: "yellow", Status.IN_PROGRESS: "cyan", Status.RESOLVED: "green"}
URGENCY_STYLES = {Urgency.LOW: "dim", Urgency.NORMAL: "", Urgency.HIGH: "yellow", Urgency.CRITICAL: "red"}
COMPLETED = 30


def complete_number(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the numbers of the newest tickets that begin as *typed*, with their subjects."""
    for ticket in listed_tickets(keyboard.desk, keyboard.actor, TicketFilter(limit=COMPLETED)):
        if str(ticket.number).startswith(typed):
            yield str(ticket.number), f"{ticket.subject} ({ticket.requester})"


def number_argument(arguments: Arguments) -> None:
    """Add the ticket that a verb is about."""
    arguments.add(
        "number",
        type=int,
        complete=complete_number,
        help=("as it stands in the subject, [#12]", "comme dans l'objet, [#12]"),
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {number}")
    return number


def _list_arguments(arguments: Arguments) -> None:
    arguments.add("--status", choices=[one.value for one in Status], help=("only these", "seulement ceux-ci"))
    arguments.add(
        "--urgency", choices=[one.value for one in Urgency], help=("only these", "seulement ceux-ci")
    )
    arguments.add("--mine", action="store_true", help=("assigned to me", "qui me sont attribués"))
    arguments.add("--unassigned", action="store_true", help=("nobody's yet", "encore à personne"))
    arguments.add("--overdue", action="store_true", help=("past their time", "en retard"))
    arguments.add(
        "--before",
        type=_count,
        metavar="NUMBER",
        help=("the next page: tickets below this number", "page suivante : sous ce numéro"),
    )
    arguments.add(
        "--limit",
        type=_count,
        default=20,
        metavar="N",
        help=("at most so many (default: 20)", "au plus autant (défaut : 20)"),
    )


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    wanted = TicketFilter(
        statuses=(Status(given.status),) if given.status else (),
        urgencies=(Urgency(given.urgency),) if given.urgency else (),
        assignee_id=keyboard.actor.person.id if given.mine else None,
        unassigned=given.unassigned,
        overdue=given.overdue,
        before=given.before,
        limit=given.limit,
    )
    found = listed_tickets(keyboard.desk, keyboard.actor, wanted)
    if given.json:
        for ticket in found:
            keyboard.screen.json(_listed_json(ticket))
        return 0
    if not found:
        keyboard.screen.say(keyboard.words("No such ticket.", "Aucun ticket."))
        return 0
    words = keyboard.words
    heads = ("#", words("status", "statut"), words("urgency", "urgence"), words("requester", "demandeur"),
             words("assignee", "attribué à"), words("updated", "modifié"), words("subject", "objet"))  # fmt: skip
    rows = [
        (
            str(ticket.number),
            Cell(ticket.status.in_words(words.language), STATUS_STYLES[ticket.status]),
            Cell(ticket.urgency.in_words(words.language), URGENCY_STYLES[ticket.urgency]),
            ticket.requester,
            ticket.assignee,
            words.short(ticket.updated_at),
            ticket.subject,
        )
        for ticket in found
    ]
    keyboard.screen.table(heads, rows)
    if len(found) == given.limit:
        more = words("More: --before {number}", "La suite : --before {number}", number=found[-1].number)
        keyboard.screen.say(more, "dim")
    return 0


def _listed_json(ticket: ListedTicket) -> dict[str, object]:
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "urgency": ticket.urgency.value,
        "requester": ticket.requester,
        "assignee": ticket.assignee or None,
        "opened_at": ticket.opened_at,
        "updated_at": ticket.updated_at,
        "due_at": ticket.due_at,
        "subject": ticket.subject,
    }


VERBS = (
    Verb("ticket", "list", ("tickets, newest first", "tickets, les plus récents d'abord"),
         "ticket list --status waiting --unassigned", _list, Right.SEE_TICKET, _list_arguments, reads=True),
)  # fmt: skip
