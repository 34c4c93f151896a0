"""Kept mail that nobody decides about is given up after its days, and its owner hears of it before."""

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk.actions.endings import LOGIN_NOTICE, tell_of_endings
from helpdesk.actions.expiry import RUNS, expire
from helpdesk.core.jobs import JobName, JobPlan, RunState
from helpdesk.core.kept import HELD_NOTICE
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import LeaseLost
from helpdesk.store.tables import job_runs, letters, mails
from helpdesk.store.upkeep import Upkeep
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import JEAN, NOW, ZOE, a_mail
from tests.actions.staff import AGENT, Staffed
from tests.actions.turns import a_turn

DAYS = timedelta(days=JobPlan().held_days)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WEAK = ("spf=pass smtp.mailfrom=univ.example",)
FORGED = ("dmarc=fail header.from=univ.example",)
OLD = NOW - timedelta(days=60)  # a Date so old that the mail may be another's copy


@pytest.fixture(autouse=True)
def no_procedures(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tables are made without migrations; what removes logins is tested where it is made."""
    monkeypatch.setattr(Upkeep, "forget_logins", lambda *_: None)


def kept(staffed: Staffed, *raws: bytes) -> list[dict[str, object]]:
    staffed.bench.file(*raws)
    with staffed.bench.desk.database.engine.begin() as connection:
        connection.execute(letters.delete())
    return staffed.bench.ledger()


def give_up(staffed: Staffed, *, warned: bool = True) -> str:
    """Let what is over be given up; *warned*: owners were told of what ends, just long enough ago."""
    if warned:
        slot = staffed.bench.now - HELD_NOTICE
        with staffed.bench.desk.database.engine.begin() as connection:
            connection.execute(job_runs.delete().where(job_runs.c.slot == slot))
        ended_run(staffed, slot)
    return expire(staffed.bench.desk, JobPlan(), a_turn())


@pytest.mark.parametrize(
    ("waited", "gone"), [(DAYS - SECOND, False), (DAYS, True)], ids=["a second less", "30 days"]
)
@pytest.mark.parametrize("says", [WEAK, FORGED], ids=["weak", "forged"])
def test_a_kept_mail_is_given_up_after_its_days(
    staffed: Staffed, says: tuple[str, ...], waited: timedelta, gone: bool
) -> None:
    (before,) = kept(staffed, a_mail(says=says))
    assert before["raw_sha256"]
    staffed.bench.later(waited)
    assert give_up(staffed) == ("1 kept mails expired" if gone else "")
    (row,) = staffed.bench.ledger()
    assert (row["raw_sha256"] is None, row["rejected_at"] == staffed.bench.now) == (gone, gone)
    assert {**row, "raw_sha256": "", "rejected_at": None} == {**before, "raw_sha256": "", "rejected_at": None}
    record = {"mail": row["id"], "fate": "held", "verdict": row["verdict"], "days": 30}
    assert (("MAIL_EXPIRED", "SUCCESS", record) in staffed.audited()) is gone
    assert give_up(staffed) == ""


def test_what_somebody_rejected_lets_go_of_its_bytes_30_days_after_that(staffed: Staffed) -> None:
    (row,) = kept(staffed, a_mail(says=FORGED))
    rejected_at = NOW + timedelta(days=20)
    in_work(
        staffed.bench.desk.database, lambda work: work.quarantine.reject(int(str(row["id"])), rejected_at)
    )
    staffed.bench.later(timedelta(days=50) - SECOND)
    assert give_up(staffed) == ""
    staffed.bench.later(SECOND)
    assert give_up(staffed) == "1 kept mails expired"
    (row,) = staffed.bench.ledger()
    assert (row["raw_sha256"], row["rejected_at"]) == (None, rejected_at)


def test_what_its_owner_confirmed_is_on_its_way_and_stays(staffed: Staffed) -> None:
    (row,) = kept(staffed, a_mail(says=WEAK))
    with staffed.bench.desk.database.engine.begin() as connection:
        connection.execute(mails.update().values(look_again_at=NOW))
    staffed.bench.later(DAYS)
    assert give_up(staffed) == ""
    assert staffed.bench.ledger()[0]["raw_sha256"] == row["raw_sha256"]


def test_a_ticket_is_never_given_up(staffed: Staffed) -> None:
    staffed.bench.file(a_mail())
    staffed.bench.later(DAYS * 10)
    assert give_up(staffed) == ""


def test_many_are_given_up_in_batches_and_a_stop_leaves_the_rest(
    staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.actions.expiry.BATCH", 2)
    kept(staffed, *(a_mail(says=FORGED, message_id=f"<{number}@x>") for number in range(5)))
    staffed.bench.later(DAYS)
    ended_run(staffed, staffed.bench.now - HELD_NOTICE)
    with pytest.raises(LeaseLost):
        expire(staffed.bench.desk, JobPlan(), a_turn(going=lambda: False))
    assert give_up(staffed) == "3 kept mails expired"


def test_runs_of_jobs_are_forgotten_after_400_days(staffed: Staffed) -> None:
    for slot in (NOW, NOW - SECOND):
        ended_run(staffed, slot)
    staffed.bench.later(RUNS)
    give_up(staffed, warned=False)
    assert staffed.bench.column(job_runs, "slot") == [NOW]


def ended_run(staffed: Staffed, slot: datetime) -> None:
    def job(work: Work) -> None:
        run = work.runs.add(JobName.ENDINGS.value, "", slot, "x", slot)
        work.runs.end(run, RunState.DONE, "", slot)

    in_work(staffed.bench.desk.database, job)


def tell(staffed: Staffed, slot: datetime, plan: JobPlan | None = None) -> list[str]:
    """Let a run for *slot* tell of endings and end; return who was written to."""
    desk = staffed.bench.desk
    staffed.bench.clock[0] = slot
    before = len(staffed.bench.letters())
    turn = a_turn(slot)
    tell_of_endings(desk, plan or JobPlan(), turn)
    ended_run(staffed, slot)
    return [recipient for _kind, recipient in staffed.bench.letters()[before:]]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(a_mail(says=WEAK), [JEAN], id="weak: its owner was asked, too"),
        pytest.param(a_mail(date=OLD), [JEAN], id="proven, held because it is old"),
        pytest.param(a_mail(says=FORGED), [], id="forged: never"),
        pytest.param(a_mail(says=()), [], id="unproven: never"),
        pytest.param(a_mail(sender="x@univ.example"), [], id="proven, of nobody we know"),
    ],
)
def test_a_week_before_the_end_its_owner_hears_of_it_where_the_table_allows(
    staffed: Staffed, raw: bytes, told: list[str]
) -> None:
    (row,) = kept(staffed, raw)
    assert row["fate"] == "held"
    end = NOW + DAYS - HELD_NOTICE
    assert tell(staffed, end - SECOND) == [], "a moment less than a week is not over"
    assert tell(staffed, end) == told
    assert tell(staffed, end + DAY) == []


def test_many_mails_in_the_name_of_one_person_are_one_letter(staffed: Staffed) -> None:
    kept(staffed, *(a_mail(says=WEAK, message_id=f"<{number}@x>") for number in range(9)))
    assert tell(staffed, NOW + DAYS - HELD_NOTICE + SECOND) == [JEAN]
    (content,) = staffed.bench.column(letters, "content")
    letter = message_from_bytes(content, policy=default)
    body = letter.get_body(("plain",))
    assert body is not None
    assert "9 messages" in body.get_content()
    assert "20 décembre 2026" in body.get_content()
    assert letter["Auto-Submitted"] == "auto-generated"


def test_a_flood_of_forged_mail_hides_nobody_s_held_mail(staffed: Staffed) -> None:
    forged, weak = kept(staffed, a_mail(says=FORGED), a_mail(says=WEAK))
    strangers = [
        {**forged, "id": number, "uid": 100_000 + number, "effect": None, "seen_at": NOW - SECOND}
        for number in range(1, 6001)
    ]
    with staffed.bench.desk.database.engine.begin() as connection:
        connection.execute(mails.insert(), strangers)
    assert weak["fate"] == "held"
    assert tell(staffed, NOW + DAYS - HELD_NOTICE) == [JEAN]


def test_many_owners_are_told_in_several_transactions_and_a_stop_leaves_the_rest(
    staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.actions.endings.AT_ONCE", 2)
    others = [f"eleve{number}@univ.example" for number in range(4)]
    for address in others:
        staffed.bench.person(address)
    kept(
        staffed,
        *(a_mail(sender=address, says=WEAK, message_id=f"<{address}>") for address in [JEAN, *others]),
    )
    slot = NOW + DAYS - HELD_NOTICE
    staffed.bench.clock[0] = slot
    with pytest.raises(LeaseLost):
        tell_of_endings(staffed.bench.desk, JobPlan(), a_turn(slot, going=iter([True, False]).__next__))
    assert len(staffed.bench.letters()) == 2
    assert sorted(tell(staffed, slot)) == sorted([JEAN, *others])[2:]


def test_what_came_into_sight_while_no_daemon_ran_is_told_of_too(staffed: Staffed) -> None:
    kept(staffed, a_mail(says=WEAK))
    end = NOW + DAYS - HELD_NOTICE
    assert tell(staffed, end - DAY) == []
    assert tell(staffed, end + 4 * DAY) == [JEAN], "the last run was five days before"


@pytest.mark.parametrize("late", [2 * DAY, 300 * DAY], ids=["days", "months"])
def test_after_a_long_silence_nothing_is_given_up_before_its_owner_was_told_a_week_ago(
    staffed: Staffed, late: timedelta
) -> None:
    kept(staffed, a_mail(says=WEAK))
    back = NOW + DAYS + late
    staffed.bench.clock[0] = back
    assert give_up(staffed, warned=False) == "", "no run has ever told anybody"
    ended_run(staffed, NOW)
    assert give_up(staffed, warned=False) == "", "the last run before the silence told of nothing yet"
    assert tell(staffed, back) == [JEAN]
    assert give_up(staffed, warned=False) == ""
    (content,) = staffed.bench.column(letters, "content")
    body = message_from_bytes(content, policy=default).get_body(("plain",))
    assert body is not None
    assert f"{(back + HELD_NOTICE).day} " in body.get_content(), "the end that it has now"
    staffed.bench.clock[0] = back + HELD_NOTICE - SECOND
    assert give_up(staffed, warned=False) == ""
    staffed.bench.clock[0] = back + HELD_NOTICE
    assert give_up(staffed, warned=False) == "1 kept mails expired"


def test_a_run_that_told_late_gives_a_whole_week_too(staffed: Staffed) -> None:
    kept(staffed, a_mail(says=WEAK))
    slot = NOW + DAYS - HELD_NOTICE
    in_work(
        staffed.bench.desk.database,
        lambda work: work.runs.end(
            work.runs.add(JobName.ENDINGS.value, "", slot, "x", slot), RunState.DONE, "", slot + DAY
        ),
    )
    staffed.bench.clock[0] = NOW + DAYS + DAY - SECOND
    assert give_up(staffed, warned=False) == ""
    staffed.bench.later(SECOND)
    assert give_up(staffed, warned=False) == "1 kept mails expired"


def test_a_first_run_looks_back_for_all_held_mail(staffed: Staffed) -> None:
    kept(staffed, a_mail(says=WEAK))
    assert tell(staffed, NOW + DAYS * 10) == [JEAN]


def test_a_run_that_is_done_again_tells_nothing_twice(staffed: Staffed) -> None:
    kept(staffed, a_mail(says=WEAK))
    slot = NOW + DAYS - HELD_NOTICE + SECOND
    staffed.bench.clock[0] = slot
    for told in ("1 letters are queued", ""):
        assert tell_of_endings(staffed.bench.desk, JobPlan(), a_turn(slot)) == told


def remembered(staffed: Staffed, address: str, ends: datetime, kind: SessionKind) -> None:
    """Begin a session of one kind or the other."""

    def job(work: Work) -> None:
        work.sessions.add(staffed.id(address), address, kind.value, "", "", NOW, ends)

    in_work(staffed.bench.desk.database, job)


def test_whoever_let_a_login_be_remembered_hears_three_days_before_its_end(staffed: Staffed) -> None:
    ends = NOW + timedelta(days=30)
    remembered(staffed, AGENT, ends, SessionKind.REMEMBERED)
    remembered(staffed, ZOE, ends, SessionKind.SHELL)
    assert tell(staffed, ends - LOGIN_NOTICE) == []
    assert tell(staffed, ends - LOGIN_NOTICE + SECOND) == [AGENT]
    assert tell(staffed, ends - LOGIN_NOTICE + DAY) == []


def test_of_a_login_that_was_never_remembered_for_three_days_they_hear_once_on_the_first_morning(
    staffed: Staffed,
) -> None:
    assert tell(staffed, NOW - DAY) == []
    remembered(staffed, AGENT, NOW + DAY, SessionKind.REMEMBERED)
    assert tell(staffed, NOW + DAY / 4) == [AGENT]
    assert tell(staffed, NOW + DAY / 2) == []


@pytest.mark.parametrize(
    ("left", "told"), [(SECOND, [AGENT]), (timedelta(), [])], ids=["a second before its end", "at its end"]
)
def test_after_a_long_silence_of_a_login_that_ended_nobody_hears(
    staffed: Staffed, left: timedelta, told: list[str]
) -> None:
    ends = NOW + timedelta(days=30)
    remembered(staffed, AGENT, ends, SessionKind.REMEMBERED)
    assert tell(staffed, ends - LOGIN_NOTICE - DAY) == []
    assert tell(staffed, ends - left) == told


def test_of_a_login_that_was_revoked_nobody_hears(staffed: Staffed) -> None:
    ends = NOW + timedelta(days=30)
    remembered(staffed, AGENT, ends, SessionKind.REMEMBERED)
    in_work(staffed.bench.desk.database, lambda work: work.sessions.revoke(NOW, person_id=staffed.id(AGENT)))
    assert tell(staffed, ends - LOGIN_NOTICE + SECOND) == []
