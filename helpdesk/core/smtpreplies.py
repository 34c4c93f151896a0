"""What the end of an SMTP transaction means for the letter and for the relay (RFC 5321 §4.2, §4.5.3.2)."""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum

CLOSING = 421
AUTHENTICATION_CODES = frozenset({530, 534, 535, 538})  # RFC 4954 §6: about our login, never about the letter


class Stage(IntEnum):
    """How far a transaction came. CONTENT begins with the first byte after 354."""

    CONNECT = 1
    TLS = 2
    HELLO = 3
    AUTH = 4
    MAIL = 5
    RCPT = 6
    DATA = 7
    CONTENT = 8


class Broken(Enum):
    """How a transaction ended when no readable reply came."""

    CUT = "the connection was lost"
    SILENT = "no reply in time"
    NONSENSE = "the reply is not SMTP"


class End(StrEnum):
    """What becomes of the letter. AMBIGUOUS: perhaps delivered; it goes out again, same Message-ID."""

    SENT = "sent"
    TRY_LATER = "try_later"
    DEAD = "dead"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one letter. ``relay_fault``: no letter would have fared better, so none may die of it."""

    end: End
    relay_fault: bool = False


def classify(stage: Stage, how: int | Broken) -> Outcome:
    """Return what it means that *stage* ended with a reply code or with a break.

    Codes decide, never the class of an exception: a 421 may come in answer to RCPT. Only CONTENT can be
    ambiguous: before it the relay had nothing that it could deliver.
    """
    if stage <= Stage.AUTH:
        return Outcome(End.TRY_LATER, relay_fault=True)
    if isinstance(how, Broken) or not 200 <= how <= 599:
        return Outcome(End.AMBIGUOUS if stage is Stage.CONTENT else End.TRY_LATER)
    if how in AUTHENTICATION_CODES:
        return Outcome(End.TRY_LATER, relay_fault=True)
    if how >= 500:
        return Outcome(End.DEAD)
    if how >= 400:
        return Outcome(End.TRY_LATER)
    if stage is Stage.CONTENT:
        return Outcome(End.SENT if how < 300 else End.AMBIGUOUS)
    return Outcome(End.TRY_LATER)
