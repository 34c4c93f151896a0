"""Passwords and second factors: chosen by their owners, reset by admins."""

import time
from collections.abc import Sequence
from datetime import datetime

from helpdesk.actions import passwords
from helpdesk.actions.door import Door, account_scope
from helpdesk.actions.permits import event_by, require_with_person
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.passwords import Flaw, password_flaw
from helpdesk.core.people import Person
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
    flaw = password_flaw(password, own_words, passwords.known_passwords(), has_totp)
    if flaw is None and stored and passwords.password_is(password, stored.password_hash):
        flaw = Flaw("the same", "that is your password already", "c'est déjà votre mot de passe")
    if flaw:
        _note_failure(door, actor, Action.PASSWORD_CHANGED, flaw.kind)
        raise Refused(flaw.english, flaw.french)
    hashed = passwords.hash_password(password)

    def job(work: Work) -> datetime:
        now = work.database_now()
        work.logins.set_password(person.id, hashed, False, now)
        now_stored = work.logins.of(person.id)  # read once nobody else can change it
        if has_totp and now_stored and now_stored.totp_sealed is None:  # then it may be too short
            work.logins.set_password(person.id, hashed, True, now)
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
        _note_failure(door, actor, Action.TOTP_ENROLLED, "wrong code")
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
    """Take away a second factor: one's own, or, as an admin, somebody's who lost the telephone.

    The next login wants another password: the one until now was allowed to be shorter.
    """
    if person.id != actor.person.id:
        require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())

    def job(work: Work) -> None:
        now = work.database_now()
        work.logins.remove_totp(person.id)
        work.logins.set_recovery_codes(person.id, ())
        if person.id != actor.person.id:
            work.sessions.revoke(now, person_id=person.id)
        work.audit.add([event_by(actor, Action.TOTP_REMOVED, Outcome.SUCCESS, now, person=person.id)])

    in_work(door.desk.database, job)


def unlock(door: Door, actor: Actor, person: Person) -> int:
    """Open every lock on an account at once; return how many there were. Raises NotAllowed."""
    require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())

    def job(work: Work) -> int:
        now = work.database_now()
        count = work.logins.unlock(account_scope(person.id), now)
        work.audit.add([event_by(actor, Action.LOGIN_UNLOCKED, Outcome.SUCCESS, now, person=person.id)])
        return count

    return in_work(door.desk.database, job)


def _note_failure(door: Door, actor: Actor, action: Action, why: str) -> None:
    def job(work: Work) -> None:
        work.audit.add([event_by(actor, action, Outcome.FAIL, work.database_now(), why=why)])

    in_work(door.desk.database, job)
