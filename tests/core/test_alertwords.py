"""What a kind of alarm is about is told in the language of its reader."""

import pytest

from helpdesk.core.alertwords import kind_in_words
from helpdesk.core.people import Language
from helpdesk.core.suspicion import SUSPICIOUS
from helpdesk.core.verdicts import Verdict

KINDS = [
    "breaker:hour:all", "job_failed:digest", "certificate_ends:7", "canary_lost", "canary_back",
    "reconcile:returned", "reconcile:withheld", "reconcile:without_fate",
    "reconcile:misplaced", "uid_reused:main", "folder_refuses:main",
    *(f"alert:{verdict}" for verdict in Verdict), *SUSPICIOUS,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_words_in_both_languages(kind: str) -> None:
    french, english = kind_in_words(kind, Language.FR), kind_in_words(kind, Language.EN)
    assert french != english
    assert kind not in (french, english)


@pytest.mark.parametrize("kind", ["brand_new", "reconcile:brand_new"])
def test_a_kind_without_words_stays_as_it_is(kind: str) -> None:
    assert kind_in_words(kind, Language.FR) == kind
