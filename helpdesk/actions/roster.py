"""Register a class from a file: everything is judged before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.actions.people import known_teams, team_for_new
from helpdesk.actions.permits import event_by, require_right
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.names import Said, sort_name, tidy
from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.roster import BadLine, RosterLine, read_roster
from helpdesk.core.standing import day_begins, day_ends
from helpdesk.errors import Refused
from helpdesk.store.chunks import chunks
from helpdesk.store.people import NewPerson
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work

AT_ONCE = 500  # people in one transaction: mail is filed in between


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. ``there``: registered before just as the file says; ``written``: 0 in a dry run."""

    good: int
    there: int
    bad: tuple[BadLine, ...]
    written: int = 0


@dataclass(frozen=True, slots=True)
class Ways:
    """How a file is taken. ``team`` and ``language`` are for lines without one, ``partial``: good lines suffice."""

    language: Language
    state: AddressState = AddressState.VERIFIED
    team: str = ""
    dry_run: bool = False
    partial: bool = False


def import_people(desk: Desk, actor: Actor, data: bytes, ways: Ways) -> Imported:
    """Register everybody in a file; nobody where a line is bad, unless the good ones suffice.

    Written are 500 people in a transaction. Where that is cut off, the same file goes on: who is registered just
    as it says is no bad line. Raises Refused, where another process registered one of the addresses meanwhile too.
    """
    require_right(desk.database, actor, Right.CHANGE_PEOPLE)
    with Work(desk.database, read_only=True) as work:
        lines, bad = read_roster(data, desk.clock(work).astimezone(desk.stationery.zone).date())
        new, there, refused = _judged(work, desk, actor, lines, ways)
    bad = sorted([*bad, *refused], key=lambda line: line.number)
    report = Imported(len(new), there, tuple(bad))
    if ways.dry_run or (bad and not ways.partial):
        return report
    written = 0
    for part in chunks(new, AT_ONCE):
        written += _write(desk, actor, part, written)
    return Imported(len(new), there, tuple(bad), written)


def _write(desk: Desk, actor: Actor, part: Sequence[NewPerson], before: int) -> int:
    def job(work: Work) -> int:
        now = work.database_now()
        made = work.people.register(part, now)
        detail = {"count": len(made), "first": made[0].person.id, "last": made[-1].person.id}
        work.audit.add([event_by(actor, Action.PEOPLE_IMPORTED, Outcome.SUCCESS, now, **detail)])
        return len(made)

    try:
        return in_work(desk.database, job)
    except AlreadyThere as rival:
        raise Refused(
            f"somebody else registered one of these addresses just now; {before} people were written: run it again",
            f"quelqu'un vient d'inscrire une de ces adresses ; {before} personnes sont écrites : recommencez",
        ) from rival
    except Refusal as refusal:
        raise Refused(
            f"after {before} people the database refused: {refusal}",
            f"après {before} personnes, la base de données a refusé : {refusal.in_french}",
        ) from refusal


def _judged(
    work: Work, desk: Desk, actor: Actor, lines: Sequence[RosterLine], ways: Ways
) -> tuple[list[NewPerson], int, list[BadLine]]:
    """Return who is new, how many are registered just so, and whose lines cannot be taken."""
    names = known_teams(work, actor)
    by_name = {sort_name(tidy(name)): team_id for team_id, name in names.items()}
    default = (
        team_for_new(work, actor, ways.team) if ways.team or any(not one.team for one in lines) else None
    )
    new: list[NewPerson] = []
    bad: list[BadLine] = []
    there = 0
    for part in chunks(lines):
        known = work.people.known_addresses([line.address for line in part])
        teams = work.people.teams_of({entry.person.id for entry in known.values()})
        for line in part:
            team_id = by_name.get(sort_name(line.team)) if line.team else default
            person = _new_person(line, team_id, desk, ways)
            entry = known.get(line.address)
            if line.team and team_id is None:
                bad.append(BadLine(line.number, _no_team(line.team, names)))
            elif entry is None:
                new.append(person)
            elif _is_so(entry, teams.get(entry.person.id, frozenset()), person):
                there += 1
            else:
                bad.append(BadLine(line.number, _taken(line.address)))
    return new, there, bad


def _new_person(line: RosterLine, team_id: int | None, desk: Desk, ways: Ways) -> NewPerson:
    zone = desk.stationery.zone
    begins: datetime | None = day_begins(line.first_day, zone) if line.first_day else None
    ends: datetime | None = day_ends(line.last_day, zone) if line.last_day else None
    language = line.language or ways.language
    return NewPerson(line.name, language, line.address, ways.state, team_id, begins, ends)


def _is_so(entry: KnownAddress, team_ids: frozenset[int], new: NewPerson) -> bool:
    """Say whether a file only repeats what is registered: then it may be imported again after it was cut off."""
    person = entry.person
    return (
        person.role is Role.USER
        and person.active
        and person.name == new.name
        and (new.team_id is None or new.team_id in team_ids)
        and (entry.valid_from, entry.valid_until) == (new.valid_from, new.valid_until)
    )


def _no_team(team: str, names: dict[int, str]) -> Said:
    there = ", ".join(sorted(names.values())) or "-"
    return (
        f"there is no team {team}; there are: {there}",
        f"il n'y a pas d'équipe {team} ; il y a : {there}",
    )


def _taken(address: str) -> Said:
    return (
        f"{address} is registered already, with another name, team or other dates",
        f"{address} est déjà inscrit, avec un autre nom, une autre équipe ou d'autres dates",
    )
