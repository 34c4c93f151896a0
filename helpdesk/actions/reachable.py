"""Where letters to people go: to the first of their addresses that may write to us, too."""

from collections.abc import Collection
from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.core.letters import Addressee
from helpdesk.core.people import AddressState, KnownAddress
from helpdesk.core.standing import standing
from helpdesk.store.work import Work


def reachable(work: Work, person_ids: Collection[int], now: datetime) -> dict[int, Addressee]:
    """Return where letters to these people go; whoever has no address that may be written to is left out."""
    found = {}
    for person_id, known in work.people.addresses_of_all(person_ids).items():
        verified = [one for one in known if standing(one, now) is AddressState.VERIFIED]
        if verified:
            found[person_id] = addressee(verified[0])
    return found


def contacts_of(work: Work, desk: Desk) -> list[Addressee]:
    """Return the contacts in the settings: as the person whose address it is, else with the desk's language."""
    known = work.people.known_addresses(desk.alert_addresses)
    return [
        addressee(known[address]) if address in known else Addressee(address, desk.language)
        for address in desk.alert_addresses
    ]


def addressee(known: KnownAddress) -> Addressee:
    """Return a person at one of their addresses."""
    person = known.person
    return Addressee(known.address, person.language, person.name, person.id)
