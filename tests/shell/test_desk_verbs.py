"""The desk's verbs at the keyboard: each says what is so, in any language and calmly, and only to whom it may."""

import csv
import io
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import MAY, Actor, Reach
from helpdesk.store.alerts import NewAlert
from helpdesk.store.budgets import Breaker
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs, budgets, letters, people, tags, teams, tickets
from helpdesk.store.work import Work, in_work
from shell.nouns import every_verb
from shell.verbs import Verb
from tests.actions.intakes import NOW, a_mail
from tests.shell.deskbench import HOSTILE, ShellBench, assert_calm, shell_bench
from tests.store.makers import a_letter

FORGED = ("dmarc=fail header.from=univ.example",)
NOUNS_HERE = ("letter", "breaker", "audit", "suspicious", "status", "job", "statistics")
HERE = [verb for verb in every_verb() if verb.noun in NOUNS_HERE or verb.full_name == "ticket export"]


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[ShellBench]:
    made = shell_bench(sqlite_url, tmp_path)
    made.bench.person()
    yield made
    made.bench.close()


def audited(desk: ShellBench, **given: object) -> int:
    """Insert an audit row; return its id."""
    row: Row = {
        "id": new_id(),
        "user_id": None,
        "action": "LOGIN",
        "status": "FAIL",
        "ip_address": "10.0.0.1",
        "user_agent": "ssh pts/1",
        "created_at": NOW - timedelta(hours=1),
        "detail": {},
    }
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(audit_logs), row | given)
    return int(row["id"])


def letter(desk: ShellBench, name: str = "one", **given: object) -> str:
    """Insert a letter; return its id."""
    row = a_letter(name, **given)
    in_work(desk.bench.desk.database, lambda work: work.letters.add([row]))
    return str(row["id"])


def arguments_of(desk: ShellBench, verb: Verb) -> list[str]:
    """Return what each verb needs to be run."""
    file = str(desk.folder / "new.csv")
    needed = {
        "letter show": [letter(desk, "show")],
        "letter again": [letter(desk, "again", state="dead")],
        "breaker reset": ["hour:all"],
        "audit export": [file],
        "ticket export": [file],
        "job run": ["digest"],
    }
    return [*verb.full_name.split(), *needed.get(verb.full_name, [])]


def trip(desk: ShellBench) -> None:
    breaker = Breaker("hour:all", HOSTILE, NOW, NOW + timedelta(days=3650))
    in_work(desk.bench.desk.database, lambda work: work.budgets.open_breaker(breaker))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", HERE, ids=lambda verb: verb.full_name)
def test_each_verb_is_for_whom_the_table_says(desk: ShellBench, verb: Verb, role: Role) -> None:
    assert verb.right is not None
    trip(desk)
    ended = desk.run(*arguments_of(desk, verb), by=role)
    allowed = MAY[verb.right][role] is not Reach.NONE
    assert ("does not allow this" in ended.error) is not allowed
    denied = [row["action"] for row in desk.bench.rows(audit_logs) if row["status"] == "DENIED"]
    assert denied == ([] if allowed else ["UNAUTHORIZED_ACCESS"])
    if not allowed:
        assert (ended.status, ended.out) == (1, "")
        assert not (desk.folder / "new.csv").exists()


def test_what_leaves_the_desk_in_a_file_or_purges_it_asks_for_the_password_again() -> None:
    assert {verb.full_name for verb in HERE if verb.grave} == {"audit export", "ticket export", "job run"}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("language", Language)
def test_nothing_stored_can_steer_the_terminal(desk: ShellBench, language: Language, plain: bool) -> None:
    desk.language, desk.plain = language, plain
    desk.actor(Role.ADMIN)
    hostile = HOSTILE[:60]
    trip(desk)
    audited(desk, user_agent=hostile, detail={hostile: hostile, "x": [hostile]})
    text = f"To: x@y.example\r\nSubject: s\r\n\r\n{HOSTILE}\r\n".encode()
    shown = letter(desk, last_error=hostile, state="dead", content=text)
    desk.bench.file(a_mail(), a_mail("x", message_id="<2@x>", says=FORGED))
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), {"id": 1, "name": hostile})
        connection.execute(update(tickets).values(team_id=1, subject=HOSTILE))
        connection.execute(update(people).values(name=hostile))
    for line in (
        ("audit", "list"),
        ("audit", "list", "--text", HOSTILE),
        ("suspicious", "list"),
        ("letter", "list"),
        ("letter", "show", shown),
        ("breaker", "list"),
        ("breaker", "reset", hostile),
        ("status",),
        ("job", "list"),
        ("job", "runs"),
        ("statistics",),
    ):
        for json_too in ([], ["--json"]) if line[1:2] != ("reset",) else ([],):
            ended = desk.run(*line, *json_too)
            assert_calm(ended.out + ended.error)


