"""Sessions in force: asked before every command, so that a revoked one or a changed role counts at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

from helpdesk.actions import passwords
from helpdesk.actions.door import Door, Place, account_scope, charge, door_event, forgive
from helpdesk.actions.permits import deny, event_by, require_right, require_with_person
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import Person
from helpdesk.core.permissions import Actor, Right, may_with_person
from helpdesk.core.sessions import LoginLimits, SessionKind, session_problem
from helpdesk.errors import LoggedOut, Refused
from helpdesk.store.sessions import OpenSession
from helpdesk.store.work import Work, in_work

LOGGED_OUT = ("you are not logged in any more", "vous n'êtes plus connecté")
USE_NOTED_AFTER = timedelta(seconds=60)  # a write for every command would be too much


def actor_of(door: Door, token: str, using: bool = True, whence: Callable[[], Place] | None = None) -> Actor:
    """Return who acts through the session of *token*, as they are now. Raises LoggedOut and StoreAway.

    *using* is False where nobody pressed a key: a view that refreshes itself does not keep a session alive.
    *whence*: from where a command came; one with a session that is over is on record then, as Tab is not.
    """
    with Work(door.desk.database, read_only=True) as work:
        found = work.sessions.by_token(passwords.token_hash(token))
        now = work.database_now()
        teams = work.people.teams_of([found.person.id]) if found else {}
    if found is None:  # a token that somebody made up fills no table
        raise LoggedOut(*LOGGED_OUT)
    if ended := _ended(found, now, door.limits):
        why, english, french = ended
        if whence:
            _note_refusal(door, found, whence(), why)
        raise LoggedOut(english, french)
    if using and now - found.used_at >= USE_NOTED_AFTER:
        in_work(door.desk.database, lambda work: work.sessions.use(found.id, work.database_now()))
    team_ids = teams.get(found.person.id, frozenset())
    return Actor(found.person, team_ids, found.id, found.ip_address, found.user_agent)


def _ended(session: OpenSession, now: datetime, limits: LoginLimits) -> tuple[str, str, str] | None:
    """Return why a session cannot be used any more, in a word for the record, in English and in French; or None."""
    if session.revoked_at is not None:
        return "revoked", *LOGGED_OUT
    if not session.person.active:
        return "account closed", *LOGGED_OUT
    problem = session_problem(SessionKind(session.kind), session.used_at, session.expires_at, now, limits)
    return ("over", *problem) if problem else None


def _note_refusal(door: Door, session: OpenSession, place: Place, why: str) -> None:
    def job(work: Work) -> None:
        now, detail = work.database_now(), {"why": why, "session": session.id}
        row = door_event(Action.SESSION_REFUSED, Outcome.DENIED, now, session.person.id, place, detail)
        work.audit.add([row])

    in_work(door.desk.database, job)


def proved_lately(door: Door, actor: Actor) -> bool:
    """Say whether the owner of a session gave the password within the last minutes."""
    with Work(door.desk.database, read_only=True) as work:
        now = work.database_now()
        found = [one for one in work.sessions.open_ones(now, actor.person.id) if one.id == actor.session_id]
    fresh = timedelta(minutes=door.limits.fresh_minutes)
    return bool(found) and now - found[0].proved_at < fresh


def prove_again(door: Door, actor: Actor, password: str, place: Place) -> None:
    """Take the password once more before something grave. Raises Refused."""
    account = account_scope(actor.person.id)
    allowed = charge(door, account, place, actor.user_id)
    stored = in_work(door.desk.database, lambda work: work.logins.of(actor.person.id)) if allowed else None
    right = passwords.password_is(password, stored.password_hash if stored else "")

    def job(work: Work) -> None:
        now = work.database_now()
        outcome = Outcome.SUCCESS if right else Outcome.FAIL if allowed else Outcome.DENIED
        work.audit.add([event_by(actor, Action.PASSWORD_CHECKED, outcome, now)])
        if right and actor.session_id is not None:
            work.sessions.prove(actor.session_id, now)

    in_work(door.desk.database, job)
    if not right:
        raise Refused("that is not your password", "ce n'est pas votre mot de passe")
    forgive(door, account, place)


def end_session(door: Door, actor: Actor) -> None:
    """Log out."""

    def job(work: Work) -> None:
        now = work.database_now()
        if work.sessions.revoke(now, session_id=actor.session_id):
            work.audit.add([event_by(actor, Action.LOGOUT, Outcome.SUCCESS, now)])

    if actor.session_id is not None:
        in_work(door.desk.database, job)


def open_sessions(door: Door, actor: Actor, everybody: bool = False) -> list[OpenSession]:
    """Return one's own sessions that could go on, or everybody's. Raises NotAllowed."""
    if everybody:
        require_right(door.desk.database, actor, Right.SESSIONS)
    with Work(door.desk.database, read_only=True) as work:
        now = work.database_now()
        found = work.sessions.open_ones(now, None if everybody else actor.person.id)
    return [
        one
        for one in found
        if session_problem(SessionKind(one.kind), one.used_at, one.expires_at, now, door.limits) is None
    ]


def revoke_session(door: Door, actor: Actor, session_id: int) -> OpenSession:
    """End a session: one's own, or, as an admin, anybody's. Raises Refused where there is none for *actor*."""
    with Work(door.desk.database, read_only=True) as work:
        found = [one for one in work.sessions.open_ones(work.database_now()) if one.id == session_id]
    rights = (Right.OWN_ACCOUNT, Right.SESSIONS)
    if found and not any(may_with_person(actor, right, found[0].person, frozenset()) for right in rights):
        deny(door.desk.database, actor, Right.SESSIONS, session=session_id)
        found = []
    if not found or not _revoked(door, actor, found[0].person, session_id):
        raise Refused(
            f"there is no open session {session_id}; session list shows them",
            f"il n'y a pas de connexion {session_id} ouverte ; session list les montre",
        )
    return found[0]


def revoke_sessions_of(door: Door, actor: Actor, person: Person) -> int:
    """End all sessions of a person; return how many were open."""
    require_with_person(door.desk.database, actor, Right.SESSIONS, person, frozenset())
    return _revoked(door, actor, person, None)


def _revoked(door: Door, actor: Actor, person: Person, session_id: int | None) -> int:
    def job(work: Work) -> int:
        now = work.database_now()
        whose = {"session_id": session_id} if session_id is not None else {"person_id": person.id}
        count = work.sessions.revoke(now, **whose)
        if count:
            detail = {"person": person.id, "session": session_id, "count": count}
            work.audit.add([event_by(actor, Action.SESSION_REVOKED, Outcome.SUCCESS, now, **detail)])
        return count

    return in_work(door.desk.database, job)
