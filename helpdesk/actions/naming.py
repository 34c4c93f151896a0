"""What a word that somebody typed can mean or become: tickets, people, teams, tags, as far as they may know."""

from helpdesk.actions.desk import Desk
from helpdesk.actions.tickets import eyes_of, listed_tickets
from helpdesk.core.address import normal_address
from helpdesk.core.paging import MAX_NUMBER
from helpdesk.core.people import Role
from helpdesk.core.permissions import Actor, Reach, Right, may_with_ticket, reach
from helpdesk.core.searchwords import folded
from helpdesk.errors import Refused
from helpdesk.store.listing import ListedTicket, TicketFilter
from helpdesk.store.work import Work

SUGGESTED = 50
DELETED = 1000  # among so many of the newest a number is looked for
NAMED = 5  # of several people who may be meant
NOBODY = 0  # no person's id


def suggested_tickets(desk: Desk, actor: Actor, typed: str) -> list[ListedTicket]:
    """Return the newest tickets within sight whose numbers begin as *typed*."""
    eyes = eyes_of(desk, actor)
    with Work(desk.database, read_only=True) as work:
        now, newest = work.database_now(), work.tickets.newest_number()
        if not typed:
            return work.listing.tickets(TicketFilter(limit=SUGGESTED), eyes, now)
        found: list[ListedTicket] = []
        for numbers in reversed(_ranges(typed, newest)):
            wanted = TicketFilter(numbers=numbers, limit=SUGGESTED - len(found))
            if wanted.limit:
                found += work.listing.tickets(wanted, eyes, now)
    return found


def suggested_deleted(desk: Desk, actor: Actor, typed: str) -> list[ListedTicket]:
    """Return the newest deleted tickets that *actor* may restore and whose numbers begin as *typed*."""
    if reach(actor.person, Right.RESTORE_TICKET) is Reach.NONE:
        return []
    found = listed_tickets(desk, actor, TicketFilter(deleted=True, limit=DELETED))
    return [ticket for ticket in found if str(ticket.number).startswith(typed)][:SUGGESTED]


def _ranges(typed: str, newest: int) -> list[tuple[int, int]]:
    """Return the first and last number of each length that begins as *typed*, up to the newest one."""
    if not typed.isascii() or not typed.isdigit() or typed[0] == "0" or len(typed) > len(str(MAX_NUMBER)):
        return []
    ranges = []
    first, width = int(typed), 1
    while first <= newest:
        ranges.append((first, first + width - 1))
        first, width = first * 10, width * 10
    return ranges


def suggested_people(desk: Desk, actor: Actor, typed: str, *, staff: bool = False) -> list[tuple[str, str]]:
    """Return (address, name) of those whom *actor* may know of and whose address or name begins as *typed*."""
    far = reach(actor.person, Right.LIST_PEOPLE)
    if far is Reach.NONE:
        return []
    with Work(desk.database, read_only=True) as work:
        return work.suggestions.people(typed, _teams(actor), SUGGESTED, staff=staff)


def suggested_teams(desk: Desk, actor: Actor, typed: str) -> list[str]:
    """Return the names of the teams that begin as *typed*; a user is told of none."""
    if actor.person.role is Role.USER:
        return []
    with Work(desk.database, read_only=True) as work:
        named = [name for _key, name in work.suggestions.teams()]
    return [name for name in named if folded(name).startswith(folded(typed))][:SUGGESTED]


def suggested_tags(desk: Desk, actor: Actor, typed: str) -> list[str]:
    """Return the tags that begin as *typed*; a user is told of none."""
    if actor.person.role is Role.USER:
        return []
    with Work(desk.database, read_only=True) as work:
        return work.suggestions.tags(typed.lower(), SUGGESTED)


def tags_on(desk: Desk, actor: Actor, number: int) -> list[str]:
    """Return the tags of a ticket that *actor* works on, none of any other."""
    with Work(desk.database, read_only=True) as work:
        found = list(work.tickets.by_numbers([number]).values())
        if not found or not may_with_ticket(actor, Right.WORK_ON_TICKET, found[0]):
            return []
        return work.history.tags_of([found[0].id]).get(found[0].id, [])


def person_meant(desk: Desk, actor: Actor, typed: str) -> int:
    """Return the id of the person with this address or name; NOBODY where *actor* may not know whether there is one.

    Raises Refused where a name means several people, or where *actor* may know of everybody and there is none.
    """
    with Work(desk.database, read_only=True) as work:
        if "@" in typed:
            known = list(work.people.known_addresses(_addresses(typed)).values())
            found = [(one.person.id, one.person.name) for one in known]
        else:
            found = work.suggestions.people_named(typed, _teams(actor))
            found = [one for one in found if folded(one[1]) == folded(typed.strip())] or found
    if len(found) == 1:
        return found[0][0]
    if found:
        names = ", ".join(name for _key, name in found[:NAMED])
        raise Refused(
            f"{typed} can be several people ({names}); give an address",
            f"{typed} peut être plusieurs personnes ({names}) ; donnez une adresse",
        )
    if reach(actor.person, Right.LIST_PEOPLE) is Reach.ALL:
        raise Refused(f"nobody is registered as {typed}", f"personne n'est inscrit comme {typed}")
    return NOBODY


def _addresses(typed: str) -> list[str]:
    try:
        return [normal_address(typed)]
    except ValueError:
        return []


def team_meant(desk: Desk, actor: Actor, typed: str) -> int:
    """Return the id of the team with this name, or the only one that begins so; NOBODY for a user. Raises Refused."""
    if actor.person.role is Role.USER:
        return NOBODY
    with Work(desk.database, read_only=True) as work:
        there = work.suggestions.teams()
    wanted = folded(typed.strip())
    found = [key for key, name in there if folded(name) == wanted]
    found = found or [key for key, name in there if wanted and folded(name).startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"several teams begin with {typed}", f"plusieurs équipes commencent par {typed}")
    raise Refused(f"there is no team {typed}", f"il n'y a pas d'équipe {typed}")


def _teams(actor: Actor) -> frozenset[int] | None:
    """Return the teams whose members *actor* may know of; None: everybody."""
    far = reach(actor.person, Right.LIST_PEOPLE)
    return None if far is Reach.ALL else actor.team_ids if far is Reach.TEAM else frozenset()
