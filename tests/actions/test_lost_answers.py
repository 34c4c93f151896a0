"""The connection breaks at COMMIT: nobody can know what was written, so the next look at the rows decides."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.actions.deliver import Ended, Outbox
from helpdesk.actions.intake import charge_attempts, file_batch, inbox_state
from helpdesk.actions.leases import Lease
from helpdesk.core.audit import Action
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.core.tickets import Fate
from helpdesk.errors import StoreAway
from helpdesk.store.tables import audit_logs, leases, letters, mails, posts, tickets
from helpdesk.store.work import Work, in_work
from tests.actions.cutter import Cut, Cutter
from tests.actions.intakes import IntakeBench, a_mail, bench
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres

LEASE_S = 60.0
EVERY_CUT = pytest.mark.parametrize("cut", list(Cut), ids=["not committed", "committed"])


@pytest.fixture(scope="module", params=["mariadb", "postgres"])
def server(request: pytest.FixtureRequest) -> MariaDb | Postgres:
    """Each server in turn."""
    running: MariaDb | Postgres = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="module")
def url(server: MariaDb | Postgres) -> Iterator[str]:
    """One database for all tests: making the tables takes longer than the tests."""
    made = server.fresh_database()
    yield made
    server.drop_database(made)


@pytest.fixture
def cutter(server: MariaDb | Postgres) -> Iterator[Cutter]:
    """A proxy before the server."""
    with Cutter(server.port) as proxy:
        yield proxy


@pytest.fixture
def desk(cutter: Cutter, server: MariaDb | Postgres, url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    """A desk that knows Jean and speaks to its database through the proxy."""
    made = bench(url.replace(f":{server.port}/", f":{cutter.port}/"), tmp_path)
    made.person()
    yield made
    made.close()


@EVERY_CUT
def test_a_job_is_not_run_again_when_it_may_be_done_already(
    desk: IntakeBench, cutter: Cutter, cut: Cut
) -> None:
    runs: list[range] = []

    def job(work: Work) -> None:
        runs.append(work.tickets.next_numbers(1))

    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        in_work(desk.desk.database, job)
    assert (len(runs), cutter.cuts) == (1, 1)
    in_work(desk.desk.database, job)
    assert runs[1] == (range(2, 3) if cut is Cut.COMMITTED else range(1, 2))


@EVERY_CUT
def test_a_batch_that_may_be_filed_is_filed_once(desk: IntakeBench, cutter: Cutter, cut: Cut) -> None:
    batch = desk.arrivals(
        a_mail(message_id="<1@univ.example>"), a_mail("Autre", message_id="<2@univ.example>")
    )
    uids = [one.uid for one in batch]
    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        file_batch(desk.desk, desk.source, batch)
    state = inbox_state(desk.desk, desk.source, uids)
    assert [one.uid for one in state.unsettled] == (uids if cut is Cut.COMMITTED else [])
    assert state.new == ([] if cut is Cut.COMMITTED else uids)
    filed = file_batch(desk.desk, desk.source, batch)  # as one that does not look first, or another daemon
    assert [one.fate for one in filed] == [Fate.OPENED] * 2
    assert [len(desk.rows(table)) for table in (mails, tickets, posts, letters)] == [2, 2, 2, 2]
    assert sorted(desk.column(tickets, "number")) == [1, 2]


@EVERY_CUT
def test_a_mail_whose_attempt_may_be_counted_is_counted_twice_at_most(
    desk: IntakeBench, cutter: Cutter, cut: Cut
) -> None:
    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        charge_attempts(desk.desk, desk.source, [5])
    charge_attempts(desk.desk, desk.source, [5])
    assert desk.column(mails, "attempts") == [2 if cut is Cut.COMMITTED else 1]


@EVERY_CUT
def test_a_claim_that_nobody_heard_of_runs_out_and_the_letter_waits_for_the_next(
    desk: IntakeBench, cutter: Cutter, cut: Cut
) -> None:
    desk.file(a_mail())
    outbox = Outbox(desk.desk.database, lambda _work: desk.now)
    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        outbox.take(10, LEASE_S)
    assert outbox.seconds_to_next() == (LEASE_S if cut is Cut.COMMITTED else 0.0)
    desk.later(timedelta(seconds=LEASE_S))
    assert len(outbox.take(10, LEASE_S)) == 1


@EVERY_CUT
@pytest.mark.parametrize("end", [End.SENT, End.DEAD, End.TRY_LATER])
def test_the_end_of_a_letter_that_may_be_written_is_written_again_without_effect(
    desk: IntakeBench, cutter: Cutter, cut: Cut, end: End
) -> None:
    """The delivery keeps what it could not write and writes it when the database is back."""
    desk.file(a_mail())
    outbox = Outbox(desk.desk.database, lambda _work: desk.now, lambda: 0.5)
    [taken] = outbox.take(10, LEASE_S)
    ended = [Ended(taken, Outcome(end), "as the relay said")]
    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        outbox.settle(ended)
    outbox.settle(ended)
    states = {End.SENT: "sent", End.DEAD: "dead", End.TRY_LATER: "queued"}
    assert desk.column(letters, "state", "attempts") == [(states[end], 1)]
    dead = [action for action in desk.column(audit_logs, "action") if action == Action.LETTER_DEAD]
    assert len(dead) == (end is End.DEAD)
    assert outbox.take(10, LEASE_S) == []


@EVERY_CUT
def test_a_lease_that_may_be_taken_is_ours_at_the_next_try(
    desk: IntakeBench, cutter: Cutter, cut: Cut
) -> None:
    lease = Lease(desk.desk.database, "mailbox:main", "we", LEASE_S)
    cutter.at_commit(desk.desk.database.engine, cut)
    with pytest.raises(StoreAway):
        lease.keep()
    assert lease.keep()
    assert desk.column(leases, "owner", "fence") == [("we", 1)]
