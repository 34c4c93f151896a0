"""One desk on three Galera nodes: row locks hold on one node only, so what a transaction writes must protect it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count as endless
from typing import Any, TypeVar

import pytest
from sqlalchemy import event

from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.store.budgets import Breaker, Window
from helpdesk.store.durability import require_durable
from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import SchemaState, WrongSchema, migrate, schema_state
from helpdesk.store.work import AlreadyThere, Work, in_work
from tests.servers.galera import NODES, Galera
from tests.servers.mariadb import MariaDb
from tests.store.cleaning import empty_tables
from tests.store.makers import NOW, SECOND, a_letter, a_mail, a_mailbox, read
from tests.store.test_work import count, counted, make_counters, noting

Got = TypeVar("Got")
HOUR = NOW.replace(minute=0, second=0, microsecond=0)
LONG_S = 60.0
ROUNDS = 10


@pytest.fixture(scope="module")
def urls(galera_cluster: Galera) -> Iterator[list[str]]:
    """A database's URL on each node; its tables are made once for all tests."""
    galera_cluster.make_whole()
    made = galera_cluster.fresh_database()
    database = open_database(made[0])
    migrate(database)
    database.close()
    yield made
    galera_cluster.make_whole()
    galera_cluster.drop_database(made)


@pytest.fixture
def nodes(urls: list[str], galera: Galera) -> Iterator[list[Database]]:
    """The same database through each of its nodes, without a row."""
    opened = [open_database(url) for url in urls]
    empty_tables(opened[0])
    yield opened
    for database in opened:
        database.close()


def at_once(nodes: Sequence[Database], work: Callable[[Database], Got]) -> list[Got]:
    """Let the daemon of each node do *work* in the same moment; return what each got."""
    start = threading.Barrier(len(nodes))

    def begin(node: Database) -> Got:
        start.wait(10)
        return work(node)

    with ThreadPoolExecutor(len(nodes)) as threads:
        return list(threads.map(begin, nodes))


def stubborn(node: Database, job: Callable[[Work], Got]) -> Got:
    """Run a job as a daemon does that looks again later when the conflicts do not end."""
    while True:
        with suppress(StoreAway):
            return in_work(node, job)


