"""Decide about held and quarantined mail: look, release, bind, reject. The daemon carries out what needs reading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import deny, event_by, require_right, require_with_person
from helpdesk.actions.replay import kept_bytes
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.kept import KeptCase, OrderKind, Problem, kept_problem, order_problem, reject_problem
from helpdesk.core.people import KnownAddress
from helpdesk.core.permissions import Actor, Reach, Right
from helpdesk.errors import Refused
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.quarantine import KeptFilter, KeptMail, Order
from helpdesk.store.work import Work, in_work

_ACTIONS = {
    OrderKind.RELEASE: Action.MAIL_RELEASED,
    OrderKind.BIND: Action.MAIL_BOUND,
    OrderKind.REPLAY: Action.MAIL_REPLAY_WANTED,
}
MAX_AT_ONCE = 1000  # mails that one command may be about


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision about several mails came to: each is decided by itself."""

    done: tuple[int, ...]
    refused: tuple[tuple[int, Refused], ...]


@dataclass(frozen=True, slots=True)
class ShownKept:
    """A kept mail with all that is known of it. ``raw``: its bytes, or their beginning; None where not readable.

    Nothing in it is fit for a terminal yet, and ``raw`` is not for a parser in this process.
    """

    mail: LedgerMail
    person: str
    orders: tuple[Order, ...]
    rejected: bool
    raw: bytes | None


def kept_mails(desk: Desk, actor: Actor, wanted: KeptFilter) -> list[KeptMail]:
    """Return the kept mails that *actor* may decide about and that *wanted* asks for, newest first."""
    far = require_right(desk.database, actor, Right.QUARANTINE)
    with Work(desk.database, read_only=True) as work:
        return work.quarantine.listed(wanted, None if far is Reach.ALL else actor.team_ids)


def shown_kept(desk: Desk, actor: Actor, mail_id: int) -> ShownKept:
    """Return one kept mail; that it was looked at is on record. Raises Refused where there is none for *actor*."""
    mail = _within_reach(desk, actor, mail_id)
    if (problem := kept_problem(_case(mail))) is not None:
        raise Refused(*problem)
    with Work(desk.database, read_only=True) as work:
        people = work.people.by_ids([mail.person_id] if mail.person_id else [])
        orders = tuple(work.quarantine.orders_of([mail_id]))
        rejected = mail_id in work.quarantine.rejected_at([mail_id])
    name = people[mail.person_id].name if mail.person_id in people else ""
    in_work(desk.database, lambda work: _note(work, actor, Action.KEPT_MAIL_SEEN, mail))
    return ShownKept(mail, name, orders, rejected, kept_bytes(desk, mail))


def release(desk: Desk, actor: Actor, mail_ids: Sequence[int]) -> Decided:
    """Answer for kept mails: the daemon files each at its next round as its sender's. On record at once."""
    return _each(mail_ids, lambda mail_id: _order(desk, actor, mail_id, OrderKind.RELEASE, None))


def bind(desk: Desk, actor: Actor, mail_id: int, address: str) -> None:
    """Answer for a kept mail as that of the person registered with *address*; the daemon files it. Raises Refused."""
    _order(desk, actor, mail_id, OrderKind.BIND, address)


def replay_later(desk: Desk, actor: Actor, mail_ids: Sequence[int]) -> Decided:
    """Let the daemon file kept mails by today's rules, on nobody's word."""
    return _each(mail_ids, lambda mail_id: _order(desk, actor, mail_id, OrderKind.REPLAY, None))


def reject(desk: Desk, actor: Actor, mail_ids: Sequence[int]) -> Decided:
    """Decide that mails stay kept: they are no longer listed as open."""
    return _each(mail_ids, lambda mail_id: _reject(desk, actor, mail_id))


def _each(mail_ids: Sequence[int], decide: Callable[[int], None]) -> Decided:
    if len(mail_ids) > MAX_AT_ONCE:
        raise Refused(
            f"{len(mail_ids)} mails at once; the limit is {MAX_AT_ONCE}",
            f"{len(mail_ids)} mails à la fois ; la limite est de {MAX_AT_ONCE}",
        )
    done, refused = [], []
    for mail_id in dict.fromkeys(mail_ids):
        try:
            decide(mail_id)
        except Refused as refusal:
            refused.append((mail_id, refusal))
        else:
            done.append(mail_id)
    return Decided(tuple(done), tuple(refused))


