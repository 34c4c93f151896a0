"""``ticket show``: one ticket with its conversation and what staff need to know of it."""

import argparse

from helpdesk.actions.tickets import ShownTicket, shown_ticket
from helpdesk.core.folds import visible_text
from helpdesk.core.mail import Fold
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.history import Change
from helpdesk.store.posts import ShownPost
from shell.commands.tickets import number_argument
from shell.keyboard import Keyboard
from shell.mailwords import mail_reason, mail_word
from shell.notewords import desk_note
from shell.screen import beginning
from shell.verbs import Arguments, Verb
from shell.words import Words

KINDS = {  # of changes, in French; English is what the history itself says
    "status": "statut",
    "urgency": "urgence",
    "assignee": "attribué à",
    "team": "équipe",
    "opened": "ouvert pour",
    "merged": "fusionné dans",
    "took over": "a repris",
    "split": "scindé",
    "closed": "clos",
    "deleted": "supprimé",
    "restored": "restauré",
    "answer undone": "réponse annulée",
}
VALUES = ("status", "urgency", "assignee", "team")  # what a ticket has one of, or none
STRONG = ("pass", "pass-dkim")
POST_ROWS = 40  # of one post, unless all is asked for
INDENT = "    "


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    shown = shown_ticket(keyboard.desk, keyboard.actor, given.number)
    if given.json:
        keyboard.screen.json(_json(shown))
        return 0
    _show_head(keyboard, shown)
    numbers = {post.id: place for place, post in enumerate(shown.posts, 1)}
    places = {id(one): place for place, one in enumerate(shown.attachments, 1)}
    for post in shown.posts:
        _show_post(keyboard, shown, post, numbers[post.id])
        _show_text(keyboard, post, given)
        for one in shown.attachments:
            if one.post_id == post.id:
                keyboard.screen.say(
                    keyboard.words(
                        "    [attachment {place}: {name}, {size} bytes]",
                        "    [pièce jointe {place} : {name}, {size} octets]",
                        place=places[id(one)],
                        name=one.name,
                        size=one.size,
                    )
                )
    if given.history:
        _show_history(keyboard, shown)
    return 0


def _show_head(keyboard: Keyboard, shown: ShownTicket) -> None:
    screen, words, ticket = keyboard.screen, keyboard.words, shown.ticket
    screen.say(f"#{ticket.number} {' '.join(ticket.subject.split())}", "bold")
    line = [
        ticket.status.in_words(words.language),
        ticket.urgency.in_words(words.language),
        words("opened by {name}", "ouvert par {name}", name=shown.requester),
    ]
    if shown.assignee:
        line.append(words("assigned to {name}", "attribué à {name}", name=shown.assignee))
    if shown.team:
        line.append(words("team {name}", "équipe {name}", name=shown.team))
    line += [f"#{tag}" for tag in shown.tags]
    screen.say(", ".join(line))
    if ticket.deleted:
        screen.say(words("This ticket is deleted.", "Ce ticket est supprimé."), "red")
    if shown.merged_into is not None:
        text = ("It was merged into ticket {number}.", "Il a été fusionné dans le ticket {number}.")
        screen.say(words(*text, number=shown.merged_into), "yellow")
    if shown.merged:
        numbers = ", ".join(f"#{number}" for number in shown.merged.values())
        screen.say(words("It took over {numbers}.", "Il a repris {numbers}.", numbers=numbers))


def _show_post(keyboard: Keyboard, shown: ShownTicket, post: ShownPost, number: int) -> None:
    words, screen = keyboard.words, keyboard.screen
    author = post.author or keyboard.settings.desk.name
    mark = words(" (internal note)", " (note interne)") if post.internal else ""
    source = f" [#{shown.merged[post.ticket_id]}]" if post.ticket_id in shown.merged else ""
    screen.say()
    head = f"{number}. {words.short(post.created_at)} {' '.join(author.split())}{mark}{source}{words.colon.rstrip()}"
    screen.say(head, "yellow" if post.internal else "cyan")
    if post.verdict:
        text = f"mail, {mail_word(words, post.verdict)}{words.colon}{mail_reason(words, post.verdict_reason)}"
        screen.say(f"    [{text}]", "dim" if post.verdict in STRONG else "red")


