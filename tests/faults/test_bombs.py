"""Every bomb ends in a mail or in a reason why it is none, and the mail behind it is read."""

from collections.abc import Iterator

import pytest

from daemon.parsers import Examined, ParsePool, WorkerLimits
from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps, Mail, Unreadable
from helpdesk.core.trust import Trust
from helpdesk.core.verdicts import Verdict
from tests.endtoend.world import BORDER, from_learner
from tests.faults.bombs import BOMBS, Bomb, mutants

TRUST = Trust(authserv_ids=(BORDER,), border_by=(BORDER,), recheck_dkim=False)
PLAIN = from_learner("Panne")
SEED = 20261124
MUTANTS = 60
TIGHT = WorkerLimits(memory_bytes=256 * 1024 * 1024, cpu_s=0.2, wall_s=5.0)


def _pool(limits: WorkerLimits) -> ParsePool:
    return ParsePool(1, Caps(), OwnMarks("id", "ecole.example"), TRUST, (), limits)


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsePool]:
    with _pool(
        WorkerLimits(cpu_s=60.0, wall_s=120.0)
    ) as one:  # for slow machines: here the caps have to do it
        yield one


@pytest.fixture(scope="module")
def tight_pool() -> Iterator[ParsePool]:
    with _pool(TIGHT) as one:
        yield one


def _is_plain(one: Examined) -> bool:
    return isinstance(one.mail, Mail) and one.mail.subject == "Panne"


@pytest.mark.parametrize("bomb", BOMBS, ids=str)
def test_a_bomb_meets_a_cap_or_is_read_and_the_next_mail_too(pool: ParsePool, bomb: Bomb) -> None:
    found, after = pool.examine([bomb.make(), PLAIN])
    verdict = found.judged.judgement.verdict
    assert (verdict is Verdict.PASS) is bomb.opens, found.judged.judgement.reason
    assert isinstance(found.mail, Unreadable) is (verdict is Verdict.BOMB)
    assert _is_plain(after)


@pytest.mark.parametrize("bomb", BOMBS, ids=str)
def test_in_a_worker_that_is_held_short_it_ends_too_and_the_next_mail_is_read(
    tight_pool: ParsePool, bomb: Bomb
) -> None:
    found, after = tight_pool.examine([bomb.make(), PLAIN])
    assert isinstance(found.mail, Mail) or found.mail.reason
    assert _is_plain(after)


def test_a_bomb_that_takes_longer_than_a_worker_may_is_given_up_with_the_limit_as_the_reason(
    tight_pool: ParsePool,
) -> None:
    (lines,) = (bomb for bomb in BOMBS if bomb.name == "24 MB of lines of one byte")
    (found,) = tight_pool.examine([lines.make()])
    assert isinstance(found.mail, Unreadable)
    assert found.mail.reason == "it took more than 0.2 s of processor time to read"


def test_real_mails_with_random_damage_are_read_or_refused(pool: ParsePool) -> None:
    raws = mutants(MUTANTS, SEED)
    assert raws == mutants(MUTANTS, SEED)
    found = pool.examine([one for raw in raws for one in (raw, PLAIN)])
    assert all(map(_is_plain, found[1::2]))
    for one in found[::2]:
        unread = one.mail.reason if isinstance(one.mail, Unreadable) else ""
        assert "parser" not in unread
        assert "could not be read" not in unread
