"""A daemon whose clock is wrong or jumps; ``make faults`` lets it die of that, too."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.faults.checker import check
from tests.faults.clock import Clock
from tests.faults.desk import FaultDesk
from tests.faults.f10_clock import DAY
from tests.faults.fault import Tally
from tests.servers.dovecot import Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

SOON_SECONDS = 20.0  # far less than any jump
CLEAN = Tally(0, 0, 0, 0, 0)


def test_the_clock_is_as_wrong_as_it_is_told_to_be_and_sleeping_still_works(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    clock.set_off(-DAY)
    asked = "import time; time.sleep(0.01); print(time.time())"
    told = subprocess.run(
        [sys.executable, "-c", asked], env=clock.environ, capture_output=True, text=True, check=True
    )
    behind_seconds = time.time() - float(told.stdout)
    assert 0 <= behind_seconds - DAY.total_seconds() < 60


def test_a_daemon_whose_clock_is_a_day_fast_delays_nothing(
    tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink, mariadb: MariaDb
) -> None:
    clock = Clock(tmp_path / "clock")
    clock.set_off(DAY)
    with FaultDesk(tmp_path, mariadb.fresh_database(), dovecot, smtp_sink) as desk:
        desk.deliver(8)
        desk.new_daemon(environ=clock.environ).start()
        desk.wait_until_filed(8, SOON_SECONDS)
        desk.wait_until_quiet(SOON_SECONDS)
        assert not desk.daemons[0].stop()
        found = check(desk, CLEAN)
    assert (found.lost, found.doubled, found.extra_letters, found.problems) == (0, 0, 0, ())


def test_a_clock_that_jumps_a_day_back_and_forth_delays_nothing(
    tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink, sqlite: Sqlite
) -> None:
    clock = Clock(tmp_path / "clock")
    with FaultDesk(tmp_path, sqlite.fresh_database(), dovecot, smtp_sink) as desk:
        desk.new_daemon(environ=clock.environ).start()
        for off in (-DAY, timedelta()):
            desk.deliver(4)
            desk.wait_until_quiet(SOON_SECONDS)
            clock.set_off(off)
            desk.deliver(4)
            desk.wait_until_quiet(SOON_SECONDS)
        assert not desk.daemons[0].stop()
        found = check(desk, CLEAN)
    assert (found.lost, found.doubled, found.extra_letters, found.problems) == (0, 0, 0, ())
