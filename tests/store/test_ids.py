"""Row keys: made here, growing, and small enough for every database."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpdesk.store import ids
from helpdesk.store.ids import new_id

SECONDS_1_MS = 0.002
YEAR_2080_NS = 3_471_292_800 * 10**9


def test_keys_grow_within_one_millisecond_and_after_it() -> None:
    within = [new_id() for _ in range(20_000)]
    time.sleep(SECONDS_1_MS)
    after = new_id()
    assert within == sorted(set(within))
    assert after > within[-1]


def test_threads_never_get_the_same_key() -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: [new_id() for _ in range(2_000)], range(8)))
    together = {key for keys in taken for key in keys}
    assert len(together) == 8 * 2_000
    assert all(keys == sorted(keys) for keys in taken)


def test_a_clock_that_jumps_back_makes_no_key_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: time.monotonic_ns() // 10**6)
    assert new_id() == before + 1


def test_a_key_fits_63_bits_for_decades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr(time, "time_ns", lambda: YEAR_2080_NS)
    assert 0 < new_id() < 2**63


def test_two_processes_in_one_millisecond_rarely_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: YEAR_2080_NS)

    def of_another_process() -> int:
        monkeypatch.setattr(ids, "_last", 0)
        return new_id()

    keys = [of_another_process() for _ in range(50)]
    assert len(set(keys)) > 45
    assert len({key >> 22 for key in keys}) == 1
