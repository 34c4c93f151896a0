"""Change people: name, language, dates, addresses, role; freeze, block and close. Each is one transaction."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from helpdesk.actions.lastadmin import in_work_with_an_admin
from helpdesk.actions.people import Found, find_person
from helpdesk.actions.permits import deny, event_by
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.names import name_problem, tidy
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.permissions import Actor, Reach, Right, reach
from helpdesk.core.standing import Measure, after
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.work import AlreadyThere, Work, in_work

MAX_ADDRESSES = 10  # of one person
_ACTIONS = {
    Measure.VERIFY: Action.ADDRESS_VERIFIED,
    Measure.FREEZE: Action.ADDRESS_FROZEN,
    Measure.UNFREEZE: Action.ADDRESS_UNFROZEN,
    Measure.BLOCK: Action.ADDRESS_BLOCKED,
}
_ENDS_SESSIONS = (Measure.FREEZE, Measure.BLOCK)


def edit_person(
    database: Database,
    actor: Actor,
    address: str,
    name: str | None = None,
    language: Language | None = None,
    dates: Mapping[str, datetime | None] | None = None,
) -> Person:
    """Give a person another name, language or dates; one's own language is one's own affair. Raises Refused.

    *dates*: ``valid_from``, ``valid_until``, of all their addresses; what is not named stays.
    """
    own = name is None and not dates and address in _own_addresses(database, actor)
    found = find_person(database, actor, Right.OWN_ACCOUNT if own else Right.CHANGE_PEOPLE, address)
    person, dates = found.known.person, dates or {}
    values: dict[str, object] = {"language": language.value} if language else {}
    if name is not None:
        values["name"] = tidy(name)
        if problem := name_problem(tidy(name)):
            raise Refused(*problem)
    _check_dates(found.known, dates)

    def job(work: Work) -> Person:
        if values:
            work.people.change(person.id, **values)
        for known in found.addresses if dates else ():
            _change_address(work, known, **dates)
        detail = {"person": person.id, "changed": sorted([*values, *dates])}
        row = event_by(actor, Action.PERSON_EDITED, Outcome.SUCCESS, work.database_now(), **detail)
        work.audit.add([row])
        return work.people.by_ids([person.id])[person.id]

    return in_work_with_an_admin(database, actor, person.id, job) if dates else in_work(database, job)


def _check_dates(known: KnownAddress, dates: Mapping[str, datetime | None]) -> None:
    begins, ends = dates.get("valid_from", known.valid_from), dates.get("valid_until", known.valid_until)
    if dates and begins and ends and ends <= begins:
        raise Refused("the last day is before the first", "le dernier jour précède le premier")


def _own_addresses(database: Database, actor: Actor) -> list[str]:
    with Work(database, read_only=True) as work:
        return [known.address for known in work.people.addresses_of(actor.person.id)]


def set_own_language(database: Database, actor: Actor, language: Language) -> None:
    """Choose the language of one's own shell and letters. Raises Refused where nobody is logged in."""
    own = _own_addresses(database, actor)
    if not own:
        raise Refused("say whose language: add the address", "dites la langue de qui : ajoutez l'adresse")
    edit_person(database, actor, own[0], language=language)


def take_measure(
    database: Database, actor: Actor, address: str, measure: Measure, only: bool = False
) -> list[str]:
    """Verify an address, or freeze, unfreeze or block all addresses of its owner; return which were changed.

    *only*: this one alone. Whoever is frozen or blocked whole is logged out. Raises Refused where nothing changes.
    """
    found = find_person(database, actor, Right.CHANGE_PEOPLE, address)
    person = found.known.person
    only = only or measure is Measure.VERIFY
    concerned = (found.known,) if only else found.addresses
    changes = [(known, to) for known in concerned if (to := after(measure, known.state)) is not None]
    if not changes:
        raise _no_change(found.known, measure)
    if any(known.disowned_at for known, _ in changes):
        _require_admin(database, actor, found.known)

    def job(work: Work) -> list[str]:
        now = work.database_now()
        for known, to in changes:
            _change_address(work, known, state=to.value)
        if measure in _ENDS_SESSIONS and not only:
            work.sessions.revoke(now, person_id=person.id)
        events = [
            event_by(
                actor, _ACTIONS[measure], Outcome.SUCCESS, now,
                person=person.id, address=known.id, before=known.state.value, after=to.value,
            )
            for known, to in changes
        ]  # fmt: skip
        work.audit.add(events)
        return [known.address for known, _ in changes]

    return in_work_with_an_admin(database, actor, person.id, job)


def _require_admin(database: Database, actor: Actor, known: KnownAddress) -> None:
    """Raise for others than admins: somebody writes in the owner's name, who said so."""
    if reach(actor.person, Right.CHANGE_PEOPLE) is not Reach.ALL:
        deny(database, actor, Right.CHANGE_PEOPLE, person=known.person.id)
        raise Refused(
            f"{known.address}: its owner said that mail from there was not theirs; only an admin decides now",
            f"{known.address} : son propriétaire dit qu'un mail n'était pas de lui ; seul un admin décide désormais",
        )