def _order(desk: Desk, actor: Actor, mail_id: int, kind: OrderKind, bound_to: str | None) -> None:
    mail = _within_reach(desk, actor, mail_id)
    if bound_to is not None:
        _require_person(desk, actor, bound_to)

    def job(work: Work) -> None:
        work.quarantine.reopen(mail_id)  # locks the row: two who order at once are judged one after the other
        (now_kept,) = work.ledger.by_ids([mail_id])
        pending = [one for one in work.quarantine.orders_of([mail_id]) if one.done_at is None]
        address = mail.sender if bound_to is None else bound_to
        known = work.people.known_addresses([address]).get(address)
        _refuse_for(order_problem(_case(now_kept, bool(pending)), kind, known))
        at = work.database_now()
        whose = address if kind is not OrderKind.REPLAY else ""
        work.quarantine.order(mail_id, mail.mailbox_id, kind, whose, actor.user_id, at)
        as_whom = {"as": known.person.id} if known and whose else {}
        _note(work, actor, _ACTIONS[kind], mail, **as_whom)

    in_work(desk.database, job)


def _require_person(desk: Desk, actor: Actor, address: str) -> KnownAddress:
    with Work(desk.database, read_only=True) as work:
        known = work.people.known_addresses([address]).get(address)
        teams = work.people.teams_of([known.person.id]) if known else {}
    if known is None:
        raise Refused(f"nobody is registered with {address}", f"personne n'est inscrit avec {address}")
    team_ids = teams.get(known.person.id, frozenset())
    require_with_person(desk.database, actor, Right.QUARANTINE, known.person, team_ids)
    return known


def _reject(desk: Desk, actor: Actor, mail_id: int) -> None:
    mail = _within_reach(desk, actor, mail_id)

    def job(work: Work) -> None:
        (now_kept,) = work.ledger.by_ids([mail_id])
        pending = [one for one in work.quarantine.orders_of([mail_id]) if one.done_at is None]
        rejected = mail_id in work.quarantine.rejected_at([mail_id])
        case = _case(now_kept, bool(pending), rejected)
        _refuse_for(reject_problem(case))
        if not work.quarantine.reject(mail_id, work.database_now()):
            raise Refused(
                f"mail {mail_id} was decided by somebody else just now",
                f"quelqu'un d'autre vient de décider du mail {mail_id}",
            )
        _note(work, actor, Action.MAIL_REJECTED, mail)

    in_work(desk.database, job)


def _within_reach(desk: Desk, actor: Actor, mail_id: int) -> LedgerMail:
    """Return a mail that *actor* may decide about; as for one that is not there where it is not theirs to know of."""
    far = require_right(desk.database, actor, Right.QUARANTINE)
    with Work(desk.database, read_only=True) as work:
        found = work.ledger.by_ids([mail_id])
        person_id = found[0].person_id if found else None
        teams = work.people.teams_of([person_id]) if person_id else {}
    if found and (far is Reach.ALL or teams.get(person_id or 0, frozenset()) & actor.team_ids):
        return found[0]
    if found:
        deny(desk.database, actor, Right.QUARANTINE, mail=mail_id)
    raise Refused(f"there is no kept mail {mail_id}", f"il n'y a pas de mail retenu {mail_id}")


def _case(mail: LedgerMail, ordered: bool = False, rejected: bool = False) -> KeptCase:
    return KeptCase(mail.id, mail.fate, mail.rule, mail.sender, ordered, rejected)


def _refuse_for(problem: Problem | None) -> None:
    if problem is not None:
        raise Refused(*problem)


def _note(work: Work, actor: Actor, action: Action, mail: LedgerMail, **more: object) -> None:
    now = work.database_now()
    detail = {"mail": mail.id, "verdict": mail.verdict} | more
    work.audit.add([event_by(actor, action, Outcome.SUCCESS, now, **detail)])
