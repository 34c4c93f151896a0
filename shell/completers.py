"""What the keyboard offers to complete: tickets by number, people, teams, tags."""

from collections.abc import Iterator

from helpdesk.actions.naming import suggested_people, suggested_tags, suggested_teams, suggested_tickets
from shell.keyboard import Keyboard


def complete_number(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers of the newest tickets that begin as *typed*, with their subjects."""
    for ticket in suggested_tickets(keyboard.desk, keyboard.actor, typed.strip("[#]")):
        yield str(ticket.number), f"{ticket.subject} ({ticket.requester})"


def complete_person(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of people, and the names of those whose names begin as *typed*."""
    return _people(keyboard, typed, staff=False)


def complete_colleague(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the same of those only who can be responsible for a ticket."""
    return _people(keyboard, typed, staff=True)


def _people(keyboard: Keyboard, typed: str, *, staff: bool) -> Iterator[tuple[str, str]]:
    for address, name in suggested_people(keyboard.desk, keyboard.actor, typed, staff=staff):
        if address.startswith(typed):
            yield address, name
        elif name.startswith(typed):
            yield name, address


def complete_team(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield the names of teams."""
    return ((name, "") for name in suggested_teams(keyboard.desk, keyboard.actor, typed))


def complete_tag(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Yield tags."""
    return ((tag, "") for tag in suggested_tags(keyboard.desk, keyboard.actor, typed))
