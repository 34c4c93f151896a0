"""``ticket new``, ``merge``, ``split``: where tickets come from."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.newticket import open_ticket
from helpdesk.actions.regroup import authors_of, look_at_merging, merge_tickets, post_at, split_ticket
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Urgency
from shell.commands.people import address, complete_person
from shell.commands.tickets import number, number_argument, ticket_before
from shell.commands.typed import text_for
from shell.completers import complete_number, complete_team
from shell.keyboard import Keyboard
from shell.numbers import row_number
from shell.verbs import Arguments, Verb

SHOWN_CHARS = 200


def _new_arguments(arguments: Arguments) -> None:
    arguments.add_text()
    arguments.add(
        "--subject", help=("in a few words; else you are asked", "en quelques mots ; sinon demandé")
    )
    arguments.add(
        "--for",
        dest="address",
        type=address,
        metavar="EMAIL",
        complete=complete_person,
        help=("whose ticket it is (default: yours)", "à qui il est (défaut : à vous)"),
    )
    arguments.add(
        "--urgency",
        choices=[one.value for one in Urgency],
        default=Urgency.NORMAL.value,
        help=("how urgent (staff only)", "l'urgence (équipe seulement)"),
    )
    arguments.add("--team", default="", complete=complete_team, help=("give it to a team", "pour une équipe"))


def _new(keyboard: Keyboard, given: argparse.Namespace) -> int:
    words = keyboard.words
    subject = given.subject if given.subject is not None else keyboard.ask.line(words("Subject", "Objet"))
    with text_for(keyboard, given.text, "ticket new") as text:
        number = open_ticket(
            keyboard.desk,
            keyboard.actor,
            subject,
            text,
            address=given.address or "",
            urgency=Urgency(given.urgency),
            team=given.team,
        )
    keyboard.screen.say(words("Ticket {number} is open.", "Le ticket {number} est ouvert.", number=number))
    return 0


def _merge_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("into", choices=["into"], help=("this very word", "ce mot même"))
    arguments.add(
        "target", type=number, complete=complete_number, help=("the ticket that stays", "le ticket qui reste")
    )
    arguments.add("--yes", action="store_true", help=("do not ask first", "ne pas demander d'abord"))


def _merge(keyboard: Keyboard, given: argparse.Namespace) -> int:
    words, desk, actor = keyboard.words, keyboard.desk, keyboard.actor
    merging = look_at_merging(desk, actor, given.number, given.target)
    if not given.yes and keyboard.ask.at_terminal:
        for ticket in (merging.source, merging.target):
            keyboard.screen.say(f"#{ticket.number} {' '.join(ticket.subject.split())}")
        if merging.joining:
            keyboard.screen.say(
                words(
                    "These will read all of #{number} from now on, and get its letters: {names}",
                    "Ces personnes liront désormais tout le #{number} et recevront ses lettres : {names}",
                    number=given.target,
                    names=", ".join(merging.joining),
                )
            )
        if not keyboard.agrees(words("Merge them?", "Les fusionner ?")):
            keyboard.screen.say(words("Nothing was changed.", "Rien n'a été changé."))
            return 1
    merge_tickets(desk, actor, given.number, given.target)
    keyboard.screen.say(
        words(
            "Ticket {number} is part of ticket {target} now.",
            "Le ticket {number} fait maintenant partie du ticket {target}.",
            number=given.number,
            target=given.target,
        )
    )
    return 0


def _complete_post(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the numbers of a ticket's posts, with who wrote them: what they say is read with a row on record."""
    for place, author in enumerate(authors_of(keyboard.desk, keyboard.actor, ticket_before(keyboard)), 1):
        if str(place).startswith(typed):
            yield str(place), author


def _split_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add(
        "post",
        type=row_number,
        metavar="POST",
        complete=_complete_post,
        help=("its number in ticket show", "son numéro dans show"),
    )
    arguments.add("--subject", default="", help=("of the new ticket", "du nouveau ticket"))
    arguments.add("--yes", action="store_true", help=("do not ask first", "ne pas demander d'abord"))


def _split(keyboard: Keyboard, given: argparse.Namespace) -> int:
    words = keyboard.words
    post = post_at(keyboard.desk, keyboard.actor, given.number, given.post)
    if not given.yes and keyboard.ask.at_terminal:
        keyboard.screen.say(f"{post.author}{keyboard.words.colon}{' '.join(post.text.split())[:SHOWN_CHARS]}")
        if not keyboard.agrees(words("Make it a ticket?", "En faire un ticket ?")):
            keyboard.screen.say(words("Nothing was changed.", "Rien n'a été changé."))
            return 1
    number = split_ticket(keyboard.desk, keyboard.actor, given.number, post, given.subject)
    keyboard.screen.say(
        words("It is ticket {number} now.", "C'est maintenant le ticket {number}.", number=number)
    )
    return 0


VERBS = (
    Verb("ticket", "new", ("open a ticket, also for somebody", "ouvrir un ticket, aussi pour autrui"),
         "ticket new --for jeanne@ecole.example --subject 'Écran noir' Elle a appelé : rien ne marche.",
         _new, Right.OPEN_TICKET, _new_arguments),
    Verb("ticket", "merge", ("let one ticket take another over", "fusionner un ticket dans un autre"),
         "ticket merge 13 into 12", _merge, Right.WORK_ON_TICKET, _merge_arguments),
    Verb("ticket", "split", ("make a post a ticket of its own", "faire d'un message un ticket"),
         "ticket split 12 3 --subject 'Écran noir'", _split, Right.WORK_ON_TICKET, _split_arguments),
)  # fmt: skip
