"""File a held or quarantined mail again, by today's rules."""

from dataclasses import dataclass
from functools import partial
from typing import assert_never

from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.facts import facts_about, gather
from helpdesk.actions.intake import file_within
from helpdesk.core import rules
from helpdesk.core.asked import Asked
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.rules import Decision, Ruling, decide
from helpdesk.core.tickets import KEPT, Fate
from helpdesk.core.verdict import Judgement
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.work import Refusal, Work, in_work

MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class Replayed:
    """What today's rules say of a mail. No ``fate``: they would wait, which a mail outside the inbox cannot.

    ``filed``: what was written; None where nothing was, since the fate would be the same or nobody wanted it.
    """

    ruling: Ruling
    judgement: Judgement
    fate: Fate | None
    filed: Filed | None = None

    @property
    def reason(self) -> str:
        """Why, in the words of the rule; empty where it says no more than its name."""
        return str(getattr(self.ruling.decision, "reason", ""))


def kept_mail(database: Database, question: Asked) -> LedgerMail:
    """Return the held or quarantined mail that is meant. Raises Refused where there is none, or more than one."""
    with Work(database, read_only=True) as work:
        found = [] if question.mail_id is None else work.ledger.by_ids([question.mail_id])
        if question.message_id:
            found += work.ledger.by_message_id(question.message_id, MAX_NAMED)
    kept = [mail for mail in found if mail.fate in KEPT]
    if len(kept) == 1:
        return kept[0]
    if not found:
        raise Refused("there is no such mail in the ledger; helpdeskd.py why says which there are")
    if not kept:
        raise _not_kept(found[0])
    ids = ", ".join(str(mail.id) for mail in kept)
    raise Refused(f"several held or quarantined mails bear this Message-ID; name one by its id: {ids}")


def _not_kept(mail: LedgerMail) -> Refused:
    if mail.fate is None:
        return Refused(
            f"mail {mail.id} has no fate yet: it is in the inbox, and the daemon looks at it again"
        )
    return Refused(
        f"mail {mail.id} is filed already ({mail.fate}); only a held or quarantined mail can be filed again"
    )


def _changed(mail: LedgerMail) -> Refused:
    return Refused(f"mail {mail.id} has another fate meanwhile; helpdeskd.py why mail:{mail.id} says which")


def kept_bytes(desk: Desk, mail: LedgerMail) -> bytes | None:
    """Return what was kept of a mail: it whole, only its header, or None where this machine has nothing."""
    try:
        return desk.blobs.read(mail.raw_sha256) if mail.raw_sha256 else None
    except OSError:
        return None


def replay(desk: Desk, source: Source, mail: LedgerMail, arrival: Arrival, dry_run: bool) -> Replayed:
    """File *mail*, read again as *arrival*, by today's rules, in one transaction; both wear the same UID.

    Where its fate would be the same, or none, nothing is written. Raises Refused when it has another fate
    meanwhile, or cannot be filed; StoreAway.
    """
    if dry_run:
        with Work(desk.database, read_only=True) as work:
            return _ruled(desk, source, mail, arrival, work)
    try:
        return in_work(desk.database, partial(_replay, desk, source, mail, arrival))
    except Refusal as refusal:
        raise Refused(f"mail {mail.id} could not be filed, and stays as it is: {refusal}") from refusal


def _ruled(desk: Desk, source: Source, mail: LedgerMail, arrival: Arrival, work: Work) -> Replayed:
    gathered = gather(work, desk, source, [arrival])
    row = gathered.rows.get(arrival.uid)
    if row is None or row.id != mail.id or row.fate != mail.fate:
        raise _changed(mail)
    ruling = decide(arrival.seen, facts_about(arrival, gathered, desk, source), desk.policy)
    return Replayed(ruling, arrival.judgement, _fate_of(ruling.decision))


def _replay(desk: Desk, source: Source, mail: LedgerMail, arrival: Arrival, work: Work) -> Replayed:
    ruled = _ruled(desk, source, mail, arrival, work)
    if ruled.fate is None or ruled.fate == mail.fate or mail.fate is None:
        return ruled
    now = desk.clock(work)
    if not work.mails.take_up(mail.id, mail.fate, now):
        raise _changed(mail)
    (filed,) = file_within(desk, source, [arrival], work)
    work.mails.settle([mail.id], now)
    detail = {"mail": mail.id, "was": mail.fate, "fate": ruled.fate.value, "rule": filed.rule}
    by_id = arrival.word.by_id if arrival.word else None
    work.audit.add([Event(Action.MAIL_REPLAYED, Outcome.SUCCESS, now, by_id, detail)])
    return Replayed(ruled.ruling, ruled.judgement, ruled.fate, filed)


def _fate_of(decision: Decision) -> Fate | None:
    match decision:
        case rules.Duplicate():
            return Fate.DUPLICATE
        case rules.Ignore():
            return Fate.IGNORED
        case rules.NoteBounce():
            return Fate.BOUNCE
        case rules.Hold():
            return Fate.HELD
        case rules.Quarantine():
            return Fate.QUARANTINED
        case rules.Release() | rules.Disown():
            return Fate.COMMAND
        case rules.OpenTicket():
            return Fate.OPENED
        case rules.Append():
            return Fate.APPENDED
        case rules.Defer():
            return None
        case _:
            assert_never(decision)