def meanwhile(database: Database, words: str, deed: Callable[[], object]) -> None:
    """Let *deed* be done right after the first statement of *database* that begins with *words*."""
    done: list[bool] = []

    def do(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(words) and not done:
            done.append(True)
            deed()

    event.listen(database.engine, "after_cursor_execute", do)


def test_a_migration_that_another_node_began_in_the_same_moment_is_left_to_it(galera: Galera) -> None:
    databases = [open_database(url) for url in galera.fresh_database()]
    applied: list[str] = []
    meanwhile(databases[0], "INSERT INTO schema_changes", lambda: applied.extend(migrate(databases[1])))
    with pytest.raises(WrongSchema, match="another process's; run this again when it ended"):
        migrate(databases[0])
    assert applied
    assert [schema_state(database) for database in databases] == [SchemaState.CURRENT] * NODES
    assert migrate(databases[0]) == []
    for database in databases:
        database.close()


@pytest.mark.parametrize("more", [True, False], ids=["at the next statement", "at COMMIT"])
def test_a_job_that_another_node_overtook_is_run_again_as_a_whole(
    nodes: list[Database], more: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "helpdesk.store")
    make_counters(nodes[0], "a", "b")
    runs: list[int] = []
    conflicts: list[int] = []

    def job(work: Work) -> None:
        runs.append(1)
        count(work, "a")
        if len(runs) == 1:
            in_work(nodes[1], lambda other: count(other, "a", 10))
            read(nodes[0], lambda other: other.tickets.by_ids([1]))  # waits until node 0 has it too
        if more:
            count(work, "b")

    in_work(nodes[0], job, pause=noting(conflicts))
    assert (len(runs), conflicts) == (2, [1])
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("run again after conflict 1: 1213 ")
    assert [counted(node) for node in nodes] == [{"a": 11, "b": int(more)}] * NODES


def test_our_connections_read_what_other_nodes_committed_and_a_single_server_waits_for_nobody(
    nodes: list[Database], mariadb: MariaDb
) -> None:
    database = open_database(mariadb.url)
    waits = []
    for one in (*nodes, database):
        with one.engine.connect() as connection:
            waits.append(connection.exec_driver_sql("SELECT @@wsrep_sync_wait").scalar_one())
    database.close()
    assert waits == [1, 1, 1, 0]


@pytest.mark.parametrize("lax", [0, 2])
def test_a_node_that_may_forget_commits_is_told_of_with_what_to_do(
    galera: Galera, nodes: list[Database], mariadb: MariaDb, lax: int
) -> None:
    for node in nodes:
        require_durable(node)
    galera.nodes[1].execute(f"SET GLOBAL innodb_flush_log_at_trx_commit = {lax}")
    try:
        with pytest.raises(HelpdeskError, match=f"is {lax} on this Galera node.* = 1 under .mariadbd"):
            require_durable(nodes[1])
        require_durable(nodes[0])
    finally:
        galera.nodes[1].execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    alone = open_database(mariadb.url)  # flushes less often in tests, but has no other nodes to disagree with
    require_durable(alone)
    alone.close()


def test_what_one_node_committed_decides_on_every_other_at_once(nodes: list[Database]) -> None:
    make_counters(nodes[0], "a")
    seen = []
    for turn in range(ROUNDS * NODES):
        in_work(nodes[turn % NODES], lambda work: count(work, "a"))
        seen.append(counted(nodes[(turn + 1) % NODES])["a"])
    assert seen == list(range(1, ROUNDS * NODES + 1))


def test_each_letter_is_claimed_by_one_daemon(nodes: list[Database]) -> None:
    names = [f"{number:02}" for number in range(30)]
    in_work(nodes[0], lambda work: work.letters.add([a_letter(name) for name in names]))
    rounds = endless()

    def claim_all(node: Database) -> list[str]:
        mine: list[str] = []
        while got := stubborn(node, lambda work: work.letters.claim(NOW, 4, LONG_S, f"t{next(rounds)}")):
            mine += [letter.message_id[1:3] for letter in got]
        return mine

    shares = at_once(nodes, claim_all)
    assert sorted(name for share in shares for name in share) == names


def test_a_letter_that_two_nodes_claim_is_marked_by_the_one_that_has_it(nodes: list[Database]) -> None:
    row = a_letter()
    in_work(nodes[0], lambda work: work.letters.add([row]))
    in_work(nodes[0], lambda work: work.letters.claim(NOW, 1, LONG_S, "slow"))
    later = NOW + LONG_S * SECOND
    at_once(
        nodes[1:],
        lambda node: in_work(node, lambda work: work.letters.claim(later, 1, LONG_S, f"quick {id(node)}")),
    )
    assert in_work(nodes[0], lambda work: work.letters.mark_sent([row["id"]], "slow", later)) == 0
    marks = at_once(
        nodes,
        lambda node: in_work(
            node, lambda work: work.letters.mark_sent([row["id"]], f"quick {id(node)}", later)
        ),
    )
    assert sorted(marks) == [0, 0, 1]


@pytest.mark.parametrize("begun", [True, False], ids=["a desk in use", "the first tickets of all"])
def test_no_ticket_number_is_given_twice_or_left_out(nodes: list[Database], begun: bool) -> None:
    first = list(in_work(nodes[0], lambda work: work.tickets.next_numbers(1))) if begun else []

    def take(node: Database) -> list[int]:
        return [
            number
            for _ in range(ROUNDS)
            for number in stubborn(node, lambda work: work.tickets.next_numbers(2))
        ]

    taken = [number for share in at_once(nodes, take) for number in share]
    assert sorted(first + taken) == list(range(1, 2 * ROUNDS * NODES + 1 + len(first)))


def test_a_lease_has_one_holder_when_all_ask_at_once(nodes: list[Database]) -> None:
    owners = {id(node): f"daemon {number}" for number, node in enumerate(nodes)}

    def ask(name: str, node: Database) -> int | None:
        return stubborn(node, lambda work: work.leases.take(name, owners[id(node)], LONG_S))

    for number in range(ROUNDS):
        name = f"mailbox {number}"
        got = at_once(nodes, partial(ask, name))
        assert sorted(fence for fence in got if fence is not None) == [1]
        for owner in owners.values():
            in_work(
                nodes[0], partial(lambda name, owner, work: work.leases.release(name, owner), name, owner)
            )
        got = at_once(nodes, partial(ask, name))
        assert [fence for fence in got if fence is not None] in ([1], [2])  # the old owner's, or a new one's


@pytest.mark.parametrize("there", [False, True], ids=["in a new window", "in one that exists"])
def test_spending_on_all_nodes_loses_nothing(nodes: list[Database], there: bool) -> None:
    jean: Window = ("address jean@univ.example", HOUR)
    everybody: Window = ("hour:all", HOUR)
    if there:
        in_work(nodes[0], lambda work: work.budgets.spend({jean: 1, everybody: 1}))

    def burn(node: Database) -> None:
        for _ in range(ROUNDS):
            stubborn(node, lambda work: work.budgets.spend({jean: 1, everybody: 2}))

    at_once(nodes, burn)
    used = read(nodes[2], lambda work: work.budgets.used([jean, everybody]))
    assert used == {jean: int(there) + ROUNDS * NODES, everybody: int(there) + 2 * ROUNDS * NODES}


def test_a_breaker_that_all_open_at_once_is_open_once(nodes: list[Database]) -> None:
    end = HOUR + timedelta(hours=1)

    def open_all(node: Database) -> None:
        for number in range(ROUNDS):
            breaker = Breaker(f"all {number}", "flood", HOUR, end)
            stubborn(node, partial(lambda breaker, work: work.budgets.open_breaker(breaker), breaker))

    at_once(nodes, open_all)
    opened = read(nodes[1], lambda work: work.budgets.open_breakers(HOUR))
    assert [breaker.scope for breaker in opened] == [f"all {number}" for number in range(ROUNDS)]


def test_one_fate_is_written_for_a_deferred_mail_that_all_look_at_again(nodes: list[Database]) -> None:
    box = a_mailbox(nodes[0])
    rows = [a_mail(box, uid, fate=None, rule="deferred") for uid in range(1, ROUNDS + 1)]
    in_work(nodes[0], lambda work: work.mails.add(rows))

    def settle(node: Database) -> int:
        won = 0
        for row in rows:
            with suppress(AlreadyThere):
                stubborn(node, partial(lambda row, work: work.mails.replace([row]), row | {"fate": "held"}))
                won += 1
        return won

    assert sum(at_once(nodes, settle)) == ROUNDS


def test_attempts_at_a_mail_add_up_over_all_nodes(nodes: list[Database]) -> None:
    box = a_mailbox(nodes[0])
    row = a_mail(box, fate=None)
    in_work(nodes[0], lambda work: work.mails.add([row]))
    at_once(
        nodes,
        lambda node: [stubborn(node, lambda work: work.mails.charge([row["id"]])) for _ in range(ROUNDS)],
    )
    assert read(nodes[0], lambda work: work.mails.rows_of(box, 7, [1]))[1].attempts == ROUNDS * NODES


def test_of_logins_on_all_nodes_as_many_are_tried_as_a_lock_allows(nodes: list[Database]) -> None:
    quarter = timedelta(minutes=15)

    def charge(work: Work) -> bool:
        return work.logins.charge("account:1", 5, quarter, quarter, NOW)

    tried = at_once(nodes, lambda node: [stubborn(node, charge) for _ in range(ROUNDS)])
    assert sum(map(sum, tried)) == 5


def test_a_node_that_lost_the_others_means_away_and_serves_again_when_it_finds_them(
    nodes: list[Database], galera: Galera
) -> None:
    make_counters(nodes[0], "a")
    alone = galera.nodes[2]
    alone.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
    try:
        alone.wait_for("wsrep_cluster_status", "non-Primary")
        with pytest.raises(StoreAway, match=r"1047.*has lost its cluster"):
            in_work(nodes[2], lambda work: count(work, "a"))
        with pytest.raises(StoreAway, match="1047"):
            counted(nodes[2])
        in_work(nodes[1], lambda work: count(work, "a"))
    finally:
        alone.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
    galera.wait_until_whole()
    in_work(nodes[2], lambda work: count(work, "a"))
    assert [counted(node) for node in nodes] == [{"a": 2}] * NODES


def test_a_killed_node_means_away_for_its_daemon_only_and_knows_all_when_it_is_back(
    nodes: list[Database], galera: Galera
) -> None:
    make_counters(nodes[0], "a")

    def cut_in_the_middle(work: Work) -> None:
        count(work, "a", 100)
        galera.nodes[2].kill()

    with pytest.raises(StoreAway):
        in_work(nodes[2], cut_in_the_middle)
    in_work(nodes[0], lambda work: count(work, "a"))
    with pytest.raises(StoreAway):
        counted(nodes[2])
    galera.bring_back()
    assert [counted(node) for node in nodes] == [{"a": 1}] * NODES
