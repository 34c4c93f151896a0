"""Alarm people: the owner of an account or an address, and the security contacts, once for each cause and window.

Every alarm is a row that the daemon writes to the journal and to a file, whether or not a letter could go. Letters of
alarms have a budget of their own for each reader, of which floods of mail leave some, and go out before others: the
caps on confirmations do not keep them back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from helpdesk.actions.breakers import stopped
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.places import NOBODY, pass_gate, reader, take_places
from helpdesk.actions.reachable import addressee, contacts_of
from helpdesk.core.audit import Action
from helpdesk.core.breakerscopes import CAME_BACK, why_waiting
from helpdesk.core.letters import Addressee, Letter, Notice, alert, dedupe_key
from helpdesk.core.people import AddressState, KnownAddress, Language
from helpdesk.core.standing import standing
from helpdesk.core.suspicion import Alarm, in_words
from helpdesk.core.suspicionletters import Happened, address_frozen, sender_forged, suspicious_login
from helpdesk.store.alerts import NewAlert
from helpdesk.store.budgets import Breaker
from helpdesk.store.rows import Row
from helpdesk.store.work import Work

REFUSED = "refused:"  # the scopes that the contacts' digest counts
TOLD = "told:"  # the same of what letters told all contacts of
AHEAD = timedelta(minutes=4)  # an alarm overtakes what became due within them; `status` calls 5 minutes late
ABOUT_LOGINS = (Action.LOGIN_FAILED_OFTEN, Action.LOGIN_LOCKED, Action.LOGIN_FROM_NEW_PLACE)
TO_OWNERS = (*ABOUT_LOGINS, Action.SENDER_FORGED)
OWNERS_HEAR = (
    *TO_OWNERS,
    Action.MAIL_DISOWNED,
)  # of what they asked for themselves, contacts hear all the same
ONCE_A_DAY = (Action.SENDER_FORGED,)  # a forger is free to write every hour
NO_ACCOUNT = {Language.FR: "adresse inconnue", Language.EN: "unknown address"}
BY_MAIL = (Action.SENDER_FORGED, Action.MANY_UNKNOWN_SENDERS, Action.SENDER_FLOOD, Action.ROUTE_CHANGED)
NOT_TO_CONTACTS = (
    Action.SENDER_FORGED,  # of which they hear by its verdict
    Action.ROUTE_CHANGED,  # in their digest: usually a server that moved
)


def hour_of(now: datetime) -> datetime:
    """Return the beginning of the hour of *now*."""
    return now.replace(minute=0, second=0, microsecond=0)


def usual_owner(work: Work, person_id: int | None, now: datetime) -> KnownAddress | None:
    """Return the address that a person is told at: the first verified one that is valid now."""
    owned = work.people.addresses_of(person_id) if person_id else []
    return next((known for known in owned if standing(known, now) is AddressState.VERIFIED), None)


def raise_alarms(work: Work, desk: Desk, alarms: Sequence[Alarm], now: datetime) -> None:
    """Note alarms and queue their letters, as far as the budgets go; a cause of this hour is only counted again."""
    if not alarms:
        return
    pass_gate(work)
    causes = _joined(alarms, now)
    _count(work, REFUSED, causes.values(), now)
    known = work.alerts.known(causes)
    work.alerts.repeat({dedupe: causes[dedupe].count for dedupe in known})
    _raise(work, desk, {dedupe: alarm for dedupe, alarm in causes.items() if dedupe not in known}, now)


def raise_new(work: Work, desk: Desk, fresh: Mapping[str, Alarm], now: datetime) -> None:
    """Note alarms, by their causes, of which none is known. Refused as a whole where one of them is."""
    pass_gate(work)
    _count(work, REFUSED, fresh.values(), now)
    _raise(work, desk, fresh, now)


def _count(work: Work, scopes: str, alarms: Iterable[Alarm], now: datetime) -> None:
    counted = Counter[str]()
    for alarm in alarms:
        if alarm.action is not Action.SENDER_FORGED:
            counted[f"{scopes}{alarm.action.value}"] += alarm.count
    work.budgets.spend({(scope, hour_of(now)): count for scope, count in counted.items()})


def _raise(work: Work, desk: Desk, fresh: Mapping[str, Alarm], now: datetime) -> None:
    to_contacts, told = _letters_to_contacts(work, desk, fresh, now)
    to_owners = _letters_to_owners(work, desk, fresh, now)
    work.letters.add([*to_owners.values(), *(row for rows in to_contacts.values() for row in rows)])
    _count(work, TOLD, told, now)
    work.alerts.add(
        [
            NewAlert(
                dedupe,
                alarm.action.value,
                alarm.owner.person.id if alarm.owner else None,
                alarm.count,
                len(to_contacts.get(dedupe, ())) + (dedupe in to_owners),
                int(dedupe in to_owners),
            )
            for dedupe, alarm in fresh.items()
        ],
        now,
    )


def cause_of(alarm: Alarm, now: datetime) -> str:
    """Return the key (64 hex) of what an alarm is about within its hour."""
    return _key_within(hour_of(alarm.at or now), alarm)


def _window_of(alarm: Alarm, now: datetime) -> str:
    """Return the key (64 hex) of what an alarm is about within the hour or day in which its owner gets one letter."""
    hour = hour_of(alarm.at or now)
    return _key_within(hour.replace(hour=0) if alarm.action in ONCE_A_DAY else hour, alarm)


def _key_within(start: datetime, alarm: Alarm) -> str:
    return dedupe_key("alarm", alarm.action.value, alarm.about, start.isoformat())


def _joined(alarms: Sequence[Alarm], now: datetime) -> dict[str, Alarm]:
    """Return the causes by their keys, each with how often it came; the first of each speaks for all."""
    causes: dict[str, Alarm] = {}
    for alarm in alarms:
        dedupe = cause_of(alarm, now)
        before = causes.get(dedupe)
        causes[dedupe] = replace(before, count=before.count + alarm.count) if before else alarm
    return causes


def _letters_to_owners(work: Work, desk: Desk, fresh: Mapping[str, Alarm], now: datetime) -> dict[str, Row]:
    """Return the letters to owners, by the causes; of what they have read within its window they get no other."""
    told = {
        dedupe: (alarm, alarm.owner)
        for dedupe, alarm in fresh.items()
        if alarm.action in OWNERS_HEAR and alarm.owner
    }
    keys = {
        dedupe: dedupe_key(_window_of(alarm, now), owner.address) for dedupe, (alarm, owner) in told.items()
    }
    read = work.letters.known([keys[one] for one, (alarm, _) in told.items() if alarm.action in ONCE_A_DAY])
    told = {dedupe: one for dedupe, one in told.items() if keys[dedupe] not in read}
    wanted = [(dedupe, (reader(owner), alarm.action in BY_MAIL)) for dedupe, (alarm, owner) in told.items()]
    nobodys = sum(alarm.action in ABOUT_LOGINS and alarm.owner is None for alarm in fresh.values())
    wanted += [("", (NOBODY, False))] * nobodys  # they cost the same work, so that time tells nothing
    seated = take_places(work, wanted, desk.thresholds.owner_letters_per_hour, now)
    with_password = _with_password(work, fresh)
    wait = stopped(work, {owner.address for _, owner in told.values() if owner.bounces}, now)
    rows = {}
    for dedupe in filter(None, seated):
        alarm, owner = told[dedupe]
        letter = _to_owner(desk, alarm, owner, keys[dedupe], now, owner.person.id in with_password)
        rows[dedupe] = alarm_row(letter, now, owner) | later(wait.get(owner.address))
    return rows


def _with_password(work: Work, fresh: Mapping[str, Alarm]) -> set[int]:
    """Return whose logins there are alarms about and who have a password; a login of nobody costs the same work."""
    logins = [alarm.owner for alarm in fresh.values() if alarm.action in ABOUT_LOGINS]
    return (
        work.logins.with_password({owner.person.id if owner else 0 for owner in logins}) if logins else set()
    )


def _to_owner(
    desk: Desk, alarm: Alarm, owner: KnownAddress, key: str, now: datetime, has_password: bool
) -> Letter:
    to = addressee(owner)
    if alarm.action is Action.MAIL_DISOWNED:
        return address_frozen(desk.stationery, to, now, key, now)
    if alarm.mail_id is not None:
        return sender_forged(desk.stationery, to, alarm.mail_id, now, key, now)
    happened = Happened(in_words(alarm.action, to.language), now, alarm.place, alarm.client, alarm.count)
    return suspicious_login(desk.stationery, to, [happened], key, now, has_password=has_password)


def _letters_to_contacts(
    work: Work, desk: Desk, fresh: Mapping[str, Alarm], now: datetime
) -> tuple[dict[str, list[Row]], list[Alarm]]:
    """Return the letters to contacts, and which alarms all contacts are told of.

    One who is the owner hears as the owner, in a letter of their own.
    """
    about = {dedupe: alarm for dedupe, alarm in fresh.items() if alarm.action not in NOT_TO_CONTACTS}
    if not about or not desk.alert_addresses:
        return {}, []
    wanted = [
        ((dedupe, to), (reader(to), alarm.action in BY_MAIL))
        for to in contacts_of(work, desk)
        for dedupe, alarm in about.items()
        if reader(to) != _owner_told_of(alarm)
    ]
    rows: dict[str, list[Row]] = {dedupe: [] for dedupe in about}
    seated = take_places(work, wanted, desk.alerts_per_hour, now)
    for dedupe, to in seated:
        rows[dedupe].append(alarm_row(_to_contact(desk, fresh[dedupe], to, dedupe, now), now))
    left_out = {letter[0] for letter, _ in wanted if letter not in seated}
    return rows, [alarm for dedupe, alarm in about.items() if dedupe not in left_out]


def _owner_told_of(alarm: Alarm) -> str:
    """Return the reader who hears as the owner; empty where nobody does."""
    return reader(alarm.owner) if alarm.owner and alarm.action in TO_OWNERS else ""


def _to_contact(desk: Desk, alarm: Alarm, to: Addressee, dedupe: str, now: datetime) -> Letter:
    key, words = dedupe_key(dedupe, to.address), in_words(alarm.action, to.language)
    if alarm.action not in ABOUT_LOGINS:
        notice = Notice(words, alarm.at or now, alarm.count, alarm.reason.get(to.language, ""))
        return alert(desk.stationery, to, notice, key, now)
    happened = Happened(words, now, alarm.place, alarm.client, alarm.count)
    account = alarm.owner.address if alarm.owner else NO_ACCOUNT[to.language]
    return suspicious_login(desk.stationery, to, [happened], key, now, account)


def alarm_row(letter: Letter, now: datetime, owner: KnownAddress | None = None) -> Row:
    """Return the outbox row of an alarm's letter, which overtakes others."""
    return letter_row(letter, now, person_id=owner.person.id if owner else None) | {"next_at": now - AHEAD}


def later(breaker: Breaker | None) -> Row:
    """Return what makes a letter wait whose address lets too many come back."""
    return {"next_at": breaker.closes_at, "last_error": why_waiting([CAME_BACK])} if breaker else {}
