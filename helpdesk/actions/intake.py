"""File a batch of mails: gather, decide, carry out, commit. All of a batch or, where that fails, one by one."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from helpdesk.actions.alarms import raise_alarms
from helpdesk.actions.alerts import queue_alerts, queue_breaker_alerts, queue_questions
from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.bounces import note_returned, welcome_back
from helpdesk.actions.carry_out import Changes, carry_out
from helpdesk.actions.desk import Desk
from helpdesk.actions.facts import facts_about, gather
from helpdesk.actions.leases import Lease
from helpdesk.actions.mailalarms import count_noticed
from helpdesk.actions.outbox import queue_confirmations
from helpdesk.actions.rows import tried_row
from helpdesk.core.mail import Unreadable
from helpdesk.core.rules import LONGEST_DEFER, decide
from helpdesk.core.tickets import Fate, Status
from helpdesk.core.verdict import bomb
from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.killpoints import Point, reach
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.rows import HeldMail, LedgerRow
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work

MOST_WAITING_FOR_BYTES = timedelta(days=2)
MAX_ATTEMPTS = 2  # counted ones, each with nothing else in hand; the crash before them was in a batch


@dataclass(frozen=True, slots=True)
class InboxState:
    """What the ledger says of UIDs in an inbox; deferred mails that are not due appear nowhere."""

    new: list[int]
    poisonous: list[int]
    unsettled: list[Filed]


@dataclass(frozen=True, slots=True)
class Released:
    """A held mail that its owner has confirmed. No ``raw``: its bytes cannot be read now, for ``trouble``.

    ``given_up``: they have been gone for so long that the mail is held again.
    """

    mail: HeldMail
    raw: bytes | None
    trouble: str = ""
    given_up: bool = False


def known_source(
    desk: Desk, mailbox: str, uidvalidity: int, max_age_days: int, lease: Lease | None = None
) -> Source:
    """Return a mailbox as the ledger knows it, made known when it is new."""
    mailbox_id = in_work(desk.database, lambda work: work.mails.mailbox_id(mailbox))
    return Source(mailbox_id, mailbox, uidvalidity, max_age_days, lease)


def inbox_state(desk: Desk, source: Source, uids: Sequence[int]) -> InboxState:
    """Compare UIDs with the ledger."""
    with Work(desk.database, read_only=True) as work:
        rows = work.mails.rows_of(source.mailbox_id, source.uidvalidity, uids)
        now = desk.clock(work)
    state = InboxState([], [], [])
    for uid in uids:
        row = rows.get(uid)
        if row is None:
            state.new.append(uid)
        elif row.fate is not None:
            state.unsettled.append(Filed(uid, row.id, Fate(row.fate), "", ""))
        elif row.attempts >= MAX_ATTEMPTS:
            state.poisonous.append(uid)
        elif row.look_again_at is None or not _waits(row.look_again_at, now):
            state.new.append(uid)
    return state


def with_fate(desk: Desk, source: Source, uids: Sequence[int]) -> set[int]:
    """Return those of these UIDs whose mails have their fate."""
    with Work(desk.database, read_only=True) as work:
        rows = work.mails.rows_of(source.mailbox_id, source.uidvalidity, uids)
    return {uid for uid, row in rows.items() if row.fate is not None}


def _waits(again_at: datetime, now: datetime) -> bool:
    """Say whether a deferred mail's time has yet to come; further ahead than any, the clock was set back since."""
    return now < again_at <= now + LONGEST_DEFER


def charge_attempts(desk: Desk, source: Source, uids: Sequence[int]) -> None:
    """Count an attempt at each of these mails before they are read, so that a poisonous one is found out."""
    in_work(desk.database, partial(_charge, desk, source, uids))


def _charge(desk: Desk, source: Source, uids: Sequence[int], work: Work) -> None:
    if source.lease:
        source.lease.confirm(work)
    rows = work.mails.rows_of(source.mailbox_id, source.uidvalidity, uids)
    work.mails.charge([row.id for row in rows.values()])
    work.mails.add([tried_row(source, uid, desk.clock(work)) for uid in uids if uid not in rows])


def sweep(desk: Desk, source: Source, present: Collection[int]) -> None:
    """Mark as settled what has a fate and is not in the inbox, whose UIDs are *present*.

    A process that dies between the move and its note leaves such mails behind.
    """
    with Work(desk.database, read_only=True) as work:
        waiting = work.mails.unsettled(source.mailbox_id)
    here = set(present)
    mark_settled(
        desk, [one.id for one in waiting if one.uidvalidity != source.uidvalidity or one.uid not in here]
    )


def left_before(
    desk: Desk, source: Source, mail_ids: Sequence[int]
) -> tuple[list[LedgerMail], Counter[tuple[str, Fate]]]:
    """Return these mails, and how many mails with their fingerprints, by fate, have left the inbox already."""
    with Work(desk.database, read_only=True) as work:
        found = work.ledger.by_ids(mail_ids)
        keys = {mail.message_id for mail in found}
        fingerprints = {mail.fingerprint for mail in found if mail.fingerprint}
        gone = work.ledger.settled(source.mailbox_id, keys, fingerprints)
    return found, Counter({(fingerprint, Fate(fate)): count for (fingerprint, fate), count in gone.items()})


def mark_settled(desk: Desk, mail_ids: Sequence[int]) -> None:
    """Note that these mails have left the inbox."""
    if mail_ids:
        in_work(desk.database, lambda work: work.mails.settle(mail_ids, desk.clock(work)))


