"""``status`` and ``job``: how the desk is doing, and what runs by the clock."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.jobs import job_runs, jobs, run_job
from helpdesk.actions.permits import require_right
from helpdesk.actions.status import as_data, health_of
from helpdesk.core.alertwords import kind_in_words
from helpdesk.core.health import Health, days_left, seconds_left, troubles
from helpdesk.core.jobs import JobName, Run, RunState
from helpdesk.core.permissions import Right
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from shell.jobwords import ended_in
from shell.keyboard import Keyboard
from shell.mailwords import mail_word
from shell.numbers import limit_argument
from shell.perform import EXIT_REFUSED
from shell.verbs import Arguments, Verb
from shell.words import ONLY_SO_MANY, Words

NAMES = tuple(name.value for name in JobName)


def _status(keyboard: Keyboard, given: argparse.Namespace) -> int:
    require_right(keyboard.database, keyboard.actor, Right.JOBS)
    health = health_of(keyboard.database, [mailbox.name for mailbox in keyboard.settings.mailboxes])
    wrong = troubles(health, keyboard.words.language, program="")
    if given.json:
        keyboard.screen.json(as_data(health, troubles(health)))
        return EXIT_REFUSED if wrong else 0
    words = keyboard.words
    keyboard.screen.table(
        (words("what", "quoi"), words("name", "nom"), words("state", "état")),
        list(_lines(keyboard, health)),
        grow=1,
        wraps=(1, 2),
    )
    for one in wrong:
        keyboard.screen.say(words("TROUBLE {what}", "SOUCI {what}", what=one), "red")
    if not wrong:
        keyboard.screen.say(words("all is well", "tout va bien"), "green")
    return EXIT_REFUSED if wrong else 0


def _lines(keyboard: Keyboard, health: Health) -> Iterator[tuple[str, str, str]]:
    words = keyboard.words
    for daemon in health.daemons:
        alive = daemon.ends_at > health.now
        state = (
            words("alive", "en vie")
            if alive
            else words("silent since {when}", "muet depuis {when}", when=words.short(daemon.ends_at))
        )
        yield words("daemon", "service"), daemon.owner, state
    for lease in health.work:
        left = seconds_left(lease, health.now)
        held = words("{owner}, {left} s left", "{owner}, encore {left} s", owner=lease.owner, left=left)
        yield words("lease", "bail"), lease.name, held if left else words("free", "libre")
    for mailbox in health.mailboxes:
        told = words(
            "{in_hand} in hand, {deferred} deferred",
            "{in_hand} en main, {deferred} différés",
            in_hand=mailbox.in_hand,
            deferred=mailbox.deferred,
        )
        if mailbox.oldest_unsettled:
            when = words.short(mailbox.oldest_unsettled)
            told += words(", unsettled since {when}", ", non rangé depuis {when}", when=when)
        yield words("mailbox", "boîte"), mailbox.name, told
    yield from _lines_of_letters(words, health)
    for breaker in health.breakers:
        told = words(
            "{count} letters wait until {when}: {why}",
            "{count} lettres attendent jusqu'à {when} : {why}",
            count=breaker.letters,
            when=words.short(breaker.closes_at),
            why=breaker.reason,
        )
        yield words("breaker", "disjoncteur"), breaker.scope, told
    if problem := keyboard.desk.blobs.reading_problem():
        told = words(
            "attachments and kept mail cannot be shown: the user of this shell is kept out of {problem}",
            "pièces jointes et mails retenus illisibles : l'utilisateur de ce shell n'a pas accès à {problem}",
            problem=problem,
        )
        yield words("files", "fichiers"), "", told
    for kind, count in health.alarms.items():
        told = words("{count} in 24 hours", "{count} en 24 heures", count=count)
        yield words("alarms", "alertes"), kind_in_words(kind, words.language), told
    yield from _lines_of_jobs(words, health)


def _lines_of_letters(words: Words, health: Health) -> Iterator[tuple[str, str, str]]:
    counts = ", ".join(
        f"{mail_word(words, state)}{words.colon}{health.letters.get(state, 0)}"
        for state in (QUEUED, SENDING, DEAD)
    )
    yield words("letters", "lettres"), "", counts
    if health.bouncing:
        told = words("{count} let letters come back", "{count} renvoient les lettres", count=health.bouncing)
        yield words("addresses", "adresses"), "", told


def _lines_of_jobs(words: Words, health: Health) -> Iterator[tuple[str, str, str]]:
    for job in health.given_up:
        told = words(
            "given up {when}: {why}", "abandonnée le {when} : {why}", when=words.short(job.at), why=job.told
        )
        if job.times > 1:
            told += words(" ({count} times in a week)", " ({count} fois en une semaine)", count=job.times)
        since = words("; a later run did it", " ; faite depuis") if job.mended else ""
        yield words("job", "tâche"), job.job, told + since
    if (certificate := health.certificate) is not None:
        told = words(
            "ends first, {when}, {days} days left",
            "expire le premier, le {when}, dans {days} jours",
            when=words.short(certificate.ends_at),
            days=days_left(certificate, health.now),
        )
        yield words("certificate", "certificat"), certificate.where, told


def _jobs(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = jobs(keyboard.desk, keyboard.actor, keyboard.settings.jobs, _mailboxes(keyboard))
    if given.json:
        for job in found:
            keyboard.screen.json(
                {
                    "name": job.name,
                    "scope": job.scope,
                    "next_at": job.next_at.isoformat(),
                    "last": _as_data(job.last) if job.last else None,
                    "open": _as_data(job.open) if job.open else None,
                }
            )
        return 0
    words = keyboard.words
    heads = (
        words("job", "tâche"),
        words("mailbox", "boîte"),
        words("next", "prochaine"),
        words("last", "dernière"),
        words("how it ended", "résultat"),
    )
    rows = []
    for job in found:
        run = job.open or job.last
        when = words.short(run.started_at or run.slot) if run else ""
        ended = _ending(words, run) if run else ""
        rows.append((job.name, job.scope, words.short(job.next_at), when, ended))
    keyboard.screen.table(heads, rows, wraps=(0, 4))
    return 0


def _runs(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = job_runs(keyboard.desk, keyboard.actor, given.limit, given.name or "")
    if given.json:
        for run in found:
            keyboard.screen.json(_as_data(run))
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("No run yet.", "Aucune exécution."))
        return 0
    heads = (
        words("for", "pour"),
        words("job", "tâche"),
        words("mailbox", "boîte"),
        words("begun", "commencée"),
        words("attempts", "essais"),
        words("how it ended", "résultat"),
    )
    rows = [
        (
            words.short(run.slot),
            run.job,
            run.scope,
            words.short(run.started_at) if run.started_at else "",
            str(run.attempts),
            _ending(words, run),
        )
        for run in found
    ]
    keyboard.screen.table(heads, rows, wraps=(1, 5))
    if len(found) >= given.limit:
        keyboard.screen.say(words(*ONLY_SO_MANY, limit=given.limit), "dim")
    return 0


def _mailboxes(keyboard: Keyboard) -> list[str]:
    return [mailbox.name for mailbox in keyboard.settings.mailboxes]


def _ending(words: Words, run: Run) -> str:
    states = {
        RunState.ASKED: words("asked for", "demandée"),
        RunState.RUNNING: words("at work", "en cours"),
        RunState.DONE: words("done", "faite"),
        RunState.FAILED: words("failed", "échouée"),
        RunState.OVERTAKEN: words("left to the next one", "laissée à la suivante"),
    }
    return f"{states[run.state]}{words(': ', ' : ') + ended_in(words, run.told) if run.told else ''}"


def _as_data(run: Run) -> dict[str, object]:
    return {
        "job": run.job,
        "scope": run.scope,
        "slot": run.slot.isoformat(),
        "state": run.state.value,
        "attempts": run.attempts,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "told": run.told,
        "by": run.owner,
    }


def _job_argument(arguments: Arguments) -> None:
    arguments.add("name", choices=NAMES, metavar="JOB", help=("which job", "quelle tâche"))


def _runs_arguments(arguments: Arguments) -> None:
    arguments.add("name", nargs="?", choices=NAMES, metavar="JOB", help=("which job", "quelle tâche"))
    limit_argument(arguments)


def _run(keyboard: Keyboard, given: argparse.Namespace) -> int:
    told = run_job(keyboard.desk, keyboard.actor, keyboard.settings.jobs, _mailboxes(keyboard), given.name)
    words = keyboard.words
    if told is None:
        keyboard.screen.say(
            words(
                "{name}: the daemon does it within a minute; job runs {name} tells how it ended.",
                "{name} : le service la fait d'ici une minute ; job runs {name} dit comment elle a fini.",
                name=given.name,
            )
        )
        return 0
    keyboard.screen.say(
        words("{name}: done: {told}.", "{name} : fait : {told}.", name=given.name, told=ended_in(words, told))
        if told
        else words("{name}: there was nothing to do.", "{name} : il n'y avait rien à faire.", name=given.name)
    )
    return 0


STATUS_VERBS = (
    Verb(
        "status",
        "",
        ("how the desk is doing", "comment va le support"),
        "status",
        _status,
        Right.JOBS,
        reads=True,
    ),
)
JOB_VERBS = (
    Verb("job", "list", ("what runs by the clock", "ce qui tourne à l'heure dite"), "job list", _jobs, Right.JOBS,
         reads=True),
    Verb("job", "runs", ("how the last runs ended", "comment ont fini les dernières fois"), "job runs digest", _runs,
         Right.JOBS, _runs_arguments, reads=True),
    Verb("job", "run", ("run one now", "en lancer une maintenant"), "job run digest", _run, Right.JOBS,
         _job_argument, grave=True),
)  # fmt: skip
