"""``statistics`` and ``ticket export``: tickets as figures, and as rows for a file."""

import argparse
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

from helpdesk.actions.figures import exported_tickets, statistics
from helpdesk.core.figures import TicketFigures, Waits, bar, joined, sparkline
from helpdesk.core.permissions import Right
from helpdesk.core.tickets import Status
from helpdesk.store.figures import ExportedTicket
from shell.completers import complete_ago, complete_path
from shell.keyboard import Keyboard
from shell.moments import SINCE, UNTIL, Moment, meant
from shell.newfile import FORMATS, format_of, new_file, write_rows
from shell.screen import wide
from shell.verbs import Arguments, Verb
from shell.words import Words

MAX_BAR = 40
MAX_TEAMS = 15
FIELDS = tuple(field.name for field in fields(ExportedTicket))
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _statistics_arguments(arguments: Arguments) -> None:
    arguments.add(
        "--since", type=Moment, default=Moment("30d"), metavar="WHEN", complete=complete_ago, help=SINCE
    )
    arguments.add("--until", type=Moment, metavar="WHEN", complete=complete_ago, help=UNTIL)


def _statistics(keyboard: Keyboard, given: argparse.Namespace) -> int:
    now, zone = keyboard.now(), keyboard.words.zone
    since, until = given.since.meant(now, zone), meant(given.until, now, zone) or now
    found = statistics(keyboard.desk, keyboard.actor, since, until, zone)
    if given.json:
        keyboard.screen.json(_as_json(found, since, until))
        return 0
    words = keyboard.words
    keyboard.screen.say(
        words(
            "tickets opened from {since} until {until}: {count}",
            "tickets ouverts du {since} au {until} : {count}",
            count=found.total,
            since=words.short(since),
            until=words.short(until),
        ),
        "bold",
    )
    _show_days(keyboard, found.per_day)
    names = {status.value: status.in_words(words.language) for status in Status}
    _show_bars(
        keyboard, words("status", "statut"), {names[key]: n for key, n in sorted(found.per_status.items())}
    )
    nobody = words("(no team)", "(sans équipe)")
    teams = dict(list(found.per_team.items())[:MAX_TEAMS])
    _show_bars(keyboard, words("team", "équipe"), {key or nobody: n for key, n in teams.items()})
    _show_waits(keyboard, found)
    return 0


def _show_days(keyboard: Keyboard, per_day: Mapping[date, int]) -> None:
    words, screen = keyboard.words, keyboard.screen
    if screen.plain:
        for day, count in per_day.items():
            screen.say(words("{day}: {count}", "{day} : {count}", day=day, count=count))
        return
    counts = list(per_day.values())
    drawn = joined(counts, max(screen.width - 30, 10))
    label = words("per day, at most {most}", "par jour, au plus {most}", most=max(counts, default=0))
    screen.say(f"{label}  {sparkline(drawn)}")


def _show_bars(keyboard: Keyboard, label: str, counts: Mapping[str, int]) -> None:
    screen, words = keyboard.screen, keyboard.words
    if not counts:
        return
    screen.say()
    screen.say(label, "bold")
    names = {name: words("{name}", "{name}", name=name) for name in counts}
    widest = min(max(wide(name) for name in names.values()), 30)
    columns = min(MAX_BAR, max(screen.width - widest - 14, 5))
    greatest = max(counts.values())
    for name, count in counts.items():
        if screen.plain:
            screen.say(f"{names[name]}{words.colon}{count}")
            continue
        padding = " " * max(widest - wide(names[name]), 0)
        screen.say(f"  {names[name]}{padding} {count:>8} {bar(count, greatest, columns)}".rstrip())


def _show_waits(keyboard: Keyboard, found: TicketFigures) -> None:
    words = keyboard.words
    keyboard.screen.say()
    heads = (words("time to", "délai de"), words("tickets", "tickets"), words("half within", "la moitié en"),
             words("9 in 10 within", "9 sur 10 en"))  # fmt: skip
    rows = [
        (name, str(waits.count), in_words(words, waits.median), in_words(words, waits.nine_in_ten))
        for name, waits in (
            (words("first answer", "première réponse"), found.first_answer),
            (words("resolution", "résolution"), found.resolution),
        )
    ]
    keyboard.screen.table(heads, rows)


def in_words(words: Words, seconds: float | None) -> str:
    """Return a length of time in its two largest units; empty for None."""
    if seconds is None:
        return ""
    left = int(seconds)
    parts: list[str] = []
    for unit, size in ((words("d", "j"), 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
        elif parts:
            break
        left %= size
        if len(parts) == 2:
            break
    return " ".join(parts)


def _as_json(found: TicketFigures, since: datetime, until: datetime) -> dict[str, object]:
    return {
        "since": since,
        "until": until,
        "total": found.total,
        "per_day": {day.isoformat(): count for day, count in found.per_day.items()},
        "per_status": {status.value: found.per_status.get(status.value, 0) for status in Status},
        "per_team": dict(found.per_team),
        "first_answer": _waits_json(found.first_answer),
        "resolution": _waits_json(found.resolution),
    }


def _waits_json(waits: Waits) -> dict[str, object]:
    return {"count": waits.count, "median_s": waits.median, "nine_in_ten_s": waits.nine_in_ten}


def _export_arguments(arguments: Arguments) -> None:
    arguments.add(
        "file", type=Path, metavar="FILE", complete=complete_path, help=("a new file", "un nouveau fichier")
    )
    arguments.add(
        "--format", choices=FORMATS, help=("if its name does not say it", "si le nom ne le dit pas")
    )
    arguments.add("--status", choices=[one.value for one in Status], help=("only these", "seulement ceux-ci"))
    arguments.add("--since", type=Moment, metavar="WHEN", complete=complete_ago, help=SINCE)
    arguments.add("--until", type=Moment, metavar="WHEN", complete=complete_ago, help=UNTIL)


def _export(keyboard: Keyboard, given: argparse.Namespace) -> int:
    now, zone = keyboard.now(), keyboard.words.zone
    form = format_of(given.file, given.format)
    since, until = meant(given.since, now, zone) or BEGINNING, meant(given.until, now, zone) or now
    status = given.status or ""
    with new_file(given.file) as out:
        pages = exported_tickets(keyboard.desk, keyboard.actor, since, until, status, given.file.name)
        rows = ([{name: getattr(one, name) for name in FIELDS} for one in page] for page in pages)
        count = write_rows(out, form, FIELDS, rows)
    keyboard.screen.say(
        keyboard.words(
            "{count} ticket(s) are in {file}, which only you can read.",
            "{count} ticket(s) dans {file}, lisible par vous seul.",
            count=count,
            file=given.file,
        )
    )
    return 0


STATISTICS_VERBS = (
    Verb("statistics", "", ("how many tickets, and how long people wait", "combien de tickets, et quelle attente"),
         "statistics --since 90d", _statistics, Right.STATISTICS, _statistics_arguments, reads=True),
)  # fmt: skip
EXPORT_VERBS = (
    Verb("ticket", "export", ("write tickets to a file", "écrire des tickets dans un fichier"),
         "ticket export tickets.csv --since 2026-09-01", _export, Right.EXPORT, _export_arguments, grave=True),
)  # fmt: skip
