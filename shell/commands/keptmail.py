"""``quarantine show``: a safe look at one kept mail, with the verdict and why."""

import argparse

from helpdesk.actions.quarantine import ShownKept, shown_kept
from helpdesk.core.permissions import Right
from helpdesk.store.quarantine import Order
from shell.keyboard import Keyboard
from shell.mailwords import mail_reason, mail_word
from shell.notewords import order_outcome
from shell.numbers import row_number
from shell.preview import Preview, previewed
from shell.verbs import Arguments, Completer, Verb

MAX_LINES = 200
MAX_LINE = 500
MAIN_HEADERS = ("from", "to", "cc", "reply-to", "date", "subject")


def SHOW(complete: Completer) -> Verb:  # noqa: N802 - a verb like the others, but for its completer
    """Return the verb."""

    def arguments(collected: Arguments) -> None:
        collected.add(
            "id", type=row_number, metavar="ID", complete=complete, help=("which mail", "quel mail")
        )
        collected.add("--headers", action="store_true", help=("all headers", "tous les en-têtes"))
        collected.add("--full", action="store_true", help=("the whole text", "tout le texte"))

    about = (
        "a safe look at one mail, and why it is kept",
        "un regard sûr sur un mail, et pourquoi il est retenu",
    )
    return Verb(
        "quarantine",
        "show",
        about,
        "quarantine show 12345 --headers",
        _show,
        Right.QUARANTINE,
        arguments,
        reads=True,
    )


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    shown = shown_kept(keyboard.desk, keyboard.actor, given.id)
    look = None if shown.raw is None else previewed(shown.raw)
    if given.json:
        keyboard.screen.json(_as_json(shown, look))
        return 0
    _show_facts(keyboard, shown)
    if look is None:
        words = keyboard.words(
            "Its bytes cannot be read from here.", "Ses octets ne sont pas lisibles d'ici."
        )
        keyboard.screen.say(words, "yellow")
        return 0
    _show_look(keyboard, look, given.headers, None if given.full else MAX_LINES)
    return 0


def _show_facts(keyboard: Keyboard, shown: ShownKept) -> None:
    words, mail = keyboard.words, shown.mail
    keyboard.screen.say(
        words("mail {id}, {fate}", "mail {id}, {fate}", id=mail.id, fate=mail_word(words, mail.fate or "")),
        "bold",
    )
    size = words("{size} bytes", "{size} octets", size=mail.size)
    facts = [
        (words("seen", "vu"), f"{words.short(mail.seen_at)} ({mail.mailbox})"),
        (
            words("sender", "expéditeur"),
            f"{mail.sender or '?'}{f' ({shown.person})' if shown.person else ''}",
        ),
        (words("size", "taille"), size),
        (words("rule", "règle"), mail.rule),
        (words("why", "pourquoi"), mail_reason(words, mail.reason)),
        (
            words("verdict", "verdict"),
            f"{mail_word(words, mail.verdict)}{words.colon}{mail_reason(words, mail.verdict_reason)}",
        ),
    ]
    if shown.rejected:
        facts.append(
            (words("decided", "décidé"), words("rejected: it stays kept", "rejeté : il reste retenu"))
        )
    facts += [(words("asked", "demandé"), _order(keyboard, order)) for order in shown.orders]
    for label, value in facts:
        keyboard.screen.say(words("  {label}: {value}", "  {label} : {value}", label=label, value=value))


def _order(keyboard: Keyboard, order: Order) -> str:
    whose = f" {order.address}" if order.address else ""
    waits = keyboard.words("waits for the daemon", "attend le service")
    words = keyboard.words
    kind = mail_word(words, order.kind.value)
    return f"{kind}{whose}, {order.by or '-'}, {words.short(order.asked_at)}{words.colon}" + (
        order_outcome(words, order.outcome) if order.done_at else waits
    )


def _show_look(keyboard: Keyboard, look: Preview, every_header: bool, max_lines: int | None) -> None:
    words, screen = keyboard.words, keyboard.screen
    screen.say()
    for name, value in look.headers:
        if every_header or name in MAIN_HEADERS:
            screen.say(words("{name}: {value}", "{name} : {value}", name=name, value=value))
    if look.problem:
        screen.say(
            words("not all could be read: {why}", "tout n'a pu être lu : {why}", why=look.problem), "yellow"
        )
    screen.say()
    lines = look.text.replace("\r\n", "\n").strip("\n").split("\n") if look.text.strip() else []
    for line in lines[:max_lines]:
        screen.say(words("    {line}", "    {line}", line=line[:MAX_LINE]).rstrip())
    if max_lines is not None and len(lines) > max_lines:
        more = len(lines) - max_lines
        screen.say(
            words("    [{more} more lines; --full]", "    [encore {more} lignes ; --full]", more=more), "dim"
        )
    for name, content_type, size in look.attachments:
        screen.say(
            words("    [{name}, {kind}, {size} bytes, not opened]", "    [{name}, {kind}, {size} octets, non ouvert]",
                  name=name, kind=content_type, size=size)
        )  # fmt: skip


def _as_json(shown: ShownKept, look: Preview | None) -> dict[str, object]:
    mail = shown.mail
    return {
        "id": mail.id,
        "mailbox": mail.mailbox,
        "seen_at": mail.seen_at,
        "fate": mail.fate,
        "sender": mail.sender,
        "person": shown.person or None,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "size": mail.size,
        "rule": mail.rule,
        "reason": mail.reason,
        "verdict": mail.verdict,
        "verdict_reason": mail.verdict_reason,
        "rejected": shown.rejected,
        "orders": [
            {
                "kind": order.kind.value,
                "address": order.address or None,
                "by": order.by or None,
                "asked_at": order.asked_at,
                "done_at": order.done_at,
                "outcome": order.outcome,
            }
            for order in shown.orders
        ],
        "headers": [list(one) for one in look.headers] if look else None,
        "text": look.text if look else None,
        "attachments": [
            {"name": name, "content_type": kind, "size": size} for name, kind, size in look.attachments
        ]
        if look
        else None,
        "problem": look.problem if look else None,
    }
