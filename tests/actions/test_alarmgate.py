"""Two transactions that raise alarms at once wait for each other's end, and neither is undone for the other."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier, BrokenBarrierError, local

import pytest

from helpdesk.actions.alarms import raise_alarms
from helpdesk.actions.digest import _digests_of_owners
from helpdesk.actions.door import Place, account_scope, charge, login_alarm
from helpdesk.actions.intake import file_within, known_source
from helpdesk.core.audit import Action
from helpdesk.core.people import KnownAddress
from helpdesk.core.sessions import LoginLimits
from helpdesk.store.budgets import Budgets
from helpdesk.store.logins import Logins
from helpdesk.store.tables import alerts
from helpdesk.store.work import LOG, Work
from tests.actions.intakes import IntakeBench, a_mail
from tests.actions.logins import LAPTOP, LIBRARY, House
from tests.core.makers import DOMAIN

FIRST, SECOND = f"first@{DOMAIN}", f"second@{DOMAIN}"
MEETING_SECONDS = 2.0  # whoever waits for the other's end comes to no meeting
ELSEWHERE = Place("c" * 64, "uid:3000", "zoe @ elsewhere", "203.0.113.5", "helpdesk-admin")
Job = Callable[[Work], object]


@pytest.fixture
def house(house: House) -> House:
    """A desk on a server, with a door; mails and logins have the same clock."""
    if house.bench.desk.database.kind == "sqlite":
        pytest.skip("one writes, the other waits")
    desk = replace(house.bench.desk, clock=lambda _work: house.clock[0])
    house.bench = IntakeBench(desk, known_source(desk, "main", 7, 14), house.clock)
    return house


def contacts_are(house: House, *addresses: str) -> None:
    house.bench = replace(house.bench, desk=replace(house.bench.desk, alert_addresses=addresses))


def fails(house: House, owner: KnownAddress, action: Action = Action.LOGIN_FAILED_OFTEN) -> Job:
    alarm = login_alarm(action, owner.address, owner, LAPTOP)
    return lambda work: raise_alarms(work, house.bench.desk, [alarm], house.bench.now)


def arrives(house: House, *mails: bytes) -> Job:
    bench = house.bench
    return partial(file_within, bench.desk, bench.source, bench.arrivals(*mails))


def forged(sender: str, number: int = 1) -> bytes:
    return a_mail(
        sender=sender, says=("dmarc=fail header.from=univ.example",), message_id=f"<forged.{number}@x>"
    )


def committed(house: House, job: Job) -> None:
    """Do a job in one transaction, which is not run again: a conflict is raised."""
    with Work(house.bench.desk.database) as work:
        job(work)
        work.commit()


def at_once(house: House, monkeypatch: pytest.MonkeyPatch, *jobs: Job) -> None:
    """Do two jobs that meet once each holds something, unless one waits for the other's end.

    That is places or the tries of a whole account, whichever comes first.
    """
    meeting, mine = Barrier(2), local()

    def then_meets(method: Callable[..., object]) -> Callable[..., object]:
        def and_meets(self: object, what: Mapping[object, object] | str, *rest: object) -> object:
            done = method(self, what, *rest)
            if what and ":from:" not in what and not getattr(mine, "met", False):
                mine.met = True
                with suppress(BrokenBarrierError):
                    meeting.wait(MEETING_SECONDS)
            return done

        return and_meets

    for owner, name in ((Budgets, "take"), (Logins, "charge")):
        monkeypatch.setattr(owner, name, then_meets(getattr(owner, name)))
    with ThreadPoolExecutor(2) as threads:
        for ended in [threads.submit(committed, house, job) for job in jobs]:
            ended.result()


def test_contacts_who_are_each_others_owners(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = house.person(FIRST), house.person(SECOND)
    contacts_are(house, FIRST, SECOND)
    at_once(house, monkeypatch, fails(house, second), fails(house, first, Action.LOGIN_LOCKED))
    assert Counter(house.bench.letters()) == {
        ("suspicious_login", FIRST): 2,
        ("suspicious_login", SECOND): 2,
    }


def test_an_alarm_and_the_digest_of_owners(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, contact = house.person(FIRST), house.person(SECOND)
    for one in (owner, contact):
        raised = [login_alarm(Action.LOGIN_LOCKED, f"{one.id}:{number}", one, LAPTOP) for number in range(6)]
        committed(house, partial(raise_alarms, desk=house.bench.desk, alarms=raised, now=house.bench.now))
    house.later(hours=1)
    contacts_are(house, SECOND)
    before = Counter(house.bench.letters())
    digest = partial(_digests_of_owners, house.bench.desk)
    at_once(house, monkeypatch, fails(house, owner), digest)
    new = Counter(house.bench.letters()) - before
    assert new == {("suspicious_login", FIRST): 2, ("suspicious_login", SECOND): 2}


def test_an_alarm_and_a_forged_mail(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.person(FIRST)
    second = house.person(SECOND)
    contacts_are(house, FIRST, SECOND)
    at_once(house, monkeypatch, arrives(house, forged(FIRST)), fails(house, second))
    assert sorted(house.bench.letters()) == [
        ("alert", SECOND),
        ("sender_forged", FIRST),
        ("suspicious_login", FIRST),
        ("suspicious_login", SECOND),
    ]


def test_locks_of_an_account_and_of_one_way_into_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = house.person(FIRST)
    house.limits = LoginLimits(tries_per_source=2, tries_per_account=3)
    account = account_scope(owner.person.id)
    for place in (LAPTOP, ELSEWHERE):
        assert charge(house.door, account, place, owner.person.id)
    met: list[str] = []
    monkeypatch.setattr(LOG, "info", lambda *told: met.append(str(told)))
    tries = [partial(charge, house.door, account, place, owner.person.id) for place in (LAPTOP, LIBRARY)]
    at_once(house, monkeypatch, *[lambda _work, one=one: one() for one in tries])
    assert met == []
    assert "LOGIN_LOCKED" in house.bench.column(alerts, "kind")
