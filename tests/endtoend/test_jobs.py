"""A real daemon does what runs by the clock, and stops within two seconds whatever it is doing."""

import signal
import time

import pytest

from tests.endtoend.world import World

pytestmark = pytest.mark.parametrize("migrated", ["sqlite", "mariadb"], indirect=True)


def test_a_daemon_that_starts_catches_up_and_stops_at_once(world: World) -> None:
    daemon = world.daemon()
    end = time.monotonic() + 60
    jobs = {"digest", "overdue", "close", "expire", "collect-blobs", "endings", "certificates"}
    while not jobs <= {job for (job,) in world.rows("SELECT job FROM job_runs WHERE state = 'done'")}:
        assert time.monotonic() < end, world.rows("SELECT job, state, told FROM job_runs")
        time.sleep(0.1)
    seen = "SELECT COUNT(*) FROM audit_logs WHERE action = 'SETTINGS_CHANGED'"
    assert world.rows(seen) == [(1,)], "a start puts its settings on record"
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    assert world.rows("SELECT COUNT(*) FROM job_runs WHERE job = 'reconcile'") == [(0,)], (
        "the inbox comes first"
    )
    twice = "SELECT job, slot FROM job_runs GROUP BY job, scope, slot HAVING COUNT(*) > 1"
    assert world.rows(twice) == []
