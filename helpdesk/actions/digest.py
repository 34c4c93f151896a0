"""Once an hour: tell together what was not told one by one, the security contacts and the owners of accounts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from helpdesk.actions.alarms import (
    CONTACTS,
    REFUSED,
    TO_OWNERS,
    addressee,
    alarm_row,
    hour_of,
    room_for_owners,
    usual_owner,
)
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import LAST_HOUR
from helpdesk.core.audit import Action
from helpdesk.core.letters import Addressee, Letter, Notice, alert, dedupe_key
from helpdesk.core.people import KnownAddress
from helpdesk.core.suspicion import in_words
from helpdesk.core.suspicionletters import Happened, suspicious_login
from helpdesk.store.alerts import Alerted
from helpdesk.store.work import Refusal, Work, in_work

KEPT = timedelta(days=2)  # no cap looks further back
ALERTS_KEPT = timedelta(days=30)


def hourly(desk: Desk) -> bool:
    """Queue the digests of the last whole hour, once for all daemons; return whether there was one.

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
    hour = hour_of(now) - timedelta(hours=1)
    keys = {address: dedupe_key("digest", hour.isoformat(), address) for address in desk.alert_addresses}
    if work.letters.known(keys.values()):
        return False
    work.budgets.forget_before(now - KEPT)
    work.alerts.forget_before(now - ALERTS_KEPT)
    refused = work.budgets.used_below(REFUSED, hour)
    minutes = [(CONTACTS, hour + timedelta(minutes=number)) for number in range(60)]
    total, told = sum(refused.values()), sum(work.budgets.used(minutes).values())
    if total <= told or not work.budgets.take({CONTACTS: 1}, desk.alerts_per_hour, now)[CONTACTS]:
        return False
    kinds = ", ".join(f"{count} {scope.removeprefix(REFUSED)}" for scope, count in sorted(refused.items()))
    notice = Notice(LAST_HOUR[desk.language], hour, total, kinds)
    work.letters.add(
        [
            alarm_row(alert(desk.stationery, Addressee(address, desk.language), notice, dedupe, now), now)
            for address, dedupe in keys.items()
        ]
    )
    return True


def _digests_of_owners(desk: Desk, work: Work) -> bool:
    now = desk.clock(work)
    hour = hour_of(now) - timedelta(hours=1)
    untold: dict[int, list[Alerted]] = {}
    for one in work.alerts.of_owners(hour, hour + timedelta(hours=1), TO_OWNERS):
        untold.setdefault(one.person_id or 0, []).append(one)
    found = [(usual_owner(work, person_id, now), ones) for person_id, ones in untold.items()]
    owners = [(owner, ones) for owner, ones in found if owner and owner.address not in desk.alert_addresses]
    keys = {owner.address: dedupe_key("digest of", hour.isoformat(), owner.address) for owner, _ in owners}
    known = work.letters.known(keys.values())
    due = [(owner, ones) for owner, ones in owners if keys[owner.address] not in known]
    room = room_for_owners(work, desk, [owner for owner, _ in due], now)
    rows = [
        alarm_row(_digest_of(desk, owner, ones, keys[owner.address], now), now, owner)
        for owner, ones in due
        if room[owner.address]
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
    return suspicious_login(desk.stationery, to, happened, dedupe, now, is_digest=True)
