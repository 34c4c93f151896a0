"""The keys of ``--json``, which scripts rely on: who takes one away, or adds one, has to want it here too."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from helpdesk.core.jobs import JobName, RunState
from helpdesk.core.people import Role
from helpdesk.store.alerts import NewAlert
from helpdesk.store.budgets import Breaker
from helpdesk.store.tables import teams, tickets
from helpdesk.store.work import Work, in_work
from shell.nouns import every_verb
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.test_taken_attachments import with_files
from tests.shell.deskbench import ShellBench, shell_bench
from tests.store.makers import a_letter

TICKET = (
    "assignee assignee_address due_at mark number opened_at requester requester_address status subject team"
    " updated_at urgency"
)
PERSON = (
    "addresses.address addresses.state addresses.valid_from addresses.valid_until"
    " language name role state teams"
)
# What stands behind a full stop is a key of the object, or of each object in the list, before it. A star: whatever
# keys there are, such as days.
KEYS = {
    "ticket list": TICKET,
    "ticket search": f"{TICKET} snippet",
    "ticket show": (
        "assignee deleted history.after history.at history.before history.kind history.person merged"
        " merged_into number posts.attachments.content_type posts.attachments.name posts.attachments.number"
        " posts.attachments.sha256 posts.attachments.size posts.author posts.created_at posts.internal"
        " posts.number posts.text posts.ticket posts.verdict posts.verdict_reason requester status subject"
        " tags team urgency"
    ),
    "ticket watch": "at author number subject what",
    "attachment list": "content_type name number sha256 size",
    "canned list": "language name text",
    "canned show": "language name text",
    "person list": PERSON,
    "person show": PERSON,
    "address list": "address state valid_from valid_until",
    "team list": "staff team users",
    "quarantine list": (
        "fate id mailbox ordered rejected_at rule seen_at sender size subject verdict verdict_reason"
    ),
    "quarantine show": (
        "attachments.content_type attachments.name attachments.size fate headers id mailbox message_id"
        " orders.address orders.asked_at orders.by orders.done_at orders.kind orders.outcome person problem"
        " reason rejected rule seen_at sender size subject text verdict verdict_reason"
    ),
    "letter list": ("attempts id kind last_error message_id next_at queued_at recipient state ticket_number"),
    "letter show": "date id message-id subject text to",
    "breaker list": "closes_at letters opened_at reason scope words",
    "audit list": "action at detail.* id ip_address person status user_agent user_id",
    "audit verify": (
        "anchor count files findings.at findings.fault findings.row_id findings.seq findings.what more rows"
        " seals unsealed"
    ),
    "suspicious list": "count first_at kind last_at origin who",
    "status": (
        "alarms.* alarms_untold_since bouncing_addresses breakers.closes_at breakers.letters"
        " breakers.opened_at breakers.reason breakers.scope breakers.words canary_lost certificate.days_left"
        " certificate.ends_at certificate.where daemons.alive daemons.lease_ends_at daemons.owner"
        " given_up_jobs.at given_up_jobs.job given_up_jobs.mended given_up_jobs.times given_up_jobs.told"
        " leases.name leases.owner leases.seconds_left letters.dead letters.queued letters.sending"
        " mailboxes.away mailboxes.deferred mailboxes.in_hand mailboxes.inbox mailboxes.name"
        " mailboxes.oldest_unfiled mailboxes.oldest_unsettled newly_dead now oldest_unsent troubles well"
    ),
    "job list": (
        "last.attempts last.by last.ended_at last.job last.scope last.slot last.started_at last.state"
        " last.told name next_at open.attempts open.by open.ended_at open.job open.scope open.slot"
        " open.started_at open.state open.told scope"
    ),
    "job runs": "attempts by ended_at job scope slot started_at state told",
    "statistics": (
        "first_answer.count first_answer.median_s first_answer.nine_in_ten_s per_day.*"
        " per_status.in_progress per_status.resolved per_status.waiting per_team.* resolution.count"
        " resolution.median_s resolution.nine_in_ten_s since total until"
    ),
    "session list": "begun_at expires_at id ip_address kind person used_at user_agent",
}
WORDS = {
    "ticket search": "chargeur",
    "ticket show": "1",
    "ticket watch": "--once",
    "attachment list": "1",
    "canned show": "charger",
    "person show": JEAN,
    "address list": JEAN,
    "letter show": "501",
    "session list": "--all",
}


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[ShellBench]:
    """A desk on which each verb has something to show, in which each list has something."""
    made = shell_bench(sqlite_url, tmp_path)
    for address in (JEAN, ZOE):
        made.bench.person(address)
    forged = with_files(("a.txt", "x"), message_id="<3@x>").replace(b"dmarc=pass", b"dmarc=fail")
    made.bench.file(with_files(("a.txt", "first")), a_mail("Deux", sender=ZOE, message_id="<2@x>"), forged)
    team_of_all(made)
    for line in (
        "ticket take 1",
        "ticket tag 1 wifi",
        "ticket merge 2 into 1 --yes",
        "canned set charger text",
        "job run digest",
        "job run reconcile",
    ):
        ended = made.run(*line.split())
        assert ended.status == 0, ended.error
    in_work(made.bench.desk.database, lambda work: fill(work, made))
    yield made
    made.bench.close()


def team_of_all(desk: ShellBench) -> None:
    """Give the tickets to a team."""
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), {"id": 1, "name": "Network"})
        connection.execute(update(tickets).values(team_id=1))


def fill(work: Work, desk: ShellBench) -> None:
    """Let the desk have had a bad day."""
    now, boss = work.database_now(), desk.actor(Role.ADMIN).person
    hour = timedelta(hours=1)
    work.letters.add([a_letter("dead", id=501, state="dead")])
    work.budgets.open_breaker(Breaker("hour:all", "30 letters in an hour", now, now + 100_000 * hour))
    work.sessions.add(boss.id, "0" * 64, "shell", "192.0.2.7", "a test", now, now + hour)
    work.alerts.add([NewAlert("0" * 64, "LOGIN_LOCKED", None, 1, 1, 0)], now)
    for name in ("daemon:a", "inbox:main"):
        work.leases.take(name, "a", 60)
    for job, state, told in (
        (JobName.RECONCILE, RunState.FAILED, "away"),
        (
            JobName.CERTIFICATES,
            RunState.DONE,
            "1 looked at, 1 end soon, the first 2026-11-27 08:00 UTC: IMAP x:993",
        ),
    ):
        work.runs.end(
            work.runs.add(job.value, "main" * (state is RunState.FAILED), now, "x", now), state, told, now
        )


def line_of(desk: ShellBench, name: str) -> str:
    """Return how a verb is called here."""
    if name == "quarantine show":
        (kept,) = desk.run("quarantine", "list", "--json").json
        assert desk.run("quarantine", "replay", str(kept["id"]), "--yes").status == 0
        return f"{name} {kept['id']}"
    return f"{name} {WORDS.get(name, '')}"


def paths(value: object, whatever: set[str], path: str = "") -> set[str]:
    """Return the keys in a value, each behind those that lead to it; a star for all keys below *whatever*."""
    if path in whatever:
        return {f"{path}.*"}
    if isinstance(value, dict) and value:
        return set().union(*(paths(one, whatever, f"{path}.{key}".strip(".")) for key, one in value.items()))
    if isinstance(value, list) and value:
        return set().union(*(paths(one, whatever, path) for one in value))
    return {path}


def test_each_verb_that_reads_has_its_keys_in_the_table() -> None:
    assert set(KEYS) == {verb.full_name for verb in every_verb() if verb.reads}


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_of_json_are_those_of_the_table(desk: ShellBench, name: str) -> None:
    wanted = set(KEYS[name].split())
    rows = desk.run(*line_of(desk, name).split(), "--json").json
    assert rows
    found = paths(rows, {path.removesuffix(".*") for path in wanted if path.endswith(".*")})
    beside = {
        path for path in found if any(one.startswith(f"{path}.") for one in found)
    }  # empty in some rows
    assert found - beside == wanted
    for row in rows:
        assert set(row) == {path.partition(".")[0] for path in wanted}
