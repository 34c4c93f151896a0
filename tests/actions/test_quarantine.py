"""People decide about kept mail: within reach only, on record, once; what has to be read is left to the daemon."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from helpdesk.actions.arrival import Arrival
from helpdesk.actions.orders import MAX_ATTEMPTS, begin, obey, pending_orders
from helpdesk.actions.quarantine import (
    bind,
    kept_mails,
    reject,
    release,
    replay_later,
    shown_kept,
)
from helpdesk.actions.replay import Replayed, kept_bytes
from helpdesk.core.people import KnownAddress, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.tickets import Fate
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.quarantine import KeptFilter
from helpdesk.store.tables import (
    addresses,
    audit_logs,
    mail_orders,
    mails,
    memberships,
    people,
    posts,
    teams,
    tickets,
)
from helpdesk.store.work import Work
from tests.actions.intakes import JEAN, NOW, ZOE, IntakeBench, a_mail, bench, examined

FORGED = ("dmarc=fail header.from=univ.example",)
NETWORK, PRINTERS = 1, 2
EVE = "eve@elsewhere.example"


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    with made.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), [{"id": NETWORK, "name": "network"}, {"id": PRINTERS, "name": "p"}])
    yield made
    made.close()


def actor(desk: IntakeBench, role: Role, *team_ids: int) -> Actor:
    known = desk.person(f"{role.value}@univ.example", role=role)
    return Actor(known.person, frozenset(team_ids))


def join(desk: IntakeBench, known: KnownAddress, team_id: int) -> None:
    with desk.desk.database.engine.begin() as connection:
        connection.execute(insert(memberships), {"team_id": team_id, "person_id": known.person.id})


def obeyed(desk: IntakeBench) -> list[Replayed | None]:
    """Carry out all orders as the daemon does."""
    done = []
    for order, mail in pending_orders(desk.desk, desk.source.mailbox_id):
        assert begin(desk.desk, order)
        raw = kept_bytes(desk.desk, mail)
        assert raw is not None
        found = examined(raw)
        read = Arrival(mail.uid, raw, found.mail, found.judged.judgement, found.judged.signed_at)
        done.append(obey(desk.desk, desk.source, order, mail, read))
    return done


def outcomes(desk: IntakeBench) -> list[str]:
    return [row["outcome"] for row in desk.rows(mail_orders)]


def on_record(desk: IntakeBench, action: str) -> list[tuple[int, int, int | None]]:
    """Return who did that, with which mail and as whose."""
    rows = [row for row in desk.rows(audit_logs) if (row["action"], row["status"]) == (action, "SUCCESS")]
    return [(row["user_id"], row["detail"]["mail"], row["detail"].get("as")) for row in rows]


def test_a_forged_mail_that_an_admin_releases_is_filed_as_its_senders(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (held,) = desk.file(a_mail(says=FORGED))
    assert release(desk.desk, admin, [held.mail_id]).done == (held.mail_id,)
    assert desk.ledger()[0]["fate"] == "held"
    (told,) = obeyed(desk)
    assert told is not None
    assert (told.fate, told.filed and told.filed.ticket_number) == (Fate.OPENED, 1)
    assert desk.column(tickets, "subject") == ["Mon chargeur ne marche plus"]
    assert [row["text"] for row in desk.rows(posts) if row["internal"]] == [
        "this mail was kept (spoof) and is filed on the word of admin"
    ]
    assert desk.letters()[-1] == ("ticket_opened", JEAN)
    assert outcomes(desk) == ["opened, ticket 1, by the rule new_ticket"]
    by_whom = [(row["action"], row["user_id"]) for row in desk.rows(audit_logs)]
    assert ("MAIL_RELEASED", admin.user_id) in by_whom
    assert ("MAIL_REPLAYED", admin.user_id) in by_whom
    assert obeyed(desk) == []


def test_a_word_is_no_proof_that_later_mail_could_be_measured_by(desk: IntakeBench) -> None:
    desk.person()
    (held,) = desk.file(a_mail(says=FORGED))
    release(desk.desk, actor(desk, Role.ADMIN), [held.mail_id])
    obeyed(desk)
    assert "" in desk.column(addresses, "best_verdict")
    assert set(desk.column(addresses, "best_verdict")) == {""}


def test_a_strangers_mail_is_bound_to_a_person(desk: IntakeBench) -> None:
    jean = desk.person()
    (held,) = desk.file(a_mail(sender=EVE, message_id="<e@x>"))
    admin = actor(desk, Role.ADMIN)
    told = release(desk.desk, admin, [held.mail_id])
    assert "quarantine bind" in str(told.refused[0][1])
    bind(desk.desk, admin, held.mail_id, JEAN)
    assert on_record(desk, "MAIL_BOUND") == [(admin.user_id, held.mail_id, jean.person.id)]
    obeyed(desk)
    (ticket,) = desk.rows(tickets)
    assert ticket["requester_id"] == jean.person.id
    (row,) = desk.ledger()
    assert (row["fate"], row["sender"], row["person_id"]) == ("opened", EVE, jean.person.id)


def test_a_quarantined_mail_without_a_readable_sender_can_be_bound(desk: IntakeBench) -> None:
    jean = desk.person()
    (kept,) = desk.file(a_mail(sender="a@b.example, c@d.example"))
    bind(desk.desk, actor(desk, Role.ADMIN), kept.mail_id, JEAN)
    (told,) = obeyed(desk)
    assert told is not None
    assert told.fate is Fate.OPENED
    assert desk.rows(tickets)[0]["requester_id"] == jean.person.id


def test_whoever_was_blocked_before_the_daemon_came_to_it_gets_no_ticket(desk: IntakeBench) -> None:
    jean = desk.person()
    (held,) = desk.file(a_mail(says=FORGED))
    release(desk.desk, actor(desk, Role.ADMIN), [held.mail_id])
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(addresses).where(addresses.c.id == jean.id).values(state="blocked"))
    (told,) = obeyed(desk)
    assert told is not None
    assert (told.fate, told.filed) == (Fate.HELD, None)
    assert desk.rows(tickets) == []
    assert outcomes(desk)[0].startswith("stays as it is (held")
    assert desk.ledger()[0]["fate"] == "held"


@pytest.mark.parametrize("change", ["closed", "pending", "suspended"])
def test_only_a_verified_address_of_an_open_account_can_be_released(desk: IntakeBench, change: str) -> None:
    jean = desk.person()
    (held,) = desk.file(a_mail(says=FORGED))
    with desk.desk.database.engine.begin() as connection:
        if change == "closed":
            connection.execute(update(people).where(people.c.id == jean.person.id).values(active=False))
        else:
            connection.execute(update(addresses).where(addresses.c.id == jean.id).values(state=change))
    told = release(desk.desk, actor(desk, Role.ADMIN), [held.mail_id])
    assert (told.done, change in str(told.refused[0][1])) == ((), True)
    assert desk.rows(mail_orders) == []


def test_replay_files_by_todays_rules_and_on_nobodys_word(desk: IntakeBench) -> None:
    admin = actor(desk, Role.ADMIN)
    forged, early = desk.file(a_mail(says=FORGED), a_mail("Deux", message_id="<2@x>"))
    desk.person()
    assert len(replay_later(desk.desk, admin, [forged.mail_id, early.mail_id]).done) == 2
    wanted = [(admin.user_id, forged.mail_id, None), (admin.user_id, early.mail_id, None)]
    assert on_record(desk, "MAIL_REPLAY_WANTED") == wanted
    assert [told and told.fate for told in obeyed(desk)] == [Fate.HELD, Fate.OPENED]
    assert desk.column(tickets, "subject") == ["Deux"]
    assert "stays as it is (held" in outcomes(desk)[0]


def test_what_is_rejected_stays_kept_and_is_no_longer_open(desk: IntakeBench) -> None:
    admin = actor(desk, Role.ADMIN)
    first, second = desk.file(a_mail(), a_mail("Deux", message_id="<2@x>"))
    assert reject(desk.desk, admin, [first.mail_id]).done == (first.mail_id,)
    assert [mail.id for mail in kept_mails(desk.desk, admin, KeptFilter())] == [second.mail_id]
    assert [mail.id for mail in kept_mails(desk.desk, admin, KeptFilter(rejected=True))] == [first.mail_id]
    assert [row["fate"] for row in desk.ledger()] == ["held", "held"]
    assert "already" in str(reject(desk.desk, admin, [first.mail_id]).refused[0][1])
    assert desk.column(audit_logs, "action").count("MAIL_REJECTED") == 1


def test_a_rejected_mail_can_be_released_after_all(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (held,) = desk.file(a_mail(says=FORGED))
    reject(desk.desk, admin, [held.mail_id])
    release(desk.desk, admin, [held.mail_id])
    (told,) = obeyed(desk)
    assert told is not None
    assert told.fate is Fate.OPENED


def test_a_mail_is_ordered_once_and_not_rejected_meanwhile(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (held,) = desk.file(a_mail(says=FORGED))
    release(desk.desk, admin, [held.mail_id])
    assert "already" in str(release(desk.desk, admin, [held.mail_id]).refused[0][1])
    assert reject(desk.desk, admin, [held.mail_id]).refused
    assert [mail.ordered for mail in kept_mails(desk.desk, admin, KeptFilter())] == ["release"]
    assert len(desk.rows(mail_orders)) == 1


def test_a_filed_mail_is_nobodys_to_decide(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (filed,) = desk.file(a_mail())
    for decide in (release, reject, replay_later):
        assert "nothing is left to decide" in str(decide(desk.desk, admin, [filed.mail_id]).refused[0][1])
    with pytest.raises(Refused, match="nothing is left to decide"):
        shown_kept(desk.desk, admin, filed.mail_id)


def test_a_mail_that_took_the_daemon_down_is_not_given_to_it_again(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (held,) = desk.file(a_mail(says=FORGED))
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(mails).values(rule="poison", fate="quarantined"))
    assert "helpdeskd.py replay" in str(release(desk.desk, admin, [held.mail_id]).refused[0][1])
    with pytest.raises(Refused, match="apart from it"):
        bind(desk.desk, admin, held.mail_id, JEAN)


def test_an_order_that_takes_the_daemon_down_is_given_up(desk: IntakeBench) -> None:
    desk.person()
    (held,) = desk.file(a_mail(says=FORGED))
    release(desk.desk, actor(desk, Role.ADMIN), [held.mail_id])
    for expected in (*[True] * MAX_ATTEMPTS, False):
        ((order, _mail),) = pending_orders(desk.desk, desk.source.mailbox_id)
        assert begin(desk.desk, order) is expected
    assert pending_orders(desk.desk, desk.source.mailbox_id) == []
    assert "attempts to read it" in outcomes(desk)[0]


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_users_and_agents_have_no_quarantine(desk: IntakeBench, role: Role) -> None:
    join(desk, desk.person(), NETWORK)
    who = actor(desk, role, NETWORK)
    (held,) = desk.file(a_mail(says=FORGED))
    with pytest.raises(NotAllowed):
        kept_mails(desk.desk, who, KeptFilter())
    with pytest.raises(NotAllowed):
        shown_kept(desk.desk, who, held.mail_id)
    with pytest.raises(NotAllowed):
        bind(desk.desk, who, held.mail_id, JEAN)
    for decide in (release, reject, replay_later):
        assert isinstance(decide(desk.desk, who, [held.mail_id]).refused[0][1], NotAllowed)
    assert desk.rows(mail_orders) == []
    assert desk.column(audit_logs, "action").count("UNAUTHORIZED_ACCESS") == 6


def test_a_manager_sees_and_decides_what_people_of_the_team_are_said_to_have_sent(desk: IntakeBench) -> None:
    join(desk, desk.person(), NETWORK)
    join(desk, desk.person(ZOE), PRINTERS)
    manager = actor(desk, Role.MANAGER, NETWORK)
    mine, other, stranger = desk.file(
        a_mail(says=FORGED),
        a_mail(sender=ZOE, message_id="<2@x>", says=FORGED),
        a_mail(sender=EVE, message_id="<3@x>"),
    )
    assert [mail.id for mail in kept_mails(desk.desk, manager, KeptFilter())] == [mine.mail_id]
    told = reject(desk.desk, manager, [other.mail_id, stranger.mail_id, 5])
    assert [str(why) for _id, why in told.refused] == [
        f"there is no kept mail {one}" for one in (other.mail_id, stranger.mail_id, 5)
    ]
    assert desk.column(audit_logs, "status").count("DENIED") == 3 + 2  # three held mails, two refusals
    with pytest.raises(NotAllowed):
        bind(desk.desk, manager, mine.mail_id, ZOE)
    assert release(desk.desk, manager, [mine.mail_id]).done == (mine.mail_id,)


def test_looking_at_a_kept_mail_is_on_record(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    (held,) = desk.file(a_mail(says=FORGED))
    shown = shown_kept(desk.desk, admin, held.mail_id)
    assert (shown.person, shown.raw, shown.rejected) == ("jean", a_mail(says=FORGED), False)
    assert desk.column(audit_logs, "action", "user_id")[-1] == ("KEPT_MAIL_SEEN", admin.user_id)


def test_kept_mail_is_listed_newest_first_by_what_is_asked_for(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    ids = []
    for number in range(6):
        sender = EVE if number % 2 else f"Jean <{JEAN}>"
        broken = number == 5
        raw = a_mail(
            sender="a@b.example, c@d.example" if broken else sender, message_id=f"<{number}@x>", says=FORGED
        )
        (filed,) = desk.file(raw)
        ids.append(filed.mail_id)
        desk.later(timedelta(hours=1))

    def listed(wanted: KeptFilter) -> list[int]:
        return [ids.index(mail.id) for mail in kept_mails(desk.desk, admin, wanted)]

    assert listed(KeptFilter()) == [5, 4, 3, 2, 1, 0]
    assert listed(KeptFilter(fates=("held",))) == [4, 3, 2, 1, 0]
    assert listed(KeptFilter(fates=("quarantined",))) == [5]
    assert listed(KeptFilter(sender=EVE)) == [3, 1]
    assert listed(KeptFilter(sender="@elsewhere.example")) == [3, 1]
    assert listed(KeptFilter(sender="é@x.example")) == []
    assert listed(KeptFilter(sender=EVE, fates=("quarantined",))) == []
    assert listed(KeptFilter(verdict="malformed-from")) == [5]
    assert listed(KeptFilter(since=NOW + timedelta(hours=4))) == [5, 4]
    assert listed(KeptFilter(until=NOW + timedelta(hours=2))) == [1, 0]
    pages = [listed(KeptFilter(limit=4)), listed(KeptFilter(limit=4, before=ids[2]))]
    assert pages == [[5, 4, 3, 2], [1, 0]]


def test_kept_mail_is_paged_where_many_came_at_one_moment(desk: IntakeBench) -> None:
    admin = actor(desk, Role.ADMIN)
    desk.file(*(a_mail(message_id=f"<{number}@x>") for number in range(5)))
    every = [mail.id for mail in kept_mails(desk.desk, admin, KeptFilter())]
    first = [mail.id for mail in kept_mails(desk.desk, admin, KeptFilter(limit=2))]
    rest = [mail.id for mail in kept_mails(desk.desk, admin, KeptFilter(before=first[-1]))]
    assert first + rest == every
    assert len(every) == 5


def test_a_console_order_is_nobodys_in_the_trail(desk: IntakeBench) -> None:
    desk.person()
    admin = actor(desk, Role.ADMIN)
    console = replace(admin, person=replace(admin.person, id=0))
    (held,) = desk.file(a_mail(says=FORGED))
    release(desk.desk, console, [held.mail_id])
    obeyed(desk)
    assert [row["text"] for row in desk.rows(posts) if row["internal"]] == [
        "this mail was kept (spoof) and is filed on the word of the console"
    ]
    with Work(desk.desk.database, read_only=True) as work:
        assert work.quarantine.orders_of([held.mail_id])[0].by_id is None
