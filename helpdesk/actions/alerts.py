"""Tell the security contacts what was refused, and ask owners about mail that may be theirs.

One letter per cause and hour, and at most so many an hour in all: a flood of forged mail is no way to flood us.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from helpdesk.actions.alarms import REFUSED, TOLD, alarm_row, hour_of, later
from helpdesk.actions.bounces import stopped
from helpdesk.actions.carry_out import Suspicion
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.places import pass_gate, reader, take_places
from helpdesk.actions.reachable import contacts_of
from helpdesk.core.admission import Alert
from helpdesk.core.alertwords import LETTERS_WAIT, about, letters_wait, why
from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import Addressee, Notice, Worded, alert, confirm_sender, dedupe_key
from helpdesk.core.people import AddressState, KnownAddress, Language
from helpdesk.core.rules import Defer, Hold
from helpdesk.core.standing import standing
from helpdesk.core.verdicts import Verdict
from helpdesk.store.alerts import NewAlert
from helpdesk.store.budgets import Breaker
from helpdesk.store.rows import Row
from helpdesk.store.work import Work

MANY_AN_HOUR = 5
QUESTIONS_A_DAY = 5
NUMBERS = "alerts:number"  # the scope that numbers the letters of a day
COUNTED_HOURS = 24  # mails of which no letter told are counted for so long
HOUR = timedelta(hours=1)
OVERALL = "hour:all"  # the scope of the cap on all letters, as core.lettercaps names it
_WAITED = {Alert.AFTER_15_MINUTES: timedelta(minutes=15), Alert.AFTER_4_HOURS: timedelta(hours=4)}
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cause:
    """What one alert is about; ``who`` is the address that was claimed, where each gets an alert of its own."""

    verdict: str
    who: str

    @property
    def counter(self) -> str:
        """The scope in which mails are counted until a letter tells of them."""
        return f"untold:{dedupe_key(self.verdict, self.who)}"


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the contacts are told of. ``cause``: of mails, which are counted; ``count``: how many there are now.

    ``owner``: the reader who is told of it in a letter of their own, though a contact.
    """

    worded: Worded
    count: int = 1
    cause: _Cause | None = None
    owner: str = ""


def queue_alerts(work: Work, desk: Desk, suspicions: Sequence[Suspicion], now: datetime) -> None:
    """Queue the alerts that *suspicions* ask for, as far as this hour's budget goes."""
    if not suspicions:
        return
    pass_gate(work)
    hour = hour_of(now)
    causes = Counter(map(_cause, suspicions))
    verdicts = Counter(suspicion.facts.judgement.verdict.value for suspicion in suspicions)
    work.budgets.spend(
        {(f"{REFUSED}{verdict}", hour): count for verdict, count in verdicts.items()}
        | {(cause.counter, hour): count for cause, count in causes.items()}
    )
    used = work.budgets.used([(f"{REFUSED}{verdict}", hour) for verdict in verdicts])
    totals = {verdict: used[f"{REFUSED}{verdict}", hour] for verdict in verdicts}
    subjects: dict[_Key, _Subject] = {
        ("alert", cause.verdict, cause.who, hour.isoformat()): _Subject(
            partial(_notice, suspicion, now), causes[cause], cause, _told_apart(suspicion)
        )
        for cause, suspicion in _due_causes(suspicions, totals, now).items()
    }
    _queue(work, desk, subjects, now)


def queue_breaker_alerts(work: Work, desk: Desk, opened: Sequence[Breaker], now: datetime) -> None:
    """Queue an alert when the cap on all letters together tripped; those of single people are their own affair."""
    overall = [breaker for breaker in opened if breaker.scope == OVERALL]
    if overall:
        pass_gate(work)
        subjects: dict[_Key, _Subject] = {
            ("breaker", breaker.scope, breaker.opened_at.isoformat()): _Subject(
                partial(_notice_of_breaker, breaker, desk.stationery.zone)
            )
            for breaker in overall
        }
        _queue(work, desk, subjects, now)


def _notice_of_breaker(breaker: Breaker, zone: tzinfo, language: Language) -> Notice:
    reason = letters_wait(shown_time(breaker.closes_at, zone, language))[language]
    return Notice(LETTERS_WAIT[language], breaker.opened_at, 1, reason, breaker.reason)


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


