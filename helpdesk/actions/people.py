"""Register people."""

import unicodedata
from datetime import UTC, datetime

from helpdesk.actions.permits import event_by, require_right
from helpdesk.core.address import normal_address
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.terminal import term_safe
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work

MAX_NAME_CHARS = 200


def add_person(
    database: Database,
    address: str,
    name: str,
    role: Role,
    language: Language,
    state: AddressState,
    by: Actor | None = None,
) -> KnownAddress:
    """Register a person with an address; both exist afterwards or neither does. *by*: None for the installation.

    Raises Refused for an address that cannot be one, or that is registered already, NotAllowed for a role
    that *by* may not give.
    """
    if by is not None and role is not Role.USER:
        require_right(database, by, Right.CHANGE_ROLES)
    try:
        normal = normal_address(address)
    except ValueError as error:
        raise Refused(str(error)) from error
    name = " ".join(name.split())
    if term_safe(name) != unicodedata.normalize("NFC", name):
        raise Refused(f"the name {term_safe(name)} holds characters that do not print; leave them out")
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise Refused(f"a name has 1 to {MAX_NAME_CHARS} characters, this one {len(name)}")

    def job(work: Work) -> KnownAddress:
        if found := work.people.known_addresses([normal]).get(normal):
            raise Refused(
                f"{normal} is registered already, for {found.person.name} ({found.person.role.value})"
            )
        now = datetime.now(UTC)
        person = work.people.add(name, role, language, now)
        known = work.people.add_address(person, normal, state, now)
        detail = {"person": person.id, "role": role.value, "state": state.value}
        row = Event(Action.PERSON_ADDED, Outcome.SUCCESS, now, detail=detail)
        work.audit.add([event_by(by, row.action, row.status, now, **detail) if by else row])
        return known

    try:
        return in_work(database, job)
    except AlreadyThere as rival:
        raise Refused(f"{normal} was registered by somebody else just now") from rival
    except Refusal as refusal:
        raise Refused(f"{normal} cannot be registered: {refusal}") from refusal
