"""``status`` and ``job``: how the desk is doing, and what runs by the clock."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from helpdesk.actions.jobs import DIGEST, RECONCILE, jobs, run_job
from helpdesk.actions.permits import require_right
from helpdesk.actions.status import as_data, health_of
from helpdesk.core.health import Health, seconds_left, troubles
from helpdesk.core.permissions import Right
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from shell.keyboard import Keyboard
from shell.perform import EXIT_REFUSED
from shell.verbs import Arguments, Verb


def _status(keyboard: Keyboard, given: argparse.Namespace) -> int:
    require_right(keyboard.database, keyboard.actor, Right.JOBS)
    health = health_of(keyboard.database, [mailbox.name for mailbox in keyboard.settings.mailboxes])
    wrong = troubles(health, keyboard.words.language)
    if given.json:
        keyboard.screen.json(as_data(health, troubles(health)))
        return EXIT_REFUSED if wrong else 0
    words = keyboard.words
    keyboard.screen.table(
        (words("what", "quoi"), words("name", "nom"), words("state", "état")), list(_lines(keyboard, health))
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
    counts = ", ".join(f"{health.letters.get(state, 0)} {state}" for state in (QUEUED, SENDING, DEAD))
    yield words("letters", "lettres"), "", counts
    if health.bouncing:
        told = words("{count} let letters come back", "{count} renvoient les lettres", count=health.bouncing)
        yield words("addresses", "adresses"), "", told
    for breaker in health.breakers:
        told = words(
            "{count} letters wait until {when}: {why}",
            "{count} lettres attendent jusqu'à {when} : {why}",
            count=breaker.letters,
            when=words.short(breaker.closes_at),
            why=breaker.reason,
        )
        yield words("breaker", "disjoncteur"), breaker.scope, told


def _jobs(keyboard: Keyboard, given: argparse.Namespace) -> int:
    names = [mailbox.name for mailbox in keyboard.settings.mailboxes]
    found = jobs(keyboard.desk, keyboard.actor, names)
    if given.json:
        for job in found:
            keyboard.screen.json(asdict(job))
        return 0
    words = keyboard.words
    every = {"hour": words("every hour", "chaque heure"), "day": words("every day", "chaque jour")}
    done = {True: words("done", "fait"), False: words("due", "dû"), None: ""}
    keyboard.screen.table(
        (words("job", "tâche"), words("mailbox", "boîte"), words("when", "quand"), words("now", "à présent")),
        [(job.name, job.mailbox, every[job.every], done[job.done]) for job in found],
    )
    return 0


def _job_argument(arguments: Arguments) -> None:
    arguments.add("name", choices=(DIGEST, RECONCILE), metavar="JOB", help=("which job", "quelle tâche"))


def _run(keyboard: Keyboard, given: argparse.Namespace) -> int:
    queued = run_job(keyboard.desk, keyboard.actor, given.name)
    words = keyboard.words
    keyboard.screen.say(
        words("{name}: letters are queued.", "{name} : des lettres partent.", name=given.name)
        if queued
        else words(
            "{name}: there was nothing to tell.", "{name} : il n'y avait rien à dire.", name=given.name
        )
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
    Verb("job", "run", ("run one now", "en lancer une maintenant"), "job run digest", _run, Right.JOBS,
         _job_argument),
)  # fmt: skip
