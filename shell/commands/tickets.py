"""``ticket list`` and ``ticket show``: look at tickets."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.tickets import ShownTicket, listed_tickets, shown_ticket
from helpdesk.core.folds import visible_text
from helpdesk.core.mail import Fold
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.listing import ListedTicket, TicketFilter
from helpdesk.store.posts import ShownPost
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


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    shown = shown_ticket(keyboard.desk, keyboard.actor, given.number)
    if given.json:
        keyboard.screen.json(_shown_json(shown))
        return 0
    screen, words, ticket = keyboard.screen, keyboard.words, shown.ticket
    screen.say(f"#{ticket.number} {' '.join(ticket.subject.split())}", "bold")
    line = [
        ticket.status.in_words(words.language),
        ticket.urgency.in_words(words.language),
        words("opened by {name}", "ouvert par {name}", name=shown.requester),
    ]
    if shown.assignee:
        line.append(words("assigned to {name}", "attribué à {name}", name=shown.assignee))
    line += [f"#{tag}" for tag in shown.tags]
    screen.say(", ".join(line))
    for post in shown.posts:
        _show_post(keyboard, post, given.quotes)
        for attachment in shown.attachments:
            if attachment.post_id == post.id:
                screen.say(
                    words(
                        "    [{name}, {size} bytes]",
                        "    [{name}, {size} octets]",
                        name=attachment.name,
                        size=attachment.size,
                    )
                )
    if given.history:
        _show_history(keyboard, shown)
    return 0


def _show_post(keyboard: Keyboard, post: ShownPost, quotes: bool) -> None:
    words = keyboard.words
    author = post.author or keyboard.settings.desk.name
    mark = words(" (internal note)", " (note interne)") if post.internal else ""
    keyboard.screen.say()
    keyboard.screen.say(
        f"{words.short(post.created_at)} {' '.join(author.split())}{mark}:",
        "yellow" if post.internal else "cyan",
    )
    folds = () if quotes else tuple(Fold(start, end, kind) for start, end, kind in post.folds)
    hidden = sum(len(post.text[fold.start : fold.end].splitlines()) for fold in folds)
    for line in visible_text(post.text, folds).replace("\r\n", "\n").strip("\n").split("\n"):
        keyboard.screen.say(f"    {line}".rstrip())
    if hidden:
        keyboard.screen.say(
            words(
                "    [{count} lines of quotes and signature hidden; --quotes shows them]",
                "    [{count} lignes de citation et de signature cachées ; --quotes les montre]",
                count=hidden,
            ),
            "dim",
        )


def _show_history(keyboard: Keyboard, shown: ShownTicket) -> None:
    keyboard.screen.say()
    for change in shown.history:
        who = change.person or keyboard.settings.desk.name
        keyboard.screen.say(
            f"{keyboard.words.short(change.at)} {who}: {change.kind} {change.before} → {change.after}".rstrip()
        )


def _show_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("--quotes", action="store_true", help=("show quotes too", "montrer aussi les citations"))
    arguments.add(
        "--history", action="store_true", help=("show who changed what", "montrer qui a changé quoi")
    )


def _shown_json(shown: ShownTicket) -> dict[str, object]:
    return {
        "number": shown.ticket.number,
        "subject": shown.ticket.subject,
        "status": shown.ticket.status.value,
        "urgency": shown.ticket.urgency.value,
        "requester": shown.requester,
        "assignee": shown.assignee or None,
        "tags": list(shown.tags),
        "posts": [
            {
                "author": post.author or None,
                "internal": post.internal,
                "text": post.text,
                "created_at": post.created_at,
                "attachments": [
                    {"name": a.name, "content_type": a.content_type, "size": a.size, "sha256": a.sha256}
                    for a in shown.attachments
                    if a.post_id == post.id
                ],
            }
            for post in shown.posts
        ],
        "history": [
            {
                "at": one.at,
                "person": one.person or None,
                "kind": one.kind,
                "before": one.before,
                "after": one.after,
            }
            for one in shown.history
        ],
    }


VERBS = (
    Verb("ticket", "list", ("tickets, newest first", "tickets, les plus récents d'abord"),
         "ticket list --status waiting --unassigned", _list, Right.SEE_TICKET, _list_arguments, reads=True),
    Verb("ticket", "show", ("one ticket with its conversation", "un ticket avec sa conversation"),
         "ticket show 12 --history", _show, Right.SEE_TICKET, _show_arguments, reads=True),
)  # fmt: skip
