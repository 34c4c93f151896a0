"""Two tickets become one, and one becomes two: what may, and who then takes part."""

from collections.abc import Mapping

from helpdesk.core.tickets import Status, Ticket

Said = tuple[str, str]  # in English, in French


def merge_problem(source: Ticket, target: Ticket) -> Said | None:
    """Return why *target* cannot take *source* over; None where it can. Neither is deleted or merged already."""
    if source.id == target.id:
        return (
            f"ticket {source.number} cannot be merged into itself",
            f"le ticket {source.number} ne peut pas être fusionné avec lui-même",
        )
    if target.status is Status.RESOLVED and source.status is not Status.RESOLVED:
        return (
            f"ticket {target.number} is resolved and ticket {source.number} is not: nobody would see it any more;"
            f" reopen {target.number} first, or merge {target.number} into {source.number}",
            f"le ticket {target.number} est résolu, le ticket {source.number} ne l'est pas : personne ne le verrait"
            f" plus ; rouvrez d'abord {target.number}, ou fusionnez {target.number} dans {source.number}",
        )
    return None


def newcomers(source: Ticket, target: Ticket) -> frozenset[int]:
    """Return who took part in *source* and does not yet in *target*: each is there once, so told once."""
    return (source.participants | {source.requester_id}) - target.participants - {target.requester_id}


def surviving(ticket: Ticket, tickets: Mapping[int, Ticket]) -> Ticket:
    """Return the ticket that took *ticket* over, or itself; *tickets* by id hold whoever did."""
    seen = {ticket.id}
    while (taker := tickets.get(ticket.merged_into_id or 0)) is not None and taker.id not in seen:
        seen.add(taker.id)
        ticket = taker
    return ticket


def split_problem(ticket: Ticket, author_id: int | None, internal: bool, posts: int) -> Said | None:
    """Return why a post cannot become a ticket of its own; None where it can.

    *ticket*: the one that shows it. *posts*: how many posts, notes not counted, the post's own ticket has.
    """
    if internal or (author_id != ticket.requester_id and author_id not in ticket.participants):
        return (
            "only what the people of a ticket wrote can become a ticket: there must be somebody to answer",
            "seul un message des personnes du ticket peut devenir un ticket : il faut quelqu'un à qui répondre",
        )
    if posts < 2:
        return (
            "it is the only post of its ticket: nothing would be left",
            "c'est le seul message de son ticket : il n'en resterait rien",
        )
    return None
