"""Who may do what: one table, asked by the shell and by mail alike.

A right says what is wanted, a role gives it a reach. What is only within reach for some tickets or people is
decided by ``may_with_ticket`` and ``may_with_person``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from helpdesk.core.people import Language, Person, Role
from helpdesk.core.tickets import Status, Ticket


class Right(StrEnum):
    """What can be wanted of the desk."""

    OPEN_TICKET = "open_ticket"
    SEE_TICKET = "see_ticket"
    FOLLOW_UP = "follow_up"  # write to a ticket as its requester does
    CLOSE_OWN = "close_own"  # resolve, reopen or withdraw what one asked for
    WORK_ON_TICKET = "work_on_ticket"  # status, urgency, reply, note, tags, merge, split
    SEE_NOTES = "see_notes"  # internal notes, history, the proof of each mail
    ASSIGN_TICKET = "assign_ticket"
    DELETE_TICKET = "delete_ticket"
    RESTORE_TICKET = "restore_ticket"  # and see it deleted
    LIST_PEOPLE = "list_people"
    CHANGE_PEOPLE = "change_people"  # add, verify, block
    QUARANTINE = "quarantine"
    CHANGE_ROLES = "change_roles"
    CHANGE_TEAMS = "change_teams"
    SESSIONS = "sessions"  # other people's sessions, passwords and second factors
    AUDIT = "audit"
    LETTERS = "letters"
    JOBS = "jobs"
    STATISTICS = "statistics"
    EXPORT = "export"
    OWN_ACCOUNT = "own_account"  # one's own password, second factor and sessions


def in_words(right: Right, language: Language) -> str:
    """Return what is wanted in the words of whoever wants it."""
    return _FRENCH[right] if language is Language.FR else right.value.replace("_", " ")


_FRENCH = {
    Right.OPEN_TICKET: "ouvrir un ticket",
    Right.SEE_TICKET: "voir un ticket",
    Right.FOLLOW_UP: "écrire à un ticket",
    Right.CLOSE_OWN: "clore son propre ticket",
    Right.WORK_ON_TICKET: "traiter un ticket",
    Right.SEE_NOTES: "lire les notes internes",
    Right.ASSIGN_TICKET: "attribuer un ticket",
    Right.DELETE_TICKET: "supprimer un ticket",
    Right.RESTORE_TICKET: "restaurer un ticket",
    Right.LIST_PEOPLE: "voir les personnes",
    Right.CHANGE_PEOPLE: "modifier des personnes",
    Right.QUARANTINE: "traiter la quarantaine",
    Right.CHANGE_ROLES: "changer les rôles",
    Right.CHANGE_TEAMS: "modifier les équipes",
    Right.SESSIONS: "agir sur les sessions et mots de passe des autres",
    Right.AUDIT: "lire le journal d'audit",
    Right.LETTERS: "gérer les lettres",
    Right.JOBS: "voir l'état et les tâches",
    Right.STATISTICS: "voir les statistiques",
    Right.EXPORT: "exporter",
    Right.OWN_ACCOUNT: "gérer son compte",
}


class Reach(Enum):
    """How far a right goes."""

    NONE = "none"
    SELF = "self"  # only oneself
    OWN = "own"  # what one asked for or takes part in
    OWN_WAITING = "own_waiting"  # the same, while nobody works on it
    SEEN = "seen"  # own, assigned, one's teams'
    TEAM = "team"  # one's teams'
    TEAM_USERS = "team_users"  # the users, not the staff, of one's teams
    ALL = "all"


_NONE, _SELF, _OWN, _SEEN, _TEAM, _ALL = (
    Reach.NONE,
    Reach.SELF,
    Reach.OWN,
    Reach.SEEN,
    Reach.TEAM,
    Reach.ALL,
)
_ROLES = (Role.USER, Role.AGENT, Role.MANAGER, Role.ADMIN)
_TABLE: dict[Right, tuple[Reach, Reach, Reach, Reach]] = {  # in the order of _ROLES
    Right.OPEN_TICKET: (_SELF, _ALL, _ALL, _ALL),
    Right.SEE_TICKET: (_OWN, _SEEN, _SEEN, _ALL),
    Right.FOLLOW_UP: (_OWN, _SEEN, _SEEN, _ALL),
    Right.CLOSE_OWN: (_OWN, _OWN, _OWN, _ALL),
    Right.WORK_ON_TICKET: (_NONE, _SEEN, _SEEN, _ALL),
    Right.SEE_NOTES: (_NONE, _SEEN, _SEEN, _ALL),
    Right.ASSIGN_TICKET: (_NONE, _SELF, _TEAM, _ALL),
    Right.DELETE_TICKET: (Reach.OWN_WAITING, _NONE, _TEAM, _ALL),
    Right.RESTORE_TICKET: (_NONE, _NONE, _TEAM, _ALL),
    Right.LIST_PEOPLE: (_NONE, _TEAM, _TEAM, _ALL),
    Right.CHANGE_PEOPLE: (_NONE, _NONE, Reach.TEAM_USERS, _ALL),
    Right.QUARANTINE: (_NONE, _NONE, _TEAM, _ALL),
    Right.CHANGE_ROLES: (_NONE, _NONE, _NONE, _ALL),
    Right.CHANGE_TEAMS: (_NONE, _NONE, _NONE, _ALL),
    Right.SESSIONS: (_NONE, _NONE, _NONE, _ALL),
    Right.AUDIT: (_NONE, _NONE, _NONE, _ALL),
    Right.LETTERS: (_NONE, _NONE, _NONE, _ALL),
    Right.JOBS: (_NONE, _NONE, _NONE, _ALL),
    Right.STATISTICS: (_NONE, _SEEN, _TEAM, _ALL),
    Right.EXPORT: (_NONE, _NONE, _NONE, _ALL),
    Right.OWN_ACCOUNT: (_SELF, _SELF, _SELF, _SELF),
}
MAY: Mapping[Right, Mapping[Role, Reach]] = {
    right: dict(zip(_ROLES, reaches, strict=True)) for right, reaches in _TABLE.items()
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, through which session and from where.

    ``session_id`` is None at the machine's console, where nobody is logged in, and for mail. ``ip_address`` and
    ``user_agent`` are for the audit trail and prove nothing.
    """

    person: Person
    team_ids: frozenset[int] = frozenset()
    session_id: int | None = None
    ip_address: str = ""
    user_agent: str = ""

    @property
    def user_id(self) -> int | None:
        """Whom the audit trail names; nobody at the console."""
        return self.person.id or None


