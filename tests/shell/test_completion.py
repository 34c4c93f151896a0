"""What Tab offers for each kind of argument, capitals and accents apart."""

from datetime import timedelta

import pytest

from helpdesk.actions.canned import set_canned
from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import Language, Role
from helpdesk.store.budgets import Breaker
from helpdesk.store.tables import memberships
from helpdesk.store.work import Work, in_work
from shell.app import HelpdeskShell, shell_for
from shell.keyboard import Keyboard
from tests.shell.desks import OTHER_TEAM, OUR_TEAM, ShellDesk, a_row_id
from tests.shell.test_app import completed, signed_in
from tests.store.makers import a_letter, a_mail, a_mailbox, a_post, a_ticket


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("person show HEL", ["helene@help.example"]),
        ("person show dupont", ["helene@help.example"]),
        ("ticket list --requester HÉL", ["helene@help.example"]),
        ("ticket assign 17 BO", ["boss@help.example"]),
        ("ticket assign 17 hel", []),  # a learner
        ("ticket new --for hel", ["helene@help.example"]),
        ("ticket team 17 TEAM", ["'team 10'"]),
        ("team rename team", ["'team 10'"]),
        ("ticket tag 17 SAL", ["salle-4"]),
        ("ticket untag 17 s", ["salle-4"]),
        ("quarantine bind 1 hel", ["helene@help.example"]),
        ("quarantine list --sender hel", ["helene@help.example"]),
        ("audit list --person bos", ["boss@help.example"]),
        ("person language fr hel", ["helene@help.example"]),
        ("attachment save 17 ", ["a.txt", "'b c.txt'"]),
        ("attachment save 17 B", ["'b c.txt'"]),
        ("ticket split 17 ", ["1", "2"]),
        ("statistics --since 7", ["7d"]),
    ],
)
def test_tab_offers_what_an_argument_can_be(shell_desk: ShellDesk, line: str, expected: list[str]) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    hélène = shell_desk.person("Helene", Role.USER, team=10)
    ticket = shell_desk.ticket(17, hélène)
    post = a_post(ticket["id"], text="Bonjour")
    files = [
        {
            "id": a_row_id(),
            "post_id": post["id"],
            "name": name,
            "content_type": "text/plain",
            "size": 1,
            "sha256": "0" * 64,
            "position": 0,
            "inline": False,
        }
        for name in ("a.txt", "b c.txt")
    ]

    def fill(work: Work) -> None:
        work.people.change(hélène.person.id, name="Hélène Dupont")
        work.history.tag(ticket["id"], ["salle-4"])
        work.posts.add([post], files)
        work.posts.add([a_post(ticket["id"], text="Encore")], [])

    in_work(shell_desk.database, fill)
    assert [one.strip('"') for one in completed(shell_for(boss), line)] == [
        one.strip("'") for one in expected
    ]


def work_for(desk: ShellDesk, role: Role) -> Keyboard:
    """Return the keyboard of somebody of our team, on a desk where each verb has something to name."""
    worker = signed_in(desk, role)
    teams = (OUR_TEAM, OTHER_TEAM)
    ours, theirs = (desk.person(f"Pupil{team}", Role.USER, team=team) for team in teams)
    with desk.database.engine.begin() as connection:
        connection.execute(
            memberships.insert().values(team_id=OUR_TEAM, person_id=desk.people["Boss"].person.id)
        )
    mailbox = a_mailbox(desk.database)

    def fill(work: Work) -> None:
        now = work.database_now()
        for number, team in ((301, OUR_TEAM), (302, OTHER_TEAM), (303, OUR_TEAM)):
            deleted = None if number == 303 else now
            row = a_ticket(ours.person, number, team_id=team, deleted_at=deleted, subject=f"Gone {number}")
            work.tickets.add([row])
        for letter, state in {501: "dead", 502: "dead", 503: "queued", 504: "sent"}.items():
            row = a_letter(str(letter), id=letter, state=state, recipient=f"{letter}@univ.example")
            work.letters.add([row])
        for mail, fate, whose in ((601, "held", ours), (602, "quarantined", theirs), (603, "opened", ours)):
            row = a_mail(mailbox, mail, id=mail, fate=fate, seen_at=now, subject=f"Mail {mail}")
            work.mails.add([row | {"person_id": whose.person.id, "sender": whose.address}])
        for scope in ("hour:all", "hour:domain:univ.example"):
            work.budgets.open_breaker(Breaker(scope, "30 letters in an hour", now, now + timedelta(days=1)))

    in_work(desk.database, fill)
    boss = desk.keyboard(desk.person("Chief", Role.ADMIN))
    boss.actor = actor_of(boss.door, boss.token)
    for name in ("charger", "closed-today"):
        set_canned(boss.desk, boss.actor, name, Language.EN, "A new one\nwaits.")
    return worker


