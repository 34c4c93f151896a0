"""The quarantine at the keyboard: filters, a safe look, decisions with a question before, refusals per role."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from helpdesk.core.people import Language, Role
from helpdesk.store.tables import audit_logs, mail_orders, mails, memberships, teams
from shell.nouns import NOUNS
from shell.preview import previewed
from tests.actions.intakes import JEAN, a_mail
from tests.shell.deskbench import HOSTILE, ShellBench, assert_calm, shell_bench

FORGED = ("dmarc=fail header.from=univ.example",)
EVE = "eve@elsewhere.example"


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[ShellBench]:
    made = shell_bench(sqlite_url, tmp_path)
    made.bench.person()
    yield made
    made.bench.close()


def hold(desk: ShellBench, *raws: bytes) -> list[str]:
    """File mails that are held; return their ids."""
    return [str(one.mail_id) for one in desk.bench.file(*raws)]


def orders(desk: ShellBench) -> list[tuple[str, str]]:
    return [(row["kind"], row["address"]) for row in desk.bench.rows(mail_orders)]


def test_open_cases_are_listed_and_filtered(desk: ShellBench) -> None:
    forged, stranger = hold(desk, a_mail(says=FORGED), a_mail(sender=EVE, message_id="<2@x>"))
    assert [one["id"] for one in desk.run("quarantine", "list", "--json").json] == [
        stranger,
        forged,
    ]
    found = desk.run("quarantine", "list", "--verdict", "spoof").out
    assert JEAN in found
    assert EVE not in found
    assert [one["sender"] for one in desk.run("quarantine", "list", "--sender", EVE, "--json").json] == [EVE]
    assert "Nothing is open." in desk.run("quarantine", "list", "--fate", "quarantined").out
    assert desk.run("quarantine", "list", "--limit", "1").out.splitlines()[-1] == f"More: --before {stranger}"
    assert forged in desk.run("quarantine", "list", "--before", stranger).out


def test_a_look_shows_text_headers_and_names_of_attachments_only(desk: ShellBench) -> None:
    body = "--b\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--b\r\nContent-Type: application/pdf\r\n" \
        'Content-Disposition: attachment; filename="../../etc/cron.d/x"\r\n\r\n%PDF secret\r\n--b--'  # fmt: skip
    (held,) = hold(
        desk, a_mail("Facture", body, says=FORGED, extra=['Content-Type: multipart/mixed; boundary="b"'])
    )
    ended = desk.run("quarantine", "show", held)
    assert ended.status == 0
    assert "subject: Facture" in ended.out
    assert "    Bonjour" in ended.out
    assert "verdict: spoof: dmarc=fail for univ.example" in ended.out
    assert "not opened" in ended.out
    assert "%PDF" not in ended.out
    (told,) = desk.run("quarantine", "show", held, "--json").json
    assert told["text"].strip() == "Bonjour"
    assert "/" not in told["attachments"][0]["name"]
    assert desk.bench.column(audit_logs, "action").count("KEPT_MAIL_SEEN") == 2


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("language", Language)
def test_nothing_in_a_mail_can_steer_the_terminal(desk: ShellBench, language: Language, plain: bool) -> None:
    desk.language, desk.plain = language, plain
    calm = HOSTILE.replace("\r\n", " ")
    raw = a_mail(calm, f"{HOSTILE}\r\n{'y' * 100_000}", sender=f'"{calm}" <{JEAN}>', says=FORGED,
                 extra=[f"X-Odd: {calm}"])  # fmt: skip
    (held,) = hold(desk, raw)
    words = {"subject": HOSTILE[:500], "reason": HOSTILE, "verdict_reason": HOSTILE}
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(mails).values(**words))
    for line in (
        ("quarantine", "list"),
        ("quarantine", "list", "--json"),
        ("quarantine", "show", held, "--headers", "--full"),
        ("quarantine", "show", held, "--json"),
        ("quarantine", "release", "--all"),
    ):
        ended = desk.run(*line)
        assert_calm(ended.out + ended.error)
        assert "x1b" in ended.out or "u001b" in ended.out


def test_what_cannot_be_parsed_is_said_and_its_headers_are_shown(desk: ShellBench) -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(60))
    look = previewed(f"Subject: bomb\r\n{deep}".encode())
    assert ("subject", "bomb") in look.headers
    assert look.problem
    assert look.text == ""


def test_a_look_at_a_mail_that_breaks_its_reader_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shell.preview._BOOT", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "ended with status -9" in previewed(b"Subject: x\r\n\r\n").problem
    monkeypatch.setattr("shell.preview._BOOT", "print('[1]')")
    assert "no answer that can be read" in previewed(b"Subject: x\r\n\r\n").problem
    monkeypatch.setattr("shell.preview._BOOT", "import time; time.sleep(60)")
    monkeypatch.setattr("shell.preview.WALL_SECONDS", 0.2)
    assert "took longer" in previewed(b"Subject: x\r\n\r\n").problem


def test_the_reader_of_a_look_has_hard_limits_and_none_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HELPDESK_SECRET_KEY", "secret")
    monkeypatch.setattr(
        "shell.preview._BOOT",
        "import json, os, resource, sys; sys.path.insert(0, sys.argv[1]); from shell import previewer;"
        "previewer._confine();"
        "names = ('AS', 'CPU', 'CORE', 'FSIZE', 'NPROC');"
        "hard = [resource.getrlimit(getattr(resource, 'RLIMIT_' + one))[1] for one in names];"
        "text = json.dumps([hard, sorted(os.environ)]);"
        "print(json.dumps({'headers': [], 'attachments': [], 'text': text, 'problem': ''}))",
    )
    told = previewed(b"").text
    assert told.startswith(f"[[{1024**3}, 10, 0, {4 * 1024**2}, 0]")
    assert "HELPDESK" not in told


def test_a_release_asks_first_and_is_then_left_to_the_daemon(desk: ShellBench) -> None:
    (held,) = hold(desk, a_mail(says=FORGED))
    refused = desk.run("quarantine", "release", held, answers="n\n")
    assert (refused.status, orders(desk)) == (1, [])
    assert "Nothing was done." in refused.out
    ended = desk.run("quarantine", "release", held, answers="y\n")
    assert (ended.status, orders(desk)) == (0, [("release", JEAN)])
    assert "at its next round" in ended.out
    assert "waits for the daemon" in desk.run("quarantine", "show", held).out


def test_a_strangers_mail_is_bound(desk: ShellBench) -> None:
    (held,) = hold(desk, a_mail(sender=EVE))
    refused = desk.run("quarantine", "release", held, "--yes")
    assert refused.status == 1
    assert f"quarantine bind {held} EMAIL" in refused.error
    assert desk.run("quarantine", "bind", held, JEAN, "--yes").status == 0
    assert orders(desk) == [("bind", JEAN)]


def test_a_filter_and_all_decide_many_at_once(desk: ShellBench) -> None:
    hold(
        desk,
        *(a_mail(message_id=f"<{n}@x>", says=FORGED) for n in range(7)),
        a_mail(sender=EVE, message_id="<e@x>"),
    )
    ended = desk.run("quarantine", "reject", "--all", "--verdict", "spoof", answers="y\n")
    assert ended.status == 0
    assert "7 mail(s) rejected" in ended.out
    assert [one["sender"] for one in desk.run("quarantine", "list", "--json").json] == [EVE]
    assert len(desk.run("quarantine", "list", "--rejected", "--json").json) == 7


@pytest.mark.parametrize("line", [[], ["1", "--all"]], ids=["neither", "both"])
def test_mails_are_named_or_filtered_never_guessed(desk: ShellBench, line: list[str]) -> None:
    ended = desk.run("quarantine", "reject", *line, "--yes")
    assert (ended.status, "--all" in ended.error) == (1, True)


def test_what_is_refused_is_told_for_each_mail_and_the_others_are_done(desk: ShellBench) -> None:
    (held,) = hold(desk, a_mail(says=FORGED))
    ended = desk.run("quarantine", "reject", held, "5", "--yes")
    assert (ended.status, ended.error) == (1, "helpdesk-admin: there is no kept mail 5\n")
    assert "1 mail(s) rejected" in ended.out


def test_a_dry_run_is_the_daemons_affair(desk: ShellBench) -> None:
    (held,) = hold(desk, a_mail(says=FORGED))
    assert (
        f"helpdeskd.py replay {held} --dry-run" in desk.run("quarantine", "replay", held, "--dry-run").error
    )
    assert desk.run("quarantine", "replay", held).status == 0
    assert orders(desk) == [("replay", "")]


VERBS = [verb for noun in NOUNS if noun.name == "quarantine" for verb in noun.verbs]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_users_and_agents_are_refused_and_it_is_on_record(desk: ShellBench, role: Role, verb: object) -> None:
    (held,) = hold(desk, a_mail(says=FORGED))
    name = getattr(verb, "name", "")
    line = {"list": [], "bind": [held, JEAN, "--yes"], "show": [held]}.get(name, [held, "--yes"])
    ended = desk.run("quarantine", name, *line, by=role)
    assert (ended.status, "does not allow this: quarantine" in ended.error) == (1, True)
    assert JEAN not in ended.out
    assert desk.bench.column(audit_logs, "action")[-1] == "UNAUTHORIZED_ACCESS"
    assert orders(desk) == []


def test_a_manager_works_on_the_mail_of_the_teams_people_only(desk: ShellBench) -> None:
    zoe = desk.bench.person("zoe@univ.example")
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(insert(teams), {"id": 1, "name": "network"})
        connection.execute(insert(memberships), {"team_id": 1, "person_id": zoe.person.id})
    desk.actor(Role.MANAGER, 1)
    other, mine = hold(
        desk, a_mail(says=FORGED), a_mail(sender="zoe@univ.example", message_id="<2@x>", says=FORGED)
    )
    assert [one["id"] for one in desk.run("quarantine", "list", "--json", by=Role.MANAGER).json] == [mine]
    assert desk.run("quarantine", "show", other, by=Role.MANAGER).error == (
        f"helpdesk-admin: there is no kept mail {other}\n"
    )
    assert desk.run("quarantine", "reject", "--all", "--yes", by=Role.MANAGER).status == 0
    assert [one["id"] for one in desk.run("quarantine", "list", "--json").json] == [other]


def test_what_came_of_an_order_is_shown_in_the_language_of_who_looks(desk: ShellBench) -> None:
    desk.language = Language.FR
    (held,) = hold(desk, a_mail(says=FORGED))
    assert desk.run("quarantine", "release", held, "--yes").status == 0
    told = "stays as it is (held, by the rule sender_not_admitted)"
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(mail_orders).values(outcome=told, done_at=desk.bench.now))
    assert "reste tel quel (retenu, par la règle" in " ".join(
        desk.run("quarantine", "show", held).out.split()
    )
