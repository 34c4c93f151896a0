"""Passwords and second factors: chosen by their owners, reset by admins, begun at the console."""

import time
from collections.abc import Sequence
from datetime import datetime

from helpdesk.actions import passwords
from helpdesk.actions.door import Door, Place, account_scope
from helpdesk.actions.permits import event_by, require_with_person
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.passwords import password_problem
from helpdesk.core.people import AddressState, KnownAddress, Person, Role
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.work import Work, in_work


def choose_password(door: Door, actor: Actor, password: str) -> datetime:
    """Give oneself another password; all one's other sessions end. Return when.

    Raises Refused with what is wrong with the password.
    """
    person = actor.person
    with Work(door.desk.database, read_only=True) as work:
        stored = work.logins.of(person.id)
        addresses = [known.address for known in work.people.addresses_of(person.id)]
    has_totp = stored is not None and stored.totp_sealed is not None
    own_words = (person.name, door.desk.stationery.desk_name, *addresses)
    problem = password_problem(password, own_words, passwords.known_passwords(), has_totp)
    if problem:
        raise Refused(*problem)
    if stored and passwords.password_is(password, stored.password_hash):
        raise Refused("that is your password already", "c'est déjà votre mot de passe")
    hashed = passwords.hash_password(password)

    def job(work: Work) -> datetime:
        now = work.database_now()
        work.logins.set_password(person.id, hashed, False, now)
        ended = work.sessions.revoke(now, person_id=person.id, but=actor.session_id or 0)
        work.audit.add([event_by(actor, Action.PASSWORD_CHANGED, Outcome.SUCCESS, now, sessions_ended=ended)])
        return now

    return in_work(door.desk.database, job)


def reset_password(door: Door, actor: Actor, person: Person) -> str:
    """Return a first password that *person* has to change at the next login; their sessions end."""
    require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())
    password = passwords.new_password()
    hashed = passwords.hash_password(password)

    def job(work: Work) -> None:
        now = work.database_now()
        work.logins.set_password(person.id, hashed, True, now)
        work.sessions.revoke(now, person_id=person.id)
        work.logins.unlock(account_scope(person.id), now)
        work.audit.add([event_by(actor, Action.PASSWORD_RESET, Outcome.SUCCESS, now, person=person.id)])

    in_work(door.desk.database, job)
    return password


def enrol_totp(door: Door, actor: Actor, secret: str, code: str) -> Sequence[str]:
    """Make *secret* one's second factor once *code* shows that a telephone knows it; return the recovery codes.

    Raises Refused for a wrong code, which may mean that a clock is wrong.
    """
    person = actor.person
    step = passwords.totp_step(secret, code, 0, time.time())
    if step is None:
        raise Refused(
            "this code is not right; is the telephone's clock, and this machine's, on time?",
            "ce code n'est pas le bon ; l'horloge du téléphone et celle de cette machine sont-elles à l'heure ?",
        )
    codes = passwords.new_recovery_codes()
    sealed = passwords.seal(door.totp_key, person.id, secret)

    def job(work: Work) -> None:
        now = work.database_now()
        work.logins.set_totp(person.id, sealed, step)
        work.logins.set_recovery_codes(person.id, [passwords.code_hash(person.id, one) for one in codes])
        work.audit.add([event_by(actor, Action.TOTP_ENROLLED, Outcome.SUCCESS, now)])

    in_work(door.desk.database, job)
    return codes


def remove_totp(door: Door, actor: Actor, person: Person) -> None:
    """Take away a second factor: one's own, or, as an admin, somebody's who lost the telephone."""
    if person.id != actor.person.id:
        require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())

    def job(work: Work) -> None:
        now = work.database_now()
        work.logins.set_totp(person.id, None)
        work.logins.set_recovery_codes(person.id, ())
        if person.id != actor.person.id:
            work.sessions.revoke(now, person_id=person.id)
        work.audit.add([event_by(actor, Action.TOTP_REMOVED, Outcome.SUCCESS, now, person=person.id)])

    in_work(door.desk.database, job)


def bootstrap(
    door: Door, actor: Actor, known: KnownAddress, password: str, place: Place, *, is_root: bool = False
) -> None:
    """Give the first admin a password, at the console of the machine; logins from here are no new place then.

    Raises Refused once anybody who is an admin has a password: from then on an admin resets passwords.
    """
    words = (known.person.name, known.address, door.desk.stationery.desk_name)
    problem = _stranger(known) or password_problem(password, words, passwords.known_passwords(), False)
    if problem:
        raise Refused(*problem)
    hashed = passwords.hash_password(password)

    def job(work: Work) -> None:
        now = work.database_now()
        work.logins.hold("bootstrap", now)  # of two at once the second waits, and then sees the first admin
        refuse_second_bootstrap(work, is_root)
        work.people.set_role(known.person.id, Role.ADMIN)
        work.logins.set_password(known.person.id, hashed, False, now)
        work.logins.remember_place(known.person.id, place.key, place.shown, now)
        row = event_by(actor, Action.ADMIN_BOOTSTRAPPED, Outcome.SUCCESS, now, person=known.person.id)
        work.audit.add([row])

    in_work(door.desk.database, job)


def _stranger(known: KnownAddress) -> tuple[str, str] | None:
    """Return why somebody could not log in, however good the password."""
    if not known.person.active:
        return f"the account of {known.address} is closed", f"le compte de {known.address} est fermé"
    if known.state is not AddressState.VERIFIED:
        return (
            f"this address is {known.state.value}: nobody logs in with it",
            f"cette adresse n'est pas vérifiée ({known.state.value}) : personne ne s'en sert pour se connecter",
        )
    return None


def refuse_second_bootstrap(work: Work, is_root: bool) -> None:
    """Raise Refused where an admin can log in, or where only *is_root* may begin anew since others can."""
    if work.people.has_admin_with_password():
        raise Refused(
            "there is an admin with a password already: log in as one, and reset passwords from there",
            "il existe déjà un admin avec un mot de passe : connectez-vous avec, et réinitialisez de là",
        )
    if work.logins.anybody() and not is_root:
        raise Refused(
            "people have passwords already, though no admin has: only root makes one now",
            "des personnes ont déjà un mot de passe, mais aucun admin : seul root peut encore en créer un",
        )


def unlock(door: Door, actor: Actor, person: Person) -> int:
    """Open every lock on an account at once; return how many there were. Raises NotAllowed."""
    require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())

    def job(work: Work) -> int:
        now = work.database_now()
        count = work.logins.unlock(account_scope(person.id), now)
        work.audit.add([event_by(actor, Action.LOGIN_UNLOCKED, Outcome.SUCCESS, now, person=person.id)])
        return count

    return in_work(door.desk.database, job)
