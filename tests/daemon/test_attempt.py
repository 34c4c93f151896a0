"""Many mails are let go at once: who is refused is found with few commands, and a folder that takes none too."""

from collections.abc import Sequence

import pytest

from daemon.attempt import SURE_REFUSALS, Attempt
from helpdesk.actions.arrival import Filed
from helpdesk.core.tickets import Fate
from helpdesk.errors import FolderRefused, MailboxAway, MailRefused


class Server:
    def __init__(self, *bad: int, full_after: int | None = None) -> None:
        self.bad = frozenset(bad)
        self.full_after = full_after
        self.went: list[int] = []
        self.commands = 0

    def move(self, ones: Sequence[Filed]) -> None:
        self.commands += 1
        uids = [one.uid for one in ones]
        if self.full_after is not None and len(self.went) >= self.full_after:
            raise FolderRefused("[OVERQUOTA]")
        if self.bad.intersection(uids):
            raise MailRefused("no")
        self.went += uids


def filed(count: int) -> list[Filed]:
    return [Filed(uid, uid, Fate.OPENED, "", "") for uid in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
def test_what_nobody_refuses_goes_with_one_command(count: int) -> None:
    server = Server()
    attempt = Attempt(server.move).at(filed(count))
    assert (attempt.went, attempt.refused, attempt.closed) == (filed(count), [], None)
    assert server.commands == 1


@pytest.mark.parametrize(
    ("count", "bad"), [(1, {0}), (2, {1}), (3, {1, 2}), (4, {0, 3}), (50, {0, 25, 48}), (50, {7, 8})]
)
def test_who_is_refused_alone_is_found_and_the_others_go(count: int, bad: set[int]) -> None:
    server = Server(*bad)
    attempt = Attempt(server.move).at(filed(count))
    assert {one.uid for one, _refused in attempt.refused} == bad
    assert sorted(server.went) == sorted(one.uid for one in attempt.went) == sorted(set(range(count)) - bad)
    assert attempt.closed is None
    assert server.commands < 30


@pytest.mark.parametrize("count", [SURE_REFUSALS, SURE_REFUSALS + 1, 200])
def test_a_folder_that_refuses_three_and_takes_none_is_asked_no_more(count: int) -> None:
    server = Server(*range(count))
    attempt = Attempt(server.move).at(filed(count))
    assert attempt.closed is not None
    assert server.commands == 1 + SURE_REFUSALS


def test_two_refusals_may_be_about_two_mails() -> None:
    attempt = Attempt(Server(0, 1).move).at(filed(SURE_REFUSALS - 1))
    assert (len(attempt.refused), attempt.closed) == (2, None)


@pytest.mark.parametrize("count", [1, 200])
def test_a_refusal_that_is_about_the_folder_ends_the_attempt(count: int) -> None:
    server = Server(full_after=0)
    attempt = Attempt(server.move).at(filed(count))
    assert (attempt.refused, isinstance(attempt.closed, FolderRefused), server.commands) == ([], True, 1)


def test_what_went_before_the_folder_was_full_has_gone() -> None:
    server = Server(9, full_after=4)
    attempt = Attempt(server.move).at(filed(20))
    assert attempt.closed is not None
    assert [one.uid for one in attempt.went] == server.went != []
    assert attempt.refused == []


def test_a_server_that_goes_away_is_no_refusal() -> None:
    def away(_ones: Sequence[Filed]) -> None:
        raise MailboxAway("hung up")

    with pytest.raises(MailboxAway):
        Attempt(away).at(filed(3))
