"""What is too old goes, row by row and seal by seal; what is younger stays, and the chain still fits."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from helpdesk.actions import chainwalk, purge, sealing
from helpdesk.actions.chainwalk import ChainWalk
from helpdesk.actions.jobs import TASKS
from helpdesk.actions.purge import purge_audit
from helpdesk.actions.sealing import copy_seals, current_anchor
from helpdesk.actions.verify import verify_trail
from helpdesk.core.auditchain import Fault, checkpoint_of, unpacked
from helpdesk.core.jobs import JobName, JobPlan
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused, StoreAway
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.ids import new_id
from helpdesk.store.tables import audit_checkpoints, audit_seals, metadata
from helpdesk.store.work import Refusal
from tests.actions.trails import Trail, a_trail, now_of
from tests.actions.turns import a_turn
from tests.store.cleaning import empty_tables

KEPT = timedelta(days=90)
MINUTE = timedelta(minutes=1)
ADMIN = Actor(Person(0, "console", Role.ADMIN, Language.EN))


@pytest.fixture
def trail(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trail]:
    """A desk with an empty trail, on each engine in turn; all is done in small pieces."""
    monkeypatch.setattr(sealing, "SEAL_ROWS", 7)
    monkeypatch.setattr(purge, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(purge, "SEALS_AT_ONCE", 3)
    monkeypatch.setattr(chainwalk, "SEALS_AT_ONCE", 4)
    made = a_trail(migrated_url, tmp_path)
    empty_tables(made.database)
    yield made
    made.database.close()


def purged(trail: Trail, ended: Callable[[], bool] = lambda: False, keep_days: int = 90) -> purge.Purged:
    return purge_audit(trail.desk, keep_days, ended, rest=lambda _seconds: None)


def ages(trail: Trail) -> list[timedelta]:
    """Return how old each row is that somebody's login made."""
    now = now_of(trail.database)
    return [now - row["created_at"] for row in trail.rows() if row["action"] == "LOGIN"]


def test_no_row_is_older_than_90_days_afterwards_and_no_younger_one_is_lost(trail: Trail) -> None:
    chance, now = random.Random(20261126), now_of(trail.database)
    times = sorted(now - timedelta(seconds=chance.uniform(0, 180 * 86_400)) for _ in range(150))
    edge = [now - KEPT - MINUTE, now - KEPT + MINUTE]
    for some in (times[:70], edge, times[70:]):
        trail.add(*some)
        trail.seal_all()
    young = sum(at > now - KEPT for at in (*times, *edge))
    found = purged(trail)
    assert len(ages(trail)) == young
    assert max(ages(trail)) < KEPT
    assert found.rows == len(times) + len(edge) - young
    assert found.whole
    assert found.seals > 3
    trail.seal_all()
    assert trail.findings() == []
    assert purged(trail).rows == 0


