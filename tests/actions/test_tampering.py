"""Whoever gets past the triggers and changes, removes, inserts or cuts leaves a place that is found, and named."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from helpdesk.actions import chainwalk, sealing
from helpdesk.actions.chainwalk import ChainWalk
from helpdesk.core.auditchain import Fault, Seal
from helpdesk.store.ids import first_id_at
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs, audit_seals, metadata
from tests.actions.trails import Trail, a_trail, drop_guards
from tests.conftest import ENGINES

SEED = 20261126
ROWS, SEAL_ROWS = 400, 20
PLACES = {"sqlite": 200, "mariadb": 10, "postgresql": 10}
BEGIN = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module", params=ENGINES)
def unguarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """A sealed trail whose triggers are gone, on each engine in turn; ids lie apart so that others fit between."""
    engine = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    made = a_trail(url, tmp_path_factory.mktemp("trail"))
    drop_guards(made.database)
    yield made
    made.database.close()
    engine.drop_database(url)


@pytest.fixture
def trail(unguarded: Trail, monkeypatch: pytest.MonkeyPatch) -> Trail:
    """The same, whole."""
    monkeypatch.setattr(sealing, "SEAL_ROWS", SEAL_ROWS)
    monkeypatch.setattr(chainwalk, "SEALS_AT_ONCE", 7)
    monkeypatch.setattr(chainwalk, "IDS_AT_ONCE", 150)
    for name in ("audit_logs", "audit_unsealed", "audit_seals", "audit_checkpoints"):
        unguarded.tamper(delete(metadata.tables[name]))
    rows = [a_row(number) for number in range(ROWS)]
    unguarded.put_back(audit_logs, rows)
    unguarded.put_back(metadata.tables["audit_unsealed"], [{"row_id": row["id"]} for row in rows])
    unguarded.seal_all()
    assert unguarded.findings() == []
    return unguarded


def a_row(number: int) -> Row:
    at = BEGIN + number * MINUTE
    return {
        "id": first_id_at(at),
        "user_id": None,
        "action": "LOGIN",
        "status": "SUCCESS",
        "ip_address": "192.0.2.7",
        "user_agent": "ssh",
        "created_at": at,
        "detail": {"n": number},
    }


def places(trail: Trail, chance: random.Random) -> list[int]:
    return chance.sample(range(ROWS), PLACES[trail.database.kind.replace("mysql", "mariadb")])


CHANGES: list[dict[str, Any]] = [
    {"action": "LOGOUT"},
    {"status": "DENIED"},
    {"ip_address": "192.0.2.8"},
    {"user_agent": "SSH"},
    {"detail": {"n": -1}},
    {"created_at": BEGIN - MINUTE},
]


def test_each_changed_row_is_found(trail: Trail) -> None:
    chance, rows = random.Random(SEED), trail.rows()
    for place in places(trail, chance):
        row, change = rows[place], chance.choice(CHANGES)
        here = audit_logs.c.id == row["id"]
        trail.tamper(update(audit_logs).where(here).values(**change))
        (found,) = trail.findings()
        assert (found.fault, found.row_id, found.at) == (Fault.ROW_CHANGED, row["id"], row["created_at"])
        assert found.seq == place // SEAL_ROWS + 1
        trail.tamper(update(audit_logs).where(here).values(**{name: row[name] for name in change}))
    assert trail.findings() == []


def test_each_removed_row_is_found(trail: Trail) -> None:
    chance, rows = random.Random(SEED + 1), trail.rows()
    for place in places(trail, chance):
        row = rows[place]
        trail.tamper(delete(audit_logs).where(audit_logs.c.id == row["id"]))
        (found,) = trail.findings()
        assert (found.fault, found.row_id, found.at) == (Fault.ROW_REMOVED, row["id"], row["created_at"])
        trail.put_back(audit_logs, [row])
    assert trail.findings() == []


def test_each_inserted_row_is_found(trail: Trail) -> None:
    chance, rows = random.Random(SEED + 2), trail.rows()
    for place in places(trail, chance):
        row = rows[place] | {"id": rows[place]["id"] + chance.choice([-1, 1, 1 << 30]), "detail": {}}
        trail.put_back(audit_logs, [row])
        (found,) = trail.findings()
        assert (found.fault, found.row_id, found.at) == (Fault.ROW_INSERTED, row["id"], row["created_at"])
        trail.tamper(delete(audit_logs).where(audit_logs.c.id == row["id"]))
    assert trail.findings() == []


def test_a_chain_that_is_cut_anywhere_lacks_its_anchor(trail: Trail) -> None:
    """Rows from a place on are gone, and every seal that covered them: what is left fits, but for its end."""
    chance, rows, seals = random.Random(SEED + 3), trail.rows(), trail.seals()
    for place in places(trail, chance):
        last = place // SEAL_ROWS
        trail.tamper(
            delete(audit_logs).where(audit_logs.c.id >= rows[place]["id"]),
            delete(audit_seals).where(audit_seals.c.seq > last),
        )
        found = {(one.fault, one.seq) for one in trail.findings(seals[-1].anchor)}
        assert (Fault.CHAIN_CUT, len(seals)) in found
        trail.put_back(audit_seals, [as_row(seal) for seal in seals[last:]])
        trail.put_back(audit_logs, rows[place:])
    assert trail.findings(seals[-1].anchor) == []


def as_row(seal: Seal) -> Row:
    return {column.name: getattr(seal, column.name) for column in audit_seals.columns}


def test_what_replaces_a_cut_end_is_found_by_the_anchor(trail: Trail) -> None:
    """The program itself seals on where the cut left it, with the key: numbers go on, codes differ."""
    rows, seals = trail.rows(), trail.seals()
    trail.tamper(
        delete(audit_logs).where(audit_logs.c.id >= rows[-SEAL_ROWS]["id"]),
        delete(audit_seals).where(audit_seals.c.seq == len(seals)),
    )
    trail.add(BEGIN)
    trail.seal_all()
    assert len(trail.seals()) == len(seals)
    assert trail.findings() == []
    assert [one.fault for one in trail.findings(seals[-1].anchor)] == [Fault.CHAIN_CUT]


@pytest.mark.parametrize(
    "change",
    [{"day": "2026-11-27"}, {"entries": b""}, {"prev": bytes(32)}, {"entry_count": 1}, {"last_at": BEGIN}],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_seal_is_found(trail: Trail, change: dict[str, Any]) -> None:
    trail.tamper(update(audit_seals).where(audit_seals.c.seq == 3).values(**change))
    found = trail.findings()
    assert (found[0].fault, found[0].seq) == (Fault.SEAL_CHANGED, 3)
    rest = {one.fault for one in found[1:]}
    assert rest == ({Fault.ROW_INSERTED} if "entries" in change else set())


def test_a_seal_with_another_code_is_found_and_the_one_behind_it_too(trail: Trail) -> None:
    trail.tamper(update(audit_seals).where(audit_seals.c.seq == 3).values(mac=bytes(32)))
    found = [(one.fault, one.seq) for one in trail.findings()]
    assert found == [(Fault.SEAL_CHANGED, 3), (Fault.SEAL_MISPLACED, 4)]


@pytest.mark.parametrize("seq", [1, 2, 10])
def test_a_removed_seal_is_found_and_its_rows_named(trail: Trail, seq: int) -> None:
    trail.tamper(delete(audit_seals).where(audit_seals.c.seq == seq))
    found = trail.findings()
    assert (found[0].fault, found[0].seq) == (Fault.SEAL_REMOVED, seq)
    ids = [row["id"] for row in trail.rows()[(seq - 1) * SEAL_ROWS : seq * SEAL_ROWS]]
    assert [(one.fault, one.row_id) for one in found[1:]] == [(Fault.ROW_INSERTED, key) for key in ids]


def test_seals_that_changed_places_are_found(trail: Trail) -> None:
    first, second = (as_row(seal) for seal in trail.seals()[3:5])
    trail.tamper(delete(audit_seals).where(audit_seals.c.seq.in_((4, 5))))
    trail.put_back(audit_seals, [first | {"seq": 5}, second | {"seq": 4}])
    assert [(one.fault, one.seq) for one in trail.findings()][:2] == [
        (Fault.SEAL_CHANGED, 4),
        (Fault.SEAL_CHANGED, 5),
    ]


def test_a_row_that_cannot_be_read_any_more_counts_as_changed(trail: Trail) -> None:
    row = trail.rows()[33]
    value = "'{'" if trail.database.kind == "sqlite" else "'null'"
    trail.tamper(text(f"UPDATE audit_logs SET detail = {value} WHERE id = {row['id']}"))
    if trail.database.kind == "sqlite":
        trail.tamper(text(f"UPDATE audit_logs SET created_at = 'x' WHERE id = {trail_id(trail, 34)}"))
    found = [(one.fault, one.seq) for one in trail.findings()]
    assert found == [(Fault.ROW_CHANGED, 2)] * (2 if trail.database.kind == "sqlite" else 1)


def trail_id(trail: Trail, number: int) -> int:
    return a_row(number)["id"]  # type: ignore[no-any-return]


def test_a_row_moved_to_another_id_is_found_at_both(trail: Trail) -> None:
    row = trail.rows()[50]
    trail.tamper(update(audit_logs).where(audit_logs.c.id == row["id"]).values(id=row["id"] + 1))
    found = [(one.fault, one.row_id) for one in trail.findings()]
    assert found == [(Fault.ROW_REMOVED, row["id"]), (Fault.ROW_INSERTED, row["id"] + 1)]


def test_more_findings_than_anybody_reads_are_counted(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainwalk, "MOST_FINDINGS", 10)
    trail.tamper(update(audit_logs).values(action="LOGOUT"))
    walk = ChainWalk(trail.desk)
    walk.run([])
    assert (len(walk.findings), walk.more) == (10, ROWS - 10)
    trail.tamper(delete(audit_logs), delete(audit_seals).where(audit_seals.c.seq < 15))
    walk = ChainWalk(trail.desk)
    walk.run([])
    assert (len(walk.findings), walk.more) == (10, 14 + 6 * SEAL_ROWS - 10)


def test_rows_that_come_and_are_sealed_meanwhile_are_no_findings(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.add(BEGIN, BEGIN)
    follow = ChainWalk._follow

    def then_follow(walk: ChainWalk, wanted: set[int]) -> dict[int, bytes]:
        trail.add(BEGIN)
        trail.seal_all()
        trail.add(BEGIN)
        return follow(walk, wanted)

    monkeypatch.setattr(ChainWalk, "_follow", then_follow)
    assert trail.findings() == []
    assert trail.staged() == 1


def test_the_key_is_what_the_chain_hangs_on(trail: Trail) -> None:
    walk = ChainWalk(replace(trail.desk, audit_key=bytes(range(32))))
    walk.run([])
    assert {one.fault for one in walk.findings} == {Fault.SEAL_CHANGED}
    assert len(walk.findings) == len(trail.seals())
