"""What a seal says of its rows and of the seal before it, and what no longer fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.auditchain import (
    BEFORE_ALL,
    Anchor,
    Entry,
    Fault,
    canonical,
    checkpoint_of,
    digest_of,
    entry_of,
    is_ours,
    local_day,
    microseconds,
    moment,
    packed,
    parsed_anchor,
    row_faults,
    seal_fault,
    sealed,
    unpacked,
)
from helpdesk.core.auditcopies import anchor_of_line, copy_of
from helpdesk.errors import Refused

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
AT = datetime(2026, 11, 26, 15, 4, 5, 678901, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ROW: dict[str, object] = {
    "id": 7,
    "user_id": None,
    "action": "LOGIN",
    "status": "FAIL",
    "ip_address": "192.0.2.7",
    "user_agent": "ssh été",
    "created_at": AT,
    "detail": {"b": [1, None], "a": "é"},
}
ENTRIES = [entry_of(KEY, 7, ROW), entry_of(KEY, 8, ROW | {"id": 8, "created_at": AT + MICROSECOND})]
SEAL = sealed(KEY, 3, "2026-11-26", bytes(32), ENTRIES, AT)


def test_the_form_of_a_row_is_the_same_for_ever() -> None:
    # Written out: a change here would make every seal look tampered with.
    assert canonical(ROW) == (
        b'{"action":"LOGIN","created_at":"2026-11-26T15:04:05.678901+00:00","detail":{"a":"\\u00e9","b":[1,null]},'
        b'"id":7,"ip_address":"192.0.2.7","status":"FAIL","user_agent":"ssh \\u00e9t\\u00e9","user_id":null}'
    )
    assert digest_of(KEY, ROW).hex() == "e50745d2775976b0174f5a379562f0d11c2d528f4ed835b7c740bdf9e755bbcc"
    assert SEAL.mac.hex() == "8a122e3b8317ebf6f66dddf338467836859855571d914b0b5417da0ebc11bb7a"


def test_the_zone_of_a_time_and_the_order_of_columns_change_nothing() -> None:
    there = {**dict(reversed(ROW.items())), "created_at": AT.astimezone(ZoneInfo("Europe/Paris"))}
    assert canonical(there) == canonical(ROW)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"user_id": 0},
        {"action": "LOGOUT"},
        {"status": "SUCCESS"},
        {"ip_address": ""},
        {"user_agent": "ssh ete"},
        {"created_at": AT + MICROSECOND},
        {"detail": {"b": [1, 0], "a": "é"}},
        {"detail": b"no JSON"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_column_counts(change: dict[str, object]) -> None:
    assert digest_of(KEY, ROW | change) != digest_of(KEY, ROW)
    assert digest_of(OTHER, ROW) != digest_of(KEY, ROW)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        pytest.param(datetime(2026, 11, 26, 22, 59, 59, 999999, UTC), "2026-11-26", id="before midnight"),
        pytest.param(datetime(2026, 11, 26, 23, 0, tzinfo=UTC), "2026-11-27", id="midnight"),
        pytest.param(datetime(2026, 7, 1, 21, 59, 59, 999999, UTC), "2026-07-01", id="before it in summer"),
        pytest.param(datetime(2026, 7, 1, 22, 0, tzinfo=UTC), "2026-07-02", id="midnight in summer"),
    ],
)
def test_a_day_begins_at_local_midnight(at: datetime, day: str) -> None:
    assert local_day(at, ZoneInfo("Europe/Paris")) == day


def test_times_are_kept_to_the_microsecond_and_none_is_too_far() -> None:
    assert moment(microseconds(AT)) == AT
    assert moment(microseconds(AT) + 1) == AT + MICROSECOND
    assert moment(2**63 - 1) is None
    assert moment(-(2**63)) is None


def test_entries_come_back_as_they_went_in() -> None:
    assert unpacked(SEAL.entries) == ENTRIES
    assert unpacked(SEAL.entries + b"x") == ENTRIES
    assert unpacked(b"") == []
    assert (SEAL.first_at, SEAL.last_at, SEAL.entry_count) == (AT, AT + MICROSECOND, 2)


def test_a_seal_that_nobody_touched_fits() -> None:
    assert seal_fault(KEY, SEAL, bytes(32)) is None
    assert seal_fault(KEY, SEAL, None) is None


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 4},
        {"day": "2026-11-27"},
        {"entries": packed(ENTRIES[:1])},
        {"entries": SEAL.entries + b"x"},
        {"prev": bytes(31)},
        {"mac": bytes(32)},
        {"mac": SEAL.mac[:31]},
        {"first_at": AT - MICROSECOND},
        {"last_at": AT},
        {"entry_count": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_column_of_a_seal_counts(change: dict[str, object]) -> None:
    assert seal_fault(KEY, replace(SEAL, **change), bytes(32)) is Fault.SEAL_CHANGED  # type: ignore[arg-type]


def test_a_seal_of_another_key_or_behind_another_seal_is_found() -> None:
    assert seal_fault(OTHER, SEAL, bytes(32)) is Fault.SEAL_CHANGED
    assert seal_fault(KEY, SEAL, bytes(31) + b"x") is Fault.SEAL_MISPLACED


def test_a_seal_of_lost_rows_only_fits_whenever_it_was_made() -> None:
    lost = sealed(KEY, 1, "2026-11-26", BEFORE_ALL, [entry_of(KEY, 5, None)], AT)
    assert (lost.first_at, lost.last_at) == (AT, AT)
    assert seal_fault(KEY, lost, BEFORE_ALL) is None
    assert [fault for fault, _ in row_faults(unpacked(lost.entries), {}, AT)] == [Fault.ROW_LOST]


SOUND = {one.row_id: one.digest for one in ENTRIES}


@pytest.mark.parametrize(
    ("digests", "cutoff", "faults"),
    [
        pytest.param(SOUND, None, [], id="all there"),
        pytest.param(SOUND | {9: b"x"}, None, [], id="another one besides"),
        pytest.param(SOUND | {7: b""}, None, [(Fault.ROW_CHANGED, 7)], id="changed"),
        pytest.param(SOUND | {7: b""}, AT + MICROSECOND, [(Fault.ROW_CHANGED, 7)], id="changed, purged soon"),
        pytest.param({}, None, [(Fault.ROW_REMOVED, 7), (Fault.ROW_REMOVED, 8)], id="removed"),
        pytest.param({}, AT, [(Fault.ROW_REMOVED, 7), (Fault.ROW_REMOVED, 8)], id="as old as the cutoff"),
        pytest.param({}, AT + MICROSECOND, [(Fault.ROW_REMOVED, 8)], id="one a microsecond older"),
        pytest.param({}, AT + 2 * MICROSECOND, [], id="both purged"),
    ],
)
def test_a_row_fits_or_was_purged(
    digests: dict[int, bytes], cutoff: datetime | None, faults: list[tuple[Fault, int]]
) -> None:
    assert [(fault, entry.row_id) for fault, entry in row_faults(ENTRIES, digests, cutoff)] == faults


def test_a_row_without_a_time_counts_as_lost() -> None:
    assert entry_of(KEY, 7, ROW | {"created_at": "yesterday"}) == Entry(7, 0, bytes(32))


def test_a_checkpoint_is_ours_while_nothing_in_it_changes() -> None:
    made = checkpoint_of(KEY, Anchor(3, SEAL.mac), AT)
    assert is_ours(KEY, made)
    assert not is_ours(OTHER, made)
    assert not is_ours(KEY, replace(made, last_seq=4))
    assert not is_ours(KEY, replace(made, last_mac=bytes(32)))
    assert not is_ours(KEY, replace(made, cutoff=AT + MICROSECOND))


def test_an_anchor_is_read_as_it_is_written() -> None:
    assert parsed_anchor(f" {SEAL.anchor}\n") == Anchor(3, SEAL.mac)
    for wrong in ("", "3", "3:", "x:" + "00" * 32, "0:" + "00" * 32, "3:" + "00" * 31, "3:" + "0g" * 32):
        with pytest.raises(Refused, match="64 hexadecimal digits"):
            parsed_anchor(wrong)


def test_a_copy_holds_the_rows_as_they_were_sealed_and_the_seal_last() -> None:
    *rows, seal = copy_of(SEAL, {7: ROW}).splitlines(keepends=True)
    assert rows == [canonical(ROW) + b"\n"], "row 8 was purged"
    assert anchor_of_line(seal) == SEAL.anchor
    for line in (*rows, b"", seal[:-3], b'{"seal": 3}\n', b'{"seal": 3, "mac": "x"}\n', b'{"seal": []}\n'):
        assert anchor_of_line(line) is None