def test_the_trail_is_listed_with_every_filter(desk: ShellBench) -> None:
    admin = desk.actor(Role.ADMIN)
    first = audited(desk, user_id=admin.user_id, detail={"ticket": 42})
    audited(desk, created_at=NOW - timedelta(days=3), status="SUCCESS")

    def ids(*line: str) -> list[int]:
        return [int(one["id"]) for one in desk.run("audit", "list", "--json", *line).json]

    assert ids("--person", "admin@univ.example") == [first]
    assert ids("--since", "2h", "--action", "login", "--until", "0m") == [first]
    assert ids("--text", "42", "--status", "FAIL") == [first]
    assert ids("--action", "LOGOUT") == []
    assert "nobody is registered" in desk.run("audit", "list", "--person", "no@univ.example").error
    assert f"--before {first}" in desk.run("audit", "list", "--limit", "1", "--status", "FAIL").out


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("typed", [["--since", "2199-01-01"], ["--text", "nosuch"], ["--before", "1"]])
def test_an_empty_trail_says_so(desk: ShellBench, language: Language, typed: list[str]) -> None:
    audited(desk)
    desk.language = language
    ended = desk.run("audit", "list", *typed)
    assert (ended.status, ended.out) == (
        0,
        "Aucune entrée.\n" if language is Language.FR else "No such entry.\n",
    )
    assert desk.run("audit", "list", *typed, "--json").out == ""


def test_following_the_trail_shows_each_new_row_once(
    desk: ShellBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited(desk, detail={"row": "old"})
    rounds = iter(range(3))

    def pause(_seconds: float) -> None:
        number = next(rounds)
        if number == 2:
            raise KeyboardInterrupt
        # Its transaction began before the last row that was seen.
        audited(desk, detail={"row": f"new{number}"}, created_at=NOW - timedelta(hours=1, seconds=number))

    monkeypatch.setattr("shell.commands.audit.pause", pause)
    ended = desk.run("audit", "list", "--follow", "--json", "--action", "LOGIN")
    assert ended.status == 0
    assert [one["detail"]["row"] for one in ended.json] == ["old", "new0", "new1"]


def test_following_the_trail_begins_behind_what_the_limit_left_out(
    desk: ShellBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        audited(desk, detail={"row": number})
    rounds = iter(range(2))

    def pause(_seconds: float) -> None:
        if next(rounds):
            raise KeyboardInterrupt

    monkeypatch.setattr("shell.commands.audit.pause", pause)
    ended = desk.run("audit", "list", "--follow", "--json", "--action", "LOGIN", "--limit", "2")
    assert [one["detail"]["row"] for one in ended.json] == [2, 3]


def test_the_exported_trail_is_whole_private_and_never_written_over(desk: ShellBench) -> None:
    for _ in range(3):
        audited(desk, user_agent="=HYPERLINK(1)")
    file = desk.folder / "audit.csv"
    assert desk.run("audit", "export", str(file), "--action", "LOGIN").status == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["user_agent"] for row in rows] == ["'=HYPERLINK(1)"] * 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = desk.run("audit", "export", str(file))
    assert (again.status, "is ever written over" in again.error) == (1, True)
    link = desk.folder / "link.jsonl"
    link.symlink_to(desk.folder / "elsewhere")
    assert desk.run("audit", "export", str(link)).status == 1
    lines = desk.folder / "audit.jsonl"
    desk.run("audit", "export", str(lines), "--action", "LOGIN")
    assert [json.loads(line)["action"] for line in lines.read_text().splitlines()] == ["LOGIN"] * 3
    assert "--format" in desk.run("audit", "export", str(desk.folder / "x.txt")).error
    assert desk.bench.column(audit_logs, "action").count("AUDIT_EXPORTED") == 2


def test_what_could_not_be_finished_leaves_no_file(desk: ShellBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shell.commands.statistics.write_rows", full)
    ended = desk.run("ticket", "export", str(desk.folder / "t.csv"))
    assert (ended.status, "No space left" in ended.error) == (1, True)
    assert not (desk.folder / "t.csv").exists()


def test_exported_tickets_are_safe_for_a_spreadsheet(desk: ShellBench) -> None:
    desk.bench.file(a_mail("=cmd|'/c calc'!A1"), a_mail("+33 1 23", message_id="<2@x>"))
    first, _second = desk.bench.column(tickets, "id")
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(tags), {"ticket_id": first, "tag": "vip"})
    desk.bench.later(timedelta(hours=1))
    file = desk.folder / "t.csv"
    ended = desk.run("ticket", "export", str(file))
    assert "2 ticket(s)" in ended.out
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["subject"] for row in rows] == ["'=cmd|'/c calc'!A1", "'+33 1 23"]
    assert [row["tags"] for row in rows] == ["vip", ""]
    lines = desk.folder / "t.jsonl"
    assert desk.run("ticket", "export", str(lines), "--status", "resolved").status == 0
    assert lines.read_text() == ""
    exported = [row for row in desk.bench.rows(audit_logs) if row["action"] == "TICKETS_EXPORTED"]
    assert exported[0]["detail"]["file"] == "t.csv"