def _queue(work: Work, desk: Desk, subjects: Mapping[_Key, _Subject], now: datetime) -> None:
    """Note subjects, and queue letters to contacts about those that are new, as far as each has a place for one."""
    if not subjects:
        return
    causes = {key: dedupe_key("notice", *key) for key in subjects}
    noted = work.alerts.known(causes.values())
    contacts = contacts_of(work, desk)
    keys = {
        one: {to: dedupe_key(*one, to.address) for to in contacts if reader(to) != subject.owner}
        for one, subject in subjects.items()
    }
    known = work.letters.known({dedupe for of_subject in keys.values() for dedupe in of_subject.values()})
    wanted = [
        ((one, to), (reader(to), subjects[one].cause is not None))
        for one, of_subject in keys.items()
        for to, dedupe in of_subject.items()
        if dedupe not in known
    ]
    told_apart = [subjects[one].cause for one, of_subject in keys.items() if not of_subject]
    _taken_up(work, {cause: True for cause in told_apart if cause}, now)
    due: dict[_Key, list[Addressee]] = {}
    for one, to in take_places(work, wanted, desk.alerts_per_hour, now):
        due.setdefault(one, []).append(to)
    in_full = {one for one, letters in due.items() if len(letters) == len(keys[one])}
    told = _told(work, desk, {one: subjects[one] for one in due}, in_full, now)
    rows = [
        alarm_row(alert(desk.stationery, to, worded(to.language), keys[one][to], now), now)
        for one, worded in told.items()
        for to in due[one]
    ]
    work.letters.add(rows)
    counts = {one: subject.count for one, subject in subjects.items()}
    new = [
        NewAlert(cause, ":".join(one[:2]), None, counts[one], len(due.get(one, ())), 0)
        for one, cause in causes.items()
        if cause not in noted
    ]
    work.alerts.add(new, now)
    work.alerts.repeat({cause: counts[one] for one, cause in causes.items() if cause in noted})


def _told(
    work: Work, desk: Desk, subjects: Mapping[_Key, _Subject], in_full: Collection[_Key], now: datetime
) -> dict[_Key, Worded]:
    """Return notices with their number of the day, and how often since the letter before; begin to count anew.

    *in_full*: those of which all contacts hear, so that no digest need tell of them.
    """
    if not subjects:
        return {}
    causes = {subject.cause: one in in_full for one, subject in subjects.items() if subject.cause}
    used = _taken_up(work, causes, now)
    today = (NUMBERS, _midnight(desk, now))
    last = work.budgets.spent_before({today: len(subjects)})[today]
    told: dict[_Key, Worded] = {}
    for number, (one, subject) in enumerate(subjects.items(), last + 1):
        mine = {hour: count for (cause, hour), count in used.items() if cause == subject.cause}
        count = sum(mine.values()) or subject.count
        told[one] = partial(_with_counts, subject.worded, count, min(mine, default=None), number)
    return told


def _with_counts(
    worded: Worded, count: int, since: datetime | None, number: int, language: Language
) -> Notice:
    return replace(worded(language), count=count, since=since, number=number)


def _taken_up(work: Work, causes: Mapping[_Cause, bool], now: datetime) -> dict[tuple[_Cause, datetime], int]:
    """Return how many mails of which hour no letter told of yet; count them as told of, where all contacts were."""
    by_scope = {cause.counter: cause for cause in causes}
    hours = [hour_of(now) - number * HOUR for number in range(COUNTED_HOURS)]
    used = work.budgets.used([(scope, hour) for scope in by_scope for hour in hours])
    found = {(by_scope[scope], hour): count for (scope, hour), count in used.items() if count}
    spent = Counter({(cause.counter, hour): -count for (cause, hour), count in found.items()})
    for (cause, hour), count in found.items():
        if causes[cause]:
            spent[f"{TOLD}{cause.verdict}", hour] += count
    work.budgets.spend(spent)
    return found


def _midnight(desk: Desk, now: datetime) -> datetime:
    local = now.astimezone(desk.stationery.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _cause(suspicion: Suspicion) -> _Cause:
    who = suspicion.arrival.sender if suspicion.decision.alert is Alert.AT_ONCE else ""
    return _Cause(suspicion.facts.judgement.verdict.value, who)


def _due_causes(
    suspicions: Iterable[Suspicion], totals: Mapping[str, int], now: datetime
) -> dict[_Cause, Suspicion]:
    causes: dict[_Cause, Suspicion] = {}
    for suspicion in suspicions:
        cause = _cause(suspicion)
        if _due(suspicion, suspicion.decision.alert, totals[cause.verdict], now):
            causes.setdefault(cause, suspicion)
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


def _notice(suspicion: Suspicion, now: datetime, language: Language) -> Notice:
    """Return what is told of such mails: nothing that stands in them but the registered address they claim."""
    verdict, known = suspicion.facts.judgement.verdict, suspicion.facts.known
    return Notice(
        what=about(verdict, language),
        happened_at=now,
        count=1,
        reason=why(verdict, language),
        detail=suspicion.decision.reason,
        about=known.address if known and suspicion.decision.alert is Alert.AT_ONCE else "",
    )


def _told_apart(suspicion: Suspicion) -> str:
    """Return the reader who owns a forged address and gets a letter of their own; empty where nobody does."""
    known, verdict = suspicion.facts.known, suspicion.facts.judgement.verdict
    forged = verdict is Verdict.SPOOF and isinstance(suspicion.decision, Hold)
    if known is None or not forged or standing(known, suspicion.facts.now) is not AddressState.VERIFIED:
        return ""
    return reader(known)