def told_at(shell: HelpdeskShell, line: str) -> dict[str, str]:
    """Return what Tab offers at the end of *line*, with what stands beside it."""
    begin = line.rfind(" ") + 1
    found = shell.complete(line[begin:], line, begin, len(line)).items
    return {item.text.strip("'\""): item.display_meta for item in found}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("letter show ", {"501", "502"}),
        ("letter again 502", {"502"}),
        ("letter again 501 5", {"501", "502"}),
        ("letter show 503", set()),
        ("breaker reset ", {"hour:all", "hour:domain:univ.example"}),
        ("breaker reset hour:d", {"hour:domain:univ.example"}),
        ("quarantine show ", {"601", "602"}),
        ("quarantine bind 602", {"602"}),
        ("quarantine release 603", set()),
        ("quarantine reject 6", {"601", "602"}),
        ("quarantine replay 601 6", {"601", "602"}),
        ("audit list --action LOGIN_F", {"LOGIN_FAILED_OFTEN", "LOGIN_FROM_NEW_PLACE"}),
        ("audit export x.csv --action audit_p", {"AUDIT_PURGED"}),
        ("canned show ", {"charger", "closed-today"}),
        ("canned delete cl", {"closed-today"}),
        ("canned set --language fr ch", {"charger"}),
        ("ticket reply 303 --canned ch", {"charger"}),
        ("ticket restore ", {"301", "302"}),
        ("ticket restore 302", {"302"}),
        ("ticket restore 303", set()),
    ],
)
def test_tab_offers_what_is_in_the_desk(shell_desk: ShellDesk, line: str, offered: set[str]) -> None:
    assert set(told_at(shell_for(work_for(shell_desk, Role.ADMIN)), line)) == offered


@pytest.mark.parametrize(
    ("line", "beside"),
    [
        ("letter show 501", "ticket_opened 501@univ.example"),
        ("breaker reset hour:a", "30 letters in an hour"),
        ("quarantine show 601", "pupil10@help.example: Mail 601"),
        ("canned show ch", "A new one"),
        ("ticket restore 301", "Gone 301 (Pupil10)"),
    ],
)
def test_what_stands_beside_it_says_which_one_it_is(shell_desk: ShellDesk, line: str, beside: str) -> None:
    assert list(told_at(shell_for(work_for(shell_desk, Role.ADMIN)), line).values()) == [beside]


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.USER, [set(), set(), set(), set(), set()]),
        (Role.AGENT, [set(), set(), set(), {"charger", "closed-today"}, set()]),
        (Role.MANAGER, [set(), set(), {"601"}, {"charger", "closed-today"}, {"301"}]),
    ],
)
def test_tab_offers_nothing_that_the_role_may_not_see(
    shell_desk: ShellDesk, role: Role, offered: list[set[str]]
) -> None:
    shell = shell_for(work_for(shell_desk, role))
    lines = ("letter show ", "breaker reset ", "quarantine show ", "canned show ", "ticket restore ")
    assert [set(told_at(shell, line)) for line in lines] == offered


def test_tab_offers_files_and_what_is_in_folders(shell_desk: ShellDesk) -> None:
    folder = shell_desk.folder / "exports"
    (folder / "Old").mkdir(parents=True)
    for name in ("classe.csv", "classes.csv", ".secret", "x\x1b[2J"):
        (folder / name).touch()
    shell = shell_for(signed_in(shell_desk, Role.ADMIN))
    for line in ("ticket export", "audit export", "person import", "attachment save 17 1 --to"):
        assert completed(shell, f"{line} {folder}/") == [
            f"{folder}/{one}" for one in ("Old/", "classe.csv", "classes.csv")
        ]
        assert completed(shell, f"{line} {folder}/Cla") == [
            f"{folder}/{one}" for one in ("classe.csv", "classes.csv")
        ]
        assert completed(shell, f"{line} {folder}/nowhere/") == []
        assert completed(shell, f"{line} {folder}/o") == [f"{folder}/Old/"]
