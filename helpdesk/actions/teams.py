"""Teams: who works and who is looked after together."""

from helpdesk.actions.people import Found, among, find_person, team_named
from helpdesk.actions.permits import event_by, require_right
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.names import MAX_TEAM_CHARS, name_problem, tidy
from helpdesk.core.people import Person
from helpdesk.core.permissions import Actor, Reach, Right
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.teams import Team
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work


def listed_teams(database: Database, actor: Actor) -> list[Team]:
    """Return the teams that *actor* may know of, by name, with how many are in them."""
    far = require_right(database, actor, Right.LIST_PEOPLE)
    with Work(database, read_only=True) as work:
        return work.teams.all(None if far is Reach.ALL else actor.team_ids)


def add_team(database: Database, actor: Actor, name: str) -> str:
    """Add a team; return its name. Raises Refused."""
    require_right(database, actor, Right.CHANGE_TEAMS)
    name = _good_name(name)

    def job(work: Work) -> str:
        _refuse_twin(work, name)
        team_id = work.teams.add(name)
        work.audit.add(
            [event_by(actor, Action.TEAM_ADDED, Outcome.SUCCESS, work.database_now(), team=team_id)]
        )
        return name

    try:
        return in_work(database, job)
    except AlreadyThere as there:
        raise _twin(name) from there


def rename_team(database: Database, actor: Actor, name: str, new: str) -> str:
    """Give a team another name; return it. Raises Refused."""
    require_right(database, actor, Right.CHANGE_TEAMS)
    new = _good_name(new)

    def job(work: Work) -> str:
        team_id = team_named(work, actor, name)
        _refuse_twin(work, new, team_id)
        work.teams.rename(team_id, new)
        row = event_by(actor, Action.TEAM_RENAMED, Outcome.SUCCESS, work.database_now(), team=team_id)
        work.audit.add([row])
        return new

    try:
        return in_work(database, job)
    except AlreadyThere as there:
        raise _twin(new) from there


def remove_team(database: Database, actor: Actor, name: str, tickets_to: str = "") -> int:
    """Remove a team, its tickets given to another one; return how many those were. Its members stay registered.

    Raises Refused while it has tickets and *tickets_to* names no other team.
    """
    require_right(database, actor, Right.CHANGE_TEAMS)

    def job(work: Work) -> int:
        team_id = team_named(work, actor, name)
        heir = team_named(work, actor, tickets_to) if tickets_to else None
        if heir == team_id:
            raise Refused("a team cannot inherit from itself", "une équipe ne peut pas hériter d'elle-même")
        count = work.teams.tickets_of(team_id) if heir is None else work.teams.hand_over(team_id, heir)
        if count and heir is None:
            raise Refused(
                f"team {name} has {count} tickets; say which team takes them: --tickets-to TEAM",
                f"l'équipe {name} a {count} tickets ; dites quelle équipe les reprend : --tickets-to ÉQUIPE",
            )
        work.teams.remove(team_id)
        row = event_by(
            actor,
            Action.TEAM_REMOVED,
            Outcome.SUCCESS,
            work.database_now(),
            team=team_id,
            tickets=count,
            to=heir,
        )
        work.audit.add([row])
        return count

    try:
        return in_work(database, job)
    except Refusal as refusal:
        raise Refused(
            f"team {name} cannot be removed: {refusal}",
            f"l'équipe {name} ne peut pas être supprimée : {refusal.in_french}",
        ) from refusal


def join_team(database: Database, actor: Actor, address: str, name: str) -> Person:
    """Put somebody into a team. Raises Refused."""
    found = _member(database, actor, address)

    def job(work: Work) -> Person:
        team_id = team_named(work, actor, name)
        if team_id in work.people.teams_of([found.known.person.id]).get(found.known.person.id, ()):
            raise _is_in(found, name)
        work.teams.join(team_id, found.known.person.id)
        _note(work, actor, Action.TEAM_JOINED, found, team_id)
        return found.known.person

    try:
        return in_work(database, job)
    except AlreadyThere as there:
        raise _is_in(found, name) from there


def leave_team(database: Database, actor: Actor, address: str, name: str) -> Person:
    """Take somebody out of a team; their tickets stay theirs. Raises Refused."""
    found = _member(database, actor, address)

    def job(work: Work) -> Person:
        person, team_id = found.known.person, team_named(work, actor, name)
        if team_id not in work.people.teams_of([person.id]).get(person.id, ()):
            raise Refused(f"{person.name} is not in {name}", f"{person.name} n'est pas dans {name}")
        work.teams.leave(team_id, person.id)
        _note(work, actor, Action.TEAM_LEFT, found, team_id)
        return person

    return in_work(database, job)


def _member(database: Database, actor: Actor, address: str) -> Found:
    require_right(database, actor, Right.CHANGE_TEAMS)
    return find_person(database, actor, Right.CHANGE_TEAMS, address)


def _note(work: Work, actor: Actor, action: Action, found: Found, team_id: int) -> None:
    row = event_by(
        actor, action, Outcome.SUCCESS, work.database_now(), person=found.known.person.id, team=team_id
    )
    work.audit.add([row])


def _is_in(found: Found, name: str) -> Refused:
    person = found.known.person.name
    return Refused(f"{person} is in {name} already", f"{person} est déjà dans {name}")


def _good_name(name: str) -> str:
    if problem := name_problem(tidy(name), MAX_TEAM_CHARS):
        raise Refused(*problem)
    return tidy(name)


def _refuse_twin(work: Work, name: str, but: int | None = None) -> None:
    others = {team_id: other for team_id, other in work.teams.names().items() if team_id != but}
    if among(others, name) is not None:
        raise _twin(name)


def _twin(name: str) -> Refused:
    return Refused(f"there is a team {name} already", f"il y a déjà une équipe {name}")