def released_mails(desk: Desk, source: Source) -> list[Released]:
    """Return the held mails of a mailbox that their owners have confirmed, oldest first, with their bytes.

    Their word is kept while the bytes cannot be read. Where the file itself is missing for two days, longer than
    anybody leaves a disk unmounted, the mail is held again.
    """
    with Work(desk.database, read_only=True) as work:
        confirmed = work.mails.released(source.mailbox_id)
        now = desk.clock(work)
    found = [_with_bytes(desk, held, now) for held in sorted(confirmed, key=lambda held: held.id)]
    given_up = [one.mail.id for one in found if one.given_up]
    if given_up:
        in_work(desk.database, lambda work: work.mails.release(given_up, None))
    return found


def _with_bytes(desk: Desk, held: HeldMail, now: datetime) -> Released:
    try:
        return Released(held, desk.blobs.read(held.raw_sha256))
    except FileNotFoundError as error:
        waited = now - (held.released_at or now)
        return Released(held, None, str(error.strerror), given_up=waited > MOST_WAITING_FOR_BYTES)
    except OSError as error:
        return Released(held, None, str(error.strerror))


def file_batch(desk: Desk, source: Source, batch: Sequence[Arrival]) -> list[Filed]:
    """Give every mail of *batch* its fate, in one transaction; return what became of each, in order.

    Where the batch fails, each mail is filed by itself, and one that fails alone is quarantined: it harms no
    other. Raises StoreAway or LeaseLost; then nothing was filed, or, of a batch that had failed before, the first
    mails.
    """
    if not batch:
        return []
    try:
        return in_work(desk.database, partial(file_within, desk, source, batch))
    except HelpdeskError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, one mail must not stop all others for good
        if len(batch) > 1:
            return [filed for arrival in batch for filed in file_batch(desk, source, [arrival])]
        return [_given_up(desk, source, batch[0], error)]


def _given_up(desk: Desk, source: Source, arrival: Arrival, error: Exception) -> Filed:
    """Quarantine a mail that cannot be filed, with its bytes and the sender that it was read to have.

    A row that is there already is no mail's fault: raises StoreAway, as where quarantine fails too.
    """
    if isinstance(error, AlreadyThere):
        raise StoreAway(f"a row that a mail needs is there already ({error}); trying again later") from error
    # Other errors may quote the mail, and this goes into the log too.
    reason = f"could not be filed: {error if isinstance(error, Refusal) else type(error).__name__}"
    unread = Unreadable(arrival.seen.size, arrival.seen.fingerprint, reason)
    judgement = replace(bomb(reason), sender=arrival.judgement.sender)
    given_up = Arrival(arrival.uid, arrival.raw, unread, judgement, confirmed=arrival.confirmed)
    try:
        filed = in_work(desk.database, partial(file_within, desk, source, [given_up]))[0]
    except HelpdeskError:
        raise
    except Exception as again:
        what = type(again).__name__
        raise StoreAway(f"a mail could be neither filed nor quarantined ({what}); {reason}") from again
    return replace(filed, error=reason)


def file_within(desk: Desk, source: Source, batch: Sequence[Arrival], work: Work) -> list[Filed]:
    """Give every mail of *batch* its fate within a transaction of the caller's; return what became of each."""
    if source.lease:
        source.lease.confirm(work)
    gathered = gather(work, desk, source, batch)
    kept_as = {arrival.uid: arrival.kept_as for arrival in batch}
    filed = {
        uid: _as_filed(uid, row)
        for uid, row in gathered.rows.items()
        if row.fate is not None and row.fate not in kept_as[uid]
    }
    changes = carry_out(
        [arrival for arrival in batch if arrival.uid not in filed],
        source,
        gathered,
        lambda arrival: facts_about(arrival, gathered, desk, source),
        lambda arrival, facts: decide(arrival.seen, facts, desk.policy),
        _free_numbers(work),
        desk.due,
    )
    desk.blobs.put(changes.blobs.items())
    reach(Point.BLOBS_WRITTEN)
    _write(work, changes, gathered.now)
    note_returned(work, changes.returned, gathered.now)
    welcome_back(work, changes.well_again, gathered.now)
    opened = queue_confirmations(work, desk, changes.confirmations, gathered.now)
    queue_questions(work, desk, changes.suspicions, gathered.now)
    count_noticed(work, desk, changes.noticed, gathered.now)
    # Alarms come last: who has passed their gate must wait for nothing that a batch before it holds.
    queue_alerts(work, desk, changes.suspicions, gathered.now)
    queue_breaker_alerts(work, desk, opened, gathered.now)
    raise_alarms(work, desk, changes.noticed.alarms, gathered.now)
    filed |= {one.uid: one for one in changes.filed}
    reach(Point.ROWS_WRITTEN)
    return [filed[arrival.uid] for arrival in batch]


def _free_numbers(work: Work) -> Iterator[int]:
    """Yield the next ticket numbers; the first one locks the counter, which ``_write`` moves on."""
    yield from count(work.tickets.next_numbers(0).stop)


def _write(work: Work, changes: Changes, now: datetime) -> None:
    """Insert in the order in which rows refer to each other."""
    if changes.tickets:
        work.tickets.next_numbers(len(changes.tickets))
        work.tickets.add(changes.tickets)
    work.tickets.reopen(list(changes.reopened), now)
    for ticket_id, one in changes.reopened.items():
        work.history.add(ticket_id, one.person_id, "status", one.before.value, Status.WAITING.value, now)
    work.tickets.touch(changes.touched - changes.reopened.keys(), now)
    work.mails.add(changes.mails)
    work.mails.replace(changes.mails_again)
    work.mails.release(changes.released, now)
    work.posts.add(changes.posts, changes.attachments, changes.words)
    work.people.set_best_verdicts(changes.best_verdicts)
    work.audit.add(changes.events)


def _as_filed(uid: int, row: LedgerRow) -> Filed:
    return Filed(uid, row.id, Fate(row.fate) if row.fate else None, "already_filed", "")
