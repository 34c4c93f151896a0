"""A mail at which the mailbox fails again and again is taken last, then alone, then left; others are not held up."""

import logging
from collections.abc import Sequence

import pytest

from daemon.suspects import ALONE_AFTER_FAILURES, LEFT_AFTER_FAILURES, LEFT_SECONDS, Suspects
from helpdesk.errors import MailboxAway, MailRefused, StoreAway

ALL = [1, 2, 3, 4, 5]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def suspects(clock: Clock) -> Suspects:
    return Suspects("main", clock)


def fail(suspects: Suspects, uids: Sequence[int], times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(MailboxAway), suspects.watching(uids):
            raise MailboxAway("hung up")


def succeed(suspects: Suspects, uids: Sequence[int]) -> None:
    with suspects.watching(uids):
        pass


def lists(suspects: Suspects, uids: Sequence[int] = ALL, uidvalidity: int = 7) -> list[list[int]]:
    return suspects.lists(uidvalidity, uids, 3)


@pytest.mark.parametrize(
    ("failures", "wanted"),
    [
        pytest.param(0, [[1, 2, 3], [4, 5]], id="none"),
        pytest.param(ALONE_AFTER_FAILURES - 1, [[1, 2, 3], [4, 5]], id="once is the network's"),
        pytest.param(ALONE_AFTER_FAILURES, [[1, 4, 5], [2], [3]], id="twice"),
    ],
)
def test_who_was_there_at_failures_comes_last_and_alone(
    suspects: Suspects, failures: int, wanted: list[list[int]]
) -> None:
    lists(suspects)
    fail(suspects, [2, 3], failures)
    assert lists(suspects) == wanted


def test_of_the_suspects_the_least_suspicious_come_first(suspects: Suspects) -> None:
    lists(suspects)
    fail(suspects, [1, 4], ALONE_AFTER_FAILURES)
    fail(suspects, [1])
    assert lists(suspects) == [[2, 3, 5], [4], [1]]


def test_who_went_well_is_no_suspect_any_more(suspects: Suspects) -> None:
    lists(suspects)
    fail(suspects, [1, 4], ALONE_AFTER_FAILURES)
    succeed(suspects, [4])
    assert lists(suspects) == [[2, 3, 4], [5], [1]]
    fail(suspects, [4])
    assert lists(suspects) == [[2, 3, 4], [5], [1]], "the count began anew"


def test_who_fails_alone_too_often_is_left_for_a_while_and_told_of(
    suspects: Suspects, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lists(suspects)
    fail(suspects, [2], LEFT_AFTER_FAILURES - 1)
    assert (lists(suspects)[-1], caplog.records) == ([2], [])
    fail(suspects, [2])
    assert lists(suspects) == [[1, 3, 4], [5]]
    [told] = caplog.records
    assert (told.getMessage(), told.levelno) == ("left", logging.ERROR)
    clock.now += LEFT_SECONDS - 1
    assert lists(suspects) == [[1, 3, 4], [5]]
    clock.now += 1
    assert lists(suspects) == [[1, 3, 4], [5], [2]]
    fail(suspects, [2])
    assert lists(suspects) == [[1, 3, 4], [5]], "one more failure is enough"


def test_a_list_that_fails_as_a_whole_is_never_left(suspects: Suspects) -> None:
    lists(suspects)
    fail(suspects, [1, 2], LEFT_AFTER_FAILURES + 1)
    assert lists(suspects) == [[3, 4, 5], [1], [2]]


def test_who_is_refused_in_the_middle_of_work_that_goes_well_is_counted_all_the_same(
    suspects: Suspects,
) -> None:
    lists(suspects)
    for _ in range(LEFT_AFTER_FAILURES):
        assert [2] in lists(suspects) or 2 in lists(suspects)[0]
        with suspects.watching([1, 2]):
            suspects.failed([2], MailRefused("quota"))
    assert lists(suspects) == [[1, 3, 4], [5]]


def test_a_database_that_is_away_is_no_mails_fault(suspects: Suspects) -> None:
    lists(suspects)
    for _ in range(ALONE_AFTER_FAILURES):
        with pytest.raises(StoreAway), suspects.watching(ALL):
            raise StoreAway("away")
    assert lists(suspects) == [[1, 2, 3], [4, 5]]


def test_new_uids_and_mails_that_are_gone_are_forgotten(suspects: Suspects) -> None:
    lists(suspects)
    fail(suspects, [2, 3], ALONE_AFTER_FAILURES)
    assert lists(suspects, [1, 2]) == [[1], [2]]
    assert lists(suspects) == [[1, 3, 4], [5], [2]], "3 had gone"
    assert lists(suspects, uidvalidity=8) == [[1, 2, 3], [4, 5]]