def _show_text(keyboard: Keyboard, post: ShownPost, given: argparse.Namespace) -> None:
    """Show what somebody wrote, without quotes and its end where it is long, unless asked for."""
    words, screen = keyboard.words, keyboard.screen
    folds = () if given.quotes else tuple(Fold(start, end, kind) for start, end, kind in post.folds)
    hidden = sum(len(post.text[fold.start : fold.end].splitlines()) for fold in folds)
    text, left = visible_text(post.text, folds).replace("\r\n", "\n").strip("\n"), 0
    if post.internal and not post.author:
        text = desk_note(words, text)
    if not given.full:
        text, left = beginning(text, POST_ROWS, max(screen.width - len(INDENT), 1))
    for line in text.split("\n"):
        screen.say(f"{INDENT}{line}".rstrip())
    if left:
        more = (
            "    [lines left: {count}; --full shows them]",
            "    [lignes restantes : {count} ; --full les montre]",
        )
        screen.say(words(*more, count=left), "dim")
    if hidden:
        screen.say(
            words(
                "    [{count} lines of quotes and signature hidden; --quotes shows them]",
                "    [{count} lignes de citation et de signature cachées ; --quotes les montre]",
                count=hidden,
            ),
            "dim",
        )


def _show_history(keyboard: Keyboard, shown: ShownTicket) -> None:
    words = keyboard.words
    keyboard.screen.say()
    keyboard.screen.say(words("History:", "Historique :"), "bold")
    if not shown.history:
        keyboard.screen.say(words("    nothing was changed", "    rien n'a été changé"))
    for change in shown.history:
        who = change.person or keyboard.settings.desk.name
        keyboard.screen.say(
            f"    {words.short(change.at)} {' '.join(who.split())}{words.colon}{_change(words, change)}"
        )


def _change(words: Words, change: Change) -> str:
    """Return what was changed; of tags those that came or went, since others may have stayed."""
    before, after = (_value(words, change, value) for value in (change.before, change.after))
    if change.kind == "tags":
        did = (
            words("tags added", "étiquettes ajoutées")
            if after
            else words("tags removed", "étiquettes enlevées")
        )
        return f"{did}{words.colon}{after or before}"
    kind = words(change.kind, KINDS.get(change.kind, change.kind))
    if change.kind in VALUES:
        return f"{kind} {before or '—'} → {after or '—'}"
    return f"{kind} {before} →" if before else f"{kind} {after}".rstrip()


def _value(words: Words, change: Change, value: str) -> str:
    """Return a status or an urgency in words, and anything else as it is."""
    if change.kind == "status" and value in set(Status):
        return Status(value).in_words(words.language)
    if change.kind == "urgency" and value in set(Urgency):
        return Urgency(value).in_words(words.language)
    return " ".join(value.split())


def _show_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add("--quotes", action="store_true", help=("show quotes too", "montrer aussi les citations"))
    arguments.add(
        "--full",
        action="store_true",
        help=("show long posts to their end", "montrer les longs messages en entier"),
    )
    arguments.add(
        "--history", action="store_true", help=("show who changed what", "montrer qui a changé quoi")
    )


def _json(shown: ShownTicket) -> dict[str, object]:
    return {
        "number": shown.ticket.number,
        "subject": shown.ticket.subject,
        "status": shown.ticket.status.value,
        "urgency": shown.ticket.urgency.value,
        "requester": shown.requester,
        "assignee": shown.assignee or None,
        "team": shown.team or None,
        "deleted": shown.ticket.deleted,
        "merged_into": shown.merged_into,
        "merged": list(shown.merged.values()),
        "tags": list(shown.tags),
        "posts": [_post_json(shown, post, number) for number, post in enumerate(shown.posts, 1)],
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


def _post_json(shown: ShownTicket, post: ShownPost, number: int) -> dict[str, object]:
    return {
        "number": number,
        "author": post.author or None,
        "internal": post.internal,
        "ticket": shown.merged.get(post.ticket_id, shown.ticket.number),
        "verdict": post.verdict or None,
        "verdict_reason": post.verdict_reason or None,
        "text": post.text,
        "created_at": post.created_at,
        "attachments": [
            {
                "number": place,
                "name": a.name,
                "content_type": a.content_type,
                "size": a.size,
                "sha256": a.sha256,
            }
            for place, a in enumerate(shown.attachments, 1)
            if a.post_id == post.id
        ],
    }


VERBS = (
    Verb("ticket", "show", ("one ticket with its conversation", "un ticket avec sa conversation"),
         "ticket show 12 --history", _show, Right.SEE_TICKET, _show_arguments, reads=True),
)  # fmt: skip
