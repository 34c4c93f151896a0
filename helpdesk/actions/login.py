"""Log in: the password first, then a second factor or, from a new place, a code by mail; then a session.

An attempt is counted before its secret is looked at, and whoever is refused hears the same words: nothing tells
a wrong password from an unknown name or a locked account.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.actions import passwords
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.address import normal_address
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.letters import Addressee, dedupe_key
from helpdesk.core.people import AddressState, KnownAddress, Person
from helpdesk.core.sessions import LoginLimits, SessionKind
from helpdesk.core.staffletters import login_code
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.work import Work, in_work

CODE_TRIES = 5
REFUSED = Refused(
    "this does not match: check the address and the password, and wait a quarter of an hour after several tries",
    "cela ne correspond pas : vérifiez l'adresse et le mot de passe, et patientez un quart d'heure après"
    " plusieurs essais",
)


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody logs in. ``key`` (64 hex) is what makes it the same place again, ``source`` who is locked.

    All of it comes from the machine, not from the person.
    """

    key: str
    source: str
    shown: str
    ip_address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """What a login needs besides the desk. ``totp_key`` seals the second factors."""

    desk: Desk
    limits: LoginLimits
    totp_key: bytes = field(repr=False)


@dataclass(slots=True)
class Proven:
    """A person whose password was right, on their way in; kept in this process only."""

    person: Person
    address: str
    place: Place
    has_totp: bool
    is_new_place: bool
    must_change: bool
    second_factor: bool = False

    @property
    def wants_totp(self) -> bool:
        """Whether the code of the second factor is still wanted."""
        return self.has_totp and not self.second_factor

    @property
    def wants_mailed_code(self) -> bool:
        """Whether a code by mail is wanted: from a new place, where no other second factor speaks for the person."""
        return self.is_new_place and not self.has_totp and not self.second_factor


def account_scope(person_id: int) -> str:
    """Return under what the attempts on an account are counted, whoever makes them."""
    return f"account:{person_id}"


def source_scope(person_id: int, place: Place) -> str:
    """Return under what the attempts on an account from one source are counted."""
    return f"{account_scope(person_id)}:from:{passwords.token_hash(place.source)[:32]}"


def prove_password(door: Door, address: str, password: str, place: Place) -> Proven:
    """Return who logs in, once the password is right. Raises Refused, always with the same words, and StoreAway."""
    known = in_work(door.desk.database, lambda work: _known(work, address))
    if known is None:
        passwords.password_is(password, "")
        _audit(door, Action.LOGIN, Outcome.FAIL, None, place, why="nobody with a password")
        raise REFUSED
    person = known.person
    charged = charge(door, person, place)
    stored = in_work(door.desk.database, lambda work: work.logins.of(person.id)) if charged else None
    right = passwords.password_is(password, stored.password_hash if stored else "")
    if not (charged and stored and right):
        why = "wrong password" if charged else "locked"
        _audit(door, Action.LOGIN, Outcome.FAIL if charged else Outcome.DENIED, person.id, place, why=why)
        raise REFUSED
    if passwords.is_old_hash(stored.password_hash):
        newer = passwords.hash_password(password)
        in_work(door.desk.database, lambda work: work.logins.rehash(person.id, stored.password_hash, newer))
    is_new = in_work(door.desk.database, lambda work: work.logins.place(person.id, place.key)) is None
    if stored.totp_sealed is None:  # else the count goes on until the second factor was right too
        forgive(door, person, place)
    return Proven(person, known.address, place, stored.totp_sealed is not None, is_new, stored.must_change)


def _known(work: Work, address: str) -> KnownAddress | None:
    try:
        normal = normal_address(address.strip())
    except ValueError:
        return None
    known = work.people.known_addresses([normal]).get(normal)
    usable = known is not None and known.person.active and known.state is AddressState.VERIFIED
    return known if known is not None and usable and work.logins.of(known.person.id) else None


def charge(door: Door, person: Person, place: Place) -> bool:
    """Count one attempt on a person's secrets from *place*; False where that way in is locked."""
    limits = door.limits
    window, lock = timedelta(minutes=limits.window_minutes), timedelta(minutes=limits.lock_minutes)
    scopes = (
        (source_scope(person.id, place), limits.tries_per_source),
        (account_scope(person.id), limits.tries_per_account),
    )

    def job(work: Work) -> bool:
        now = work.database_now()
        for scope, tries in scopes:
            if not work.logins.charge(scope, tries, window, lock, now):
                return False
            if work.logins.locked_until(scope, now):
                detail = {"scope": scope.partition(":from:")[1].strip(":") or "account"}
                work.audit.add([_event(Action.LOGIN_LOCKED, Outcome.DENIED, now, person.id, place, detail)])
        return True

    return in_work(door.desk.database, job)


