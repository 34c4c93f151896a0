"""A breaker's scope and reason, told to people and found again in what is noted about letters."""

import pytest

from helpdesk.core.breakerscopes import (
    CAME_BACK,
    Scope,
    name_of,
    scope_in_words,
    scope_of,
    waits_for,
    why_later,
    why_waiting,
)
from helpdesk.core.lettercaps import LetterLimits, caps_on, subject_scope


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param(
            "hour:address:a:b@x.example", "letters to a:b@x.example, counted by the hour", id="address"
        ),
        pytest.param("day:address:a@x.example", "letters to a@x.example, counted by the day", id="a day"),
        pytest.param(
            "hour:domain:x.example", "letters to everybody at x.example, counted by the hour", id="domain"
        ),
        pytest.param("hour:all", "all letters together, counted by the hour", id="all"),
        pytest.param("hour:ticket:5", "letters about ticket 12, counted by the hour", id="ticket"),
        pytest.param("subject:0af", "answers to one person's mails with one subject", id="subject"),
        pytest.param("bounce:address:a@x.example", "letters to a@x.example, which came back", id="bounces"),
        pytest.param("new", "all letters together, new", id="one of a later release"),
    ],
)
def test_a_scope_in_words(scope: str, words: str) -> None:
    assert scope_in_words(scope_of(scope), 12) == words


def test_every_scope_that_caps_have_is_known() -> None:
    scopes = [cap.scope for cap in caps_on("a@x.example", 5, LetterLimits())]
    scopes.append(subject_scope("a@x.example", "Mon chargeur"))
    assert [scope_of(scope).by for scope in scopes] == ["hour", "day", "hour", "hour", "hour", "subject"]
    assert [scope_of(scope).of for scope in scopes][:5] == ["address", "address", "domain", "all", "ticket"]
    assert scope_of("hour:ticket:5").ticket_id == 5
    assert scope_of("hour:all").ticket_id is None


@pytest.mark.parametrize(
    ("note", "names"),
    [
        pytest.param("waits: 10 letters an hour", {"10 letters an hour"}, id="one"),
        pytest.param(
            "waits: 10 letters an hour, 600 letters an hour",
            {"10 letters an hour", "600 letters an hour"},
            id="two",
        ),
        pytest.param("", set(), id="nothing"),
        pytest.param("RCPT: 451 waits: later", set(), id="what a relay said"),
    ],
)
def test_what_a_letter_waits_for(note: str, names: set[str]) -> None:
    assert waits_for(note) == names


def test_a_breaker_and_its_letters_use_the_same_name() -> None:
    [cap, *_rest] = caps_on("a@x.example", None, LetterLimits())
    assert waits_for(why_waiting([str(cap)])) == {name_of(scope_of(cap.scope), why_later(cap))}
    bounced = Scope("bounce", "address", "a@x.example")
    assert waits_for(why_waiting([CAME_BACK])) == {name_of(bounced, why_later(f"3 {CAME_BACK}"))}
