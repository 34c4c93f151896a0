"""``ticket reply``, ``note``, ``status``, ``undo``: work on tickets."""

import argparse
from email import message_from_bytes
from email.policy import SMTP
from functools import partial

from helpdesk.actions.canned import canned_text
from helpdesk.actions.ticketwork import (
    add_note,
    answer_ticket,
    change_status,
    preview_answer,
    workable_ticket,
)
from helpdesk.actions.undo import undo_answer
from helpdesk.core.letters import Letter
from helpdesk.core.people import Role
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status
from helpdesk.errors import Refused
from shell.commands.canned import complete_canned
from shell.commands.tickets import number_argument
from shell.commands.typed import keep_draft, text_for
from shell.completers import complete_answered
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Verb


def _text_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add_text()


def _reply_arguments(arguments: Arguments) -> None:
    _text_arguments(arguments)
    arguments.add(
        "--resolve", action="store_true", help=("resolve the ticket with it", "résoudre le ticket avec")
    )
    arguments.add(
        "--canned",
        metavar="NAME",
        complete=complete_canned,
        help=("send a canned answer, the text below it", "envoyer une réponse type, le texte dessous"),
    )
    arguments.add(
        "--yes", action="store_true", help=("do not ask before queueing", "ne pas demander avant l'envoi")
    )


def _reply(keyboard: Keyboard, given: argparse.Namespace) -> int:
    line = _reply_line(given)
    if given.canned and given.text is None:
        return _send(keyboard, given, "")
    with text_for(keyboard, given.text, line, lambda: _look(keyboard, given, Right.FOLLOW_UP)) as text:
        return _send(keyboard, given, text)


def _reply_line(given: argparse.Namespace) -> str:
    return f"ticket reply {given.number}"


def _look(keyboard: Keyboard, given: argparse.Namespace, of_users: Right) -> None:
    """Raise Refused where the ticket is not there or may not be written to."""
    right = of_users if keyboard.actor.person.role is Role.USER else Right.WORK_ON_TICKET
    workable_ticket(keyboard.desk, keyboard.actor, right, given.number)


def _send(keyboard: Keyboard, given: argparse.Namespace, typed: str) -> int:
    text = _answer_text(keyboard, given, typed)
    is_staff = keyboard.actor.person.role is not Role.USER
    if is_staff and not given.yes and keyboard.ask.at_terminal:
        keyboard.screen.say()
        letters = preview_answer(keyboard.desk, keyboard.actor, given.number, text, given.resolve)
        for letter in letters:
            _show_letter(keyboard, letter)
        if not keyboard.agrees(keyboard.words("Send it?", "L'envoyer ?")):
            raise Refused("nothing was sent", "rien n'a été envoyé")
    undo_seconds = keyboard.settings.tickets.undo_seconds
    sent = answer_ticket(keyboard.desk, keyboard.actor, given.number, text, given.resolve, undo_seconds)
    keyboard.screen.say(
        keyboard.words(
            "Written to ticket {number}; letters: {count}. For {seconds} s: ticket undo {number}",
            "Écrit au ticket {number} ; lettres : {count}. Pendant {seconds} s : ticket undo {number}",
            number=given.number,
            count=len(sent.recipients),
            seconds=undo_seconds,
        )
        if sent.recipients
        else keyboard.words("Written to ticket {number}.", "Écrit au ticket {number}.", number=given.number)
    )
    return 0


def _answer_text(keyboard: Keyboard, given: argparse.Namespace, typed: str) -> str:
    """Return a canned answer with what was typed below it, or only what was typed."""
    if not given.canned:
        return typed
    canned = canned_text(keyboard.desk, keyboard.actor, given.number, given.canned)
    return "\n\n".join([canned.strip("\n"), *filter(None, [typed])])


def _show_letter(keyboard: Keyboard, letter: Letter) -> None:
    """Show a letter as its recipient gets it; it is ours, so its headers can be trusted to parse."""
    message = message_from_bytes(letter.content, policy=SMTP)
    words = keyboard.words
    for name, label in (("To", words("To", "À")), ("Subject", words("Subject", "Objet"))):
        keyboard.screen.say(f"{label}{words.colon}{message[name]}", "bold")
    body = message.get_body(("plain",))
    keyboard.screen.say()
    for line in str(body.get_content() if body else "").splitlines():
        keyboard.screen.say(f"    {line}".rstrip())
    keyboard.screen.say()


def _undo(keyboard: Keyboard, given: argparse.Namespace) -> int:
    text = undo_answer(keyboard.desk, keyboard.actor, given.number)
    keyboard.screen.say(keyboard.words("Taken back. It was:", "Annulé. C'était :"))
    keyboard.screen.say(text, as_it_is=True)
    keep_draft(keyboard, _reply_line(given), text)
    return 0


def _note(keyboard: Keyboard, given: argparse.Namespace) -> int:
    line = f"ticket note {given.number}"
    with text_for(keyboard, given.text, line, lambda: _look(keyboard, given, Right.WORK_ON_TICKET)) as text:
        add_note(keyboard.desk, keyboard.actor, given.number, text)
    keyboard.screen.say(
        keyboard.words("Noted on ticket {number}.", "Noté sur le ticket {number}.", number=given.number)
    )
    return 0


def _status_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add(
        "status", choices=[status.value for status in Status], help=("where it goes", "ce qu'il devient")
    )


def _status(keyboard: Keyboard, given: argparse.Namespace) -> int:
    ticket = change_status(keyboard.desk, keyboard.actor, given.number, Status(given.status))
    keyboard.screen.say(
        keyboard.words(
            "Ticket {number} is {status}.",
            "Le ticket {number} est {status}.",
            number=ticket.number,
            status=ticket.status.in_words(keyboard.words.language),
        )
    )
    return 0


VERBS = (
    Verb("ticket", "reply", ("write to the requester", "écrire au demandeur"),
         "ticket reply 12 --resolve Un nouveau chargeur vous attend au bureau 4.", _reply, Right.FOLLOW_UP,
         _reply_arguments),
    Verb("ticket", "undo", ("take your last reply back", "annuler votre dernière réponse"), "ticket undo 12",
         _undo, Right.WORK_ON_TICKET, partial(number_argument, complete=complete_answered)),
    Verb("ticket", "note", ("write a note that only staff see", "écrire une note interne"),
         "ticket note 12 Pièce commandée", _note, Right.WORK_ON_TICKET, _text_arguments),
    Verb("ticket", "status", ("move a ticket", "changer le statut d'un ticket"), "ticket status 12 resolved",
         _status, Right.CLOSE_OWN, _status_arguments),
)  # fmt: skip
