"""``ticket list`` and ``ticket search``: find tickets."""

import argparse
from collections.abc import Iterator, Mapping, Sequence

from helpdesk.actions.marks import tag_name
from helpdesk.actions.naming import person_meant, team_meant
from helpdesk.actions.people import main_addresses
from helpdesk.actions.tickets import FoundTicket, listed_tickets, searched_tickets
from helpdesk.core.paging import Mark, NoMark, Order, read_mark
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status, Urgency
from helpdesk.errors import Refused
from helpdesk.store.listing import ListedTicket, TicketFilter
from shell.completers import complete_colleague, complete_person, complete_tag, complete_team
from shell.keyboard import Keyboard
from shell.numbers import limit_argument
from shell.screen import Cell
from shell.verbs import Arguments, Verb

STATUS_STYLES = {Status.WAITING: "yellow", Status.IN_PROGRESS: "cyan", Status.RESOLVED: "green"}
URGENCY_STYLES = {Urgency.LOW: "dim", Urgency.NORMAL: "", Urgency.HIGH: "yellow", Urgency.CRITICAL: "red"}


def _filter_arguments(arguments: Arguments) -> None:
    only = ("only these; may be given several times", "seulement ceux-ci ; peut être répété")
    arguments.add("--status", action="append", choices=[one.value for one in Status], help=only)
    arguments.add("--urgency", action="append", choices=[one.value for one in Urgency], help=only)
    arguments.add("--team", complete=complete_team, help=("only this team's", "seulement de cette équipe"))
    with arguments.one_at_most():
        arguments.add(
            "--assignee",
            complete=complete_colleague,
            metavar="ADDRESS|NAME",
            help=("only assigned to this person", "seulement attribués à cette personne"),
        )
        arguments.add("--mine", action="store_true", help=("assigned to me", "qui me sont attribués"))
        arguments.add("--unassigned", action="store_true", help=("nobody's yet", "encore à personne"))
    arguments.add(
        "--requester",
        complete=complete_person,
        metavar="ADDRESS|NAME",
        help=("only asked for by this person", "seulement demandés par cette personne"),
    )
    arguments.add(
        "--tag", complete=complete_tag, help=("only with this tag", "seulement avec cette étiquette")
    )
    arguments.add(
        "--overdue",
        action="store_true",
        help=("past their time, the longest first", "en retard, le plus ancien retard d'abord"),
    )
    arguments.add(
        "--deleted",
        action="store_true",
        help=("deleted ones, which you may restore", "les supprimés, que vous pouvez restaurer"),
    )
    arguments.add(
        "--after",
        metavar="MARK",
        help=("the next page: the mark below the one before", "page suivante : la marque sous la précédente"),
    )
    limit_argument(arguments)


def _list_arguments(arguments: Arguments) -> None:
    _filter_arguments(arguments)
    arguments.add(
        "--sort",
        choices=[one.value for one in Order],
        help=(
            "number (newest first), updated (last changed first), due, urgency (both without resolved ones)",
            "number (récents d'abord), updated (derniers modifiés d'abord), due, urgency (sans les résolus)",
        ),
    )
    arguments.add(
        "--text",
        metavar="WORDS",
        help=("only with these words in them, newest first", "seulement avec ces mots, récents d'abord"),
    )


def _search_arguments(arguments: Arguments) -> None:
    arguments.add(
        "words",
        nargs="+",
        help=(
            "all must stand in the subject or the posts; three letters or more also find longer words",
            "tous doivent être dans l'objet ou les messages ; dès trois lettres, aussi des mots plus longs",
        ),
    )
    _filter_arguments(arguments)


def _filter(keyboard: Keyboard, given: argparse.Namespace, order: Order) -> TicketFilter:
    desk, actor = keyboard.desk, keyboard.actor
    assignee = actor.person.id if given.mine else None
    if given.assignee:
        assignee = person_meant(desk, actor, given.assignee)
    return TicketFilter(
        statuses=tuple(Status(one) for one in given.status or ()),
        urgencies=tuple(Urgency(one) for one in given.urgency or ()),
        requester_id=person_meant(desk, actor, given.requester) if given.requester else None,
        assignee_id=assignee,
        team_id=team_meant(desk, actor, given.team) if given.team else None,
        tag=tag_name(given.tag) if given.tag else "",
        unassigned=given.unassigned,
        overdue=given.overdue,
        deleted=given.deleted,
        order=order,
        after=_mark(order, given.after) if given.after else None,
        limit=given.limit,
    )


