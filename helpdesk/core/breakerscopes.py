"""What the scope of a breaker means: whose letters wait, and how a letter says what it waits for."""

from dataclasses import dataclass

BOUNCES = "bounce:address:"
CAME_BACK = "letters in a row came back"
WAITS = "waits: "  # how the note of a letter begins that waits for a breaker
_LATER = ": later ones wait"
_COUNTED = {"hour": "counted by the hour", "day": "counted by the day", "bounce": "which came back"}


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope taken apart: ``by`` hour, day, subject or bounce; ``of`` address, domain, ticket, all or a hash."""

    by: str
    of: str
    value: str

    @property
    def ticket_id(self) -> int | None:
        """The id of the ticket whose letters wait, None where it is no ticket's scope."""
        return int(self.value) if self.of == "ticket" else None


def scope_of(scope: str) -> Scope:
    """Take the scope of a breaker apart."""
    by, of, value = [*scope.split(":", 2), "", ""][:3]
    return Scope(by, of, value)


def scope_in_words(scope: Scope, ticket_number: int | None = None) -> str:
    """Return whose letters wait. *ticket_number*: what people see of a ticket's id."""
    if scope.by == "subject":
        return "answers to one person's mails with one subject"
    whose = {
        "address": f"letters to {scope.value}",
        "domain": f"letters to everybody at {scope.value}",
        "ticket": f"letters about ticket {ticket_number or '?'}",
    }
    return f"{whose.get(scope.of, 'all letters together')}, {_COUNTED.get(scope.by, scope.by)}"


def why_later(what: object) -> str:
    """Return the reason of a breaker."""
    return f"{what}{_LATER}"


def why_waiting(names: list[str]) -> str:
    """Return what is noted about a letter that waits, from the names of what it waits for."""
    return WAITS + ", ".join(names)


def waits_for(note: str) -> frozenset[str]:
    """Return the names of what a letter waits for, from what is noted about it."""
    return frozenset(note.removeprefix(WAITS).split(", ")) if note.startswith(WAITS) else frozenset()


def name_of(scope: Scope, reason: str) -> str:
    """Return by which name the letters that wait for a breaker know it."""
    return CAME_BACK if scope.by == "bounce" else reason.removesuffix(_LATER)
