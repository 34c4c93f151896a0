"""One desk on three Galera nodes: daemons that seal at the same moment make one chain, each row in it once."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions import sealing
from helpdesk.actions.sealing import seal_next
from helpdesk.core.auditchain import unpacked
from helpdesk.errors import StoreAway
from helpdesk.store.work import Refusal
from tests.actions.trails import Trail, a_trail
from tests.servers.galera import Galera

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ROWS, SEAL_ROWS = 60, 5


@pytest.fixture
def trails(galera: Galera, tmp_path: Path) -> Iterator[list[Trail]]:
    """The same desk through each node."""
    urls = galera.fresh_database()
    made = [a_trail(url, tmp_path) for url in urls]
    yield made
    for trail in made:
        trail.database.close()
    galera.drop_database(urls)


def test_each_row_is_sealed_once_whichever_nodes_seal(
    trails: list[Trail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", SEAL_ROWS)
    trails[0].add(*(AT + timedelta(seconds=number) for number in range(ROWS)))
    start = threading.Barrier(len(trails))
    ended: list[Trail] = []

    def seal(trail: Trail) -> None:
        start.wait()
        while trail.staged():
            try:
                seal_next(trail.desk)
            except (Refusal, StoreAway):  # the others were quicker
                continue
        ended.append(trail)

    threads = [threading.Thread(target=seal, args=(trail,)) for trail in trails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(ended) == len(trails)
    for trail in trails:
        assert trail.findings() == []
        seals = trail.seals()
        assert [one.seq for one in seals] == list(range(1, len(seals) + 1))
        covered = [entry.row_id for one in seals for entry in unpacked(one.entries)]
        assert sorted(covered) == [row["id"] for row in trail.rows()]
