"""Merge and split: the conversation stays whole, everybody is told once, answers by mail find their way."""

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import SMTP
from threading import Barrier

import pytest

from helpdesk.actions.regroup import look_at_merging, merge_tickets, post_at, split_ticket
from helpdesk.actions.tickets import shown_ticket
from helpdesk.actions.ticketwork import add_note, answer_ticket, change_status
from helpdesk.core.replytokens import Mark, mark_token, reply_address
from helpdesk.core.tickets import Status
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.tables import letters, mails, participants, posts, tickets
from tests.actions.intakes import DESK, JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, STRANGER, Staffed


@pytest.fixture
def two(staffed: Staffed) -> Staffed:
    """Jean's ticket 1 and Zoé's ticket 2, of the agent's team."""
    staffed.bench.file(
        a_mail("Chargeur", "Le mien.", message_id="<jean@x>"),
        a_mail("Le chargeur", "Le nôtre.", sender=ZOE, message_id="<zoe@x>"),
    )
    for number in (1, 2):
        staffed.change(number, team_id=staffed.teams["Network"])
    return staffed


def merge(desk: Staffed, source: int = 1, target: int = 2, by: str = AGENT) -> None:
    merge_tickets(desk.bench.desk, desk.actor(by), source, target)


def said(desk: Staffed, number: int, by: str = AGENT) -> list[str]:
    shown = shown_ticket(desk.bench.desk, desk.actor(by), number)
    return [post.text.strip() for post in shown.posts]


def test_a_merged_ticket_is_read_where_it_went_and_its_people_take_part(two: Staffed) -> None:
    looked = look_at_merging(two.bench.desk, two.actor(AGENT), 1, 2)
    assert looked.joining == ("jean",)
    merge(two)
    assert said(two, 2) == ["Le mien.", "Le nôtre."]
    assert said(two, 2, JEAN) == ["Le mien.", "Le nôtre."], "Jean takes part now"
    assert said(two, 1) == ["Le mien."], "it stays where it was, too"
    shown = shown_ticket(two.bench.desk, two.actor(AGENT), 2)
    assert (shown.merged, shown.merged_into) == ({two.ticket(1)["id"]: 1}, None)
    assert shown_ticket(two.bench.desk, two.actor(JEAN), 1).merged_into == 2
    assert (two.ticket(1)["status"], two.ticket(2)["status"]) == ("resolved", "waiting")
    assert two.history(1) == [("merged", "", "#2")]
    assert two.history(2) == [("took over", "", "#1")]
    assert ("TICKET_MERGED", "SUCCESS", {"ticket": 1, "into": 2}) in two.audited()


def test_merging_sends_nothing_and_an_answer_then_goes_to_each_once(two: Staffed) -> None:
    before = len(two.bench.letters())
    merge(two)
    assert len(two.bench.letters()) == before
    sent = answer_ticket(two.bench.desk, two.actor(AGENT), 2, "Il arrive.", True, 0)
    assert sorted(sent.recipients) == [JEAN, ZOE]


def test_two_tickets_of_one_person_become_one_that_tells_them_once(staffed: Staffed) -> None:
    staffed.bench.file(a_mail(), a_mail("Rappel", message_id="<2@x>"))
    merge(staffed, by=ADMIN)
    assert staffed.bench.rows(participants) == []
    sent = answer_ticket(staffed.bench.desk, staffed.actor(ADMIN), 2, "Oui.", False, 0)
    assert sent.recipients == (JEAN,)


@pytest.mark.parametrize(
    "pointing",
    [
        pytest.param({"extra": ["In-Reply-To: <jean@x>"]}, id="to the mail that opened it"),
        pytest.param({"letter": True}, id="to our confirmation"),
        pytest.param({"subject": "Re: [#1] Chargeur"}, id="by its number"),
        pytest.param({"token": True}, id="by the reply address"),
    ],
)
def test_an_answer_to_the_merged_ticket_lands_where_it_went(
    two: Staffed, pointing: dict[str, object]
) -> None:
    given = dict(pointing)
    if given.pop("letter", False):
        confirmations = [row for row in two.bench.rows(letters) if row["recipient"] == JEAN]
        given["extra"] = [f"In-Reply-To: {confirmations[0]['message_id']}"]
    if given.pop("token", False):
        mark = Mark("t", 1)
        token = mark_token(two.bench.desk.reply_keys[0], mark, two.id(JEAN))
        given["to"] = reply_address(DESK, mark, token)
    merge(two)
    answer = a_mail(text="Et alors ?", message_id="<again@x>", **given)  # type: ignore[arg-type]
    (filed,) = two.bench.file(answer)
    assert (filed.fate, filed.ticket_number) == ("appended", 2)
    assert said(two, 2) == ["Le mien.", "Le nôtre.", "Et alors ?"]
    assert said(two, 1) == ["Le mien."]


