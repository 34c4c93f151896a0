"""Log in: the password first, then a second factor or, from a new place, a code by mail; then a session.

An attempt is counted before its secret is looked at, and whoever is refused hears the same words after the same
work: nothing tells a wrong password from an unknown name or a locked account. A code is asked for once the password
was right, so to be told that it is the code that is wrong gives nothing away.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.actions import passwords
from helpdesk.actions.accounts import choose_password
from helpdesk.actions.door import (
    Door,
    Place,
    account_scope,
    charge,
    codes_scope,
    door_event,
    forgive,
    nobody_scope,
    note,
)
from helpdesk.actions.loginalarms import is_wary, note_failure, note_new_place
from helpdesk.actions.outbox import letter_row
from helpdesk.core.address import normal_address
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.letters import Addressee, dedupe_key
from helpdesk.core.people import AddressState, KnownAddress, Person
from helpdesk.core.permissions import Actor
from helpdesk.core.sessions import SessionKind
from helpdesk.core.staffletters import login_code
from helpdesk.core.standing import login_standing
from helpdesk.core.suspicion import Novelty, PlacesBefore, is_strong, novelties
from helpdesk.errors import Refused
from helpdesk.store.logins import Credential
from helpdesk.store.work import Work, in_work

CODE_TRIES = 5
CODES_WITHIN = timedelta(hours=1)
REFUSED = (  # words, not the error itself: one that was raised keeps hold of what was typed
    "this does not match: check the address and the password, and wait a quarter of an hour after several tries",
    "cela ne correspond pas : vérifiez l'adresse et le mot de passe, et patientez un quart d'heure après"
    " plusieurs essais",
)
TOO_MANY_CODES = (
    "too many codes were sent within the hour; try again later",
    "trop de codes ont été envoyés en une heure ; réessayez plus tard",
)


class WrongCode(Refused):
    """A code was not taken; the password was right, and another code may be tried."""


@dataclass(slots=True)
class Proven:
    """A person whose password was right, on their way in; kept in this process only.

    ``password_set_at`` tells whether it is still the same password once everything else is proven too;
    ``suspected``: too many logins had failed shortly before.
    """

    owner: KnownAddress
    place: Place
    has_totp: bool
    before: PlacesBefore
    must_change: bool
    password_set_at: datetime = field(repr=False)
    suspected: bool = False
    second_factor: bool = False

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.owner.person

    @property
    def address(self) -> str:
        """The address that they log in with."""
        return self.owner.address

    @property
    def new(self) -> tuple[Novelty, ...]:
        """What is new about the place."""
        return novelties(self.before, self.place.remote, self.place.country, self.place.client)

    @property
    def wants_totp(self) -> bool:
        """Whether the code of the second factor is still wanted."""
        return self.has_totp and not self.second_factor

    @property
    def wants_mailed_code(self) -> bool:
        """Whether a code by mail is wanted: something is suspicious, and no other second factor speaks for them."""
        suspicious = not self.before.here or is_strong(self.new, self.suspected)
        return suspicious and not self.has_totp and not self.second_factor


def prove_password(door: Door, address: str, password: str, place: Place) -> Proven:
    """Return who logs in, once the password is right. Raises Refused, always with the same words, and StoreAway."""
    database = door.desk.database
    with Work(database, read_only=True) as work:
        known = _known(work, address)
    person_id = known.person.id if known else None
    account = account_scope(known.person.id) if known else nobody_scope(address)
    charged = charge(door, account, place, person_id)
    with Work(database, read_only=True) as work:
        stored = work.logins.of(person_id or 0)
    right = passwords.password_is(password, stored.password_hash if charged and stored else "")
    if known is None or stored is None or not right:
        why = "locked" if not charged else "wrong password" if stored else "nobody with a password"
        if charged:
            note_failure(door, account, known, place, why)
        else:
            note(door, Action.LOGIN, Outcome.DENIED, person_id, place, why)
        raise Refused(*REFUSED)
    if passwords.is_old_hash(stored.password_hash):
        newer = passwords.hash_password(password)
        in_work(database, lambda work: work.logins.rehash(known.person.id, stored.password_hash, newer))
    with Work(database, read_only=True) as work:
        before = work.logins.places_before(known.person.id, place.key)
        suspected = is_wary(work, account, door.desk.thresholds)
    if stored.totp_sealed is None:  # else the count goes on until the second factor was right too
        forgive(door, account, place)
    has_totp = stored.totp_sealed is not None
    return Proven(known, place, has_totp, before, stored.must_change, stored.changed_at, suspected)


def _known(work: Work, address: str) -> KnownAddress | None:
    """Return whose address it is, if they may log in with it."""
    try:
        normal = normal_address(address.strip())
    except ValueError:
        return None
    known = work.people.known_addresses([normal]).get(normal)
    usable = known is not None and login_standing(known, work.database_now()) is AddressState.VERIFIED
    return known if usable else None


def prove_second_factor(door: Door, proven: Proven, code: str) -> None:
    """Take the code of a telephone, or a recovery code.

    Raises WrongCode, which counts as a wrong password does, and Refused, as for a password, where that locks.
    """
    person, place = proven.person, proven.place
    account = account_scope(person.id)
    now = time.time()
    if not charge(door, account, place, person.id):
        note(door, Action.LOGIN, Outcome.DENIED, person.id, place, "locked")
        raise Refused(*REFUSED)

    def job(work: Work) -> str:
        stored = work.logins.of(person.id)
        sealed = stored.totp_sealed if stored else None
        secret = passwords.unsealed(door.totp_key, person.id, sealed) if sealed else None
        if secret is None or stored is None:
            return ""
        step = passwords.totp_step(secret, code, stored.totp_last_step, now)
        if step is not None and work.logins.use_step(person.id, step):
            return "totp"
        moment = work.database_now()
        if work.logins.use_recovery_code(person.id, passwords.code_hash(person.id, code), moment):
            work.audit.add([door_event(Action.RECOVERY_CODE_USED, Outcome.SUCCESS, moment, person.id, place)])
            return "recovery code"
        return ""

    if not in_work(door.desk.database, job):
        note_failure(door, account, proven.owner, place, "wrong code")
        raise WrongCode(
            "this code is wrong or was used already: wait for the next one",
            "ce code est faux ou a déjà servi : attendez le suivant",
        )
    proven.second_factor = True
    forgive(door, account, place)


def send_code(door: Door, proven: Proven) -> None:
    """Queue a letter with a code for somebody whose password is not enough. Raises Refused after too many of them."""
    person, place, limits = proven.person, proven.place, door.limits
    code = passwords.new_code()

    def job(work: Work) -> bool:
        now = work.database_now()
        scope = codes_scope(person.id)
        if not work.logins.charge(scope, limits.codes_per_hour, CODES_WITHIN, CODES_WITHIN, now):
            return False
        hashed = passwords.code_hash(person.id, code)
        until = now + timedelta(minutes=limits.code_minutes)
        work.logins.add_code(person.id, place.key, hashed, now, until)
        to = Addressee(proven.address, person.language, person.name, person.id)
        dedupe = dedupe_key("login code", str(person.id), hashed)
        minutes, is_new = limits.code_minutes, not proven.before.here
        letter = login_code(door.desk.stationery, to, code, minutes, place.shown, dedupe, now, is_new)
        work.letters.add([letter_row(letter, now, person_id=person.id)])
        work.audit.add([door_event(Action.LOGIN_CODE_SENT, Outcome.SUCCESS, now, person.id, place)])
        return True

    if not in_work(door.desk.database, job):
        note(door, Action.LOGIN_CODE_SENT, Outcome.DENIED, person.id, place, "too many within the hour")
        raise Refused(*TOO_MANY_CODES)


def prove_mailed_code(door: Door, proven: Proven, code: str) -> None:
    """Take the code that was sent by mail. Raises WrongCode where it is wrong, old, used or tried too often."""
    person, place = proven.person, proven.place
    hashed = passwords.code_hash(person.id, code)
    right = in_work(
        door.desk.database,
        lambda work: work.logins.use_code(person.id, place.key, hashed, CODE_TRIES, work.database_now()),
    )
    if not right:
        note_failure(door, account_scope(person.id), proven.owner, place, "wrong mailed code")
        raise WrongCode("this code is wrong or too old", "ce code est faux ou trop ancien")
    proven.second_factor = True


def choose_first_password(door: Door, proven: Proven, password: str) -> None:
    """Choose a password of one's own in place of one that somebody else has set. Raises Refused."""
    place = proven.place
    actor = Actor(proven.person, ip_address=place.ip_address, user_agent=place.user_agent)
    proven.password_set_at = choose_password(door, actor, password)
    proven.must_change = False


