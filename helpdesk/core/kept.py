"""What may be done with a mail that is held or quarantined, and what a person's word for it means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.people import AddressState, KnownAddress
from helpdesk.core.tickets import KEPT
from helpdesk.core.verdicts import Verdict

POISON_RULE = "poison"  # as core.rules names it
HELD_NOTICE = timedelta(days=7)  # how long before its end the owner of a held mail hears of it


class OrderKind(StrEnum):
    """What the daemon is asked to do with a kept mail."""

    RELEASE = "release"  # file it as its own sender's
    BIND = "bind"  # file it as another registered person's
    REPLAY = "replay"  # file it by today's rules, on nobody's word


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody of the desk answers for a kept mail: it counts as from ``address``, which must be registered.

    ``by_id`` is None at the console; ``by``: their name, for the note that staff see.
    """

    address: str
    by_id: int | None
    by: str


@dataclass(frozen=True, slots=True)
class KeptCase:
    """What is known of a mail when somebody wants something done with it. ``ordered``: somebody does already."""

    mail_id: int
    fate: str | None
    rule: str
    sender: str
    ordered: bool = False
    rejected: bool = False


Problem = tuple[str, str]  # in English, in French
_NEAR_PROOF = (Verdict.PASS, Verdict.PASS_DKIM, Verdict.WEAK)


def may_hear_of_it(verdict: str, state: AddressState) -> bool:
    """Say whether the owner of an address is written to about kept mail that claims to be from there.

    As at its arrival: a registered owner, where the proof was good or at least such that they were asked. Never
    about a forgery: it would make us write to whomever its forger likes.
    """
    return state is AddressState.VERIFIED and verdict in _NEAR_PROOF


def order_problem(case: KeptCase, kind: OrderKind, known: KnownAddress | None) -> Problem | None:
    """Say why the daemon cannot be asked for this, None where it can. *known*: as whom it would be filed."""
    mail = case.mail_id
    if (problem := kept_problem(case)) is not None:
        return problem
    if case.ordered:
        return (
            f"mail {mail}: the daemon was asked for this already and has not come to it yet",
            f"mail {mail} : c'est déjà demandé au service, qui n'y est pas encore venu",
        )
    if case.rule == POISON_RULE:
        return (
            f"mail {mail} took the daemon down: file it apart from it, with helpdeskd.py replay {mail}",
            f"mail {mail} a fait tomber le service : traitez-le à part, avec helpdeskd.py replay {mail}",
        )
    return None if kind is OrderKind.REPLAY else _person_problem(case, kind, known)


def kept_problem(case: KeptCase) -> Problem | None:
    """Say why nothing can be decided about a mail, None where it is held or quarantined."""
    if case.fate in KEPT:
        return None
    return (
        f"mail {case.mail_id} is not kept any more (its fate is {case.fate or 'open'}): nothing is left to decide",
        f"mail {case.mail_id} n'est plus retenu (son sort : {case.fate or 'ouvert'}) : rien à décider",
    )


def reject_problem(case: KeptCase) -> Problem | None:
    """Say why a mail cannot be rejected, None where it can."""
    if (problem := kept_problem(case)) is not None:
        return problem
    if case.rejected:
        return (f"mail {case.mail_id} is rejected already", f"mail {case.mail_id} est déjà rejeté")
    if case.ordered:
        return (
            f"mail {case.mail_id}: the daemon was asked to file it; see what becomes of that first",
            f"mail {case.mail_id} : le service doit le traiter ; voyez d'abord ce qu'il en advient",
        )
    return None


def _person_problem(case: KeptCase, kind: OrderKind, known: KnownAddress | None) -> Problem | None:
    mail = case.mail_id
    if known is None:
        sender = case.sender or "?"
        return (
            f"mail {mail}: its sender {sender} is not registered; bind it to a person: quarantine bind {mail} EMAIL",
            f"mail {mail} : l'expéditeur {sender} n'est pas inscrit ; liez-le : quarantine bind {mail} EMAIL",
        )
    if not known.person.active:
        return (
            f"mail {mail}: the account of {known.address} is closed",
            f"mail {mail} : le compte de {known.address} est fermé",
        )
    if known.state is not AddressState.VERIFIED:
        return (
            f"mail {mail}: the address {known.address} is {known.state.value}; only a verified one can {kind.value}",
            f"mail {mail} : l'adresse {known.address} est {known.state.value} ; il faut une adresse vérifiée",
        )
    return None


def given_up_until(now: datetime, kept_for: timedelta, told_at: datetime | None) -> datetime | None:
    """Return until when kept mails were seen that are given up at *now*; None: none at all.

    *told_at*: when owners were told last of what ends, HELD_NOTICE or longer ago. Mail that came into sight later
    stays, however old it is: nobody was told of it, or not for long enough.
    """
    if told_at is None:
        return None
    return min(now - kept_for, told_until(told_at, kept_for))


def told_until(told_at: datetime, kept_for: timedelta) -> datetime:
    """Return until when the held mails were seen of whose end is told at *told_at*."""
    return told_at - (kept_for - HELD_NOTICE)
