"""When mailbox and ledger disagree: who is told what, and when nothing is moved."""

import pytest

from helpdesk.core.alertwords import DISAGREEMENT
from helpdesk.core.letters import NAME_CHARS
from helpdesk.core.people import Language
from helpdesk.core.reconciling import FEW, Reconciled, alarms, too_many

EVERYTHING = Reconciled("main", 100, 3, 20, 4, 5, 6)


@pytest.mark.parametrize(
    ("compared", "missing", "answer"),
    [
        pytest.param(0, 0, False, id="an empty folder"),
        pytest.param(FEW, FEW, False, id="few, although all of them"),
        pytest.param(FEW + 1, FEW + 1, True, id="one more than few, all of them"),
        pytest.param(2 * FEW + 2, FEW + 1, False, id="half of them"),
        pytest.param(2 * FEW + 1, FEW + 1, True, id="over half of them"),
    ],
)
def test_when_most_of_a_folder_is_missing_the_ledger_is_the_wrong_one(
    compared: int, missing: int, answer: bool
) -> None:
    assert too_many(compared, missing) is answer


@pytest.mark.parametrize(
    ("found", "names"),
    [
        pytest.param(Reconciled("main", compared=9), [], id="all agrees"),
        pytest.param(Reconciled("main", put_right=9), [], id="some are where they belong again"),
        pytest.param(Reconciled("main", misplaced=1), ["misplaced"], id="one is not where it belongs"),
        pytest.param(Reconciled("main", returned=1), ["returned"], id="one is back"),
        pytest.param(Reconciled("main", withheld=1), ["withheld"], id="one stays"),
        pytest.param(Reconciled("main", without_fate=1), ["without_fate"], id="one is forgotten"),
        pytest.param(EVERYTHING, ["returned", "withheld", "without_fate", "misplaced"], id="all at once"),
    ],
)
def test_each_disagreement_is_an_alarm_of_its_own(found: Reconciled, names: list[str]) -> None:
    assert [name for name, _count, _reason in alarms(found)] == names
    assert found.alarming is bool(names)


def test_an_alarm_says_how_many_and_in_which_mailbox() -> None:
    told = list(alarms(EVERYTHING))
    assert [count for _name, count, _reason in told] == [3, 20, 4, 5]
    assert all("mailbox main" in reason for _name, _count, reason in told)


@pytest.mark.parametrize("language", Language)
def test_every_alarm_has_its_words_in_every_language(language: Language) -> None:
    words = DISAGREEMENT[language]
    assert set(words) == {name for name, _count, _reason in alarms(EVERYTHING)}
    assert all(0 < len(what) <= NAME_CHARS for what in words.values())
