"""What Tab offers for each kind of argument, capitals and accents apart."""

import pytest

from helpdesk.core.people import Role
from helpdesk.store.work import Work, in_work
from shell.app import shell_for
from tests.shell.desks import ShellDesk, a_row_id
from tests.shell.test_app import completed, signed_in
from tests.store.makers import a_post


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
