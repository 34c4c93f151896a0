"""Who may see which ticket; shell and mail ask the same question."""

from helpdesk.core.people import Person, Role
from helpdesk.core.tickets import Ticket


def sees(person: Person, team_ids: frozenset[int], ticket: Ticket) -> bool:
    """Say whether *person*, a member of *team_ids*, may see *ticket* (a deleted one: an admin only)."""
    if not person.active:
        return False
    if person.role is Role.ADMIN:
        return True
    if ticket.deleted:
        return False
    if person.id == ticket.requester_id or person.id in ticket.participants:
        return True
    if person.role is Role.USER:
        return False
    return person.id == ticket.assignee_id or ticket.team_id in team_ids