def _mark(order: Order, typed: str) -> Mark:
    try:
        return read_mark(order, typed)
    except NoMark as error:
        raise Refused(
            f"{typed} is no mark of a list sorted by {order.value}; copy the one below the page before",
            f"{typed} n'est pas la marque d'une liste triée par {order.value} ; copiez celle sous la page précédente",
        ) from error


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if given.text:
        if given.sort not in (None, Order.NUMBER.value):
            raise Refused(
                "with --text the newest tickets come first; leave --sort out",
                "avec --text les tickets récents viennent d'abord ; enlevez --sort",
            )
        wanted = _filter(keyboard, given, Order.NUMBER)
        matches = searched_tickets(keyboard.desk, keyboard.actor, given.text, wanted)
        return _print(keyboard, given, [one.ticket for one in matches], wanted)
    order = Order(given.sort) if given.sort else Order.DUE if given.overdue else Order.NUMBER
    wanted = _filter(keyboard, given, order)
    return _print(keyboard, given, listed_tickets(keyboard.desk, keyboard.actor, wanted), wanted)


def _print(
    keyboard: Keyboard, given: argparse.Namespace, found: Sequence[ListedTicket], wanted: TicketFilter
) -> int:
    if given.json:
        for one in _as_json(keyboard, found, wanted.order):
            keyboard.screen.json(one)
        return 0
    if not found:
        keyboard.screen.say(keyboard.words("No such ticket.", "Aucun ticket."))
        return 0
    words = keyboard.words
    by_due = wanted.order is Order.DUE
    heads = ("#", words("status", "statut"), words("urgency", "urgence"), words("requester", "demandeur"),
             words("assignee", "attribué à"), words("due", "échéance") if by_due else words("updated", "modifié"),
             words("subject", "objet"))  # fmt: skip
    rows = [
        (
            str(ticket.number),
            Cell(ticket.status.in_words(words.language), STATUS_STYLES[ticket.status]),
            Cell(ticket.urgency.in_words(words.language), URGENCY_STYLES[ticket.urgency]),
            ticket.requester,
            ticket.assignee,
            words.short(ticket.due_at if by_due else ticket.updated_at),
            ticket.subject,
        )
        for ticket in found
    ]
    keyboard.screen.table(heads, rows)
    _say_more(keyboard, given, found, wanted)
    return 0


def _search(keyboard: Keyboard, given: argparse.Namespace) -> int:
    wanted = _filter(keyboard, given, Order.NUMBER)
    found = searched_tickets(keyboard.desk, keyboard.actor, " ".join(given.words), wanted)
    if given.json:
        listed = _as_json(keyboard, [one.ticket for one in found], wanted.order)
        for told, one in zip(listed, found, strict=True):
            keyboard.screen.json(told | {"snippet": one.snippet})
        return 0
    if not found:
        keyboard.screen.say(keyboard.words("Nothing found.", "Rien trouvé."))
        return 0
    for one in found:
        _say_found(keyboard, one)
    _say_more(keyboard, given, [one.ticket for one in found], wanted)
    return 0


def _say_found(keyboard: Keyboard, one: FoundTicket) -> None:
    ticket, words = one.ticket, keyboard.words
    about = (ticket.status.in_words(words.language), words.short(ticket.opened_at), ticket.requester)
    keyboard.screen.say(f"#{ticket.number} {' '.join(ticket.subject.split())}", "bold")
    keyboard.screen.say(f"    {', '.join(' '.join(part.split()) for part in about)}", "dim")
    if one.snippet:
        keyboard.screen.say(f"    {one.snippet}")


def _say_more(
    keyboard: Keyboard, given: argparse.Namespace, found: Sequence[ListedTicket], wanted: TicketFilter
) -> None:
    if len(found) == given.limit:
        mark = found[-1].mark.in_words(wanted.order)
        keyboard.screen.say(
            keyboard.words("More: --after {mark}", "La suite : --after {mark}", mark=mark), "dim"
        )


def _as_json(keyboard: Keyboard, found: Sequence[ListedTicket], order: Order) -> Iterator[dict[str, object]]:
    people = {ticket.requester_id for ticket in found} | {one.assignee_id for one in found if one.assignee_id}
    addresses = main_addresses(keyboard.database, keyboard.actor, people)
    for ticket in found:
        yield _listed_json(ticket, order, addresses)


def _listed_json(ticket: ListedTicket, order: Order, addresses: Mapping[int, str]) -> dict[str, object]:
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "urgency": ticket.urgency.value,
        "requester": ticket.requester,
        "requester_address": addresses.get(ticket.requester_id),
        "assignee": ticket.assignee or None,
        "assignee_address": addresses.get(ticket.assignee_id) if ticket.assignee_id else None,
        "team": ticket.team or None,
        "opened_at": ticket.opened_at,
        "updated_at": ticket.updated_at,
        "due_at": ticket.due_at,
        "subject": ticket.subject,
        "mark": ticket.mark.in_words(order),
    }


VERBS = (
    Verb("ticket", "list", ("tickets, newest first", "tickets, les plus récents d'abord"),
         "ticket list --status waiting --unassigned --sort urgency", _list, Right.SEE_TICKET, _list_arguments,
         reads=True),
    Verb("ticket", "search", ("tickets by the words in them", "tickets d'après leurs mots"),
         "ticket search réunion projecteur --status waiting", _search, Right.SEE_TICKET, _search_arguments,
         reads=True),
)  # fmt: skip
