"""Letters about what is suspicious: to the owner of an account or an address, and to the security contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import (
    NAME_CHARS,
    Addressee,
    Answered,
    Letter,
    LetterKind,
    Stationery,
    assembled,
    defanged,
)
from helpdesk.core.replytokens import Mark

PLACE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened, in the words of the reader; ``place`` and ``client`` come from the machine it happened on."""

    what: str
    at: datetime
    place: str = ""
    client: str = ""
    count: int = 1


def suspicious_login(
    stationery: Stationery,
    to: Addressee,
    happened: Sequence[Happened],
    dedupe: str,
    now: datetime,
    account: str = "",
    is_digest: bool = False,
    has_password: bool | None = True,
) -> Letter:
    """Return an alert about the logins of an account. *account*: whose, for a contact; empty for the owner.

    *is_digest*: it joins what was not told one by one. *has_password*: None where the daemon writes, which may not
    know. No password, code or token is ever among the values.
    """
    values: dict[str, object] = {
        "account": defanged(account, NAME_CHARS),
        "digest": is_digest,
        "has_password": has_password,
        "happened": [
            {
                "what": one.what,
                "when": shown_time(one.at, stationery.zone, to.language),
                "place": defanged(one.place, PLACE_CHARS),
                "client": defanged(one.client, PLACE_CHARS),
                "count": one.count,
            }
            for one in happened
        ],
    }
    return assembled(stationery, LetterKind.SUSPICIOUS_LOGIN, to, values, dedupe, now, None, Answered())


def sender_forged(
    stationery: Stationery, to: Addressee, held_mail_id: int, seen_at: datetime, dedupe: str, now: datetime
) -> Letter:
    """Return the note to the owner of an address that somebody wrote in their name.

    It repeats nothing of that mail: a forger would write to the owner through us.
    """
    values: dict[str, object] = {"seen": shown_time(seen_at, stationery.zone, to.language)}
    mark = Mark("h", held_mail_id)
    return assembled(stationery, LetterKind.SENDER_FORGED, to, values, dedupe, now, mark, Answered())


def address_frozen(
    stationery: Stationery, to: Addressee, frozen_at: datetime, dedupe: str, now: datetime
) -> Letter:
    """Return the note to the owner of an address that it is frozen for mail, as they asked, and what comes next."""
    values: dict[str, object] = {"frozen": shown_time(frozen_at, stationery.zone, to.language)}
    return assembled(stationery, LetterKind.ADDRESS_FROZEN, to, values, dedupe, now, None, Answered())
