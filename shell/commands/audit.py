"""``audit`` and ``suspicious``: who did what, and what was refused."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from helpdesk.actions.sessions import actor_of
from helpdesk.actions.trail import OF_MAILS, exported_trail, person_id_of, rows_since, suspicious, trail_rows
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Right
from helpdesk.core.terminal import term_safe
from helpdesk.store.trail import TrailFilter, TrailRow
from shell.commands.people import address, complete_person
from shell.completers import complete_ago, complete_path
from shell.keyboard import Keyboard
from shell.moments import SINCE, UNTIL, Moment, meant
from shell.newfile import FORMATS, format_of, new_file, write_rows
from shell.notewords import refused_kind
from shell.numbers import limit_argument, row_number
from shell.pause import pause
from shell.screen import Cell
from shell.verbs import Arguments, Verb
from shell.words import ONLY_SO_MANY

STYLES = {Outcome.FAIL.value: "yellow", Outcome.DENIED.value: "red"}
TEXT_DAYS = 7
FOLLOW_SECONDS = 1.0
OVERLAP = timedelta(seconds=10)  # a row is written before its transaction is seen
FIELDS = ("id", "at", "user_id", "person", "action", "status", "ip_address", "user_agent", "detail")


def complete_action(_keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the actions that begin as *typed*."""
    for action in Action:
        if action.value.startswith(typed.upper()):
            yield action.value, ""


def _action(text: str) -> str:
    name = text.upper()
    if name not in set(Action):
        close = get_close_matches(name, list(Action), 1)
        meant = "".join(f"\nDid you mean {one}?" for one in close)
        raise argparse.ArgumentTypeError(
            f"{term_safe(text, 60)} is no action, as {Action.LOGIN} or {Action.TICKET_OPENED}{meant}"
        )
    return name


def _filters(arguments: Arguments) -> None:
    arguments.add(
        "--person",
        type=address,
        metavar="EMAIL",
        complete=complete_person,
        help=("who did it", "qui l'a fait"),
    )
    arguments.add(
        "--action",
        type=_action,
        metavar="ACTION",
        complete=complete_action,
        help=("what was done", "ce qui fut fait"),
    )
    arguments.add(
        "--status", choices=[one.value for one in Outcome], help=("how it ended", "comment cela finit")
    )
    arguments.add("--since", type=Moment, metavar="WHEN", complete=complete_ago, help=SINCE)
    arguments.add("--until", type=Moment, metavar="WHEN", complete=complete_ago, help=UNTIL)
    arguments.add(
        "--text",
        default="",
        help=(
            f"stands in detail, address or client; of the last {TEXT_DAYS} days unless --since says otherwise",
            f"dans le détail, l'adresse ou le client ; des {TEXT_DAYS} derniers jours, sauf --since",
        ),
    )


def _list_arguments(arguments: Arguments) -> None:
    _filters(arguments)
    arguments.add("--before", type=row_number, metavar="ID", help=("the next page", "page suivante"))
    limit_argument(arguments)
    arguments.add(
        "--follow",
        action="store_true",
        help=("then show what comes; Ctrl-C ends it", "puis suivre ; Ctrl-C l'arrête"),
    )


def _wanted(keyboard: Keyboard, given: argparse.Namespace) -> TrailFilter:
    now, zone = keyboard.now(), keyboard.words.zone
    since = meant(given.since, now, zone)
    if given.text and since is None:
        since = now - timedelta(days=TEXT_DAYS)
    return TrailFilter(
        user_id=person_id_of(keyboard.desk, given.person) if given.person else None,
        action=given.action or "",
        status=given.status or "",
        text=given.text,
        since=since,
        until=meant(given.until, now, zone),
    )


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    wanted = replace(_wanted(keyboard, given), before=given.before, limit=given.limit)
    found = trail_rows(keyboard.desk, keyboard.actor, wanted)
    if given.follow:
        _show_rows(keyboard, found[::-1], given.json)
        return _follow(keyboard, wanted, found, given.json)
    _show_rows(keyboard, found, given.json)
    if not found and not given.json:
        keyboard.screen.say(keyboard.words("No such entry.", "Aucune entrée."))
    if len(found) == given.limit and not given.json:
        keyboard.screen.say(
            keyboard.words("More: --before {id}", "La suite : --before {id}", id=found[-1].id), "dim"
        )
    return 0


def _show_rows(keyboard: Keyboard, found: list[TrailRow], as_json: bool) -> None:
    if as_json:
        for row in found:
            keyboard.screen.json(_as_data(row))
        return
    words = keyboard.words
    heads = ("id", words("at", "le"), words("who", "qui"), "action", words("status", "statut"),
             words("from", "depuis"), words("detail", "détail"))  # fmt: skip
    rows = [
        (
            str(row.id),
            words.short(row.at),
            row.person or "-",
            row.action,
            Cell(row.status, STYLES.get(row.status, "")),
            row.user_agent or row.ip_address,
            " ".join(f"{name}={value}" for name, value in row.detail.items()),
        )
        for row in found
    ]
    if rows:
        keyboard.screen.table(heads, rows, grow=5)


