"""The weekly report as its reader gets it: narrow, calm about names, the same words with and without HTML."""

import re
import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk.core.people import Language
from helpdesk.core.verdicts import Verdict
from helpdesk.core.weekly import AGE_DAYS, SUSPICIOUS, Compared, Counted, Trend, Week
from helpdesk.core.weeklyletter import BLOCK, COUNT_COLUMNS, LABEL_COLUMNS, report_text, weekly_report
from helpdesk.core.weeklywords import age_in_words, kind_in_words, trend_in_words, verdict_in_words
from tests.core.test_letters import bodies, decoded, parsed
from tests.letters.golden import admin_of, stationery
from tests.letters.reports import NOW, a_busy_week, an_empty_week

HOSTILE = "\x1b[2J<b>\u202eboss</b>@evil.example\r\nBcc: x@y.example"


def columns(line: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
    return len(line) + wide - sum(unicodedata.combining(character) > 0 for character in line)


def text_of(week: Week, language: Language = Language.EN) -> str:
    return report_text(stationery(), week, language)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("week", [a_busy_week(), an_empty_week()], ids=["busy", "quiet"])
def test_no_line_of_the_text_is_wider_than_72_columns(week: Week, language: Language) -> None:
    wide = replace(
        week,
        accounts=(Counted("猫" * 60, 10**5), Counted("e\u0301" * 60, 1)),
        senders=(Counted("a" * 250 + "@b.example", 3),),
        suspicious=tuple(Compared(kind, 99_999, 99_999) for kind in SUSPICIOUS),
    )
    for one in (week, wide):
        assert [line for line in text_of(one, language).splitlines() if columns(line) > 72] == []


@pytest.mark.parametrize("language", Language)
def test_counts_stand_below_each_other(language: Language) -> None:
    lines = [line for line in text_of(a_busy_week(), language).splitlines() if BLOCK in line]
    end = 2 + LABEL_COLUMNS + COUNT_COLUMNS
    assert len(lines) > 20
    assert [line for line in lines if not (line[end - 1].isdigit() and line[end : end + 2] == "  ")] == []


@pytest.mark.parametrize("language", Language)
def test_names_from_outside_are_shown_dead_in_text_and_html(language: Language) -> None:
    hostile = (Counted(HOSTILE, 3),)
    week = replace(a_busy_week(), accounts=hostile, origins=hostile, senders=hostile, frozen_now=(HOSTILE,),
                   kept=(Compared(HOSTILE, 1),), anchor=HOSTILE)  # fmt: skip
    message = parsed(weekly_report(stationery(), admin_of(language), week, "d" * 64, NOW))
    assert message["Bcc"] is None
    text, html = bodies(message)
    assert "<b>" not in html
    for body in (text, html):
        assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\u202e]", body)
        assert "\r\nBcc" not in body
        assert "\\x1b[2J" in body


@pytest.mark.parametrize(("without_fate", "alarming"), [(0, False), (1, True)])
@pytest.mark.parametrize("language", Language)
def test_a_mail_without_a_fate_is_told_of_in_the_subject_and_first(
    language: Language, without_fate: int, alarming: bool
) -> None:
    week = replace(a_busy_week(), without_fate=without_fate)
    message = parsed(weekly_report(stationery(), admin_of(language), week, "d" * 64, NOW))
    assert ("ATTENTION" in decoded(message, "Subject")) is alarming
    assert ("ATTENTION" in text_of(week, language).split("\n\n")[1]) is alarming


def test_the_days_shown_are_the_first_and_the_last_of_the_span() -> None:
    week = an_empty_week()
    assert "from 16 November 2026 to 22 November 2026\n" in text_of(week)
    shorter = replace(week, until=week.until - timedelta(seconds=1))
    assert "to 22 November 2026\n" in text_of(shorter)


def test_an_anchor_is_shown_where_there_is_one() -> None:
    assert "48213:9f2c" in text_of(a_busy_week())
    assert "Anchor" not in text_of(an_empty_week())


def test_the_report_goes_out_as_from_a_machine_and_comes_back_where_it_is_counted() -> None:
    letter = weekly_report(stationery(), admin_of(Language.FR), an_empty_week(), "d" * 64, NOW)
    message = parsed(letter)
    assert letter.kind == "weekly_report"
    assert (message["Auto-Submitted"], message["Reply-To"]) == ("auto-generated", None)
    assert letter.envelope_from.startswith("desk+")


@pytest.mark.parametrize("language", Language)
def test_every_kind_and_verdict_has_words_of_its_own(language: Language) -> None:
    for names in (
        [kind_in_words(kind, language) for kind in SUSPICIOUS],
        [verdict_in_words(verdict.value, language) for verdict in Verdict],
        [age_in_words(place, language) for place in range(len(AGE_DAYS) + 1)],
    ):
        assert len(set(names)) == len(names)
        assert not [name for name in names if len(name) > LABEL_COLUMNS]
    assert not {kind_in_words(kind, language) for kind in SUSPICIOUS} & set(SUSPICIOUS)


def test_what_has_no_words_is_shown_as_it_is_and_safe() -> None:
    assert kind_in_words("BRAND_NEW", Language.FR) == "BRAND_NEW"
    assert verdict_in_words("\x1b", Language.FR) == "\\x1b"
    assert verdict_in_words("", Language.FR) == "?"


@pytest.mark.parametrize(
    ("found", "usual", "french", "english"),
    [
        (Trend.MORE, 8.5, "↑ 8,5", "↑ 8.5"),
        (Trend.LESS, 3.0, "↓ 3", "↓ 3"),
        (Trend.SAME, 99.75, "= 99,8", "= 99.8"),
        (Trend.SAME, 100.25, "= 100", "= 100"),
        (Trend.NOTHING, 0.0, "–", "–"),
    ],
)
def test_a_trend_is_a_sign_and_the_mean(found: Trend, usual: float, french: str, english: str) -> None:
    assert trend_in_words(found, usual, Language.FR) == french
    assert trend_in_words(found, usual, Language.EN) == english
