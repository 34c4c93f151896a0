"""The table of SMTP ends: each stage with each kind of reply."""

import pytest

from helpdesk.core.smtpreplies import Broken, End, Outcome, Stage, classify

SENT = Outcome(End.SENT)
LATER = Outcome(End.TRY_LATER)
RELAY = Outcome(End.TRY_LATER, relay_fault=True)
DEAD = Outcome(End.DEAD)
UNSURE = Outcome(End.AMBIGUOUS)

SET_UP = (Stage.CONNECT, Stage.TLS, Stage.HELLO, Stage.AUTH)
ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
OF_ONE_LETTER = (*ENVELOPE, Stage.CONTENT)


@pytest.mark.parametrize("stage", SET_UP)
@pytest.mark.parametrize("how", [421, 454, 500, 530, 535, 550, 554, -1, *Broken])
def test_no_letter_dies_of_a_relay_that_does_not_let_us_in(stage: Stage, how: int | Broken) -> None:
    assert classify(stage, how) == RELAY


@pytest.mark.parametrize("stage", OF_ONE_LETTER)
@pytest.mark.parametrize("code", [400, 421, 450, 451, 452, 499])
def test_4xx_is_tried_later_at_any_stage(stage: Stage, code: int) -> None:
    assert classify(stage, code) == LATER


@pytest.mark.parametrize("stage", OF_ONE_LETTER)
@pytest.mark.parametrize("code", [500, 501, 503, 550, 552, 553, 554, 599])
def test_5xx_kills_the_letter_at_any_of_its_stages(stage: Stage, code: int) -> None:
    assert classify(stage, code) == DEAD


@pytest.mark.parametrize("stage", OF_ONE_LETTER)
@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_relay_that_asks_for_a_login_kills_no_letter(stage: Stage, code: int) -> None:
    assert classify(stage, code) == RELAY


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        pytest.param(199, UNSURE, id="below every reply"),
        pytest.param(200, SENT, id="lowest success"),
        pytest.param(250, SENT, id="accepted"),
        pytest.param(299, SENT, id="highest success"),
        pytest.param(300, UNSURE, id="asks for more after the dot"),
        pytest.param(354, UNSURE, id="asks for content again"),
        pytest.param(600, UNSURE, id="above every reply"),
        pytest.param(-1, UNSURE, id="unreadable code"),
    ],
)
def test_after_the_dot_only_2xx_means_sent(code: int, outcome: Outcome) -> None:
    assert classify(Stage.CONTENT, code) == outcome


@pytest.mark.parametrize("broken", list(Broken))
def test_a_break_is_ambiguous_only_after_the_content_began(broken: Broken) -> None:
    assert classify(Stage.CONTENT, broken) == UNSURE
    assert [classify(stage, broken) for stage in ENVELOPE] == [LATER, LATER, LATER]


@pytest.mark.parametrize("stage", ENVELOPE)
@pytest.mark.parametrize("code", [-1, 199, 250, 354, 600])
def test_a_reply_out_of_place_is_tried_later(stage: Stage, code: int) -> None:
    assert classify(stage, code) == LATER
