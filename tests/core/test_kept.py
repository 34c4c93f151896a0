"""What may be decided about a kept mail: a row on each side of every edge."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.kept import (
    KeptCase,
    OrderKind,
    given_up_until,
    kept_problem,
    may_hear_of_it,
    order_problem,
    reject_problem,
)
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.tickets import KEPT, Fate
from helpdesk.core.verdicts import Verdict

RELEASE, BIND, REPLAY = OrderKind


def case(fate: str | None = "held", rule: str = "sender_not_admitted", **given: bool) -> KeptCase:
    return KeptCase(7, fate, rule, "jean@univ.example", **given)


def known(state: AddressState = AddressState.VERIFIED, active: bool = True) -> KnownAddress:
    return KnownAddress(
        1, "jean@univ.example", state, Person(1, "Jean", Role.USER, Language.FR, active), "", 0
    )


@pytest.mark.parametrize("fate", [None, *Fate])
def test_only_what_is_kept_can_be_decided(fate: Fate | None) -> None:
    problems = (
        kept_problem(case(fate)),
        order_problem(case(fate), RELEASE, known()),
        reject_problem(case(fate)),
    )
    assert all((problem is None) is (fate in KEPT) for problem in problems)


@pytest.mark.parametrize(
    ("what", "kind", "whose", "said"),
    [
        pytest.param(case(), RELEASE, known(), None, id="a held mail of a verified sender"),
        pytest.param(case("quarantined"), BIND, known(), None, id="a quarantined one, bound"),
        pytest.param(case(), REPLAY, None, None, id="replay needs nobody"),
        pytest.param(case(), RELEASE, None, "not registered", id="a stranger's"),
        pytest.param(case(ordered=True), REPLAY, None, "asked for this already", id="ordered before"),
        pytest.param(case(rule="poison"), REPLAY, None, "took the daemon down", id="poison"),
        pytest.param(case(), RELEASE, known(active=False), "closed", id="of a closed account"),
        pytest.param(case(), RELEASE, known(AddressState.PENDING), "is pending", id="not verified yet"),
        pytest.param(case(), RELEASE, known(AddressState.BLOCKED), "is blocked", id="blocked"),
        pytest.param(
            case(), BIND, known(AddressState.SUSPENDED), "is suspended", id="bound to a suspended one"
        ),
        pytest.param(case(rejected=True), RELEASE, known(), None, id="a rejected one, after all"),
    ],
)
def test_an_order_is_for_what_the_daemon_could_file(
    what: KeptCase, kind: OrderKind, whose: KnownAddress | None, said: str | None
) -> None:
    problem = order_problem(what, kind, whose)
    assert (problem is None) if said is None else (problem is not None and said in problem[0])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param(case(), None, id="an open one"),
        pytest.param(case("quarantined"), None, id="a quarantined one"),
        pytest.param(case(rejected=True), "already", id="rejected before"),
        pytest.param(case(ordered=True), "asked to file it", id="on its way"),
    ],
)
def test_a_rejection_is_for_what_is_open(what: KeptCase, said: str | None) -> None:
    problem = reject_problem(what)
    assert (problem is None) if said is None else (problem is not None and said in problem[0])


@pytest.mark.parametrize("state", AddressState)
@pytest.mark.parametrize("verdict", Verdict)
def test_only_registered_owners_hear_of_kept_mail_and_never_of_a_forgery(
    verdict: Verdict, state: AddressState
) -> None:
    near_proof = verdict in (Verdict.PASS, Verdict.PASS_DKIM, Verdict.WEAK)
    assert may_hear_of_it(verdict.value, state) is (near_proof and state is AddressState.VERIFIED)


@pytest.mark.parametrize(
    ("told_ago", "until_ago"),
    [
        pytest.param(timedelta(days=7), timedelta(days=30), id="told a week ago: all that is old enough"),
        pytest.param(timedelta(days=7, seconds=1), timedelta(days=30, seconds=1), id="told a second earlier"),
        pytest.param(timedelta(days=60), timedelta(days=83), id="no run for a long time"),
    ],
)
def test_nothing_is_given_up_of_whose_end_nobody_was_told(told_ago: timedelta, until_ago: timedelta) -> None:
    now, kept_for = datetime(2026, 11, 26, 3, 30, tzinfo=UTC), timedelta(days=30)
    assert given_up_until(now, kept_for, now - told_ago) == now - until_ago
    assert given_up_until(now, kept_for, None) is None
