"""The private cluster: one database on three nodes, which no crash takes a commit from."""

from pathlib import Path

import pytest

from tests.servers import galera as module
from tests.servers.galera import Galera, GaleraNode
from tests.servers.process import ServerMissing


@pytest.fixture
def table(galera: Galera) -> str:
    """An empty table that all nodes have."""
    name = galera.fresh_database()[0].rpartition("/")[2]
    table = f"{name}.numbers"
    galera.nodes[0].execute(f"CREATE TABLE {table} (number INT PRIMARY KEY)")
    return table


def rows(node: GaleraNode, table: str) -> list[int]:
    """Return what a node has, once it has all that was committed anywhere."""
    found = node.execute("SET SESSION wsrep_sync_wait = 1", f"SELECT number FROM {table} ORDER BY number")
    return [number for (number,) in found]


def test_what_one_node_commits_all_nodes_have(galera: Galera, table: str) -> None:
    for number, node in enumerate(galera.nodes):
        node.execute(f"INSERT INTO {table} VALUES ({number})")
    assert [rows(node, table) for node in galera.nodes] == [[0, 1, 2]] * 3


def test_each_node_writes_a_commit_to_its_disk_and_lets_accounts_in(galera: Galera) -> None:
    settings = "SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite, @@binlog_format"
    assert [node.execute(settings) for node in galera.nodes] == [[(1, 1, "ROW")]] * 3
    urls = galera.fresh_database()
    assert len(set(urls)) == 3
    assert len({url.rpartition("/")[2] for url in urls}) == 1
    galera.drop_database(urls)
    galera.drop_database(urls)


def test_after_a_crash_of_all_nodes_the_one_with_most_leads_and_nothing_is_lost(
    galera: Galera, table: str
) -> None:
    """The first node dies earlier than the others: who began with it would lose what came after."""
    galera.nodes[0].execute(f"INSERT INTO {table} VALUES (1)")
    galera.nodes[0].kill()
    galera.nodes[1].execute(f"INSERT INTO {table} VALUES (2)")
    galera.kill_all()
    galera.recover()
    assert [rows(node, table) for node in galera.nodes] == [[1, 2]] * 3


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", (Path("/no/such/library.so"),))
    with pytest.raises(ServerMissing, match="apt-get install mariadb-server galera-4"), Galera():
        pass
