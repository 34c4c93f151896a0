"""What the keyboard offers to complete: tickets by number, people, teams, tags, files, times."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from helpdesk.actions.naming import (
    suggested_deleted,
    suggested_people,
    suggested_tags,
    suggested_teams,
    suggested_tickets,
)
from helpdesk.actions.undo import undoable_tickets
from helpdesk.core.searchwords import folded
from shell.keyboard import Keyboard

AGO = ("1h", "12h", "1d", "7d", "30d", "90d")


def complete_number(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers of the newest tickets that begin as *typed*, with their subjects."""
    for ticket in suggested_tickets(keyboard.desk, keyboard.actor, typed.strip("[#]")):
        yield str(ticket.number), f"{ticket.subject} ({ticket.requester})"


def complete_deleted(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers of deleted tickets that the person may restore, with their subjects."""
    for ticket in suggested_deleted(keyboard.desk, keyboard.actor, typed):
        yield str(ticket.number), f"{ticket.subject} ({ticket.requester})"


def complete_answered(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers of tickets to which the person's last answer can still be taken back, with their subjects."""
    for ticket in undoable_tickets(keyboard.desk, keyboard.actor):
        if str(ticket.number).startswith(typed.strip("[#]")):
            yield str(ticket.number), f"{ticket.subject} ({ticket.requester})"


def complete_person(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of people, and the names of those whose names begin as *typed*."""
    return _people(keyboard, typed, staff=False)


def complete_colleague(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the same of those only who can be responsible for a ticket."""
    return _people(keyboard, typed, staff=True)


def complete_colleagues_address(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of those who can be responsible for a ticket."""
    yield from suggested_people(keyboard.desk, keyboard.actor, typed, staff=True)


def _people(keyboard: Keyboard, typed: str, *, staff: bool) -> Iterator[tuple[str, str]]:
    for address, name in suggested_people(keyboard.desk, keyboard.actor, typed, staff=staff):
        if folded(address).startswith(folded(typed)):
            yield address, name
        elif folded(name).startswith(folded(typed)):
            yield name, address


def complete_team(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the names of teams."""
    return ((name, "") for name in suggested_teams(keyboard.desk, keyboard.actor, typed))


def complete_tag(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield tags."""
    return ((tag, "") for tag in suggested_tags(keyboard.desk, keyboard.actor, typed))


def complete_ago(_keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield how long ago something may have been."""
    return ((ago, "") for ago in AGO if ago.startswith(typed))


def complete_path(_keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the files and folders whose paths begin as *typed*, capitals apart, none that is hidden."""
    before, slash, begun = typed.rpartition("/")
    with suppress(OSError):
        for one in sorted(Path(f"{before}{slash}" or ".").expanduser().iterdir()):
            if not one.name.startswith(".") and folded(one.name).startswith(folded(begun)):
                yield f"{before}{slash}{one.name}{'/' * one.is_dir()}", ""
