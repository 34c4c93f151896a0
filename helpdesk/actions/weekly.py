"""The weekly report: the figures of a span, and a letter with them to every admin."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.letters import Addressee, dedupe_key
from helpdesk.core.people import AddressState, KnownAddress, Role
from helpdesk.core.standing import standing
from helpdesk.core.verdicts import Verdict
from helpdesk.core.weekly import (
    AGE_DAYS,
    FROZEN,
    LOCKED,
    LONGEST_DEFERRED,
    MAX_DAYS,
    SHOWN_FROZEN,
    SUSPICIOUS,
    TOP,
    Compared,
    Counted,
    Week,
    age_edges,
    day_edges,
    four_weeks_before,
    present,
)
from helpdesk.core.weeklyletter import weekly_report
from helpdesk.errors import Refused
from helpdesk.store.letters import QUEUED, SENDING
from helpdesk.store.work import Refusal, Work, in_work

ALREADY_SENT = "sent already: each admin has the report of these days"
NOBODY = "nothing sent: no active admin has a verified address"


def week_of(desk: Desk, since: datetime, until: datetime, anchor: str = "") -> Week:
    """Return the figures from *since* until *until*; *anchor*: the end of the audit trail's chain, where it has one.

    Days are those of the desk's zone. Raises Refused for a span that is none or over MAX_DAYS days.
    """
    _check(desk, since, until)
    with Work(desk.database, read_only=True) as work:
        return _week(work, desk, since, until, anchor)


def queue_report(desk: Desk, since: datetime, until: datetime, anchor: str = "") -> int:
    """Queue a letter to each active admin with a verified address, once for a span; return how many are new.

    No cap holds them back. Raises Refused as ``week_of``, and StoreAway.
    """
    _check(desk, since, until)
    with Work(desk.database, read_only=True) as work:
        if not _missing(work, desk, since, until):
            return 0
        week = _week(work, desk, since, until, anchor)
    try:
        return in_work(desk.database, lambda work: _queue(work, desk, week))
    except Refusal:  # another daemon was quicker
        return 0


def why_none(desk: Desk) -> str:
    """Return why no report was queued where all went well, in a few words."""
    with Work(desk.database, read_only=True) as work:
        return ALREADY_SENT if _admins(work, desk) else NOBODY


def _check(desk: Desk, since: datetime, until: datetime) -> None:
    if not since < until or len(day_edges(since, until, desk.stationery.zone)) - 1 > MAX_DAYS:
        raise Refused(
            f"the span must begin before it ends and have {MAX_DAYS} days at most",
            f"la période doit commencer avant sa fin et avoir {MAX_DAYS} jours au plus",
        )


def _missing(work: Work, desk: Desk, since: datetime, until: datetime) -> dict[str, KnownAddress]:
    """Return the admins who have no report of that span yet, each with one address, by the letter's key."""
    span = (since.isoformat(), until.isoformat())
    keys = {dedupe_key("weekly_report", *span, one.address): one for one in _admins(work, desk)}
    known = work.letters.known(keys)
    return {dedupe: one for dedupe, one in keys.items() if dedupe not in known}


def _admins(work: Work, desk: Desk) -> list[KnownAddress]:
    """Return one address of each admin who can be reached."""
    now = desk.clock(work)
    reached = (_reached(owned, now) for owned in work.people.addresses_of_role(Role.ADMIN).values())
    return [one for one in reached if one is not None]


def _reached(owned: Iterable[KnownAddress], now: datetime) -> KnownAddress | None:
    return next((one for one in owned if standing(one, now) is AddressState.VERIFIED), None)


def _queue(work: Work, desk: Desk, week: Week) -> int:
    now = desk.clock(work)
    rows = []
    for dedupe, known in _missing(work, desk, week.since, week.until).items():
        person = known.person
        to = Addressee(known.address, person.language, person.name, person.id)
        letter = weekly_report(desk.stationery, to, week, dedupe, now)
        rows.append(letter_row(letter, now, person_id=person.id))
    work.letters.add(rows)
    return len(rows)


def _week(work: Work, desk: Desk, since: datetime, until: datetime, anchor: str) -> Week:
    zone, now = desk.stationery.zone, desk.clock(work)
    edges = day_edges(since, until, zone)
    earlier = four_weeks_before(since, zone)
    span = (since, until)
    found = work.weekly.actions(earlier, edges)
    actions = {name: _halves(buckets) for name, buckets in found.items()}
    suspicious = present({name: actions[name] for name in actions.keys() - {FROZEN}}, SUSPICIOUS)
    kept = {verdict: _halves(buckets) for verdict, buckets in work.weekly.kept(earlier, span).items()}
    frozen_count, frozen_now = work.weekly.frozen(SHOWN_FROZEN)
    without_fate, deferred = work.weekly.without_fate(until, now - LONGEST_DEFERRED)
    letters = work.letters.counts()
    ages = work.weekly.open_tickets(age_edges(now))
    return Week(
        since,
        until,
        now,
        suspicious,
        {
            day.date(): sum(found.get(name, {}).get(at, 0) for name in SUSPICIOUS)
            for at, day in _days(edges, zone)
        },
        tuple(_accounts(work, since, until)),
        tuple(Counted(*one) for one in work.weekly.origins(since, until, TOP)),
        tuple(Counted(*one) for one in work.weekly.kept_senders(since, until, TOP)),
        Compared(LOCKED, *actions.get(LOCKED, (0, 0))),
        Compared(FROZEN, *actions.get(FROZEN, (0, 0))),
        tuple(frozen_now),
        frozen_count,
        present(kept, [one.value for one in Verdict]),
        Compared("dead", *_halves(work.weekly.letters_dead(earlier, span))),
        letters.get(QUEUED, 0) + letters.get(SENDING, 0),
        work.letters.oldest_unsent(),
        without_fate,
        deferred,
        Compared("opened", *_halves(work.weekly.opened(earlier, span))),
        Compared("resolved", *_halves(work.weekly.resolved(earlier, span))),
        tuple(ages.get(len(AGE_DAYS) - at, 0) for at in range(len(AGE_DAYS) + 1)),
        anchor,
    )


def _accounts(work: Work, since: datetime, until: datetime) -> Iterable[Counted]:
    """Yield whom suspicious actions were about, by the address that they log in with, or by name without one."""
    found = work.weekly.accounts(since, until, TOP)
    ids = [person_id for person_id, _count in found]
    people, owned = work.people.by_ids(ids), work.people.addresses_of_all(ids)
    for person_id, count in found:
        addresses = owned.get(person_id)
        yield Counted(addresses[0].address if addresses else people[person_id].name, count)


def _days(edges: tuple[datetime, ...], zone: tzinfo) -> Iterable[tuple[int, datetime]]:
    """Yield each day's bucket and its beginning by the clock of *zone*."""
    return enumerate((edge.astimezone(zone) for edge in edges[:-1]), 1)


def _halves(buckets: Mapping[int, int]) -> tuple[int, int]:
    """Return what lies behind the first edge, and what before."""
    return sum(count for bucket, count in buckets.items() if bucket), buckets.get(0, 0)
