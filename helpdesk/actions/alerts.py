"""Tell the security contacts what was refused, and ask owners about mail that may be theirs.

One letter per cause and hour, and at most so many an hour in all: a flood of forged mail is no way to flood us.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.actions.carry_out import Suspicion
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.admission import Alert
from helpdesk.core.letters import Addressee, Letter, Notice, alert, confirm_sender, dedupe_key
from helpdesk.core.mail import Mail
from helpdesk.core.rules import Defer, Hold
from helpdesk.store.work import Work

MANY_AN_HOUR = 5
QUESTIONS_A_DAY = 5
_WAITED = {Alert.AFTER_15_MINUTES: timedelta(minutes=15), Alert.AFTER_4_HOURS: timedelta(hours=4)}


@dataclass(frozen=True, slots=True)
class _Cause:
    """What one alert is about; ``who`` is the address that was claimed, where each gets an alert of its own."""

    verdict: str
    who: str


def queue_alerts(work: Work, desk: Desk, suspicions: Sequence[Suspicion], now: datetime) -> None:
    """Queue the alerts that *suspicions* ask for, as far as this hour's budget goes."""
    if not suspicions:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    counts = Counter(suspicion.facts.judgement.verdict.value for suspicion in suspicions)
    work.budgets.spend({(f"refused:{verdict}", hour): count for verdict, count in counts.items()})
    used = work.budgets.used([("alerts", hour), *((f"refused:{verdict}", hour) for verdict in counts)])
    totals = {verdict: used[f"refused:{verdict}", hour] for verdict in counts}
    written = {
        cause: _alert_letters(desk, cause, suspicion, totals[cause.verdict], now, hour)
        for cause, suspicion in _causes(suspicions, totals, now).items()
    }
    known = work.letters.known({letter.dedupe for letters in written.values() for letter in letters})
    fresh = [letters for letters in written.values() if any(letter.dedupe not in known for letter in letters)]
    fresh = fresh[: max(0, desk.alerts_per_hour - used.get(("alerts", hour), 0))]
    if fresh:
        work.letters.add(
            [letter_row(one, now) for letters in fresh for one in letters if one.dedupe not in known]
        )
        work.budgets.spend({("alerts", hour): len(fresh)})


def queue_questions(work: Work, desk: Desk, suspicions: Sequence[Suspicion], now: datetime) -> None:
    """Ask registered owners whether weakly proven mail is theirs: once an hour, five times a day for each."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    asked = {
        suspicion.facts.known.address: suspicion
        for suspicion in reversed(suspicions)
        if isinstance(suspicion.decision, Hold) and suspicion.decision.confirm and suspicion.facts.known
    }
    used = work.budgets.used([(f"ask:{address}", start) for address in asked for start in (hour, day)])
    for address, suspicion in asked.items():
        known, scope = suspicion.facts.known, f"ask:{address}"
        today = used.get((scope, day), 0)
        if known is None or used.get((scope, hour), 0) or today >= QUESTIONS_A_DAY:
            continue
        person = known.person
        to = Addressee(address, person.language, person.name, person.id)
        dedupe = dedupe_key("confirm_sender", str(suspicion.mail_id))
        letter = confirm_sender(desk.stationery, to, suspicion.mail_id, now, dedupe, now)
        work.letters.add([letter_row(letter, now, person_id=person.id)])
        work.budgets.spend({(scope, start): 1 for start in {hour, day}})


def _causes(
    suspicions: Iterable[Suspicion], totals: dict[str, int], now: datetime
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


def _alert_letters(
    desk: Desk, cause: _Cause, suspicion: Suspicion, count: int, now: datetime, hour: datetime
) -> list[Letter]:
    seen = suspicion.arrival.seen
    notice = Notice(
        what=f"{suspicion.decision.__class__.__name__.lower()}: {cause.verdict}",
        happened_at=now,
        count=count,
        reason=suspicion.decision.reason,
        sample=seen.subject if isinstance(seen, Mail) else "",
    )
    return [
        alert(
            desk.stationery,
            Addressee(address, desk.language),
            notice,
            dedupe_key("alert", cause.verdict, cause.who, hour.isoformat(), address),
            now,
        )
        for address in desk.alert_addresses
    ]