def _follow(keyboard: Keyboard, wanted: TrailFilter, shown: list[TrailRow], as_json: bool) -> int:
    """Show new rows until Ctrl-C, or until the session ends: looking on does not keep it alive."""
    last = shown[0].at if shown else keyboard.now()
    near = rows_since(keyboard.desk, keyboard.actor, replace(wanted, since=last - OVERLAP, before=None))
    oldest = (shown[-1].at, shown[-1].id) if shown else (last, 0)
    left_out = [row for row in near if (row.at, row.id) < oldest]
    seen = {row.id: row.at for row in [*shown, *left_out]}
    try:
        while True:
            keyboard.screen.out.flush()
            pause(FOLLOW_SECONDS)
            if keyboard.token:
                keyboard.actor = actor_of(keyboard.door, keyboard.token, using=False)
            newer = replace(wanted, since=last - OVERLAP, before=None)
            fresh = [row for row in rows_since(keyboard.desk, keyboard.actor, newer) if row.id not in seen]
            if fresh:
                last = max(last, fresh[-1].at)
                seen = {key: at for key, at in seen.items() if at >= last - OVERLAP}
                seen |= {row.id: row.at for row in fresh}
                _show_rows(keyboard, fresh, as_json)
    except KeyboardInterrupt:
        return 0


def _as_data(row: TrailRow) -> dict[str, object]:
    return {**{name: getattr(row, name) for name in FIELDS}, "person": row.person or None}


def _export_arguments(arguments: Arguments) -> None:
    arguments.add(
        "file", type=Path, metavar="FILE", complete=complete_path, help=("a new file", "un nouveau fichier")
    )
    arguments.add(
        "--format", choices=FORMATS, help=("if its name does not say it", "si le nom ne le dit pas")
    )
    _filters(arguments)


def _export(keyboard: Keyboard, given: argparse.Namespace) -> int:
    form = format_of(given.file, given.format)
    wanted = _wanted(keyboard, given)
    wanted = replace(wanted, until=wanted.until or keyboard.now())
    with new_file(given.file) as out:
        pages = exported_trail(keyboard.desk, keyboard.actor, wanted, given.file.name)
        count = write_rows(out, form, FIELDS, ([_as_data(row) for row in page] for page in pages))
    keyboard.screen.say(
        keyboard.words(
            "{count} row(s) are in {file}, which only you can read.",
            "{count} ligne(s) dans {file}, lisible par vous seul.",
            count=count,
            file=given.file,
        )
    )
    return 0


def _suspicious_arguments(arguments: Arguments) -> None:
    arguments.add(
        "--since", type=Moment, default=Moment("7d"), metavar="WHEN", complete=complete_ago, help=SINCE
    )
    limit_argument(arguments, (" of a kind", " par genre"))


def _suspicious(keyboard: Keyboard, given: argparse.Namespace) -> int:
    since = given.since.meant(keyboard.now(), keyboard.words.zone)
    found = suspicious(keyboard.desk, keyboard.actor, since, given.limit)
    if given.json:
        for one in found:
            keyboard.screen.json(asdict(one))
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("Nothing was refused.", "Rien n'a été refusé."))
        return 0
    heads = (words("kind", "genre"), words("who", "qui"), words("from", "depuis"), words("times", "fois"),
             words("first", "première"), words("last", "dernière"))  # fmt: skip
    rows = [
        (
            refused_kind(words, one.kind),
            one.who or "-",
            one.origin,
            str(one.count),
            words.short(one.first_at),
            words.short(one.last_at),
        )
        for one in found
    ]
    keyboard.screen.table(heads, rows, grow=2, wraps=(0, 1, 2))
    of_mails = sum(one.kind.startswith(OF_MAILS) for one in found)
    if max(of_mails, len(found) - of_mails) >= given.limit:
        keyboard.screen.say(words(*ONLY_SO_MANY, limit=given.limit), "dim")
    return 0


AUDIT_VERBS = (
    Verb("audit", "list", ("who did what, newest first", "qui a fait quoi, le plus récent d'abord"),
         "audit list --status DENIED --since 7d", _list, Right.AUDIT, _list_arguments, reads=True),
    Verb("audit", "export", ("write the trail to a file", "écrire le journal dans un fichier"),
         "audit export audit.csv --since 2026-11-01", _export, Right.EXPORT, _export_arguments, grave=True),
)  # fmt: skip
SUSPICIOUS_VERBS = (
    Verb("suspicious", "list", ("what was refused, by kind and by who", "ce qui fut refusé, par genre et par qui"),
         "suspicious list --since 24h", _suspicious, Right.AUDIT, _suspicious_arguments, reads=True),
)  # fmt: skip
