"""A lease protects what is written under it: who slept past its end commits nothing once another has it."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.actions.intake import charge_attempts, file_batch, known_source
from helpdesk.actions.leases import Lease
from helpdesk.errors import LeaseLost
from helpdesk.store import mariadb as mariadb_store
from helpdesk.store.tables import mails
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import IntakeBench, a_mail, bench
from tests.servers.mariadb import MariaDb

LONG_SECONDS = 60.0
SHORT_SECONDS = 0.2


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    made.person()
    yield made
    made.close()


def lease(desk: IntakeBench, owner: str, seconds: float = LONG_SECONDS) -> Lease:
    return Lease(desk.desk.database, "mailbox:main", owner, seconds)


def under(desk: IntakeBench, held: Lease) -> IntakeBench:
    return IntakeBench(desk.desk, known_source(desk.desk, "main", 7, 14, held), desk.clock)


def slept_past_its_end(desk: IntakeBench) -> Lease:
    """Return a lease that ran out while its owner slept, and that another has taken since."""
    mine = lease(desk, "me", SHORT_SECONDS)
    assert mine.keep()
    time.sleep(SHORT_SECONDS + 0.05)
    assert lease(desk, "other").keep()
    return mine


def test_a_batch_is_filed_while_the_lease_is_ours(desk: IntakeBench) -> None:
    mine = lease(desk, "me")
    assert mine.keep()
    assert [filed.fate for filed in under(desk, mine).file(a_mail())] == ["opened"]


def test_nothing_is_filed_once_another_has_the_lease(desk: IntakeBench) -> None:
    held = under(desk, slept_past_its_end(desk))
    with pytest.raises(LeaseLost, match="another daemon has taken over"):
        file_batch(held.desk, held.source, held.arrivals(a_mail(), a_mail(message_id="<2@univ.example>")))
    assert desk.rows(mails) == []


def test_no_attempt_is_counted_once_another_has_the_lease(desk: IntakeBench) -> None:
    held = under(desk, slept_past_its_end(desk))
    with pytest.raises(LeaseLost):
        charge_attempts(held.desk, held.source, [7])
    assert desk.rows(mails) == []


def test_a_lease_that_ran_out_is_still_ours_while_nobody_came(desk: IntakeBench) -> None:
    mine = lease(desk, "me")
    assert mine.keep()
    in_work(desk.desk.database, lambda work: work.leases.release("mailbox:main", "me"))  # its time is over
    assert len(under(desk, mine).file(a_mail())) == 1
    assert not lease(desk, "other").keep(), "what was written has renewed it"


def test_who_has_lost_it_asks_again_at_once(desk: IntakeBench) -> None:
    mine = slept_past_its_end(desk)
    held = under(desk, mine)
    with pytest.raises(LeaseLost):
        held.file(a_mail())
    assert not mine.keep()


def test_a_lease_that_came_back_to_us_is_another_lease(desk: IntakeBench) -> None:
    """Its number has grown: what was begun under the first one is not ours to write any more."""
    mine = lease(desk, "me", SHORT_SECONDS)
    assert mine.keep()
    time.sleep(SHORT_SECONDS + 0.05)
    other = lease(desk, "other")
    assert other.keep()
    other.release()
    assert lease(desk, "me").keep()
    with pytest.raises(LeaseLost):
        under(desk, mine).file(a_mail())


def test_a_second_thread_renews_only_what_is_held(desk: IntakeBench) -> None:
    mine = lease(desk, "me")
    mine.renew()
    assert lease(desk, "other").keep(), "nothing was taken by renewing nothing"


def test_a_second_thread_tries_once_to_renew_what_a_long_transaction_of_the_first_has_locked(
    mariadb: MariaDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first thread asks for the lease next: it must not wait until the second has tried six times."""
    monkeypatch.setattr(mariadb_store, "LOCK_WAIT_SECONDS", 1)
    caplog.set_level(logging.INFO, "helpdesk.store")
    url = mariadb.fresh_database()
    desk = bench(url, tmp_path)
    mine = lease(desk, "me", SHORT_SECONDS)
    assert mine.keep()
    time.sleep(SHORT_SECONDS)
    with Work(desk.desk.database) as filing:
        mine.confirm(filing)
        mine.renew()
        filing.commit()
    assert mine.keep()
    assert caplog.messages == []
    desk.close()
    mariadb.drop_database(url)