def test_refusals_and_forged_senders_are_grouped(desk: ShellBench) -> None:
    admin = desk.actor(Role.ADMIN)
    for _ in range(2):
        audited(desk, user_id=admin.user_id)
    desk.bench.file(*(a_mail(message_id=f"<{n}@x>", says=FORGED) for n in range(3)))
    found = desk.run("suspicious", "list", "--json").json
    assert [(one["kind"], one["who"], one["count"]) for one in found] == [
        ("LOGIN", "admin", 2),
        ("mail:spoof", "jean@univ.example", 3),
    ]
    assert "refused logins" in desk.run("suspicious", "list").out
    desk.bench.later(timedelta(hours=1))
    assert "Nothing was refused." in desk.run("suspicious", "list", "--since", "0m").out


def test_letters_are_listed_shown_and_sent_again(desk: ShellBench) -> None:
    dead = letter(
        desk, state="dead", last_error="550 no such person", content=b"Subject: Hi\r\n\r\nBonjour\r\n"
    )
    assert "550 no such person" in desk.run("letter", "list").out
    assert "No letter is sending." in desk.run("letter", "list", "--state", "sending").out
    shown = desk.run("letter", "show", dead)
    assert ("Subject: Hi" in shown.out, "    Bonjour" in shown.out) == (True, True)
    assert desk.run("letter", "again", dead).status == 0
    assert "only a dead letter is sent again" in desk.run("letter", "again", dead).error
    assert "there is no letter 5" in desk.run("letter", "show", "5").error
    letter(desk, "two", state="dead")
    assert desk.run("letter", "again", "--all-dead", answers="n\n").status == 1
    assert "1 letter(s)" in desk.run("letter", "again", "--all-dead", answers="y\n").out
    by_whom = {(row["action"], row["user_id"]) for row in desk.bench.rows(audit_logs)}
    admin = desk.actor(Role.ADMIN)
    assert {("LETTER_SEEN", admin.user_id), ("LETTER_SENT_AGAIN", admin.user_id)} <= by_whom


def test_a_letter_that_lets_somebody_in_is_not_shown(desk: ShellBench) -> None:
    code = letter(desk, kind="login_code", content=b"Subject: Code\r\n\r\n123456\r\n")
    for line in ([], ["--json"]):
        ended = desk.run("letter", "show", code, *line)
        assert (ended.status, "123456" in ended.out) == (0, False)
    assert "for its recipient alone" in desk.run("letter", "show", code).out


def test_a_breaker_is_reset_in_the_name_of_who_does_it(desk: ShellBench) -> None:
    trip(desk)
    assert "hour:all" in desk.run("breaker", "list").out
    assert desk.run("breaker", "reset", "hour:all").status == 0
    assert "No breaker is open." in desk.run("breaker", "list").out
    assert "open are: none" in desk.run("breaker", "reset", "hour:all").error
    row = next(row for row in desk.bench.rows(audit_logs) if row["action"] == "BREAKER_RESET")
    assert row["user_id"] == desk.actor(Role.ADMIN).user_id


