"""``ticket watch``: what arrives, while one looks."""

import argparse
from datetime import UTC, datetime

from helpdesk.actions.tickets import arrived_posts
from helpdesk.core.permissions import Right
from helpdesk.core.terminal import term_safe
from helpdesk.errors import StoreAway
from helpdesk.store.listing import Arrived
from shell.keyboard import Keyboard
from shell.pause import pause
from shell.verbs import Arguments, Verb

LINES_BESIDE = 4  # the head, the foot, and room for the cursor
MOST = 200  # at once, where lines go to a pipe


def _watch_arguments(arguments: Arguments) -> None:
    seconds = [str(choice) for choice in (2, 5, 10, 30, 60)]
    arguments.add(
        "--every", choices=seconds, default="5", help=("seconds between looks", "secondes entre regards")
    )
    minutes = ["5", "60", "480", "1440"]
    arguments.add(
        "--minutes", choices=minutes, default="60", help=("how far back at first", "depuis combien")
    )
    arguments.add("--once", action="store_true", help=("look once and end", "regarder une fois et finir"))


def _watch(keyboard: Keyboard, given: argparse.Namespace) -> int:
    """Look again and again until Ctrl-C, or until the session ends: looking on does not keep it alive."""
    seen: set[int] = set()
    in_place = keyboard.screen.in_place and not given.json and not given.once
    try:
        while True:
            _look(keyboard, given, seen, in_place)
            if given.once:
                return 0
            pause(int(given.every))
            keyboard.look_again()
    except KeyboardInterrupt:
        if in_place:
            keyboard.screen.say()
        return 0


def _look(keyboard: Keyboard, given: argparse.Namespace, seen: set[int], in_place: bool) -> None:
    limit = max(keyboard.screen.height - LINES_BESIDE, 1) if in_place else MOST
    try:
        found = arrived_posts(keyboard.desk, keyboard.actor, int(given.minutes), limit)
    except StoreAway as away:  # a view that is left alone comes back by itself
        keyboard.screen.complain(f"helpdesk-admin: {term_safe(str(away))}")
        return
    new = {one.post_id for one in found} - seen
    if in_place:
        keyboard.screen.clear()
        _show(keyboard, found, new if seen else set(), given.every)
    else:
        for one in reversed(found):
            if one.post_id in new:
                _tell(keyboard, one, given.json)
    seen |= new


def _show(keyboard: Keyboard, found: list[Arrived], new: set[int], every: str) -> None:
    words, screen = keyboard.words, keyboard.screen
    texts = ("{now}, every {every} s; Ctrl-C ends", "{now}, toutes les {every} s ; Ctrl-C termine")
    screen.say(words(*texts, now=f"{datetime.now(UTC).astimezone(words.zone):%H:%M:%S}", every=every), "dim")
    for one in found:
        screen.line(_line(keyboard, one), "bold" if one.post_id in new else "")
    if not found:
        screen.say(words("Nothing yet.", "Rien encore."))


def _tell(keyboard: Keyboard, one: Arrived, as_json: bool) -> None:
    if not as_json:
        keyboard.screen.say(_line(keyboard, one))
        return
    what = "note" if one.internal else "opened" if one.opens else "post"
    keys = {"at": one.at, "number": one.number, "what": what, "author": one.author or None}
    keyboard.screen.json({**keys, "subject": one.subject})


def _line(keyboard: Keyboard, one: Arrived) -> str:
    words = keyboard.words
    kind = words("note", "note") if one.internal else words("new", "nouveau") if one.opens else ""
    author = term_safe(one.author or keyboard.settings.desk.name)
    parts = (
        words.short(one.at)[5:],
        f"#{one.number}",
        kind,
        f"{author}{words.colon.rstrip()}",
        term_safe(one.subject),
    )
    return " ".join(filter(None, parts))


VERBS = (
    Verb("ticket", "watch", ("what arrives, live", "ce qui arrive, en direct"), "ticket watch --every 10",
         _watch, Right.SEE_TICKET, _watch_arguments, reads=True),
)  # fmt: skip
