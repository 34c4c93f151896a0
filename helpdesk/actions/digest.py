"""Once an hour: tell together what was not told one by one, the security contacts and the owners of accounts."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from helpdesk.actions.alarms import (
    CONTACTS,
    REFUSED,
    TO_OWNERS,
    TOLD,
    addressee,
    alarm_row,
    hour_of,
    room_for_owners,
    usual_owner,
)
from helpdesk.actions.desk import Desk
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
    hours = _whole_hours(now)
    keys = {
        hour: {address: dedupe_key("digest", hour.isoformat(), address) for address in desk.alert_addresses}
        for hour in hours
    }
    known = work.letters.known([key for of_hour in keys.values() for key in of_hour.values()])
    sent = {hour for hour, of_hour in keys.items() if known.intersection(of_hour.values())}
    if hours[0] in sent:
        return False
    work.budgets.forget_before(now - KEPT)
    untold = {hour: _untold(work, hour) for hour in _since_the_last(hours, sent)}
    untold = {hour: counts for hour, counts in untold.items() if counts}
    if not untold or not work.budgets.take({CONTACTS: 1}, desk.alerts_per_hour, now)[CONTACTS]:
        return False  # what there was no room for comes with the next one
    refused = sum(untold.values(), Counter[str]())
    kinds = counted(sorted(refused.items()), desk.language)
    words = LAST_HOUR if list(untold) == [hours[0]] else LAST_HOURS
    notice = Notice(words[desk.language], min(untold), refused.total(), kinds)
    work.letters.add(
        [
            alarm_row(alert(desk.stationery, Addressee(address, desk.language), notice, dedupe, now), now)
            for address, dedupe in keys[hours[0]].items()
        ]
    )
    return True


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
    room = room_for_owners(work, desk, [owner for owner, _ in due.values()], now)
    rows = [
        alarm_row(_digest_of(desk, owner, ones, keys[hours[0], address], now), now, owner)
        for address, (owner, ones) in due.items()
        if room[address]
    ]
    work.letters.add(rows)
    return bool(rows)


def _digest_of(
    desk: Desk, owner: KnownAddress, ones: Sequence[Alerted], dedupe: str, now: datetime
) -> Letter:
    to = addressee(owner)
    happened = [
        Happened(in_words(Action(one.kind), to.language), one.at, count=one.count - one.to_owner)
        for one in ones
    ]
    return suspicious_login(desk.stationery, to, happened, dedupe, now, is_digest=True, has_password=None)
