"""Places for letters of alarms: so many within an hour for each reader, of which mail can take only some.

A reader is a person, at whatever addresses, else the address of a contact whom nobody registered. What somebody is
told as the owner of an address and as a contact takes of the same places.

One is owner and contact, another contact and owner: whoever raises alarms passes a gate first, or two transactions
would wait for each other's places. Behind it nothing is locked that somebody holds who comes to it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from helpdesk.core.letters import Addressee
from helpdesk.core.people import KnownAddress
from helpdesk.core.suspicion import places_for_digests, places_for_mail
from helpdesk.store.work import Work

PLACES = "alerts:to:"  # the scopes of readers; those of what mail can cause have another word behind
BY_MAIL = ":mail"
DIGESTS = ":digests"
GATE = ("alerts:gate", datetime(9999, 1, 1, tzinfo=UTC))  # a row for good: no window that ends
NOBODY = ""  # who reads a letter about a login that has no owner

One = TypeVar("One")
Place = tuple[str, bool]  # a reader, and whether whoever sends us mail can cause the letter


def reader(to: Addressee | KnownAddress) -> str:
    """Return who reads a letter, for all of a person's addresses the same."""
    person_id = to.person.id if isinstance(to, KnownAddress) else to.person_id
    return to.address if person_id is None else str(person_id)


def pass_gate(work: Work) -> None:
    """Wait until no other transaction raises alarms; until this one ends, no other does."""
    work.budgets.spend({GATE: 0})


def take_places(work: Work, wanted: Sequence[tuple[One, Place]], limit: int, now: datetime) -> list[One]:
    """Take the place that each one wants, as far as *limit* goes within 60 minutes; return those who got theirs.

    Behind the gate. What no mail can cause comes first, then the first of *wanted*.
    """
    places = Counter(place for _, place in wanted)
    return _seated(wanted, _take(work, places, limit, places_for_mail(limit), now))


def take_for_digest(
    work: Work, wanted: Sequence[tuple[One, Addressee | KnownAddress]], limit: int, now: datetime
) -> list[One]:
    """Take a place for the digest to each reader; return those who got theirs.

    It leaves mail one place less within 60 minutes, but needs none of those that mail has.
    """
    if not wanted:
        return []
    pass_gate(work)
    digests = [(one, (reader(to), True)) for one, to in wanted]
    readers = Counter(f"{PLACES}{who}" for _, (who, _) in digests)
    hour = now.replace(minute=0, second=0, microsecond=0)
    used = work.budgets.used([(f"{scope}{DIGESTS}", hour) for scope in readers])
    most = places_for_digests(limit)
    left = {scope: max(0, most - used.get((f"{scope}{DIGESTS}", hour), 0)) for scope in readers}
    given = work.budgets.take(
        {scope: min(count, left[scope]) for scope, count in readers.items()}, limit, now
    )
    work.budgets.count({f"{scope}{BY_MAIL}": count for scope, count in given.items() if count}, now)
    work.budgets.spend({(f"{scope}{DIGESTS}", hour): count for scope, count in given.items() if count})
    return _seated(digests, Counter({place: given[f"{PLACES}{place[0]}"] for _, place in digests}))


def _seated(wanted: Sequence[tuple[One, Place]], room: "Counter[Place]") -> list[One]:
    seated = []
    for one, place in wanted:
        if room[place]:
            room[place] -= 1
            seated.append(one)
    return seated


def _take(work: Work, wanted: "Counter[Place]", limit: int, for_mail: int, now: datetime) -> "Counter[Place]":
    scopes = {who: f"{PLACES}{who}" for who, _ in wanted}
    room = work.budgets.take(
        {scope: wanted[who, False] + wanted[who, True] for who, scope in scopes.items()}, limit, now
    )
    taken = Counter({(who, False): min(wanted[who, False], room[scope]) for who, scope in scopes.items()})
    left = {who: min(wanted[who, True], room[scope] - taken[who, False]) for who, scope in scopes.items()}
    by_mail = {f"{scopes[who]}{BY_MAIL}": count for who, count in left.items() if wanted[who, True]}
    given = work.budgets.take(by_mail, for_mail, now)
    for who, scope in scopes.items():
        taken[who, True] = given.get(f"{scope}{BY_MAIL}", 0)
    unused = {scope: room[scope] - taken[who, False] - taken[who, True] for who, scope in scopes.items()}
    work.budgets.give_back(unused, now)
    return taken