def begin_session(door: Door, proven: Proven, kind: SessionKind) -> str:
    """Begin a session and return its token, which is stored nowhere else. All that was wanted must be proven.

    Raises Refused where the account was changed while its owner was on the way in.
    """
    if proven.wants_totp or proven.wants_mailed_code or proven.must_change:
        raise AssertionError("a session begins once everything is proven")
    person, place, token = proven.person, proven.place, passwords.new_token()

    def job(work: Work) -> bool:
        now = work.database_now()
        if not _is_still(proven, _known(work, proven.address), work.logins.of(person.id)):
            return False
        hashed, until = passwords.token_hash(token), door.limits.expires_at(kind, now)
        work.sessions.add(person.id, hashed, kind.value, place.ip_address, place.user_agent, now, until)
        work.logins.remember_place(
            person.id, place.key, place.shown, now, place.remote, place.country, place.client
        )
        work.logins.forget_failures(account_scope(person.id))
        event = door_event(Action.LOGIN, Outcome.SUCCESS, now, person.id, place, {"kind": kind.value})
        work.audit.add([event])
        if not proven.before.here or proven.new:
            note_new_place(work, door, proven.owner, place, proven.new, first=not proven.before.count)
        return True

    if not in_work(door.desk.database, job):
        note(door, Action.LOGIN, Outcome.DENIED, person.id, place, "the account was changed meanwhile")
        raise Refused(*REFUSED)
    return token


def _is_still(proven: Proven, known: KnownAddress | None, stored: Credential | None) -> bool:
    """Say whether what was proven is still what the account wants."""
    if known is None or known.person.id != proven.person.id or stored is None:
        return False
    if stored.changed_at != proven.password_set_at or stored.must_change:
        return False
    return proven.has_totp or stored.totp_sealed is None