def test_an_answer_to_the_merged_ticket_reopens_the_other_and_says_so(two: Staffed) -> None:
    merge(two)
    change_status(two.bench.desk, two.actor(AGENT), 2, Status.RESOLVED)
    two.change(2, resolved_at=two.bench.now)  # the desk's clock stands still, the database's does not
    (filed,) = two.bench.file(a_mail(message_id="<again@x>", extra=["In-Reply-To: <jean@x>"]))
    assert (filed.ticket_number, two.ticket(2)["status"], two.ticket(1)["status"]) == (
        2,
        "waiting",
        "resolved",
    )
    assert two.bench.letters()[-1] == ("ticket_reopened", JEAN)


def test_a_stranger_who_names_the_merged_ticket_opens_a_new_one(two: Staffed) -> None:
    merge(two)
    (filed,) = two.bench.file(a_mail("[#1] ?", sender=STRANGER, message_id="<s@x>"))
    assert (filed.fate, filed.ticket_number) == ("opened", 3)
    assert "names ticket 2, which its sender may not see" in said(two, 3, ADMIN)[1]


def test_what_was_merged_before_follows_to_the_last_ticket(two: Staffed) -> None:
    two.bench.file(a_mail("Troisième", "Encore.", message_id="<3@x>"))
    two.change(3, team_id=two.teams["Network"])
    merge(two, 1, 2)
    merge(two, 2, 3)
    assert said(two, 3) == ["Le mien.", "Le nôtre.", "Encore."]
    (filed,) = two.bench.file(a_mail("[#1] ?", message_id="<again@x>"))
    assert filed.ticket_number == 3


def test_notes_of_a_merged_ticket_stay_notes(two: Staffed) -> None:
    add_note(two.bench.desk, two.actor(AGENT), 1, "Il râle.")
    merge(two)
    assert "Il râle." in said(two, 2)
    assert "Il râle." not in said(two, 2, ZOE)


def test_nobody_works_on_a_merged_ticket_any_more(two: Staffed) -> None:
    merge(two)
    agent = two.actor(AGENT)
    for work in (
        lambda: add_note(two.bench.desk, agent, 1, "x"),
        lambda: answer_ticket(two.bench.desk, agent, 1, "x", False, 0),
        lambda: change_status(two.bench.desk, agent, 1, Status.IN_PROGRESS),
        lambda: merge(two, 1, 2),
        lambda: merge(two, 2, 1),
    ):
        with pytest.raises(Refused, match="ticket 1 was merged into ticket 2"):
            work()


@pytest.mark.parametrize(
    ("by", "error"),
    [
        pytest.param(JEAN, NotAllowed, id="its requester"),
        pytest.param(STRANGER, Refused, id="an agent of another team, who does not learn of it"),
    ],
)
def test_who_may_not_work_on_both_merges_neither(two: Staffed, by: str, error: type[Refused]) -> None:
    two.change(2, requester_id=two.id(JEAN))
    with pytest.raises(error):
        merge(two, by=by)
    assert two.ticket(1)["merged_into_id"] is None
    assert [row[:2] for row in two.audited()][-1] == ("UNAUTHORIZED_ACCESS", "DENIED")


def test_an_agent_who_sees_only_one_of_two_cannot_merge_them(two: Staffed) -> None:
    two.change(2, team_id=two.teams["Printers"])
    with pytest.raises(Refused, match="there is no ticket 2"):
        merge(two)


def test_two_who_merge_crosswise_make_no_ring(two: Staffed) -> None:
    start = Barrier(2)

    def at_once(source: int, target: int) -> bool:
        start.wait()
        try:
            merge(two, source, target)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(at_once, (1, 2), (2, 1)))
    assert sorted(done) == [False, True]
    assert [row["merged_into_id"] is None for row in two.bench.rows(tickets)].count(True) == 1