def test_the_job_keeps_as_many_days_as_it_is_told(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(now - KEPT - MINUTE, now - KEPT - 2 * MINUTE, now - KEPT + MINUTE)
    trail.seal_all()
    purge_job = TASKS[JobName.PURGE_AUDIT]
    assert purge_job(trail.desk, JobPlan(audit_days=91), a_turn()) == ""
    assert purge_job(trail.desk, JobPlan(), a_turn()) == "2 rows and 0 seals are gone", (
        "the seal holds a younger row too"
    )
    assert len(ages(trail)) == 1


def test_it_is_on_record_with_its_counts(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 25)
    trail.seal_all()
    found = purged(trail)
    (row,) = trail.rows()
    assert (row["action"], row["status"], row["user_id"]) == ("AUDIT_PURGED", "SUCCESS", None)
    assert row["detail"] == {"rows": 25, "seals": 4, "cutoff": found.cutoff.isoformat(), "whole": True}
    assert trail.seals() == []
    purged(trail)
    assert len(trail.rows()) == 1, "nothing was removed, so there is nothing to tell"


def test_the_chain_goes_on_where_the_last_removed_seal_ended(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 10)
    last = trail.seal_all()[-1]
    purged(trail)
    assert current_anchor(trail.desk) == last.anchor
    (next_one,) = trail.seal_all()
    assert (next_one.seq, next_one.prev) == (last.seq + 1, last.mac)
    assert trail.findings(last.anchor, next_one.anchor) == []


def test_one_that_is_ended_leaves_a_trail_that_fits_and_the_next_goes_on(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 40, *[now] * 5)
    trail.seal_all()
    for turns in (1, 2, 2):  # among the rows twice, then among the seals
        answers = iter([False] * turns + [True] * 9)
        found = purged(trail, lambda answers=answers: next(answers))  # type: ignore[misc]
        assert not found.whole
        assert trail.findings() == []
    while not purged(trail).whole:
        pass
    assert len(ages(trail)) == 5
    assert trail.findings() == []


def test_what_no_seal_covers_stays(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 12)
    trail.seal_all()
    trail.add(*[now - 3 * KEPT] * 3, *[now - KEPT - MINUTE] * 12)
    found = purged(trail)
    assert (found.rows, found.whole) == (12, True)
    assert trail.staged() == 15 + 1
    trail.seal_all()
    assert trail.findings() == []
    assert purged(trail).rows == 15
    assert trail.findings() == []


def test_a_row_sealed_after_it_began_keeps_its_seal(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 25)
    trail.seal_all()

    def seal_another(_seconds: float) -> None:
        trail.add(now - 3 * KEPT)
        trail.seal_all()

    purge_audit(trail.desk, 90, lambda: False, rest=seal_another)
    assert trail.findings() == []


def test_more_days_can_be_kept_and_fewer_cannot(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(now - timedelta(days=150), now - timedelta(days=120), now - timedelta(days=80))
    trail.seal_all()
    assert purged(trail, keep_days=130).rows == 1
    with pytest.raises((StoreAway, Refusal), match="90 days"):
        purged(trail, keep_days=70)
    assert len(ages(trail)) == 2


def test_a_young_row_that_is_missing_after_a_purge_is_found(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 7, now - KEPT + MINUTE, now - KEPT - MINUTE)
    *_, mixed = trail.seal_all()
    purged(trail)
    young = unpacked(mixed.entries)[0].row_id
    assert trail.findings() == []
    stolen = [row for row in trail.rows() if row["id"] != young]
    empty = metadata.tables["audit_logs"]
    seals, checkpoints = trail.rows(audit_seals), trail.rows(audit_checkpoints)
    empty_tables(trail.database)
    for table, rows in ((empty, stolen), (audit_seals, seals), (audit_checkpoints, checkpoints)):
        trail.put_back(table, rows)
    found = [(one.fault, one.row_id) for one in trail.findings()]
    assert (Fault.ROW_REMOVED, young) in found


def test_a_forged_checkpoint_hides_nothing(trail: Trail) -> None:
    now = now_of(trail.database)
    trail.add(*[now] * 9)
    first, second = trail.seal_all()
    forged = checkpoint_of(bytes(range(32)), first.anchor, now)
    values = {name: getattr(forged, name) for name in ("last_seq", "last_mac", "cutoff", "mac")}
    trail.tamper(insert(audit_checkpoints).values(id=new_id(), **values))
    assert [(one.fault, one.seq) for one in trail.findings()] == [(Fault.CHECKPOINT_CHANGED, 1)]
    trail.add(now)
    assert trail.seal_all()[0].prev == second.mac


def test_a_purge_while_it_is_verified_is_no_finding(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 40, *[now] * 20)
    trail.seal_all()
    look, looks = ChainWalk._look_at, []

    def look_and_purge(walk: ChainWalk, *given: object) -> None:
        looks.append(given)
        if len(looks) == 2:
            purged(trail)
        look(walk, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ChainWalk, "_look_at", look_and_purge)
    assert trail.findings() == []
    assert len(looks) > 2


def test_a_purge_after_the_rows_were_counted_is_no_finding(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_of(trail.database)
    trail.add(*[now - 2 * KEPT] * 40, *[now] * 20)
    trail.seal_all()
    follow = ChainWalk._follow

    def purge_first(walk: ChainWalk, wanted: set[int]) -> dict[int, bytes]:
        purged(trail)
        return follow(walk, wanted)

    monkeypatch.setattr(ChainWalk, "_follow", purge_first)
    assert trail.findings() == []


def test_a_purge_of_every_seal_while_it_is_verified_leaves_the_anchor_in_the_chain(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.add(*[now_of(trail.database) - 2 * KEPT] * 40)
    last = trail.seal_all()[-1]
    look, looks = ChainWalk._look_at, []

    def look_and_purge(walk: ChainWalk, *given: object) -> None:
        looks.append(given)
        if len(looks) == 1:
            purged(trail)
        look(walk, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ChainWalk, "_look_at", look_and_purge)
    assert trail.findings(last.anchor) == []
    assert trail.seals() == []


def test_an_end_that_is_cut_off_while_it_is_verified_is_found(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.add(*[now_of(trail.database) - 2 * KEPT] * 40)
    seals = trail.seal_all()
    look, looks = ChainWalk._look_at, []

    def look_and_cut(walk: ChainWalk, *given: object) -> None:
        looks.append(given)
        if len(looks) == 1:  # the triggers let seals go that are so old
            trail.tamper(delete(audit_seals).where(audit_seals.c.seq > 4))
        look(walk, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ChainWalk, "_look_at", look_and_cut)
    gone = [(one.fault, one.seq) for one in trail.findings() if one.seq and one.row_id is None]
    assert gone == [(Fault.SEAL_REMOVED, seal.seq) for seal in seals[4:]]


def test_files_and_anchors_from_before_a_purge_are_no_findings(trail: Trail, tmp_path: Path) -> None:
    now, files = now_of(trail.database), AuditFiles(tmp_path / "audit")
    trail.add(*[now - 2 * KEPT] * 7)
    first = trail.seal_all()[-1]
    copy_seals(trail.desk, files, lambda: True)
    trail.add(*[now - 2 * KEPT + timedelta(days=3)] * 8)
    last = trail.seal_all()[-1]
    copy_seals(trail.desk, files, lambda: True)
    purged(trail)
    found = verify_trail(trail.desk, ADMIN, files, last.anchor)
    assert (found.findings, found.files, found.anchor) == ((), True, last.anchor)
    with pytest.raises(Refused, match=r"seal 1 was purged"):
        verify_trail(trail.desk, ADMIN, files, first.anchor)
    assert copy_seals(trail.desk, AuditFiles(tmp_path / "audit"), lambda: True) == 0


def test_what_was_verified_is_on_record(trail: Trail, tmp_path: Path) -> None:
    now = now_of(trail.database)
    trail.add(now)
    (seal,) = trail.seal_all()
    assert verify_trail(trail.desk, ADMIN, AuditFiles(tmp_path / "none")).files is False
    wrong = replace(seal.anchor, mac=bytes(32))
    assert verify_trail(trail.desk, ADMIN, AuditFiles(tmp_path / "none"), wrong).count == 1
    good, bad = trail.rows()[1:]
    assert (good["action"], good["status"], bad["status"]) == ("AUDIT_VERIFIED", "SUCCESS", "FAIL")
    told = {"rows": 1, "seals": 1, "findings": 0, "end": str(seal.anchor), "anchor": None}
    assert good["detail"] == told
    assert bad["detail"]["anchor"] == str(wrong)


def test_files_that_know_more_than_the_database_tell_of_a_cut(trail: Trail, tmp_path: Path) -> None:
    now, files = now_of(trail.database), AuditFiles(tmp_path / "audit")
    trail.add(*[now] * 14)
    trail.seal_all()
    copy_seals(trail.desk, files, lambda: True)
    rows = trail.rows()[:7]
    kept = trail.rows(audit_seals)[:1]
    empty_tables(trail.database)
    trail.put_back(metadata.tables["audit_logs"], rows)
    trail.put_back(audit_seals, kept)
    assert trail.findings() == []
    found = verify_trail(trail.desk, ADMIN, files)
    assert [(one.fault, one.seq) for one in found.findings] == [(Fault.CHAIN_CUT, 2)]
