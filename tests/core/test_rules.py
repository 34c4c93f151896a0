"""What becomes of a mail: each rule on both sides of its edge, and the order in which they are asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.address import Sender
from helpdesk.core.admission import Admission, Alert, Entry
from helpdesk.core.mail import Bounce, Fold, Mail, MailClass, Unreadable
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.policy import Policy
from helpdesk.core.returned import SentLetter
from helpdesk.core.rules import (
    RULES,
    Append,
    Decision,
    Defer,
    Duplicate,
    Facts,
    Hold,
    Ignore,
    NoteBounce,
    OpenTicket,
    Quarantine,
    Reference,
    Release,
    Ruling,
    decide,
)
from helpdesk.core.tickets import Status, Ticket
from helpdesk.core.verdict import Judgement, bomb
from helpdesk.core.verdicts import Verdict

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = Policy(reopen_days=14, defer_hours=48)
SENDER = Sender("jean@univ.example", "univ.example")
JEAN, ZOE, AGENT, MANAGER, ADMIN = 1, 2, 3, 4, 5
NETWORK, PRINTERS = 10, 20
NORMAL, AUTO_REPLY, BOUNCE, LOOP, FEEDBACK, BULK = MailClass
PROVEN = Judgement(Verdict.PASS, "dmarc=pass", SENDER, 9)
ADMITTED = Admission(Entry.ACCEPT, "dmarc=pass")


def a_mail(
    kind: MailClass = NORMAL,
    suppress_reply: str = "",
    bounce: Bounce | None = None,
    to: tuple[str, ...] = ("desk@desk.example",),
) -> Mail:
    return Mail(
        size=100,
        fingerprint="f" * 64,
        subject="Mon chargeur",
        shown_from=SENDER.address,
        from_name="Jean",
        reply_to="",
        to=to,
        cc=(),
        delivered_to=(),
        return_path=None,
        date=NOW,
        message_id="<1@univ.example>",
        in_reply_to=(),
        references=(),
        text="Il ne marche plus.",
        folds=(),
        attachments=(),
        kind=kind,
        suppress_reply=suppress_reply,
        bounce=bounce,
    )


def a_person(id: int = JEAN, role: Role = Role.USER, active: bool = True) -> Person:  # noqa: A002
    return Person(id, f"person {id}", role, Language.FR, active)


def known(person: Person) -> KnownAddress:
    return KnownAddress(100 + person.id, SENDER.address, AddressState.VERIFIED, person)


def a_ticket(
    number: int = 7,
    requester: int = JEAN,
    *,
    resolved: timedelta | None = None,
    team: int | None = None,
    assignee: int | None = None,
    participants: tuple[int, ...] = (),
    deleted: bool = False,
) -> Ticket:
    """Return a ticket; *resolved*: how long ago."""
    return Ticket(
        id=1000 + number,
        number=number,
        subject="Mon chargeur",
        status=Status.WAITING if resolved is None else Status.RESOLVED,
        requester_id=requester,
        team_id=team,
        assignee_id=assignee,
        resolved_at=None if resolved is None else NOW - resolved,
        deleted=deleted,
        participants=frozenset(participants),
    )


def by_id(*tickets: Ticket) -> tuple[Reference, ...]:
    return tuple(Reference(ticket, "message-id") for ticket in tickets)


A_KNOWN = known(a_person())
GENUINE = Facts(NOW, PROVEN, ADMITTED, A_KNOWN)
STRANGER = replace(GENUINE, admission=Admission(Entry.HOLD, "the address is not registered"), known=None)
A_TICKET = a_ticket()
ANSWER = replace(GENUINE, references=by_id(A_TICKET))


def ruled(facts: Facts, mail: Mail | None = None) -> Decision:
    return decide(mail or a_mail(), facts, POLICY).decision


def test_the_order_of_the_rules_is_the_order_of_the_design() -> None:
    assert [rule.__name__ for rule in RULES] == [
        "already_filed",
        "our_own_echo",
        "bounce",
        "machine_of_a_stranger",
        "answers_our_question",
        "sender_not_admitted",
        "feedback",
        "reply_to_ticket",
        "automatic_without_ticket",
        "new_ticket",
    ]


def filed(facts: Facts) -> Facts:
    return replace(facts, filed_before=True, ticket_of_first=1007)


FORGED = replace(
    ANSWER,
    judgement=Judgement(Verdict.SPOOF, "dmarc=fail", SENDER, 6),
    admission=Admission(Entry.HOLD, "dmarc=fail", Alert.AT_ONCE),
)


@pytest.mark.parametrize(
    ("mail", "facts", "rule"),
    [
        pytest.param(a_mail(LOOP), filed(STRANGER), "already_filed", id="filed beats echo"),
        pytest.param(a_mail(BOUNCE), filed(STRANGER), "already_filed", id="filed beats bounce"),
        pytest.param(a_mail(), filed(STRANGER), "already_filed", id="filed beats proof"),
        pytest.param(a_mail(LOOP), ANSWER, "our_own_echo", id="echo beats a proven answer"),
        pytest.param(a_mail(LOOP), STRANGER, "our_own_echo", id="echo beats hold"),
        pytest.param(a_mail(BOUNCE), ANSWER, "bounce", id="bounce beats a proven answer"),
        pytest.param(a_mail(BOUNCE), STRANGER, "bounce", id="bounce beats hold"),
        pytest.param(
            a_mail(BULK), STRANGER, "machine_of_a_stranger", id="a stranger's newsletter is not held"
        ),
        pytest.param(a_mail(AUTO_REPLY), FORGED, "sender_not_admitted", id="forged before automatic"),
        pytest.param(a_mail(FEEDBACK), FORGED, "sender_not_admitted", id="forged before feedback"),
        pytest.param(a_mail(), FORGED, "sender_not_admitted", id="forged before ticket"),
        pytest.param(a_mail(FEEDBACK), ANSWER, "feedback", id="feedback before ticket"),
        pytest.param(a_mail(AUTO_REPLY), ANSWER, "reply_to_ticket", id="ticket before automatic"),
        pytest.param(a_mail(AUTO_REPLY), GENUINE, "automatic_without_ticket", id="automatic before new"),
        pytest.param(a_mail(), GENUINE, "new_ticket", id="nothing else to say"),
    ],
)
def test_the_first_rule_with_an_opinion_wins(mail: Mail, facts: Facts, rule: str) -> None:
    assert decide(mail, facts, POLICY).rule == rule


@pytest.mark.parametrize("kind", MailClass)
@pytest.mark.parametrize("entry", [entry for entry in Entry if entry is not Entry.ACCEPT])
def test_no_mail_that_is_not_admitted_opens_or_joins_whatever_its_kind(kind: MailClass, entry: Entry) -> None:
    facts = replace(ANSWER, admission=Admission(entry, "why"))
    assert not isinstance(ruled(facts, a_mail(kind)), OpenTicket | Append)


def test_a_mail_filed_before_points_at_the_ticket_of_its_first_copy() -> None:
    assert ruled(filed(GENUINE)) == Duplicate("a mail with the same fingerprint was filed before", 1007)


LETTER = SentLetter(1, "d" * 64, "<c.1@desk.example>", "jean@univ.example", 1007)
REPORT = Bounce(("jean@univ.example",), "<c.1@desk.example>", "5.1.1", True)


@pytest.mark.parametrize(
    ("mail", "facts", "decision"),
    [
        pytest.param(a_mail(LOOP), GENUINE, Ignore("our own letter came back"), id="echo"),
        pytest.param(a_mail(BOUNCE, bounce=REPORT), GENUINE, NoteBounce(REPORT), id="bounce with its report"),
        pytest.param(a_mail(BOUNCE), GENUINE, NoteBounce(None), id="bounce without one"),
        pytest.param(
            a_mail(BOUNCE, bounce=REPORT),
            replace(STRANGER, returned=LETTER),
            NoteBounce(REPORT, LETTER),
            id="bounce about a letter of ours, whoever sent it",
        ),
        pytest.param(a_mail(FEEDBACK), GENUINE, Ignore("a feedback report"), id="feedback of a known sender"),
        pytest.param(
            a_mail(AUTO_REPLY),
            GENUINE,
            Ignore("an automatic mail opens no ticket"),
            id="automatic, no ticket",
        ),
        pytest.param(
            a_mail(BULK, suppress_reply="list-id is set"),
            GENUINE,
            OpenTicket(silent="list-id is set"),
            id="bulk of a known sender opens and is not answered",
        ),
        pytest.param(
            a_mail(suppress_reply="Return-Path is empty"),
            GENUINE,
            OpenTicket(silent="Return-Path is empty"),
            id="a person who wants no answer",
        ),
        pytest.param(a_mail(), GENUINE, OpenTicket(), id="a plain question"),
    ],
)
def test_each_kind_of_mail_has_its_fate(mail: Mail, facts: Facts, decision: Decision) -> None:
    assert ruled(facts, mail) == decision


@pytest.mark.parametrize("kind", [AUTO_REPLY, BULK, FEEDBACK])
def test_machines_of_strangers_are_ignored(kind: MailClass) -> None:
    ignored = Ignore(f"{kind.value} mail of a sender who is not registered")
    assert ruled(STRANGER, a_mail(kind)) == ignored


@pytest.mark.parametrize("kind", [AUTO_REPLY, BULK, FEEDBACK])
def test_a_machine_whose_sender_cannot_be_read_is_no_stranger_but_a_suspect(kind: MailClass) -> None:
    unread = Judgement(Verdict.MALFORMED_FROM, "two addresses", None, 2)
    facts = replace(STRANGER, judgement=unread)
    assert isinstance(ruled(facts, a_mail(kind)), Quarantine)


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        pytest.param(verdict, Quarantine if row in (1, 2) else Hold, id=verdict.value)
        for row, verdict in enumerate(
            (Verdict.BOMB, Verdict.MALFORMED_FROM, Verdict.UNTRUSTED_ROUTE, Verdict.SPOOF, Verdict.WEAK), 1
        )
    ],
)
def test_what_cannot_be_read_is_quarantined_and_the_rest_is_held(
    verdict: Verdict, kind: type[Decision]
) -> None:
    facts = replace(
        GENUINE,
        judgement=Judgement(verdict, "why", SENDER, 0),
        admission=Admission(Entry.HOLD, "why", Alert.AT_ONCE, confirm=verdict is Verdict.WEAK),
    )
    decision = ruled(facts)
    reason, alert = f"{verdict.value}: why", Alert.AT_ONCE
    held = Hold(reason, alert, confirm=verdict is Verdict.WEAK)
    assert decision == (Quarantine(reason, alert) if kind is Quarantine else held)


WEAKLY = replace(
    GENUINE,
    judgement=Judgement(Verdict.WEAK, "only SPF", SENDER, 11),
    admission=Admission(Entry.HOLD, "only SPF", Alert.DIGEST, confirm=True),
)
ANSWERED = replace(WEAKLY, confirms=77)


def saying(text: str, mail: Mail) -> Mail:
    return replace(mail, text=text)


def test_a_yes_to_our_question_releases_the_mail_in_question() -> None:
    yes = saying("Oui, c'est moi.", a_mail())
    assert decide(yes, ANSWERED, POLICY) == Ruling("answers_our_question", Release(77))
    assert ruled(replace(GENUINE, confirms=77), yes) == Release(77)
    assert isinstance(ruled(WEAKLY, yes), Hold)


def test_a_no_to_our_question_is_told_at_once_and_releases_nothing() -> None:
    decision = ruled(ANSWERED, saying("Non !", a_mail()))
    assert decision == Hold("its owner says that a held mail is not theirs", Alert.AT_ONCE)


def test_an_answer_that_says_neither_is_a_mail_like_any_other() -> None:
    neither = saying("Pourquoi ?", a_mail())
    assert decide(neither, ANSWERED, POLICY).rule == "sender_not_admitted"
    assert decide(neither, replace(GENUINE, confirms=77), POLICY).rule == "new_ticket"


def test_a_yes_in_the_quoted_question_is_no_yes() -> None:
    text = "Pourquoi ?\n> oui\n"
    quoting = replace(a_mail(), text=text, folds=(Fold(11, len(text), "quote"),))
    assert not isinstance(ruled(ANSWERED, quoting), Release)


@pytest.mark.parametrize(
    ("mail", "facts", "rule"),
    [
        pytest.param(a_mail(), filed(ANSWERED), "already_filed", id="filed before"),
        pytest.param(a_mail(LOOP), ANSWERED, "our_own_echo", id="our own question came back"),
        pytest.param(a_mail(BOUNCE), ANSWERED, "bounce", id="our question bounced"),
        pytest.param(a_mail(AUTO_REPLY), ANSWERED, "sender_not_admitted", id="an absence note"),
        pytest.param(a_mail(BULK), ANSWERED, "sender_not_admitted", id="by way of a list"),
        pytest.param(a_mail(FEEDBACK), ANSWERED, "sender_not_admitted", id="a report"),
        pytest.param(
            replace(a_mail(), return_path=""), ANSWERED, "sender_not_admitted", id="with the null sender"
        ),
    ],
)
def test_no_machine_answers_our_question(mail: Mail, facts: Facts, rule: str) -> None:
    assert decide(saying("Oui", mail), facts, POLICY).rule == rule


def test_the_alert_about_a_mail_of_somebody_known_that_cannot_be_filed_goes_out_at_once() -> None:
    unread = Unreadable(100, "f" * 64, "could not be filed")
    quarantine = Quarantine("could not be filed", Alert.AT_ONCE)
    assert decide(unread, GENUINE, POLICY).decision == quarantine


def test_a_pending_address_is_held_until_tokens_are_looked_at() -> None:
    facts = replace(GENUINE, admission=Admission(Entry.TOKEN_ONLY, "the address is not confirmed yet"))
    assert ruled(facts) == Hold("pass: the address is not confirmed yet")


def test_mail_of_a_closed_account_is_held_with_that_reason() -> None:
    facts = replace(
        GENUINE,
        admission=Admission(Entry.HOLD, "the address is suspended"),
        known=known(a_person(active=False)),
    )
    assert ruled(facts) == Hold("pass: the address is suspended; its owner's account is closed")


def test_an_unreadable_mail_is_quarantined_by_the_cap_it_breaks() -> None:
    unread = Unreadable(100, "f" * 64, "501 parts; the limit is 500")
    admission = Admission(Entry.HOLD, "501 parts", Alert.DIGEST_UNLESS_MANY)
    facts = replace(STRANGER, judgement=bomb("501 parts"), admission=admission)
    cap = Quarantine("501 parts; the limit is 500", Alert.DIGEST_UNLESS_MANY)
    assert decide(unread, facts, POLICY) == Ruling("over_a_cap", cap)
    assert decide(unread, filed(facts), POLICY).rule == "already_filed"


def test_the_contacts_hear_at_once_of_a_mail_that_took_the_process_down() -> None:
    deadly = Unreadable(100, "f" * 64, "it took the process down", deadly=True)
    admission = Admission(Entry.HOLD, "it took the process down", Alert.DIGEST_UNLESS_MANY)
    facts = replace(STRANGER, judgement=bomb("it took the process down"), admission=admission)
    poison = Quarantine("it took the process down", Alert.AT_ONCE)
    assert decide(deadly, facts, POLICY) == Ruling("poison", poison)
    assert decide(deadly, filed(facts), POLICY).rule == "already_filed"


MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("waited", "step"),
    [
        pytest.param(None, 5 * MINUTE, id="first look"),
        pytest.param(timedelta(0), 5 * MINUTE, id="at once again"),
        pytest.param(5 * MINUTE, 5 * MINUTE, id="after 5 minutes"),
        pytest.param(5 * MINUTE + SECOND, 5 * MINUTE + SECOND, id="then as long again"),
        pytest.param(10 * MINUTE, 10 * MINUTE, id="after 10 minutes"),
        pytest.param(4 * HOUR - SECOND, 4 * HOUR - SECOND, id="just under 4 hours"),
        pytest.param(4 * HOUR, 4 * HOUR, id="4 hours"),
        pytest.param(4 * HOUR + SECOND, 4 * HOUR, id="never longer than 4 hours"),
        pytest.param(48 * HOUR - SECOND, 4 * HOUR, id="the last look but one"),
    ],
)
def test_a_deferred_mail_waits_as_long_again_from_five_minutes_to_four_hours(
    waited: timedelta | None, step: timedelta
) -> None:
    facts = deferring(waited)
    assert ruled(facts) == Defer("no-verdict: the border wrote none", NOW + step, Alert.AFTER_15_MINUTES)


@pytest.mark.parametrize("waited", [48 * HOUR, 48 * HOUR + SECOND], ids=["48 hours", "longer"])
def test_a_mail_deferred_for_48_hours_is_held(waited: timedelta) -> None:
    held = Hold(
        "no-verdict: the border wrote none; no better after 48 hours", Alert.AFTER_15_MINUTES, confirm=False
    )
    assert ruled(deferring(waited)) == held


def test_a_deferred_mail_that_is_proven_later_opens_its_ticket() -> None:
    assert ruled(replace(GENUINE, first_seen=NOW - 47 * HOUR)) == OpenTicket()


def deferring(waited: timedelta | None) -> Facts:
    return replace(
        GENUINE,
        judgement=Judgement(Verdict.NO_VERDICT, "why", SENDER, 4),
        admission=Admission(Entry.DEFER, "the border wrote none", Alert.AFTER_15_MINUTES),
        first_seen=None if waited is None else NOW - waited,
    )


@pytest.mark.parametrize(
    ("person", "ticket", "joins"),
    [
        pytest.param(a_person(), a_ticket(), True, id="requester"),
        pytest.param(a_person(ZOE), a_ticket(), False, id="stranger"),
        pytest.param(a_person(ZOE), a_ticket(participants=(ZOE,)), True, id="participant"),
        pytest.param(a_person(ZOE), a_ticket(participants=(AGENT,)), False, id="another participant"),
        pytest.param(a_person(AGENT, Role.AGENT), a_ticket(team=NETWORK), True, id="agent of the team"),
        pytest.param(a_person(AGENT, Role.AGENT), a_ticket(team=PRINTERS), False, id="agent of another team"),
        pytest.param(a_person(AGENT, Role.AGENT), a_ticket(), False, id="agent, ticket of no team"),
        pytest.param(a_person(AGENT, Role.AGENT), a_ticket(assignee=AGENT), True, id="assignee"),
        pytest.param(a_person(ZOE), a_ticket(team=NETWORK), False, id="user in the team"),
        pytest.param(a_person(MANAGER, Role.MANAGER), a_ticket(team=NETWORK), True, id="manager of the team"),
        pytest.param(a_person(MANAGER, Role.MANAGER), a_ticket(team=PRINTERS), False, id="another's manager"),
        pytest.param(a_person(ADMIN, Role.ADMIN), a_ticket(team=PRINTERS), True, id="admin"),
    ],
)
@pytest.mark.parametrize("by", ["message-id", "reply address", "number"])
def test_who_takes_part_joins_and_who_does_not_opens_a_ticket_with_a_note(
    person: Person, ticket: Ticket, joins: bool, by: str
) -> None:
    facts = replace(
        GENUINE,
        known=known(person),
        team_ids=frozenset({NETWORK}),
        references=(Reference(ticket, by),),
    )
    apart = OpenTicket("this mail names ticket 7, which its sender may not see")
    assert ruled(facts) == (Append(ticket, by) if joins else apart)


def test_an_unregistered_sender_who_quotes_a_ticket_gets_nowhere_near_it() -> None:
    assert isinstance(ruled(replace(STRANGER, references=by_id(A_TICKET))), Hold)


@pytest.mark.parametrize(
    ("ticket", "decision"),
    [
        pytest.param(
            a_ticket(resolved=timedelta(days=14)),
            lambda ticket: Append(ticket, "message-id", reopens=True),
            id="resolved 14 days ago: reopened",
        ),
        pytest.param(
            a_ticket(resolved=timedelta(days=14, seconds=1)),
            lambda _ticket: OpenTicket("follows ticket 7, resolved over 14 days ago"),
            id="a second longer: a new one that follows it",
        ),
        pytest.param(
            replace(a_ticket(resolved=timedelta(0)), closed_at=NOW),
            lambda _ticket: OpenTicket("follows ticket 7, which is closed"),
            id="closed for good, however lately it was resolved",
        ),
        pytest.param(
            replace(a_ticket(resolved=timedelta(0)), closed_at=NOW, resolved_at=None),
            lambda _ticket: OpenTicket("follows ticket 7, which is closed"),
            id="closed, and resolved nobody knows when",
        ),
        pytest.param(
            a_ticket(deleted=True),
            lambda _ticket: OpenTicket("this mail names ticket 7, which is deleted"),
            id="deleted",
        ),
        pytest.param(
            replace(a_ticket(resolved=timedelta(0)), resolved_at=None),
            lambda ticket: Append(ticket, "message-id", reopens=True),
            id="resolved nobody knows when",
        ),
    ],
)
def test_an_answer_to_a_resolved_ticket_reopens_it_for_a_while(
    ticket: Ticket, decision: Callable[[Ticket], Decision]
) -> None:
    assert ruled(replace(GENUINE, references=by_id(ticket))) == decision(ticket)


def test_a_deleted_ticket_is_joined_by_nobody_not_even_an_admin() -> None:
    facts = replace(
        GENUINE, known=known(a_person(ADMIN, Role.ADMIN)), references=by_id(a_ticket(deleted=True))
    )
    assert ruled(facts) == OpenTicket("this mail names ticket 7, which is deleted")


def test_an_automatic_answer_joins_a_resolved_ticket_without_reopening_it() -> None:
    resolved = a_ticket(resolved=timedelta(days=1))
    facts = replace(GENUINE, references=by_id(resolved))
    assert ruled(facts, a_mail(AUTO_REPLY, "Auto-Submitted is auto-replied")) == Append(
        resolved, "message-id", reopens=False
    )
    assert ruled(facts, a_mail(BULK, "list-id is set")) == Append(resolved, "message-id", reopens=True)


RESOLVED = timedelta(days=1)


@pytest.mark.parametrize(
    ("references", "number", "by"),
    [
        pytest.param(by_id(a_ticket(5), a_ticket(9)), 9, "message-id", id="the newest"),
        pytest.param(by_id(a_ticket(9), a_ticket(5)), 9, "message-id", id="in whatever order"),
        pytest.param(by_id(a_ticket(9, resolved=RESOLVED), a_ticket(5)), 5, "message-id", id="the open one"),
        pytest.param(
            by_id(a_ticket(9, resolved=RESOLVED), a_ticket(5, resolved=RESOLVED)),
            9,
            "message-id",
            id="none is open: the newest",
        ),
        pytest.param(by_id(a_ticket(9, ZOE), a_ticket(5)), 5, "message-id", id="another's does not count"),
        pytest.param(
            by_id(a_ticket(9, resolved=timedelta(days=15)), a_ticket(5, resolved=RESOLVED)),
            5,
            "message-id",
            id="one resolved too long ago does not count",
        ),
        pytest.param(
            (*by_id(a_ticket(5)), Reference(a_ticket(9), "reply address"), Reference(a_ticket(11), "number")),
            5,
            "message-id",
            id="the Message-ID before address and number",
        ),
        pytest.param(
            (Reference(a_ticket(5), "reply address"), Reference(a_ticket(9), "number")),
            5,
            "reply address",
            id="the address before the number",
        ),
        pytest.param(
            (*by_id(a_ticket(5, ZOE)), Reference(a_ticket(9), "number")),
            9,
            "number",
            id="the number where the Message-ID is another's",
        ),
        pytest.param(
            (*by_id(a_ticket(5, resolved=RESOLVED)), Reference(a_ticket(9), "number")),
            5,
            "message-id",
            id="trust before openness",
        ),
    ],
)
def test_several_references_never_make_us_guess(
    references: tuple[Reference, ...], number: int, by: str
) -> None:
    decision = ruled(replace(GENUINE, references=references))
    assert isinstance(decision, Append)
    assert (decision.ticket.number, decision.by) == (number, by)


def test_the_note_names_each_ticket_once_and_only_those_it_did_not_join() -> None:
    others = a_ticket(5, ZOE)
    old = a_ticket(6, resolved=timedelta(days=30))
    references = (*by_id(others, old), Reference(others, "reply address"), Reference(others, "number"))
    assert ruled(replace(GENUINE, references=references)) == OpenTicket(
        "this mail names ticket 5, which its sender may not see; follows ticket 6, resolved over 14 days ago"
    )


def test_the_names_of_the_rules_fit_the_ledger() -> None:
    assert max(len(name) for name in (*(rule.__name__ for rule in RULES), "over_a_cap")) <= 40