def _no_change(known: KnownAddress, measure: Measure) -> Refused:
    possible = ", ".join(one.value for one in Measure if after(one, known.state))
    english, french = (known.state.in_words(one) for one in (Language.EN, Language.FR))
    return Refused(
        f"{known.address} is {english}: {measure.value} changes nothing; from here you can: {possible}",
        f"{known.address} est {french} : {measure.value} n'y change rien ; possible d'ici : {possible}",
    )


def _change_address(work: Work, known: KnownAddress, **values: object) -> None:
    if not work.people.change_address(known.id, known.state, **values):
        raise Refused(
            f"{known.address} was changed by somebody else just now; look at it again",
            f"{known.address} vient d'être modifié par quelqu'un d'autre ; regardez à nouveau",
        )


def close_person(database: Database, actor: Actor, address: str) -> Person:
    """Close an account: its mail is held, its sessions end, its tickets stay. Raises Refused."""
    return _set_active(database, actor, address, False)


def reopen_person(database: Database, actor: Actor, address: str) -> Person:
    """Open a closed account again. Raises Refused."""
    return _set_active(database, actor, address, True)


def _set_active(database: Database, actor: Actor, address: str, active: bool) -> Person:
    person = find_person(database, actor, Right.CHANGE_PEOPLE, address).known.person
    if person.active is active:
        raise Refused(
            f"the account of {person.name} is {'open' if active else 'closed'} already",
            f"le compte de {person.name} est déjà {'ouvert' if active else 'fermé'}",
        )

    def job(work: Work) -> Person:
        now = work.database_now()
        work.people.change(person.id, active=active)
        if not active:
            work.sessions.revoke(now, person_id=person.id)
        action = Action.PERSON_REOPENED if active else Action.PERSON_CLOSED
        work.audit.add([event_by(actor, action, Outcome.SUCCESS, now, person=person.id)])
        return person

    return in_work_with_an_admin(database, actor, person.id, job)


def change_role(database: Database, actor: Actor, address: str, role: Role) -> Found:
    """Give a person another role, which counts from their next command on. Raises Refused."""
    found = find_person(database, actor, Right.CHANGE_ROLES, address)
    person = found.known.person
    if person.role is role:
        raise Refused(f"{person.name} is {role.value} already", f"{person.name} est déjà {role.value}")

    def job(work: Work) -> Found:
        if work.people.by_ids([person.id])[person.id].role is not person.role:
            raise Refused(
                f"the role of {person.name} was changed by somebody else just now",
                f"le rôle de {person.name} vient d'être changé par quelqu'un d'autre",
            )
        work.people.set_role(person.id, role)
        before_and_after = {"before": person.role.value, "after": role.value}
        row = event_by(
            actor,
            Action.ROLE_CHANGED,
            Outcome.SUCCESS,
            work.database_now(),
            person=person.id,
            **before_and_after,
        )
        work.audit.add([row])
        return found

    return in_work_with_an_admin(database, actor, person.id, job)


def add_address(
    database: Database, actor: Actor, address: str, new: str, state: AddressState
) -> KnownAddress:
    """Give a person one more address (normal form), with the dates of the one they are found by. Raises Refused."""
    found = find_person(database, actor, Right.CHANGE_PEOPLE, address)
    person, begins, ends = found.known.person, found.known.valid_from, found.known.valid_until
    if len(found.addresses) >= MAX_ADDRESSES:
        raise Refused(
            f"{person.name} has {MAX_ADDRESSES} addresses, and nobody has more",
            f"{person.name} a {MAX_ADDRESSES} adresses, et personne n'en a plus",
        )

    def job(work: Work) -> KnownAddress:
        now = work.database_now()
        known = work.people.add_address(person, new, state, now, begins, ends)
        detail = {"person": person.id, "address": known.id, "state": state.value}
        work.audit.add([event_by(actor, Action.ADDRESS_ADDED, Outcome.SUCCESS, now, **detail)])
        return known

    try:
        return in_work(database, job)
    except AlreadyThere as there:
        raise Refused(f"{new} is registered already", f"{new} est déjà inscrit") from there


def remove_address(database: Database, actor: Actor, address: str) -> Person:
    """Forget an address of a person, not the last one: its mail will be a stranger's. Raises Refused."""
    found = find_person(database, actor, Right.CHANGE_PEOPLE, address)
    person = found.known.person
    return in_work_with_an_admin(database, actor, person.id, partial(_remove_address, actor, found.known))


def _remove_address(actor: Actor, known: KnownAddress, work: Work) -> Person:
    if len(work.people.addresses_of(known.person.id)) < 2:
        raise Refused(
            f"{known.address} is the only address of {known.person.name}: add another first, or close the account",
            f"{known.address} est la seule adresse de {known.person.name} : ajoutez-en une, ou fermez le compte",
        )
    work.people.remove_address(known.id)
    detail = {"person": known.person.id, "address": known.id}
    work.audit.add([event_by(actor, Action.ADDRESS_REMOVED, Outcome.SUCCESS, work.database_now(), **detail)])
    return known.person