@pytest.mark.parametrize("columns", [60, 80])
def test_what_matters_in_a_list_is_whole_on_a_narrow_screen(desk: ShellBench, columns: int) -> None:
    scope, why = (
        "bounce:address:jeanne.dupont@students.univ.example",
        "30 letters in an hour, the limit is 20",
    )
    breaker = Breaker(scope, why, NOW, NOW + timedelta(days=3650))
    in_work(desk.bench.desk.database, lambda work: work.budgets.open_breaker(breaker))
    to, note = "jeanne.dupont-martin@students.univ.example", "550 5.1.1 no such user here; try another one"
    letter(desk, recipient=to, state="dead", last_error=note)
    audited(desk, action="LOGIN", user_agent="ssh pts/1", ip_address="2001:db8:1234:5678:9abc:def0:1234:5678")
    desk.columns = columns
    for line, wanted in (
        ("breaker list", (scope, why)),
        ("letter list", (to, note)),
        ("status", ("dead: 1", why)),
        ("suspicious list", ("2001:db8:1234:5678:9abc:def0:1234:5678",)),
    ):
        told = desk.run(*line.split()).out
        assert "…" not in told
        for one in wanted:
            assert in_pieces(one, told), (one, told)


def test_letters_are_listed_page_after_page(desk: ShellBench) -> None:
    for name in "abc":
        letter(desk, name, recipient=f"{name}@univ.example", state="dead")
    first = desk.run("letter", "list", "--limit", "2").out
    assert re.findall(r"[abc]@", first) == ["c@", "b@"]
    (before,) = re.findall(r"More: --before ([0-9]+)", first)
    second = desk.run("letter", "list", "--limit", "2", "--before", before).out
    assert re.findall("[abc]@|More", second) == ["a@"]


@pytest.mark.parametrize("line", ["suspicious list", "job runs"])
def test_what_stands_on_one_page_only_says_that_there_is_more(desk: ShellBench, line: str) -> None:
    for person in ("a", "b"):
        audited(desk, action="LOGIN", ip_address=f"192.0.2.{ord(person)}")
    for job in ("digest", "expire"):
        in_work(desk.bench.desk.database, lambda work, job=job: work.runs.add(job, "", NOW, "x", NOW))  # type: ignore[misc]
    assert "The first 1; --limit shows more." in desk.run(*line.split(), "--limit", "1").out
    assert "--limit" not in desk.run(*line.split(), "--limit", "3").out


def in_pieces(wanted: str, told: str) -> bool:
    """Say whether *wanted* stands in *told*, perhaps on several lines of one column."""
    return all(any(piece in line for line in told.splitlines()) for piece in re.split(r"[ ,]+", wanted)) or (
        re.sub(r"\s", "", wanted) in re.sub(r"\s", "", told)
    )


def test_status_tells_the_troubles_in_the_language_of_the_person(desk: ShellBench) -> None:
    ended = desk.run("status")
    assert (ended.status, "TROUBLE no daemon is running" in ended.out) == (1, True)
    (told,) = desk.run("status", "--json").json
    assert (told["well"], told["troubles"]) == (False, ["no daemon is running"])
    desk.language = Language.FR
    desk.actors[Role.ADMIN] = Actor(replace(desk.actor(Role.ADMIN).person, language=Language.FR))
    assert "SOUCI aucun service ne tourne" in desk.run("status").out


def test_status_names_the_command_of_the_shell_itself(desk: ShellBench) -> None:
    with Work(desk.bench.desk.database, read_only=True) as work:
        now = work.database_now()
    letter(desk, state="dead", next_at=now, queued_at=now)
    told = desk.run("status").out
    assert "given up within a day: letter list" in told


def test_status_counts_the_alarms_of_a_day_by_kind(desk: ShellBench) -> None:
    with Work(desk.bench.desk.database) as work:
        now = work.database_now()
        for number, (kind, count, hours) in enumerate(
            [
                ("LOGIN_LOCKED", 2, 1),
                ("LOGIN_LOCKED", 3, 23),
                ("alert:spoof", 7, 2),
                ("breaker:hour:all", 1, 2),
                ("SENDER_FLOOD", 9, 25),
            ]
        ):
            alarm = NewAlert(f"{number:064x}", kind, None, count, 1, 0)
            work.alerts.add([alarm], now - timedelta(hours=hours))
        work.commit()
    (told,) = desk.run("status", "--json").json
    assert told["alarms"] == {"LOGIN_LOCKED": 5, "alert:spoof": 7, "breaker:hour:all": 1}
    out = desk.run("status").out
    for words in ("a login was locked +5 in 24", "forged sender +7 in 24", "letters wait +1 in 24"):
        assert re.search(words, out)