def reach(person: Person, right: Right) -> Reach:
    """Return how far *right* goes for a person; nowhere once their account is closed."""
    return MAY[right][person.role] if person.active else Reach.NONE


def may_with_ticket(actor: Actor, right: Right, ticket: Ticket) -> bool:
    """Say whether *actor* has *right* over *ticket*.

    A deleted one is within reach of those only who may restore it: of ALL, and of those who may restore their teams'.
    ASSIGN_TICKET within SELF is about tickets that one sees; whom one may assign to is ``may_assign_to``.
    """
    person, far = actor.person, reach(actor.person, right)
    if far is Reach.ALL:
        return True
    if far is Reach.NONE:
        return False
    if ticket.deleted:
        return reach(person, Right.RESTORE_TICKET) is Reach.TEAM and ticket.team_id in actor.team_ids
    own = person.id == ticket.requester_id or person.id in ticket.participants
    teams = person.role is not Role.USER and ticket.team_id in actor.team_ids
    assigned = person.role is not Role.USER and person.id == ticket.assignee_id
    match far:
        case Reach.OWN:
            return own
        case Reach.OWN_WAITING:
            return person.id == ticket.requester_id and ticket.status is Status.WAITING
        case Reach.TEAM:
            return teams
        case _:
            return own or teams or assigned


def may_assign_to(actor: Actor, assignee: Person, team_ids: frozenset[int]) -> bool:
    """Say whether *actor* may make *assignee*, a member of *team_ids*, responsible for a ticket within reach."""
    if not assignee.active or assignee.role is Role.USER:
        return False
    far = reach(actor.person, Right.ASSIGN_TICKET)
    if far is Reach.ALL or (far in (Reach.SELF, Reach.TEAM) and assignee.id == actor.person.id):
        return True
    return far is Reach.TEAM and bool(team_ids & actor.team_ids)


def may_unassign(actor: Actor, assignee_id: int | None) -> bool:
    """Say whether *actor* may make nobody responsible for a ticket within reach that *assignee_id* has now."""
    far = reach(actor.person, Right.ASSIGN_TICKET)
    return far in (Reach.ALL, Reach.TEAM) or (far is Reach.SELF and assignee_id == actor.person.id)


def may_give_to_team(actor: Actor, team_id: int) -> bool:
    """Say whether *actor* may give a ticket within reach to a team."""
    far = reach(actor.person, Right.ASSIGN_TICKET)
    return far is Reach.ALL or (far is Reach.TEAM and team_id in actor.team_ids)


def placed(actor: Actor, requester_id: int, team_id: int | None) -> tuple[int | None, int | None]:
    """Return the team and the assignee of a ticket that *actor* opens: who opens one for another still sees it.

    *team_id*: the team that was asked for. Else it is the only team of whoever opens it, else they themselves.
    """
    person = actor.person
    if team_id is not None or requester_id == person.id or reach(person, Right.SEE_TICKET) is Reach.ALL:
        return team_id, None
    if len(actor.team_ids) == 1:
        return next(iter(actor.team_ids)), None
    return None, person.id


def may_with_person(actor: Actor, right: Right, person: Person, team_ids: frozenset[int]) -> bool:
    """Say whether *actor* has *right* over *person*, a member of *team_ids*."""
    match reach(actor.person, right):
        case Reach.ALL:
            return True
        case Reach.SELF:
            return person.id == actor.person.id
        case Reach.TEAM:
            return bool(team_ids & actor.team_ids)
        case Reach.TEAM_USERS:
            return person.role is Role.USER and bool(team_ids & actor.team_ids)
        case _:
            return False


def sees(person: Person, team_ids: frozenset[int], ticket: Ticket) -> bool:
    """Say whether *person*, a member of *team_ids*, may see *ticket* (a deleted one: who may restore it)."""
    return may_with_ticket(Actor(person, team_ids), Right.SEE_TICKET, ticket)
