"""Each criterion at its edge and one second beyond."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.audit import Action
from helpdesk.core.people import Language
from helpdesk.core.suspicion import (
    FEWEST_PLACES,
    SUSPICIOUS,
    Novelty,
    PlacesBefore,
    Thresholds,
    crossed,
    in_words,
    is_strong,
    just_failed_often,
    minutes_back,
    novelties,
    places_for_digests,
    places_for_mail,
    refused_often,
    wary,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
USUAL = Thresholds()
ADDRESS, COUNTRY, CLIENT = Novelty.ADDRESS, Novelty.COUNTRY, Novelty.CLIENT


def at(*seconds: float) -> list[datetime]:
    return [NOW + timedelta(seconds=one) for one in seconds]


@pytest.mark.parametrize(
    ("seconds", "limits", "often"),
    [
        pytest.param((0, 60), USUAL, False, id="two"),
        pytest.param((0, 60, 120), USUAL, True, id="the third at 120 seconds"),
        pytest.param((0, 60, 121), USUAL, False, id="the third at 121 seconds"),
        pytest.param((0, 0, 0), USUAL, True, id="three at once"),
        pytest.param((0, 1, 2, 3), USUAL, False, id="a fourth is no news"),
        pytest.param((0, 1, 2, 130, 131), USUAL, False, id="two of another round"),
        pytest.param((0, 1, 2, 130, 131, 132), USUAL, True, id="three of another round"),
        pytest.param((0, 60), Thresholds(failed_logins=2, failed_minutes=1), True, id="another threshold"),
        pytest.param((0, 61), Thresholds(failed_logins=2, failed_minutes=1), False, id="and its other side"),
        pytest.param((), USUAL, False, id="none"),
    ],
)
def test_failed_logins_are_too_many_once(seconds: Sequence[float], limits: Thresholds, often: bool) -> None:
    assert just_failed_often(at(*seconds), limits) is often


@pytest.mark.parametrize(
    ("seconds", "later", "is_wary"),
    [
        pytest.param((0, 60, 120), 120, True, id="at once"),
        pytest.param((0, 60, 121), 121, False, id="never too many"),
        pytest.param((0, 60, 120), 120 + 3600, True, id="an hour later"),
        pytest.param((0, 60, 120), 120 + 3601, False, id="a second after that"),
        pytest.param((0, 60, 120, 300), 120 + 3601, False, id="a single one later keeps nobody wary"),
    ],
)
def test_the_right_password_is_not_enough_for_an_hour(
    seconds: Sequence[float], later: float, is_wary: bool
) -> None:
    assert wary(at(*seconds), NOW + timedelta(seconds=later), USUAL) is is_wary


@pytest.mark.parametrize(
    ("before", "added", "is_crossed"),
    [(18, 1, False), (19, 1, True), (0, 20, True), (0, 19, False), (20, 1, False), (19, 50, True)],
)
def test_a_flood_is_told_of_when_it_passes_the_threshold(before: int, added: int, is_crossed: bool) -> None:
    assert crossed(before, added, 20) is is_crossed


def test_minutes_are_whole_ones_and_the_present_one_is_among_them() -> None:
    moment = NOW + timedelta(minutes=5, seconds=59)
    assert minutes_back(moment, 3) == tuple(NOW + timedelta(minutes=number) for number in (5, 4, 3))
    assert minutes_back(moment + timedelta(seconds=1), 1) == (NOW + timedelta(minutes=6),)


@pytest.mark.parametrize(
    ("seconds", "limits", "often"),
    [
        pytest.param((0,), USUAL, True, id="one is enough"),
        pytest.param((0,), Thresholds(refused_role_changes=2), False, id="one of two"),
        pytest.param((0, 3600), Thresholds(refused_role_changes=2), True, id="two within the hour"),
        pytest.param((0, 3601), Thresholds(refused_role_changes=2), False, id="a second later"),
    ],
)
def test_refused_changes_of_roles_are_too_many(
    seconds: Sequence[float], limits: Thresholds, often: bool
) -> None:
    assert refused_often(at(*seconds), limits) is often


KNOWN = PlacesBefore(
    2, False, frozenset({"192.0.2.7"}), frozenset({"FR"}), frozenset({"zoe @ laptop", "zoe @ desk"})
)
HERE = PlacesBefore(1, True, frozenset({"192.0.2.7"}), frozenset({"FR"}), frozenset({"zoe @ laptop"}))


@pytest.mark.parametrize(
    ("before", "place", "new"),
    [
        pytest.param(PlacesBefore(), ("192.0.2.7", "FR", "zoe @ laptop"), (), id="the first login of all"),
        pytest.param(HERE, ("192.0.2.7", "FR", "zoe @ laptop"), (), id="nothing"),
        pytest.param(HERE, ("192.0.2.8", "FR", "zoe @ other"), (), id="a known place is known"),
        pytest.param(HERE, ("192.0.2.7", "DE", "zoe @ laptop"), (COUNTRY,), id="a known place abroad"),
        pytest.param(KNOWN, ("192.0.2.8", "FR", "zoe @ laptop"), (ADDRESS,), id="an address"),
        pytest.param(KNOWN, ("192.0.2.7", "FR", "zoe @ phone"), (CLIENT,), id="a client"),
        pytest.param(KNOWN, ("192.0.2.8", "DE", "zoe @ phone"), (ADDRESS, COUNTRY, CLIENT), id="all"),
        pytest.param(
            KNOWN, ("192.0.2.7", "FR", "zoe @ desk"), (), id="known ones together for the first time"
        ),
        pytest.param(KNOWN, ("", "", ""), (), id="nothing is known of it"),
        pytest.param(
            PlacesBefore(1, True), ("192.0.2.7", "DE", "x"), (), id="no country was looked at before"
        ),
    ],
)
def test_what_is_new_about_a_login(
    before: PlacesBefore, place: tuple[str, str, str], new: tuple[Novelty, ...]
) -> None:
    assert novelties(before, *place) == new


@pytest.mark.parametrize(
    ("new", "is_wary", "strong"),
    [
        ((), False, False),
        ((), True, True),
        ((COUNTRY,), False, True),
        ((ADDRESS,), False, False),
        ((CLIENT,), False, False),
        ((ADDRESS, CLIENT), False, True),
    ],
)
def test_what_is_strong_enough_for_a_code_by_mail(
    new: tuple[Novelty, ...], is_wary: bool, strong: bool
) -> None:
    assert is_strong(new, is_wary) is strong


def test_every_suspicious_action_has_its_words_in_both_languages() -> None:
    assert {Action.LOGIN_FAILED_OFTEN, Action.SENDER_FORGED, Action.ROUTE_CHANGED} <= set(SUSPICIOUS)
    for action in SUSPICIOUS:
        assert in_words(action, Language.FR) != in_words(action, Language.EN)


@pytest.mark.parametrize(
    ("limit", "for_mail", "for_digests"),
    [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 2), (5, 2, 2), (6, 3, 2), (1000, 997, 2)],
)
def test_mail_leaves_three_places_free_or_takes_one_and_the_digests_leave_one(
    limit: int, for_mail: int, for_digests: int
) -> None:
    assert (places_for_mail(limit), places_for_digests(limit)) == (for_mail, for_digests)
    assert for_mail + for_digests < limit or limit < FEWEST_PLACES
