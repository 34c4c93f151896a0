"""Tell the security contacts what was refused, and ask owners about mail that may be theirs.

One letter per cause and hour, and at most so many an hour in all: a flood of forged mail is no way to flood us.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.actions.alarms import CONTACTS, REFUSED, alarm_row, hour_of, later
from helpdesk.actions.bounces import stopped
from helpdesk.actions.carry_out import Suspicion
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.admission import Alert
from helpdesk.core.alertwords import LETTERS_WAIT, about
from helpdesk.core.letters import Addressee, Notice, alert, confirm_sender, dedupe_key
from helpdesk.core.mail import Mail
from helpdesk.core.people import KnownAddress, Language
from helpdesk.core.rules import Defer, Hold
from helpdesk.core.verdict import Verdict
from helpdesk.store.alerts import NewAlert
from helpdesk.store.budgets import Breaker
from helpdesk.store.rows import Row
from helpdesk.store.work import Work

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
    used = work.budgets.used([(f"{REFUSED}{verdict}", hour) for verdict in counts])
    totals = {verdict: used[f"{REFUSED}{verdict}", hour] for verdict in counts}
    notices: dict[_Key, Notice] = {
        ("alert", cause.verdict, cause.who, hour.isoformat()): _notice(
            cause, suspicion, totals, now, desk.language
        )
        for cause, suspicion in _causes(suspicions, totals, now).items()
    }
    _queue(work, desk, notices, now)


def queue_breaker_alerts(work: Work, desk: Desk, opened: Sequence[Breaker], now: datetime) -> None:
    """Queue an alert when the cap on all letters together tripped; those of single people are their own affair."""
    overall = [breaker for breaker in opened if breaker.scope == OVERALL]
    if overall:
        notices: dict[_Key, Notice] = {
            ("breaker", breaker.scope, breaker.opened_at.isoformat()): Notice(
                LETTERS_WAIT[desk.language],
                breaker.opened_at,
                1,
                f"{breaker.reason} until {breaker.closes_at:%H:%M} UTC",
            )
            for breaker in overall
        }
        _queue(work, desk, notices, now)


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
            _question(desk, known, mail_id, now) | later(wait.get(known.address))
            for known, mail_id in due.items()
        ]
    )
    work.budgets.spend({(_asking(known), start): -1 for known in asked.keys() - due for start in (hour, day)})


def _asking(known: KnownAddress) -> str:
    return f"ask:{known.address}"


def _question(desk: Desk, known: KnownAddress, mail_id: int, now: datetime) -> Row:
    person = known.person
    to = Addressee(known.address, person.language, person.name, person.id)
    dedupe = dedupe_key("confirm_sender", str(mail_id))
    letter = confirm_sender(desk.stationery, to, mail_id, now, dedupe, now)
    return letter_row(letter, now, person_id=person.id, mail_id=mail_id)


def _queue(work: Work, desk: Desk, notices: Mapping[_Key, Notice], now: datetime) -> None:
    """Note notices, and queue letters to all contacts about those that are new and fit into the budget."""
    causes = {notice_key: dedupe_key("notice", *notice_key) for notice_key in notices}
    noted = work.alerts.known(causes.values())
    keys = {
        notice_key: {address: dedupe_key(*notice_key, address) for address in desk.alert_addresses}
        for notice_key in notices
    }
    known = work.letters.known({dedupe for of_notice in keys.values() for dedupe in of_notice.values()})
    fresh = [one for one, of_notice in keys.items() if not known.issuperset(of_notice.values())]
    room = work.budgets.take({CONTACTS: len(fresh)}, desk.alerts_per_hour, now)[CONTACTS] if fresh else 0
    told = set(fresh[:room])
    rows = [
        alarm_row(alert(desk.stationery, Addressee(address, desk.language), notices[one], dedupe, now), now)
        for one in fresh[:room]
        for address, dedupe in keys[one].items()
        if dedupe not in known
    ]
    work.letters.add(rows)
    new = [
        NewAlert(cause, ":".join(one[:2]), None, notices[one].count, len(keys[one]) if one in told else 0, 0)
        for one, cause in causes.items()
        if cause not in noted
    ]
    work.alerts.add(new, now)


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
