"""The ledger's side of the comparison with a mailbox, and the alarm when they do not agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from helpdesk.actions.alarms import hour_of
from helpdesk.actions.arrival import Source
from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import DISAGREEMENT
from helpdesk.core.fields import OverCap, read_block
from helpdesk.core.fingerprint import fingerprints_of
from helpdesk.core.letters import Notice
from helpdesk.core.mail import Caps
from helpdesk.core.messageids import message_id_of
from helpdesk.core.people import Language
from helpdesk.core.reconciling import OVERDUE, Reconciled, alarms
from helpdesk.core.tickets import Fate
from helpdesk.store.engine import Database
from helpdesk.store.mails import message_key
from helpdesk.store.rows import LedgerRow
from helpdesk.store.work import Refusal, Work, in_work

_WIDE = Caps(max_header_bytes=1024 * 1024, max_header_fields=20_000, max_field_bytes=1024 * 1024)


@dataclass(frozen=True, slots=True)
class Key:
    """What a mail can be found by in the ledger without its body; ``message_id`` as ``message_key`` gives it."""

    message_id: str
    size: int


def message_key_in(head: bytes) -> str:
    """Return what stands in the ledger for the Message-ID in a header block or a whole mail; empty for none."""
    try:
        value = read_block(head, 0, len(head), _WIDE).first("message-id")
    except OverCap:
        return ""
    return message_key(message_id_of(value or b""))


def fates_by_key(desk: Desk, source: Source, keys: Mapping[int, Key]) -> dict[int, set[Fate]]:
    """Return the fates of those of these mails, by UID, whose Message-ID and size the ledger knows."""
    ids = {key.message_id for key in keys.values()} - {""}
    with Work(desk.database, read_only=True) as work:
        known = work.ledger.fates_by_key(source.mailbox_id, ids)
    fates = {uid: known.get((key.message_id, key.size), set()) for uid, key in keys.items()}
    return {uid: {Fate(fate) for fate in found} for uid, found in fates.items() if found}


def fates_by_bytes(desk: Desk, source: Source, raws: Mapping[int, bytes]) -> dict[int, set[Fate]]:
    """Return the fates of those of these mails, by UID, whose fingerprint the ledger knows.

    The ledger has no Message-ID of a mail that could not be read, and the fingerprint of the header alone of one
    that was not fetched whole.
    """
    prints = {uid: fingerprints_of(raw) for uid, raw in raws.items()}
    ids = {message_key_in(raw) for raw in raws.values()} | {""}
    wanted = {one for some in prints.values() for one in some}
    with Work(desk.database, read_only=True) as work:
        known = work.ledger.fates_by_fingerprint(source.mailbox_id, ids, wanted) if wanted else {}
    fates = {uid: {fate for one in some for fate in known.get(one, ())} for uid, some in prints.items()}
    return {uid: {Fate(fate) for fate in found} for uid, found in fates.items() if found}


def copies_due(desk: Desk, source: Source, key: Key, fingerprint: str) -> Counter[Fate]:
    """Return how many mails with that fingerprint have left the inbox, by fate: so many copies there should be."""
    with Work(desk.database, read_only=True) as work:
        gone = work.ledger.settled(source.mailbox_id, {key.message_id, ""}, {fingerprint})
    return Counter({Fate(fate): count for (_fingerprint, fate), count in gone.items()})


def forgotten(desk: Desk, source: Source, uids: Sequence[int]) -> list[int]:
    """Return those of these UIDs in the inbox that have no fate and that nobody is to look at again soon."""
    with Work(desk.database, read_only=True) as work:
        rows = work.mails.rows_of(source.mailbox_id, source.uidvalidity, uids)
        now = desk.clock(work)
    return [uid for uid in uids if _is_forgotten(rows.get(uid), now)]


def unfiled(database: Database, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> list[int]:
    """Return those of these UIDs in an inbox that have no fate, except what waits for a verdict. Raises StoreAway."""
    with Work(database, read_only=True) as work:
        mailbox_id = work.mails.mailbox_ids().get(mailbox)
        rows = work.mails.rows_of(mailbox_id, uidvalidity, uids) if mailbox_id is not None else {}
        now = work.database_now()
    return [uid for uid in uids if _is_forgotten(rows.get(uid), now)]


def _is_forgotten(row: LedgerRow | None, now: datetime) -> bool:
    if row is None:
        return True
    return row.fate is None and (row.look_again_at is None or now - row.look_again_at > OVERDUE)


def raise_alarm(desk: Desk, found: Reconciled) -> bool:
    """Raise an alarm for each thing that the contacts should know, once an hour; return whether one is new."""
    if not found.alarming:
        return False
    try:
        return in_work(desk.database, lambda work: _queue(work, desk, found))
    except Refusal:  # another daemon was quicker
        return False


def _queue(work: Work, desk: Desk, found: Reconciled) -> bool:
    now = desk.clock(work)
    hour = hour_of(now).isoformat()
    new = False
    for name, _, _ in alarms(found):
        worded = partial(_notice, found, name, now)
        new |= tell_contacts(work, desk, f"reconcile:{name}", f"{found.mailbox} {hour}", worded)
    return new


def _notice(found: Reconciled, name: str, now: datetime, language: Language) -> Notice:
    told = {one: (count, reason) for one, count, reason in alarms(found, language)}
    return Notice(DISAGREEMENT[language][name], now, *told[name])


def now_of(desk: Desk) -> datetime:
    """Return the desk's time, for who has no transaction at hand."""
    with Work(desk.database, read_only=True) as work:
        return desk.clock(work)