def test_jobs_are_listed_with_their_next_time_and_how_the_last_run_ended(desk: ShellBench) -> None:
    found = {(one["name"], one["scope"]): one for one in desk.run("job", "list", "--json").json}
    digest = found["digest", ""]
    assert (digest["next_at"], digest["last"]) == ("2026-11-20T10:00:00+00:00", None)
    assert found["reconcile", "main"]["next_at"] == "2026-11-21T02:30:00+00:00"
    desk.run("job", "run", "digest")
    last = next(one for one in desk.run("job", "list", "--json").json if one["name"] == "digest")["last"]
    assert (last["state"], last["by"], last["slot"]) == ("done", "shell", NOW.isoformat())
    assert "done" in desk.run("job", "list").out


def test_a_job_of_the_database_runs_at_once_and_is_on_record(desk: ShellBench) -> None:
    assert "nothing to do" in desk.run("job", "run", "digest").out
    hour = NOW.replace(minute=0) - timedelta(hours=1)
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(budgets), {"scope": "refused:spoof", "window_start": hour, "used": 3})
    desk.bench.later(timedelta(seconds=1))
    assert "letters are queued" in desk.run("job", "run", "digest").out
    assert desk.bench.column(letters, "kind") == ["alert"]
    assert desk.bench.column(audit_logs, "action").count("JOB_RUN") == 2
    told = [(one["state"], one["told"]) for one in desk.run("job", "runs", "digest", "--json").json]
    assert told == [("done", "letters are queued"), ("done", "")]


def test_a_job_of_the_mailboxes_is_asked_of_the_daemon_once(desk: ShellBench) -> None:
    for _ in range(2):
        assert "the daemon does it within a minute" in desk.run("job", "run", "reconcile").out
    (run,) = desk.run("job", "runs", "--json").json
    assert (run["job"], run["scope"], run["state"], run["attempts"]) == ("reconcile", "main", "asked", 0)
    assert "asked for" in desk.run("job", "runs").out
    desk.language = Language.FR
    desk.actors[Role.ADMIN] = Actor(replace(desk.actor(Role.ADMIN).person, language=Language.FR))
    assert "demandée" in desk.run("job", "runs").out


def test_no_more_runs_are_shown_than_asked_for(desk: ShellBench) -> None:
    for _ in range(3):
        desk.run("job", "run", "digest")
        desk.bench.later(timedelta(seconds=1))
    assert len(desk.run("job", "runs", "--limit", "2", "--json").json) == 2


def test_statistics_count_draw_and_are_plain_for_screen_readers(desk: ShellBench) -> None:
    desk.bench.file(*(a_mail(message_id=f"<{n}@x>") for n in range(4)))
    answered = NOW + timedelta(minutes=90)
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(tickets).where(tickets.c.number < 3).values(first_answered_at=answered))
    desk.bench.later(timedelta(hours=2))
    drawn = desk.run("statistics")
    assert "█" in drawn.out
    assert "1 h 30 min" in drawn.out
    (told,) = desk.run("statistics", "--since", "2d", "--json").json
    assert (told["total"], told["per_status"]["waiting"], told["per_team"]) == (4, 4, {"": 4})
    assert told["per_day"] == {"2026-11-18": 0, "2026-11-19": 0, "2026-11-20": 4}
    assert told["first_answer"] == {"count": 2, "median_s": 5400.0, "nine_in_ten_s": 5400.0}
    assert told["resolution"] == {"count": 0, "median_s": None, "nine_in_ten_s": None}
    desk.plain = True
    plain = desk.run("statistics").out
    assert "2026-11-20: 4" in plain
    assert not set("▁▂▃▄▅▆▇█▏") & set(plain)
    assert "must begin before" in desk.run("statistics", "--until", "90d").error


def test_agents_and_managers_count_only_what_they_have_a_right_to(desk: ShellBench) -> None:
    desk.actor(Role.AGENT, 1)
    desk.actor(Role.MANAGER, 1)
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), {"id": 1, "name": "network"})
    desk.bench.file(*(a_mail(message_id=f"<{n}@x>") for n in range(3)))
    agent = desk.actor(Role.AGENT).user_id
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(tickets).where(tickets.c.number == 1).values(team_id=1))
        connection.execute(update(tickets).where(tickets.c.number == 2).values(assignee_id=agent))
    desk.bench.later(timedelta(hours=1))
    for role, count in ((Role.AGENT, 2), (Role.MANAGER, 1), (Role.ADMIN, 3)):
        (told,) = desk.run("statistics", "--json", by=role).json
        assert told["total"] == count
