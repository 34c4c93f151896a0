"""Tell the security contacts what was refused, and ask owners about mail that may be theirs.

One letter per cause and hour, and at most so many an hour in all: a flood of forged mail is no way to flood us.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.actions.bounces import stopped
from helpdesk.actions.carry_out import Suspicion
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.admission import Alert
from helpdesk.core.alertwords import LETTERS_WAIT, about
from helpdesk.core.breakerscopes import CAME_BACK, why_waiting
from helpdesk.core.letters import Addressee, Notice, alert, confirm_sender, dedupe_key
from helpdesk.core.mail import Mail
from helpdesk.core.people import KnownAddress, Language
from helpdesk.core.rules import Defer, Hold
from helpdesk.core.verdict import Verdict
from helpdesk.store.budgets import Breaker
from helpdesk.store.rows import Row
from helpdesk.store.work import Work

REFUSED = "refused:"  # the scopes that count refused mail, by verdict
MANY_AN_HOUR = 5
QUESTIONS_A_DAY = 5
OVERALL = "hour:all"  # the scope of the cap on all letters, as core.lettercaps names it
_WAITED = {Alert.AFTER_15_MINUTES: timedelta(minutes=15), Alert.AFTER_4_HOURS: timedelta(hours=4)}
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cause:
    """What one alert is about; ``who`` is the address that was claimed, where each gets an alert of its own."""

    verdict: str
    who: str


def queue_alerts(work: Work, desk: Desk, suspicions: Sequence[Suspicion], now: datetime) -> None:
    """Queue the alerts that *suspicions* ask for, as far as this hour's budget goes."""
    if not suspicions:
        return
    hour = hour_of(now)
    counts = Counter(suspicion.facts.judgement.verdict.value for suspicion in suspicions)
    work.budgets.spend({(f"{REFUSED}{verdict}", hour): count for verdict, count in counts.items()})
    used = work.budgets.used([("alerts", hour), *((f"{REFUSED}{verdict}", hour) for verdict in counts)])
    totals = {verdict: used[f"{REFUSED}{verdict}", hour] for verdict in counts}
    notices: dict[_Key, Notice] = {
        ("alert", cause.verdict, cause.who, hour.isoformat()): _notice(
            cause, suspicion, totals, now, desk.language
        )
        for cause, suspicion in _causes(suspicions, totals, now).items()
    }
    _queue(work, desk, notices, used.get(("alerts", hour), 0), now)


def queue_breaker_alerts(work: Work, desk: Desk, opened: Sequence[Breaker], now: datetime) -> None:
    """Queue an alert when the cap on all letters together tripped; those of single people are their own affair."""
    overall = [breaker for breaker in opened if breaker.scope == OVERALL]
    if overall:
        hour = hour_of(now)
        used = work.budgets.used([("alerts", hour)])
        notices: dict[_Key, Notice] = {
            ("breaker", breaker.scope, breaker.opened_at.isoformat()): Notice(
                LETTERS_WAIT[desk.language],
                breaker.opened_at,
                1,
                f"{breaker.reason} until {breaker.closes_at:%H:%M} UTC",
            )
            for breaker in overall
        }
        _queue(work, desk, notices, used.get(("alerts", hour), 0), now)


def queue_questions(work: Work, desk: Desk, suspicions: Sequence[Suspicion], now: datetime) -> None:
    """Ask registered owners whether weakly proven mail is theirs: once an hour, five times a day for each."""
    hour = hour_of(now)
    day = hour.replace(hour=0)
    asked = {
        suspicion.facts.known: suspicion.mail_id
        for suspicion in reversed(suspicions)  # the first of several counts
        if isinstance(suspicion.decision, Hold) and suspicion.decision.confirm and suspicion.facts.known
    }
    before = work.budgets.spent_before(
        {(_asking(known), start): 1 for known in asked for start in (hour, day)}
    )
    due = {
        known: mail_id
        for known, mail_id in asked.items()
        if not before[_asking(known), hour] and before[_asking(known), day] < QUESTIONS_A_DAY
    }
    wait = stopped(work, [known.address for known in due if known.bounces], now)
    work.letters.add(
        [
            _question(desk, known, mail_id, now) | _later(wait.get(known.address))
            for known, mail_id in due.items()
        ]
    )
    work.budgets.spend({(_asking(known), start): -1 for known in asked.keys() - due for start in (hour, day)})