def forgive(door: Door, person: Person, place: Place) -> None:
    """Begin the counts anew after a success."""
    scopes = (source_scope(person.id, place), account_scope(person.id))
    in_work(door.desk.database, lambda work: work.logins.forgive(scopes, work.database_now()))


def prove_second_factor(door: Door, proven: Proven, code: str) -> None:
    """Take the code of a telephone, or a recovery code. Raises Refused with the same words as for a password."""
    person, place = proven.person, proven.place
    now = time.time()
    if not charge(door, person, place):
        _audit(door, Action.LOGIN, Outcome.DENIED, person.id, place, why="locked")
        raise REFUSED

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
            work.audit.add([_event(Action.RECOVERY_CODE_USED, Outcome.SUCCESS, moment, person.id, place)])
            return "recovery code"
        return ""

    if not in_work(door.desk.database, job):
        _audit(door, Action.LOGIN, Outcome.FAIL, person.id, place, why="wrong code")
        raise REFUSED
    proven.second_factor = True
    forgive(door, person, place)


def send_code(door: Door, proven: Proven) -> None:
    """Queue a letter with a code for somebody who comes from a new place. Raises Refused after too many of them."""
    person, place = proven.person, proven.place
    code = passwords.new_code()

    def job(work: Work) -> None:
        now = work.database_now()
        if work.logins.codes_since(person.id, now - timedelta(hours=1)) >= door.limits.codes_per_hour:
            raise Refused(
                "too many codes were sent within the hour; try again later",
                "trop de codes ont été envoyés en une heure ; réessayez plus tard",
            )
        until = now + timedelta(minutes=door.limits.code_minutes)
        hashed = passwords.code_hash(person.id, code)
        work.logins.add_code(person.id, place.key, hashed, now, until)
        to = Addressee(proven.address, person.language, person.name, person.id)
        dedupe = dedupe_key("login code", str(person.id), hashed)
        letter = login_code(
            door.desk.stationery, to, code, door.limits.code_minutes, place.shown, dedupe, now
        )
        work.letters.add([letter_row(letter, now, person_id=person.id)])
        work.audit.add([_event(Action.LOGIN_CODE_SENT, Outcome.SUCCESS, now, person.id, place)])

    in_work(door.desk.database, job)


def prove_mailed_code(door: Door, proven: Proven, code: str) -> None:
    """Take the code that was sent by mail. Raises Refused where it is wrong, old, used or tried too often."""
    person, place = proven.person, proven.place
    hashed = passwords.code_hash(person.id, code)
    right = in_work(
        door.desk.database,
        lambda work: work.logins.use_code(person.id, place.key, hashed, CODE_TRIES, work.database_now()),
    )
    if not right:
        _audit(door, Action.LOGIN, Outcome.FAIL, person.id, place, why="wrong mailed code")
        raise Refused("this code is wrong or too old", "ce code est faux ou trop ancien")
    proven.second_factor = True


def begin_session(door: Door, proven: Proven, kind: SessionKind) -> str:
    """Begin a session and return its token, which is stored nowhere else. All that was wanted must be proven."""
    if proven.wants_totp or proven.wants_mailed_code:
        raise AssertionError("a session begins once everything is proven")
    person, place, token = proven.person, proven.place, passwords.new_token()

    def job(work: Work) -> None:
        now = work.database_now()
        hashed, until = passwords.token_hash(token), door.limits.expires_at(kind, now)
        work.sessions.add(person.id, hashed, kind.value, place.ip_address, place.user_agent, now, until)
        work.logins.remember_place(person.id, place.key, place.shown, now)
        events = [_event(Action.LOGIN, Outcome.SUCCESS, now, person.id, place, {"kind": kind.value})]
        if proven.is_new_place:
            events.append(_event(Action.LOGIN_FROM_NEW_PLACE, Outcome.SUCCESS, now, person.id, place))
        work.audit.add(events)

    in_work(door.desk.database, job)
    return token


def _audit(
    door: Door, action: Action, outcome: Outcome, person_id: int | None, place: Place, why: str
) -> None:
    def job(work: Work) -> None:
        work.audit.add([_event(action, outcome, work.database_now(), person_id, place, {"why": why})])

    in_work(door.desk.database, job)


def _event(
    action: Action,
    outcome: Outcome,
    at: datetime,
    person_id: int | None,
    place: Place,
    detail: dict[str, str] | None = None,
) -> Event:
    return Event(action, outcome, at, person_id, detail or {}, place.ip_address, place.user_agent)
