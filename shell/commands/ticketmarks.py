"""``ticket urgency``, ``assign``, ``take``, ``team``, tags, ``close``, ``reopen``, ``delete``, ``restore``."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial

from helpdesk.actions.handover import assign_ticket, give_to_team, take_ticket, unassign_ticket
from helpdesk.actions.marks import change_urgency, delete_ticket, restore_ticket, tag_ticket, untag_ticket
from helpdesk.actions.naming import tags_on
from helpdesk.actions.ticketwork import change_status, find_ticket
from helpdesk.core.people import Role
from helpdesk.core.permissions import Reach, Right, reach
from helpdesk.core.tickets import Status, Urgency
from helpdesk.errors import Refused
from shell.commands.people import address
from shell.commands.tickets import number_argument, ticket_before
from shell.completers import complete_colleagues_address, complete_deleted, complete_tag, complete_team
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Completer, Said, Verb


def _say(keyboard: Keyboard, english: str, french: str, **values: object) -> int:
    keyboard.screen.say(keyboard.words(english, french, **values))
    return 0


def _urgency_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("urgency", choices=[one.value for one in Urgency], help=("how urgent", "l'urgence"))


def _urgency(keyboard: Keyboard, given: argparse.Namespace) -> int:
    urgency = Urgency(given.urgency)
    change_urgency(keyboard.desk, keyboard.actor, given.number, urgency)
    told = urgency.in_words(keyboard.words.language)
    texts = ("The urgency of ticket {number} is {told}.", "L'urgence du ticket {number} est {told}.")
    return _say(keyboard, *texts, number=given.number, told=told)


def _assign_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add(
        "address",
        type=address,
        nargs="?",
        metavar="EMAIL",
        complete=complete_colleagues_address,
        help=("who answers for it", "qui s'en charge"),
    )
    arguments.add("--nobody", action="store_true", help=("take it from whoever has it", "à personne"))


def _assign(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if given.nobody == bool(given.address):
        raise Refused(
            "give an address or --nobody, one of them", "donnez une adresse ou --nobody, l'un des deux"
        )
    if given.nobody:
        unassign_ticket(keyboard.desk, keyboard.actor, given.number)
        texts = ("Ticket {number} is nobody's now.", "Le ticket {number} n'est plus à personne.")
        return _say(keyboard, *texts, number=given.number)
    person = assign_ticket(keyboard.desk, keyboard.actor, given.number, given.address)
    texts = ("Ticket {number} is assigned to {name}.", "Le ticket {number} est attribué à {name}.")
    return _say(keyboard, *texts, number=given.number, name=person.name)


def _take(keyboard: Keyboard, given: argparse.Namespace) -> int:
    take_ticket(keyboard.desk, keyboard.actor, given.number)
    return _say(keyboard, "Ticket {number} is yours.", "Le ticket {number} est à vous.", number=given.number)


def _team_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("team", complete=complete_team, help=("whose it is from now on", "à qui il est désormais"))


def _team(keyboard: Keyboard, given: argparse.Namespace) -> int:
    name = give_to_team(keyboard.desk, keyboard.actor, given.number, given.team)
    texts = ("Ticket {number} is given to {name}.", "Le ticket {number} est confié à {name}.")
    return _say(keyboard, *texts, number=given.number, name=name)


def _complete_tag_on(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the tags that the ticket has which stands before, those apart that stand there as well."""
    tags = tags_on(keyboard.desk, keyboard.actor, ticket_before(keyboard))
    return (
        (tag, "") for tag in tags if tag.startswith(typed.lower()) and tag not in keyboard.typed_before[3:]
    )


def _tag_arguments(arguments: Arguments, complete: Completer = complete_tag) -> None:
    number_argument(arguments)
    arguments.add(
        "tags",
        nargs="+",
        metavar="TAG",
        complete=complete,
        help=("short names, e.g. wifi", "noms courts, p. ex. wifi"),
    )


def _tag(keyboard: Keyboard, given: argparse.Namespace) -> int:
    return _tags(keyboard, given.number, tag_ticket(keyboard.desk, keyboard.actor, given.number, given.tags))


def _untag(keyboard: Keyboard, given: argparse.Namespace) -> int:
    return _tags(
        keyboard, given.number, untag_ticket(keyboard.desk, keyboard.actor, given.number, given.tags)
    )