@pytest.fixture
def asked_twice(two: Staffed) -> Staffed:
    """Jean's ticket 1 with a second question in it."""
    two.bench.file(
        a_mail("Re: [#1]", "Et mon écran ?", message_id="<second@x>", extra=["In-Reply-To: <jean@x>"])
    )
    return two


def split(desk: Staffed, place: int = 2, subject: str = "", by: str = AGENT, number: int = 1) -> int:
    actor = desk.actor(by)
    return split_ticket(
        desk.bench.desk, actor, number, post_at(desk.bench.desk, actor, number, place), subject
    )


def test_a_post_becomes_a_ticket_of_its_author_who_is_told_its_number(asked_twice: Staffed) -> None:
    desk = asked_twice
    assert split(desk, subject="Mon écran\n") == 3
    assert (said(desk, 1), said(desk, 3)) == (["Le mien."], ["Et mon écran ?"])
    row, (post,) = desk.ticket(3), [one for one in desk.bench.rows(posts) if "écran" in one["text"]]
    assert (row["subject"], row["requester_id"], row["team_id"]) == (
        "Mon écran",
        desk.id(JEAN),
        desk.teams["Network"],
    )
    assert row["opened_at"] == post["created_at"], "Jean has waited since then"
    assert desk.bench.letters()[-1] == ("ticket_opened", JEAN)
    letter = desk.bench.rows(letters)[-1]["content"]
    assert "[#3]" in message_from_bytes(letter, policy=SMTP)["Subject"]
    assert b"In-Reply-To: <second@x>" in letter
    assert desk.history(1) == [("split", "", "#3")]
    assert desk.history(3) == [("split", "#1", "")]
    assert ("TICKET_SPLIT", "SUCCESS", {"ticket": 1, "into": 3, "post": post["id"]}) in desk.audited()


def test_answers_to_the_mail_that_was_split_off_follow_it(asked_twice: Staffed) -> None:
    split(asked_twice)
    (filed,) = asked_twice.bench.file(a_mail("?", message_id="<3@x>", extra=["In-Reply-To: <second@x>"]))
    assert filed.ticket_number == 3
    leads = dict(asked_twice.bench.column(mails, "message_id", "ticket_id"))
    assert leads["<second@x>"] == asked_twice.ticket(3)["id"]


def test_what_was_merged_by_mistake_can_be_split_again(two: Staffed) -> None:
    two.bench.file(a_mail("Re: [#1]", "Plus.", message_id="<2@x>"))
    merge(two)
    assert split(two, 3, number=2) == 3
    assert (said(two, 2), said(two, 3)) == (["Le mien.", "Le nôtre."], ["Plus."])


@pytest.mark.parametrize(
    ("number", "place", "why"),
    [
        pytest.param(1, 3, "has no post 3; it has 1 to 2", id="behind the last"),
        pytest.param(1, 0, "has no post 0", id="before the first"),
        pytest.param(2, 1, "the only post", id="the only one"),
    ],
)
def test_what_cannot_be_split_is_refused(asked_twice: Staffed, number: int, place: int, why: str) -> None:
    with pytest.raises(Refused, match=why):
        split(asked_twice, place, number=number)
    assert len(asked_twice.bench.rows(tickets)) == 2


def test_an_answer_of_staff_is_not_split_off(two: Staffed) -> None:
    answer_ticket(two.bench.desk, two.actor(AGENT), 1, "Bonjour.", False, 0)
    with pytest.raises(Refused, match="only what the people"):
        split(two, 2)


def test_who_may_not_work_on_a_ticket_splits_nothing(asked_twice: Staffed) -> None:
    with pytest.raises(NotAllowed):
        split(asked_twice, by=JEAN)
    post = post_at(asked_twice.bench.desk, asked_twice.actor(AGENT), 1, 2)
    with pytest.raises(Refused, match="there is no ticket 1"):
        split_ticket(asked_twice.bench.desk, asked_twice.actor(STRANGER), 1, post, "")


def test_a_post_that_somebody_else_split_off_meanwhile_is_not_split_twice(asked_twice: Staffed) -> None:
    desk, agent = asked_twice.bench.desk, asked_twice.actor(AGENT)
    asked_twice.bench.file(a_mail("Re: [#1]", "Et ?", message_id="<third@x>"))
    post = post_at(desk, agent, 1, 2)
    split_ticket(desk, agent, 1, post, "")
    with pytest.raises(Refused, match="no longer there"):
        split_ticket(desk, agent, 1, post, "")
    assert len(asked_twice.bench.rows(tickets)) == 3
