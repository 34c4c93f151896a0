"""Refused changes of roles reach the contacts, each once, whoever was refused and however long nobody looked."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions.rolealarms import alarm_of_role_changes
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import KnownAddress, Role
from helpdesk.core.suspicion import Thresholds
from helpdesk.store.alerts import Alerts
from helpdesk.store.audit import Event
from helpdesk.store.tables import alerts
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, NOW, ZOE, IntakeBench, bench

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def refused(desk: IntakeBench, known: KnownAddress, at: datetime) -> None:
    row = Event(Action.UNAUTHORIZED_ROLE_CHANGE, Outcome.DENIED, at, known.person.id)
    in_work(desk.desk.database, lambda work: work.audit.add([row]))


def test_a_refused_change_of_roles_is_told_of_once(desk: IntakeBench) -> None:
    zoe = desk.person(ZOE, role=Role.AGENT)
    assert not alarm_of_role_changes(desk.desk)
    refused(desk, zoe, NOW - SECOND)
    assert alarm_of_role_changes(desk.desk)
    for _ in range(3):
        desk.later(HOUR / 2)
        assert not alarm_of_role_changes(desk.desk)
    assert desk.letters() == [("alert", ADMIN)]
    assert desk.column(alerts, "kind") == ["UNAUTHORIZED_ROLE_CHANGE"]


@pytest.mark.parametrize(
    "apart, told", [(HOUR, True), (HOUR + SECOND, False)], ids=["at 60 minutes", "beyond"]
)
def test_how_many_are_too_many_is_a_setting(
    each_url: str, tmp_path: Path, apart: timedelta, told: bool
) -> None:
    desk = bench(each_url, tmp_path, thresholds=Thresholds(refused_role_changes=2))
    zoe = desk.person(ZOE, role=Role.AGENT)
    refused(desk, zoe, NOW - apart)
    refused(desk, zoe, NOW)
    assert alarm_of_role_changes(desk.desk) is told
    desk.close()


def test_two_people_are_two_causes(desk: IntakeBench) -> None:
    for address in (ZOE, "sam@univ.example"):
        refused(desk, desk.person(address, role=Role.AGENT), NOW)
    alarm_of_role_changes(desk.desk)
    assert desk.letters() == [("alert", ADMIN)] * 2


def test_what_happened_while_no_daemon_ran_is_told_of_for_a_day(desk: IntakeBench) -> None:
    zoe = desk.person(ZOE, role=Role.AGENT)
    refused(desk, zoe, NOW)
    desk.later(24 * HOUR)
    assert alarm_of_role_changes(desk.desk)
    refused(desk, zoe, NOW + SECOND)
    desk.later(2 * SECOND)
    assert not alarm_of_role_changes(desk.desk), "older than a day, or of an hour that was told of"


def test_two_daemons_that_look_at_once_alarm_once(desk: IntakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.desk.database.kind == "sqlite":
        pytest.skip("one writes, the other waits")
    refused(desk, desk.person(ZOE, role=Role.AGENT), NOW)
    known, others = Alerts.known, iter([desk.desk])
    found: list[bool] = []

    def while_another_looks(alerts_of: Alerts, causes: Collection[str]) -> set[str]:
        seen = known(alerts_of, causes)
        found.extend(alarm_of_role_changes(other) for other in others)
        return seen

    monkeypatch.setattr(Alerts, "known", while_another_looks)
    found.append(alarm_of_role_changes(desk.desk))
    assert found == [True, False]
    assert desk.letters() == [("alert", ADMIN)]
    assert desk.column(alerts, "count") == [1]