def _tags(keyboard: Keyboard, number: int, tags: list[str]) -> int:
    told = " ".join(f"#{tag}" for tag in tags) or keyboard.words("none", "aucune")
    return _say(
        keyboard, "Tags of ticket {n}: {tags}", "Étiquettes du ticket {n} : {tags}", n=number, tags=told
    )


def _moves(
    status: Callable[[Keyboard], Status], texts: Said
) -> Callable[[Keyboard, argparse.Namespace], int]:
    def run(keyboard: Keyboard, given: argparse.Namespace) -> int:
        change_status(keyboard.desk, keyboard.actor, given.number, status(keyboard))
        return _say(keyboard, *texts, number=given.number)

    return run


def _reopened(keyboard: Keyboard) -> Status:
    """Whoever asked waits again; staff who reopen a ticket work on it."""
    return Status.WAITING if keyboard.actor.person.role is Role.USER else Status.IN_PROGRESS


def _delete_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("--yes", action="store_true", help=("do not ask first", "ne pas demander d'abord"))


def _delete(keyboard: Keyboard, given: argparse.Namespace) -> int:
    """Delete a ticket; ask whoever could not bring it back."""
    words = keyboard.words
    is_final = reach(keyboard.actor.person, Right.RESTORE_TICKET) is Reach.NONE
    if is_final and not given.yes and keyboard.ask.at_terminal:
        ticket = find_ticket(keyboard.desk, keyboard.actor, Right.DELETE_TICKET, given.number)
        keyboard.screen.say(f"#{ticket.number} {' '.join(ticket.subject.split())}")
        question = words(
            "You cannot bring it back. Withdraw it?", "Vous ne pourrez pas le restaurer. Le retirer ?"
        )
        if not keyboard.agrees(question):
            keyboard.screen.say(words("Nothing was changed.", "Rien n'a été changé."))
            return 1
    delete_ticket(keyboard.desk, keyboard.actor, given.number)
    return _say(
        keyboard, "Ticket {number} is deleted.", "Le ticket {number} est supprimé.", number=given.number
    )


def _restore(keyboard: Keyboard, given: argparse.Namespace) -> int:
    restore_ticket(keyboard.desk, keyboard.actor, given.number)
    return _say(
        keyboard, "Ticket {number} is back.", "Le ticket {number} est de retour.", number=given.number
    )


_close = _moves(lambda _: Status.RESOLVED, ("Ticket {number} is resolved.", "Le ticket {number} est résolu."))
_reopen = _moves(_reopened, ("Ticket {number} is open again.", "Le ticket {number} est rouvert."))

VERBS = (
    Verb("ticket", "urgency", ("say how urgent it is", "dire son urgence"), "ticket urgency 12 high", _urgency,
         Right.WORK_ON_TICKET, _urgency_arguments),
    Verb("ticket", "assign", ("make a person responsible", "charger quelqu'un d'un ticket"),
         "ticket assign 12 paul@ecole.example", _assign, Right.ASSIGN_TICKET, _assign_arguments),
    Verb("ticket", "take", ("make yourself responsible", "s'en charger soi-même"), "ticket take 12", _take,
         Right.ASSIGN_TICKET, number_argument),
    Verb("ticket", "team", ("give it to a team", "le confier à une équipe"), "ticket team 12 Réseau", _team,
         Right.ASSIGN_TICKET, _team_arguments),
    Verb("ticket", "tag", ("add tags", "ajouter des étiquettes"), "ticket tag 12 wifi batiment-b", _tag,
         Right.WORK_ON_TICKET, _tag_arguments),
    Verb("ticket", "untag", ("take tags off", "enlever des étiquettes"), "ticket untag 12 wifi", _untag,
         Right.WORK_ON_TICKET, partial(_tag_arguments, complete=_complete_tag_on)),
    Verb("ticket", "close", ("close a ticket", "fermer un ticket"), "ticket close 12", _close, Right.CLOSE_OWN,
         number_argument),
    Verb("ticket", "reopen", ("open a closed ticket again", "rouvrir un ticket fermé"), "ticket reopen 12",
         _reopen, Right.CLOSE_OWN, number_argument),
    Verb("ticket", "delete", ("delete it; withdraw your own while nobody works on it",
                              "le supprimer ; retirer le vôtre tant que personne ne s'en occupe"),
         "ticket delete 12", _delete, Right.DELETE_TICKET, _delete_arguments),
    Verb("ticket", "restore", ("bring a deleted ticket back", "restaurer un ticket supprimé"),
         "ticket restore 12", _restore, Right.RESTORE_TICKET,
         partial(number_argument, complete=complete_deleted)),
)  # fmt: skip