def hour_of(now: datetime) -> datetime:
    """Return the beginning of the hour of *now*."""
    return now.replace(minute=0, second=0, microsecond=0)


def _asking(known: KnownAddress) -> str:
    return f"ask:{known.address}"


def _question(desk: Desk, known: KnownAddress, mail_id: int, now: datetime) -> Row:
    person = known.person
    to = Addressee(known.address, person.language, person.name, person.id)
    dedupe = dedupe_key("confirm_sender", str(mail_id))
    letter = confirm_sender(desk.stationery, to, mail_id, now, dedupe, now)
    return letter_row(letter, now, person_id=person.id, mail_id=mail_id)


def _later(breaker: Breaker | None) -> Row:
    """Return what makes a letter wait whose address lets too many come back."""
    return {"next_at": breaker.closes_at, "last_error": why_waiting([CAME_BACK])} if breaker else {}


def _queue(work: Work, desk: Desk, notices: Mapping[_Key, Notice], used: int, now: datetime) -> None:
    """Queue notices to all contacts, those of them that are new and fit into this hour's budget."""
    keys = {
        notice_key: {address: dedupe_key(*notice_key, address) for address in desk.alert_addresses}
        for notice_key in notices
    }
    known = work.letters.known({dedupe for of_notice in keys.values() for dedupe in of_notice.values()})
    fresh = [one for one, of_notice in keys.items() if not known.issuperset(of_notice.values())]
    fresh = _within_the_hour(work, desk, fresh[: max(0, desk.alerts_per_hour - used)], now)
    rows = [
        letter_row(alert(desk.stationery, Addressee(address, desk.language), notices[one], dedupe, now), now)
        for one in fresh
        for address, dedupe in keys[one].items()
        if dedupe not in known
    ]
    work.letters.add(rows)


def _within_the_hour(work: Work, desk: Desk, fresh: list[_Key], now: datetime) -> list[_Key]:
    """Return those of *fresh* that the hour has room for, and take it; rivals wait for us with theirs."""
    if not fresh:
        return []
    window = ("alerts", hour_of(now))
    room = max(0, desk.alerts_per_hour - work.budgets.spent_before({window: len(fresh)})[window])
    if len(fresh) > room:
        work.budgets.spend({window: room - len(fresh)})
    return fresh[:room]


def _causes(
    suspicions: Iterable[Suspicion], totals: Mapping[str, int], now: datetime
) -> dict[_Cause, Suspicion]:
    causes: dict[_Cause, Suspicion] = {}
    for suspicion in suspicions:
        verdict = suspicion.facts.judgement.verdict.value
        wanted = suspicion.decision.alert
        who = suspicion.arrival.sender if wanted is Alert.AT_ONCE else ""
        if _due(suspicion, wanted, totals[verdict], now):
            causes.setdefault(_Cause(verdict, who), suspicion)
    return causes


def _due(suspicion: Suspicion, wanted: Alert, total: int, now: datetime) -> bool:
    match wanted:
        case Alert.AT_ONCE | Alert.ONCE_AN_HOUR:
            return True
        case Alert.DIGEST_UNLESS_MANY:
            return total > MANY_AN_HOUR
        case Alert.AFTER_15_MINUTES | Alert.AFTER_4_HOURS:
            waited = now - (suspicion.facts.first_seen or now)
            return not isinstance(suspicion.decision, Defer) or waited >= _WAITED[wanted]
        case Alert.NONE | Alert.DIGEST:
            return False


def _notice(
    cause: _Cause, suspicion: Suspicion, totals: Mapping[str, int], now: datetime, language: Language
) -> Notice:
    seen = suspicion.arrival.seen
    return Notice(
        what=about(Verdict(cause.verdict), language),
        happened_at=now,
        count=totals[cause.verdict],
        reason=suspicion.decision.reason,
        sample=seen.subject if isinstance(seen, Mail) else "",
    )
