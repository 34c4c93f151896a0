"""Looking on is no use of a session: a view that refreshes itself ends with the idle time."""

from datetime import timedelta

import pytest

from helpdesk.actions.door import Door
from helpdesk.actions.passwords import token_hash
from helpdesk.actions.sessions import actor_of
from helpdesk.core.sessions import LoginLimits, SessionKind
from helpdesk.errors import LoggedOut
from helpdesk.store.tables import sessions
from helpdesk.store.work import Work, in_work
from tests.actions.staff import AGENT, Staffed

TOKEN = "a token"


def begun(desk: Staffed, minutes_ago: int) -> Door:
    """Begin a session of the agent that was used last some minutes ago."""

    def job(work: Work) -> None:
        at = work.database_now() - timedelta(minutes=minutes_ago)
        ends = at + timedelta(hours=8)
        kind = SessionKind.SHELL.value
        work.sessions.add(desk.id(AGENT), token_hash(TOKEN), kind, "", "", at, ends)

    in_work(desk.bench.desk.database, job)
    return Door(desk.bench.desk, LoginLimits(idle_minutes=15), b"k" * 32)


@pytest.mark.parametrize(("using", "noted"), [(False, False), (True, True)], ids=["looking on", "a command"])
def test_only_a_command_counts_as_use(staffed: Staffed, using: bool, noted: bool) -> None:
    door = begun(staffed, 14)
    (before,) = staffed.bench.column(sessions, "used_at")
    assert actor_of(door, TOKEN, using=using).person.id == staffed.id(AGENT)
    (after,) = staffed.bench.column(sessions, "used_at")
    assert (after > before) is noted


def test_an_idle_session_lets_nobody_look_on(staffed: Staffed) -> None:
    door = begun(staffed, 15)
    with pytest.raises(LoggedOut, match="idle"):
        actor_of(door, TOKEN, using=False)
