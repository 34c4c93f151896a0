"""``helpdeskd.py report weekly``: the weekly report, on the terminal or to every admin."""

import argparse
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from daemon.commands.options import (
    Commands,
    add_config,
    add_json,
    new_command,
    new_group,
    settings_of,
)
from helpdesk.core.jsontext import json_text
from helpdesk.core.people import Language
from helpdesk.core.standing import day_begins, day_ends
from helpdesk.core.terminal import term_safe, term_safe_block
from helpdesk.core.weekly import AGE_DAYS, MAX_DAYS, Week, last_week

if TYPE_CHECKING:
    from helpdesk.actions.desk import Desk

YEARS = range(1971, 2200)


def add(commands: Commands) -> None:
    """Add the verb."""
    verbs = new_group(commands, "report", "what happened at the desk, in figures")
    weekly = new_command(
        verbs,
        "weekly",
        "print the weekly report, or send it to every admin",
        _weekly,
        "Print the weekly report, of the last whole week unless days are given, or queue it as a letter to every "
        "admin. Who got the report of the same days already gets it no second time.",
    )
    add_config(weekly)
    weekly.add_argument("--since", type=_day, metavar="DATE", help="the first day, e.g. 2026-11-16")
    weekly.add_argument(
        "--to", type=_day, metavar="DATE", help="the last day, included (default: a week in all)"
    )
    ways = weekly.add_mutually_exclusive_group()
    ways.add_argument("--language", choices=[one.value for one in Language], help="default: the desk's")
    ways.add_argument("--send", action="store_true", help="queue it to every admin, in their language")
    add_json(ways, "one object")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise argparse.ArgumentTypeError(f"{term_safe(text, 40)}: expected a day like 2026-11-16")
    return day


def _weekly(given: argparse.Namespace) -> int:
    first, last = given.since, given.to
    if first and last and not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
        given.wrong(f"from {first} to {last}: the first day comes first, and they are {MAX_DAYS} at most")
    from helpdesk.actions.sealing import shown_anchor
    from helpdesk.opening import desk_of, opened_database
    from helpdesk.store.schema import require_current

    settings = settings_of(given)
    database = opened_database(settings)
    try:
        require_current(database)
        desk = desk_of(settings, database)
        since, until = _span(desk, first, last)
        if given.send:
            from helpdesk.actions.weekly import queue_report, why_none

            count = queue_report(desk, since, until, shown_anchor(desk))
            print(f"{count} letters are queued{'' if count else f': {why_none(desk)}'}.")
            return 0
        from helpdesk.actions.weekly import week_of

        week = week_of(desk, since, until, shown_anchor(desk))
    finally:
        database.close()
    if given.json:
        print(json_text(_as_data(week)))
        return 0
    from helpdesk.core.weeklyletter import report_text

    language = Language(given.language) if given.language else settings.desk.language
    print(term_safe_block(report_text(desk.stationery, week, language)), end="")
    return 0


def _span(desk: "Desk", first: date | None, last: date | None) -> tuple[datetime, datetime]:
    """Return the days asked for, by the clock of the desk's zone; the last whole week where none were."""
    zone = desk.stationery.zone
    six_days = timedelta(days=6)
    if first is not None:
        return day_begins(first, zone), day_ends(last or first + six_days, zone)
    if last is not None:
        return day_begins(last - six_days, zone), day_ends(last, zone)
    from helpdesk.actions.reconcile import now_of

    return last_week(now_of(desk), zone)


def _as_data(week: Week) -> dict[str, object]:
    names = [f"under_{days}_days" for days in AGE_DAYS] + [f"from_{AGE_DAYS[-1]}_days"]
    return asdict(week) | {
        "per_day": {day.isoformat(): count for day, count in week.per_day.items()},
        "open_by_age": dict(zip(names, week.open_by_age, strict=True)),
    }
