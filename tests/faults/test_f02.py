"""Every port fails at some of its calls; ``make faults`` lets it fail at each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.actions.intakes import a_mail
from tests.faults.f02_each_call import DISK, MAILBOX, ON_SQLITE, RELAY, Port, on_sqlite
from tests.faults.nth_call import NthCall
from tests.faults.small_desk import SmallDesk


@pytest.mark.parametrize(
    ("ports", "step"),
    [
        pytest.param(ON_SQLITE, 53, id="database"),
        pytest.param(MAILBOX, 4, id="mailbox"),
        pytest.param(DISK[:2], 5, id="disk"),
        pytest.param(RELAY[:2], 4, id="relay"),
    ],
)
def test_whichever_call_fails_nothing_is_lost_or_doubled(
    ports: Sequence[Port], step: int, tmp_path: Path
) -> None:
    tally = on_sqlite(list(ports), tmp_path, step)
    assert tally.faults > len(ports)
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())


@contextmanager
def one_mail_less(desk: SmallDesk, nth: NthCall) -> Iterator[None]:
    if nth.is_this():
        desk.inbox.inbox.popitem()
    yield


@contextmanager
def one_mail_more(desk: SmallDesk, nth: NthCall) -> Iterator[None]:
    if nth.is_this():
        desk.inbox.deliver(a_mail("Charger", message_id="<1@univ.example>", text="changed on its way"))
    yield


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_mail_that_was_lost_or_doubled_would_be_seen(tmp_path: Path) -> None:
    less = on_sqlite([Port("a thief", one_mail_less)], _made(tmp_path / "less"), 1)
    more = on_sqlite([Port("a copier", one_mail_more)], _made(tmp_path / "more"), 1)
    assert (less.faults, more.faults) == (1, 1)
    assert less.lost > less.doubled  # a number that differs counts as both
    assert more.doubled > more.lost
