"""What may go wrong at a command of an IMAP conversation, and at which."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto


class How(Enum):
    """What goes wrong at a command."""

    NO = auto()
    BAD = auto()
    BYE = auto()
    HANG = auto()  # no answer, until the client goes
    CUT = auto()  # the connection ends before the command had any effect
    CUT_AFTER = auto()  # the command has had its effect, the answer is lost
    GARBAGE = auto()  # a line that is no IMAP, then the answer
    LITERAL_CUT = auto()  # the connection ends in the middle of a mail
    LITERAL_SHORT = auto()  # a mail is announced with fewer bytes than it has
    LITERAL_LONG = auto()  # with more
    EXPUNGE = auto()  # somebody else's deleted mail goes, which moves all sequence numbers


@dataclass(frozen=True, slots=True)
class Command:
    """What the script is asked about. ``number``: of this command since the start; ``nth``: of this verb.

    ``verb``: without UID in front; CONNECT stands for the greeting. ``uids``: what a set of UIDs names now.
    """

    verb: str
    number: int
    nth: int
    uids: frozenset[int] = frozenset()


Script = Callable[[Command], How | None]


def in_peace(_command: Command) -> How | None:
    """Let nothing go wrong."""
    return None


def at_command(number: int, how: How) -> Script:
    """Let the command with this number go wrong."""
    return lambda command: how if command.number == number else None


def at_verb(verb: str, how: How, nth: Iterable[int] | None = None) -> Script:
    """Let a verb go wrong, each time or these times."""
    times = None if nth is None else frozenset(nth)
    return lambda command: how if command.verb == verb and (times is None or command.nth in times) else None


def for_mail(uid: int, verb: str, how: How) -> Script:
    """Let a verb go wrong whenever it is about this mail."""
    return lambda command: how if command.verb == verb and uid in command.uids else None
