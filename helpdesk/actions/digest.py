"""Once an hour: tell together what was not told one by one, the security contacts and the owners of accounts."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from helpdesk.actions.alarms import (
    REFUSED,
    TO_OWNERS,
    TOLD,
    alarm_row,
    hour_of,
    usual_owner,
)
from helpdesk.actions.desk import Desk
from helpdesk.actions.places import take_for_digest
from helpdesk.actions.reachable import addressee, contacts_of
from helpdesk.core.alertwords import LAST_HOUR, LAST_HOURS, counted
from helpdesk.core.audit import Action
from helpdesk.core.letters import Addressee, Letter, Notice, alert, dedupe_key
from helpdesk.core.people import KnownAddress
from helpdesk.core.suspicion import in_words
from helpdesk.core.suspicionletters import Happened, suspicious_login
from helpdesk.store.alerts import Alerted
from helpdesk.store.work import Refusal, Work, in_work

HOUR = timedelta(hours=1)
LOOK_BACK_HOURS = 24  # what found no room, or no daemon to tell it, is told within them
KEPT = timedelta(days=2)  # no cap looks further back


def hourly(desk: Desk) -> bool:
    """Queue the digests of what the last digest did not tell, once for all daemons; return whether there was one.

    Forgets budgets and alerts that nobody looks at any more. Raises StoreAway.
    """
    queued = False
    for digest in (_digest, _digests_of_owners):
        try:
            queued |= in_work(desk.database, partial(digest, desk))
        except Refusal:  # another daemon was quicker
            continue
    return queued


def _digest(desk: Desk, work: Work) -> bool:
    now = desk.clock(work)
    hours, contacts = _whole_hours(now), contacts_of(work, desk)
    keys = {
        (hour, to): dedupe_key("digest", hour.isoformat(), to.address) for hour in hours for to in contacts
    }
    known = work.letters.known(keys.values())
    sent = {to: {hour for hour in hours if keys[hour, to] in known} for to in contacts}
    waiting = [to for to in contacts if hours[0] not in sent[to]]
    if contacts and not waiting:
        return False
    work.budgets.forget_before(now - KEPT)
    since = {to: list(_since_the_last(hours, sent[to])) for to in waiting}
    untold = {hour: _untold(work, hour) for hour in {hour for of_one in since.values() for hour in of_one}}
    due = {
        to: counts
        for to, of_one in since.items()
        if (counts := {hour: untold[hour] for hour in of_one if untold[hour]})
    }
    # Who has no place gets it with the next one.
    seated = take_for_digest(work, [(to, to) for to in due], desk.alerts_per_hour, now)
    rows = [alarm_row(_digest_to(desk, to, due[to], hours[0], keys[hours[0], to], now), now) for to in seated]
    work.letters.add(rows)
    return bool(rows)


def _digest_to(
    desk: Desk,
    to: Addressee,
    untold: "Mapping[datetime, Counter[str]]",
    last_hour: datetime,
    dedupe: str,
    now: datetime,
) -> Letter:
    refused = sum(untold.values(), Counter[str]())
    words = LAST_HOUR if list(untold) == [last_hour] else LAST_HOURS
    kinds = counted(sorted(refused.items()), to.language)
    notice = Notice(words[to.language], min(untold), refused.total(), kinds)
    return alert(desk.stationery, to, notice, dedupe, now)


def _whole_hours(now: datetime) -> list[datetime]:
    """Return the beginnings of the hours that a digest may tell of, the last one first."""
    return [hour_of(now) - number * HOUR for number in range(1, LOOK_BACK_HOURS + 1)]


def _since_the_last(hours: Sequence[datetime], sent: Collection[datetime]) -> Iterator[datetime]:
    """Yield the hours behind the last one that a digest was sent of."""
    return takewhile(lambda hour: hour not in sent, hours)


def _untold(work: Work, hour: datetime) -> "Counter[str]":
    """Return what was refused in an hour, by its name, where letters of their own did not tell of all of it."""
    refused, told = (_counts_below(work, scopes, hour) for scopes in (REFUSED, TOLD))
    return refused if refused - told else Counter()


def _counts_below(work: Work, scopes: str, hour: datetime) -> "Counter[str]":
    used = work.budgets.used_below(scopes, hour)
    return Counter({scope.removeprefix(scopes): count for scope, count in used.items()})


def _digests_of_owners(desk: Desk, work: Work) -> bool:
    now = desk.clock(work)
    hours = _whole_hours(now)
    untold: dict[int, list[Alerted]] = {}
    for one in work.alerts.of_owners(hours[-1], hour_of(now), TO_OWNERS):
        untold.setdefault(one.person_id or 0, []).append(one)
    found = [(usual_owner(work, person_id, now), ones) for person_id, ones in untold.items()]
    owners = {owner.address: (owner, ones) for owner, ones in found if owner}
    keys = {
        (hour, address): dedupe_key("digest of", hour.isoformat(), address)
        for hour in hours
        for address in owners
    }
    known = work.letters.known(keys.values())
    due: dict[str, tuple[KnownAddress, list[Alerted]]] = {}
    for address, (owner, ones) in owners.items():
        sent = {hour for hour in hours if keys[hour, address] in known}
        new = set(_since_the_last(hours, sent))
        if fresh := [one for one in ones if hour_of(one.at) in new]:
            due[address] = (owner, fresh)
    wanted = [(address, owner) for address, (owner, _) in due.items()]
    seated = take_for_digest(work, wanted, desk.thresholds.owner_letters_per_hour, now)
    rows = [
        alarm_row(_digest_of(desk, *due[address], keys[hours[0], address], now), now, due[address][0])
        for address in seated
    ]
    work.letters.add(rows)
    return bool(rows)


def _digest_of(
    desk: Desk, owner: KnownAddress, ones: Sequence[Alerted], dedupe: str, now: datetime
) -> Letter:
    to = addressee(owner)
    by_kind: dict[str, list[Alerted]] = {}
    for one in ones:
        by_kind.setdefault(one.kind, []).append(one)
    happened = [
        Happened(
            in_words(Action(kind), to.language),
            min(one.at for one in same),
            count=sum(one.count - one.to_owner for one in same),
        )
        for kind, same in by_kind.items()
    ]
    return suspicious_login(desk.stationery, to, happened, dedupe, now, is_digest=True, has_password=None)
