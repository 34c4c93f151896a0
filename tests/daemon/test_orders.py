"""The daemon carries out at its next round what people decided about kept mail, and moves the copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.intake import Limits
from helpdesk.actions.quarantine import bind, release, replay_later
from helpdesk.core.people import Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import MailboxAway
from helpdesk.store.tables import mail_orders, posts, tickets
from tests.actions.intakes import JEAN, bench
from tests.daemon.test_intake import FORGED, InlinePool, Killed, Rig, mail


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    desk = bench(sqlite_url, tmp_path)
    desk.person()
    yield Rig(desk)
    desk.close()


@pytest.fixture
def admin(rig: Rig) -> Actor:
    return Actor(rig.desk.person("admin@univ.example", role=Role.ADMIN).person)


def held_ids(rig: Rig) -> list[int]:
    return [row["id"] for row in rig.desk.ledger() if row["fate"] in ("held", "quarantined")]


def outcomes(rig: Rig) -> list[str]:
    return [row["outcome"] for row in rig.desk.rows(mail_orders)]


def test_a_released_mail_is_filed_at_the_next_round_and_its_copy_moved(rig: Rig, admin: Actor) -> None:
    forged = mail(2, says=FORGED)
    rig.inbox.deliver(forged)
    intake = rig.intake()
    rig.drain(intake)
    assert rig.inbox.folders["Held"] == [forged]
    woken = rig.woken
    release(rig.desk.desk, admin, held_ids(rig))
    rig.drain(intake)
    assert rig.fates() == ["opened"]
    assert (rig.inbox.folders["Held"], rig.inbox.folders["Done"]) == ([], [forged])
    assert rig.woken > woken, "its confirmation goes out now"
    rig.drain(intake)
    assert len(rig.desk.rows(tickets)) == 1


def test_a_mail_that_was_too_big_is_fetched_whole_once_the_limit_allows_it(rig: Rig, admin: Actor) -> None:
    big = mail(3, "x" * 3000)
    rig.inbox.deliver(big)
    rig.drain(rig.intake(Limits(max_bytes=2000)))
    assert rig.inbox.folders["Quarantine"] == [big]
    bind(rig.desk.desk, admin, held_ids(rig)[0], JEAN)
    rig.drain(rig.intake(Limits(max_bytes=2000)))
    assert "was not kept whole" in outcomes(rig)[0]
    replay_later(rig.desk.desk, admin, held_ids(rig))
    rig.drain(rig.intake())
    assert rig.fates() == ["opened"]
    assert "x" * 3000 in rig.desk.column(posts, "text")[0]


def test_a_copy_that_cannot_be_moved_files_nothing_twice(rig: Rig, admin: Actor) -> None:
    rig.inbox.deliver(mail(2, says=FORGED))
    intake = rig.intake()
    rig.drain(intake)
    release(rig.desk.desk, admin, held_ids(rig))
    rig.inbox.failing = ["opened"]
    with pytest.raises(MailboxAway):
        rig.drain(intake)
    rig.drain(intake)
    assert rig.fates() == ["opened"]
    assert len(rig.desk.rows(tickets)) == 1


def test_a_mail_that_takes_the_daemon_down_does_so_twice_at_most(rig: Rig, admin: Actor) -> None:
    rig.inbox.deliver(mail(2, says=FORGED))
    rig.drain()
    release(rig.desk.desk, admin, held_ids(rig))
    rig.pool.deadly = b"Question 2"
    for _ in range(2):
        with pytest.raises(Killed):
            rig.drain()
    rig.drain()
    assert rig.fates() == ["held"]
    assert "2 attempts" in outcomes(rig)[0]


def test_a_defect_over_one_mail_leaves_the_others_their_turn(
    rig: Rig, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.inbox.deliver(mail(2, says=FORGED), mail(3, says=FORGED))
    rig.drain()
    release(rig.desk.desk, admin, held_ids(rig))
    plain = InlinePool.examine

    def broken(pool: InlinePool, raws: list[bytes], now_epoch: int | None = None) -> object:
        if b"Question 2" in raws[0]:
            raise ZeroDivisionError
        return plain(pool, raws, now_epoch)

    monkeypatch.setattr(InlinePool, "examine", broken)
    rig.drain()
    assert rig.fates() == ["held", "opened"]
    assert outcomes(rig)[0] == "not done: by a defect (ZeroDivisionError)"
