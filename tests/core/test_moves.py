"""Where a ticket may go from where it stands: for staff, and for whoever asked."""

from collections.abc import Mapping

import pytest

from helpdesk.core.tickets import MOVES, USER_MOVES, IllegalMove, Status, check_move

WAITING, IN_PROGRESS, RESOLVED = Status
STAFF = {
    (WAITING, IN_PROGRESS),
    (WAITING, RESOLVED),
    (IN_PROGRESS, WAITING),
    (IN_PROGRESS, RESOLVED),
    (RESOLVED, IN_PROGRESS),
}
OWN = {(WAITING, RESOLVED), (IN_PROGRESS, RESOLVED), (RESOLVED, WAITING)}


@pytest.mark.parametrize("wanted", Status)
@pytest.mark.parametrize("now", Status)
@pytest.mark.parametrize(
    ("moves", "legal"), [pytest.param(MOVES, STAFF, id="staff"), pytest.param(USER_MOVES, OWN, id="own")]
)
def test_each_move_is_legal_or_refused(
    moves: Mapping[Status, frozenset[Status]], legal: set[tuple[Status, Status]], now: Status, wanted: Status
) -> None:
    if (now, wanted) in legal:
        check_move(7, now, wanted, moves)
        return
    with pytest.raises(IllegalMove, match="ticket 7 is"):
        check_move(7, now, wanted, moves)


def test_a_refusal_says_what_would_be_possible() -> None:
    with pytest.raises(IllegalMove, match=r"it can become waiting$"):
        check_move(7, RESOLVED, IN_PROGRESS, USER_MOVES)
