"""``letter`` and ``breaker``: what goes out, what does not, and why."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from email import message_from_bytes
from email.policy import SMTP

from helpdesk.actions.breakers import open_breakers, reset
from helpdesk.actions.resend import listed_letters, send_again, send_all_again, shown_letter
from helpdesk.core.permissions import Right
from helpdesk.errors import Refused
from helpdesk.store.rows import ListedLetter
from shell.keyboard import Keyboard
from shell.mailwords import mail_word
from shell.numbers import limit_argument, row_number
from shell.verbs import Arguments, Verb

STATES = ("dead", "queued", "sending", "sent")
SHOWN_HEADERS = ("To", "Subject", "Date", "Message-ID")


def complete_dead(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the ids of the newest dead letters that begin as *typed*, with whom they are for."""
    for letter in listed_letters(keyboard.database, "dead", 50, keyboard.actor):
        if str(letter.id).startswith(typed):
            yield str(letter.id), f"{mail_word(keyboard.words, letter.kind)} {letter.recipient}"


def complete_breaker(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the open breakers that begin as *typed*."""
    for breaker in open_breakers(keyboard.database, keyboard.actor):
        if breaker.scope.startswith(typed):
            yield breaker.scope, breaker.reason


def _list_arguments(arguments: Arguments) -> None:
    arguments.add(
        "--state",
        choices=STATES,
        default="dead",
        help=("which (default: dead)", "lesquelles (défaut : dead)"),
    )
    arguments.add("--before", type=row_number, metavar="ID", help=("the next page", "page suivante"))
    limit_argument(arguments)


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = listed_letters(keyboard.database, given.state, given.limit, keyboard.actor, before=given.before)
    if given.json:
        for letter in found:
            keyboard.screen.json(asdict(letter))
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(
            words(
                "No letter is {state}.", "Aucune lettre n'est {state}.", state=mail_word(words, given.state)
            )
        )
        return 0
    when = {
        "dead": words("given up", "abandonnée"),
        "queued": words("due", "due"),
        "sending": words("in hand until", "en main jusqu'à"),
        "sent": words("taken", "prise"),
    }[given.state]
    heads = ("id", words("kind", "genre"), words("to", "à"), "#", words("queued", "écrite"), when,
             words("tries", "essais"), words("why", "pourquoi"))  # fmt: skip
    keyboard.screen.table(heads, [_row(keyboard, letter) for letter in found], wraps=(2, 7))
    if len(found) == given.limit:
        keyboard.screen.say(words("More: --before {id}", "La suite : --before {id}", id=found[-1].id), "dim")
    return 0


def _row(keyboard: Keyboard, letter: ListedLetter) -> tuple[str, ...]:
    return (
        str(letter.id),
        mail_word(keyboard.words, letter.kind),
        letter.recipient,
        str(letter.ticket_number or ""),
        keyboard.words.short(letter.queued_at),
        keyboard.words.short(letter.next_at),
        str(letter.attempts),
        letter.last_error,
    )


def _id_argument(arguments: Arguments) -> None:
    arguments.add(
        "id", type=row_number, metavar="ID", complete=complete_dead, help=("which letter", "quelle lettre")
    )


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    content = shown_letter(keyboard.database, keyboard.actor, given.id)
    message = message_from_bytes(content, policy=SMTP)  # ours, so its headers can be trusted to parse
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None and content.partition(b"\r\n\r\n")[2] else ""
    if given.json:
        headers = {name.lower(): str(message[name] or "") for name in SHOWN_HEADERS}
        keyboard.screen.json({"id": given.id, **headers, "text": text})
        return 0
    words = keyboard.words
    for name in SHOWN_HEADERS:
        label = words(name, {"To": "À", "Subject": "Objet"}.get(name, name))
        keyboard.screen.say(f"{label}{words.colon}{message[name] or ''}", "bold")
    keyboard.screen.say()
    for line in text.splitlines():
        keyboard.screen.say(f"    {line}".rstrip())
    if not text:
        keyboard.screen.say(
            keyboard.words(
                "Its text is for its recipient alone.", "Son texte n'est que pour son destinataire."
            )
        )
    return 0


def _again_arguments(arguments: Arguments) -> None:
    arguments.add(
        "ids",
        type=row_number,
        nargs="*",
        metavar="ID",
        complete=complete_dead,
        help=("which letters", "quelles lettres"),
    )
    arguments.add("--all-dead", action="store_true", help=("all dead ones", "toutes les mortes"))
    arguments.add("--yes", action="store_true", help=("do not ask", "ne pas demander"))


def _again(keyboard: Keyboard, given: argparse.Namespace) -> int:
    words = keyboard.words
    if bool(given.ids) == given.all_dead:
        raise Refused("name letters, or say --all-dead", "nommez des lettres, ou dites --all-dead")
    if given.all_dead:
        question = words("Send all dead letters again?", "Renvoyer toutes les lettres mortes ?")
        if not given.yes and not keyboard.agrees(question):
            keyboard.screen.say(words("Nothing was done.", "Rien n'a été fait."))
            return 1
        count, over = send_all_again(keyboard.database, keyboard.actor)
    else:
        for letter_id in given.ids:
            send_again(keyboard.database, letter_id, keyboard.actor)
        count, over = len(given.ids), 0
    keyboard.screen.say(
        words("{count} letter(s) queued again.", "{count} lettre(s) remise(s) en file.", count=count)
    )
    if over:
        keyboard.screen.say(
            words(
                "{count} left out: login codes that are no longer valid.",
                "{count} laissée(s) de côté : des codes de connexion qui ne sont plus valables.",
                count=over,
            )
        )
    return 0


def _breakers(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = open_breakers(keyboard.database, keyboard.actor)
    if given.json:
        for breaker in found:
            keyboard.screen.json(asdict(breaker))
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("No breaker is open.", "Aucun disjoncteur n'est ouvert."))
        return 0
    heads = (words("scope", "portée"), words("letters wait", "lettres en attente"), words("since", "depuis"),
             words("until", "jusqu'à"), words("why", "pourquoi"))  # fmt: skip
    rows = [
        (one.scope, str(one.letters), words.short(one.opened_at), words.short(one.closes_at), one.reason)
        for one in found
    ]
    keyboard.screen.table(heads, rows, wraps=(0, 4))
    return 0


def _scope_argument(arguments: Arguments) -> None:
    arguments.add(
        "scope",
        metavar="SCOPE",
        complete=complete_breaker,
        help=("as the list shows it", "comme dans la liste"),
    )


def _reset(keyboard: Keyboard, given: argparse.Namespace) -> int:
    count = reset(keyboard.database, given.scope, keyboard.actor)
    keyboard.screen.say(
        keyboard.words(
            "{scope} is closed; {count} letter(s) go out now.",
            "{scope} est refermé ; {count} lettre(s) partent.",
            scope=given.scope,
            count=count,
        )
    )
    return 0


LETTER_VERBS = (
    Verb("letter", "list", ("letters by their state", "lettres selon leur état"), "letter list --state queued", _list,
         Right.LETTERS, _list_arguments, reads=True),
    Verb("letter", "show", ("one letter as it goes out", "une lettre telle qu'elle part"), "letter show 12345", _show,
         Right.LETTERS, _id_argument, reads=True),
    Verb("letter", "again", ("send dead letters again", "renvoyer des lettres mortes"), "letter again 12345", _again,
         Right.LETTERS, _again_arguments),
)  # fmt: skip
BREAKER_VERBS = (
    Verb("breaker", "list", ("caps that tripped", "plafonds atteints"), "breaker list", _breakers, Right.LETTERS,
         reads=True),
    Verb("breaker", "reset", ("close one before its time", "en refermer un avant l'heure"), "breaker reset hour:all",
         _reset, Right.LETTERS, _scope_argument),
)  # fmt: skip
