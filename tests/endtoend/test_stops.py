"""However the daemon stops, nothing is lost and nothing happens twice."""

import signal
import time

from helpdesk.store.engine import open_database
from helpdesk.store.work import Work
from tests.endtoend.world import World, from_learner

MAILS = 1000
MAILS_ON_SERVERS = 300  # make faults kills a hundred times among more
KILLS = 5


def _until_filed(world: World, count: int) -> None:
    end = time.monotonic() + 60
    while _ledger(world) < count:
        assert time.monotonic() < end, f"{count} mails were never filed"
        time.sleep(0.1)


def _mails(count: int) -> list[bytes]:
    return [from_learner(f"Panne {number}", message_id=f"<{number}@x>") for number in range(count)]


def _assert_each_mail_has_one_fate(world: World, count: int) -> None:
    assert world.rows("SELECT fate, COUNT(*) FROM mails GROUP BY fate") == [("opened", count)]
    assert world.rows("SELECT COUNT(*), COUNT(DISTINCT subject) FROM tickets") == [(count, count)]
    assert world.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL") == [(0,)]
    assert world.rows("SELECT COUNT(DISTINCT mail_id) FROM posts") == [(count,)]
    counts = world.dovecot.folder_counts("desk")
    assert (counts["INBOX"], counts["Done"]) == (0, count)


def test_five_kills_among_many_mails_lose_nothing_and_double_nothing(world: World) -> None:
    count = MAILS if world.url.startswith("sqlite") else MAILS_ON_SERVERS
    world.dovecot.append_many("desk", _mails(count))
    for kill in range(1, KILLS + 1):
        daemon = world.daemon()
        _until_filed(world, kill * count // (KILLS + 2))
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
    done = world.once()
    assert done.returncode in (0, 1), done.stderr  # 1: letters that the dead ones had claimed still wait
    _assert_each_mail_has_one_fate(world, count)
    assert world.rows("SELECT COUNT(DISTINCT mail_id) FROM letters") == [(count,)]


def _ledger(world: World) -> int:
    count: int = world.rows("SELECT COUNT(*) FROM mails WHERE fate IS NOT NULL")[0][0]
    return count


def test_once_gives_back_what_it_took_so_that_a_daemon_elsewhere_need_not_wait(world: World) -> None:
    world.dovecot.append_many("desk", _mails(1))
    assert world.once().returncode == 0
    database = open_database(world.url)
    with Work(database, read_only=True) as work:
        leases, now = work.leases.everyone(), work.database_now()
    database.close()
    assert {"mailbox:main", "audit"} <= {name for name, _owner, _ends in leases}
    assert [name for name, _owner, ends in leases if ends > now] == []


def test_sigterm_in_the_middle_of_a_full_mailbox_loses_nothing(world: World) -> None:
    world.dovecot.append_many("desk", _mails(MAILS))
    daemon = world.daemon()
    _until_filed(world, 100)
    daemon.terminate()
    assert daemon.wait(20) == 0
    assert _ledger(world) < MAILS, "it was stopped too late to show anything"
    world.once()
    _assert_each_mail_has_one_fate(world, MAILS)
