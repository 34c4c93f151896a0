"""What a batch of mails shows that is suspicious; ``mailalarms`` counts it and tells of it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from helpdesk.actions.arrival import Arrival
from helpdesk.actions.facts import Gathered
from helpdesk.core.alertwords import disowned
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import AddressState, KnownAddress
from helpdesk.core.routes import PROVEN, remembered_route, route_changed
from helpdesk.core.rules import Facts
from helpdesk.core.standing import standing
from helpdesk.core.suspicion import Alarm
from helpdesk.core.tickets import Fate
from helpdesk.core.verdicts import Verdict
from helpdesk.store.audit import Event


@dataclass(slots=True)
class Noticed:
    """``senders``: proven mails by address, of ``owners``; ``unknown``: how many of unregistered people were held.

    ``routes`` and ``disowned``: by the ids of addresses.
    """

    senders: Counter[str] = field(default_factory=Counter)
    owners: dict[str, KnownAddress] = field(default_factory=dict)
    unknown: int = 0
    routes: dict[int, str] = field(default_factory=dict)
    disowned: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


def note_sender(noticed: Noticed, arrival: Arrival, facts: Facts, mail_id: int, fate: Fate | None) -> None:
    """Note by whom a mail is; one that is read again, or was filed before, is no news."""
    known, verdict = facts.known, facts.judgement.verdict
    if arrival.again or arrival.vouched or fate is None or fate is Fate.DUPLICATE:
        return
    if fate is Fate.HELD and known is None and facts.judgement.sender is not None:
        noticed.unknown += 1
    if known is None:
        return
    if verdict in PROVEN:
        noticed.senders[known.address] += 1
        noticed.owners[known.address] = known
    allowed = standing(known, facts.now) is AddressState.VERIFIED  # nobody else hears from us
    if verdict is Verdict.SPOOF and fate is Fate.HELD and allowed:
        noticed.alarms.append(Alarm(Action.SENDER_FORGED, known.address, known, mail_id=mail_id))


def note_route(
    noticed: Noticed, gathered: Gathered, arrival: Arrival, known: KnownAddress, mail_id: int
) -> None:
    """Note by which route an accepted mail came, and that it is another one than before: on record, never refused."""
    before = gathered.known[known.address].route
    remembered = remembered_route(before, arrival.route)
    if arrival.vouched or remembered == before:
        return
    noticed.routes[known.id] = remembered
    gathered.known[known.address] = replace(gathered.known[known.address], route=remembered)
    if route_changed(before, arrival.route):
        detail = {"mail": mail_id, "before": before, "after": arrival.route}
        person_id = known.person.id
        noticed.events.append(Event(Action.ROUTE_CHANGED, Outcome.SUCCESS, gathered.now, person_id, detail))
        noticed.alarms.append(Alarm(Action.ROUTE_CHANGED, known.address, known))


def note_disowned(
    noticed: Noticed, gathered: Gathered, known: KnownAddress, mail_id: int, held_id: int
) -> None:
    """Freeze an address for mail by its owner's word; the mails behind this one are held already."""
    now, person_id = gathered.now, known.person.id
    noticed.disowned.add(known.id)
    gathered.known[known.address] = replace(known, state=AddressState.SUSPENDED, disowned_at=now)
    frozen = {"person": person_id, "address": known.id, "before": known.state.value, "why": "disowned"}
    noticed.events += [
        Event(Action.MAIL_DISOWNED, Outcome.SUCCESS, now, person_id, {"mail": mail_id, "held": held_id}),
        Event(Action.ADDRESS_FROZEN, Outcome.SUCCESS, now, person_id, frozen),
    ]
    noticed.alarms.append(Alarm(Action.MAIL_DISOWNED, known.address, known, reason=disowned(known.address)))


def flood_event(action: Action, now: datetime, count: int, minutes: int, person_id: int | None) -> Event:
    """Return the audit row of a flood: *count* mails within so many *minutes*."""
    return Event(action, Outcome.DENIED, now, person_id, {"count": count, "minutes": minutes})
