"""``ticket``: look at tickets."""

import argparse
import json
import os
from typing import TYPE_CHECKING

from helpdesk.actions.tickets import ShownTicket, newest_tickets, shown_ticket
from helpdesk.config import load
from helpdesk.core.folds import visible_text
from helpdesk.core.mail import Fold
from helpdesk.core.terminal import term_safe, term_safe_block
from helpdesk.store.posts import ShownPost
from shell.database import opened

if TYPE_CHECKING:
    Nouns = argparse._SubParsersAction[argparse.ArgumentParser]

STATUSES = {"waiting": "en attente", "in_progress": "en cours", "resolved": "résolu"}


def add_to(nouns: "Nouns") -> None:
    """Add the noun and its verbs to the command line."""
    ticket = nouns.add_parser("ticket", help="look at tickets", description="Look at tickets.")
    verbs = ticket.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="the newest tickets", description="The newest tickets.")
    listing.add_argument(
        "--limit", type=_count, default=20, metavar="N", help="at most so many (default: 20)"
    )
    listing.add_argument("--json", action="store_true", help="one JSON object per line")
    listing.set_defaults(run=_list)
    show = verbs.add_parser("show", help="one ticket with its conversation", description="One ticket, whole.")
    show.add_argument("number", type=int, help="as it stands in the subject, [#12]")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(run=_show)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {number}")
    return number


def _list(given: argparse.Namespace) -> int:
    with opened(load(given.config, os.environ)) as database:
        for ticket in newest_tickets(database, given.limit):
            if given.json:
                print(
                    json.dumps({"number": ticket.number, "status": ticket.status, "subject": ticket.subject})
                )
            else:
                print(f"#{ticket.number:<6} {STATUSES[ticket.status]:<11} {term_safe(ticket.subject, 80)}")
    return 0


def _show(given: argparse.Namespace) -> int:
    with opened(load(given.config, os.environ)) as database:
        shown = shown_ticket(database, given.number)
    if given.json:
        print(json.dumps(_as_json(shown)))
        return 0
    ticket = shown.ticket
    print(f"#{ticket.number} {term_safe(ticket.subject)}")
    print(f"{STATUSES[ticket.status]}, opened by {term_safe(shown.requester)}")
    for post in shown.posts:
        print(f"\n{_heading(post)}")
        print(_body(post))
        for attachment in shown.attachments:
            if attachment.post_id == post.id:
                print(f"    [{term_safe(attachment.name)}, {attachment.size} bytes]")
    return 0


def _heading(post: ShownPost) -> str:
    author = term_safe(post.author) if post.author else "helpdeskd"
    mark = " (internal note)" if post.internal else ""
    return f"{post.created_at.astimezone():%Y-%m-%d %H:%M} {author}{mark}:"


def _body(post: ShownPost) -> str:
    folds = tuple(Fold(start, end, kind) for start, end, kind in post.folds)
    hidden = sum(len(post.text[fold.start : fold.end].splitlines()) for fold in folds)
    text = term_safe_block(visible_text(post.text, folds)).strip("\n")
    lines = [f"    {line}".rstrip() for line in text.split("\n")]
    if hidden:
        lines.append(f"    [{hidden} lines of quotes and signature hidden]")
    return "\n".join(lines)


def _as_json(shown: ShownTicket) -> dict[str, object]:
    return {
        "number": shown.ticket.number,
        "subject": shown.ticket.subject,
        "status": shown.ticket.status,
        "requester": shown.requester,
        "posts": [
            {
                "author": post.author or None,
                "internal": post.internal,
                "text": post.text,
                "created_at": post.created_at.isoformat(),
                "attachments": [
                    {"name": a.name, "content_type": a.content_type, "size": a.size, "sha256": a.sha256}
                    for a in shown.attachments
                    if a.post_id == post.id
                ],
            }
            for post in shown.posts
        ],
    }
