"""Several mailboxes are told apart, and none takes the mail of another."""

from pathlib import Path

import pytest

from helpdesk.config import load
from helpdesk.errors import BadSettings
from tests.config.made import KEY, MINIMAL, credential, write

TWO = MINIMAL.replace("[imap]", '[[imap]]\nname = "one"').replace(
    "[smtp]",
    '[[imap]]\nname = "two"\nhost = "imap.example.org"\nuser = "desk2"\n[imap.trust]\nmax_age_days = 3\n[smtp]',
)


def test_several_mailboxes_each_have_their_name_password_and_trust(tmp_path: Path) -> None:
    for name in ("one", "two"):
        credential(tmp_path, f"imap_password.{name}", f"pw-{name}")
    settings = load(write(tmp_path, TWO), {"HELPDESK_SECRET_KEY": KEY})
    assert [(m.name, m.user, m.password.reveal(), m.trust.max_age_days) for m in settings.mailboxes] == [
        ("one", "desk", "pw-one", 14),
        ("two", "desk2", "pw-two", 3),
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "two"', 'name = "one"', "[imap] name: there is already a mailbox one"),
        ('name = "two"\n', "", "[imap] name: missing"),
    ],
)
def test_several_mailboxes_must_be_told_apart(tmp_path: Path, old: str, new: str, problem: str) -> None:
    for name in ("one", "two", ""):
        credential(tmp_path, f"imap_password.{name}", "pw")
    file = write(tmp_path, TWO.replace(old, new))
    with pytest.raises(BadSettings) as caught:
        load(file, {"HELPDESK_SECRET_KEY": KEY})
    assert caught.value.problems == (f"{file}: {problem}",)


OWN_FOLDERS = 'done_folder = "Done2"\nheld_folder = "Held2"\nquarantine_folder = "Quarantine2"\n'


@pytest.mark.parametrize(
    ("more", "shared"),
    [
        pytest.param('folder = "Requests"\n' + OWN_FOLDERS, [], id="folders of its own"),
        pytest.param(
            OWN_FOLDERS,
            [("folder", "INBOX", "folder")],
            id="one inbox",
        ),
        pytest.param(
            'folder = "done"\n' + OWN_FOLDERS,
            [("folder", "done", "done_folder")],
            id="what is done with there comes in here",
        ),
        pytest.param(
            'folder = "Requests"\n' + OWN_FOLDERS.replace("Held2", "inbox"),
            [("held_folder", "inbox", "folder")],
            id="what is held here comes in there",
        ),
        pytest.param(
            'folder = "Requests"\n',
            [
                (key, key[:-7].capitalize(), key)
                for key in ("done_folder", "held_folder", "quarantine_folder")
            ],
            id="what has left both",
        ),
    ],
)
@pytest.mark.parametrize(("host", "user"), [("imap.example.org", "desk"), ("IMAP.example.org", "Desk")])
def test_mailboxes_of_one_user_share_no_folder(
    tmp_path: Path, more: str, shared: list[tuple[str, str, str]], host: str, user: str
) -> None:
    for name in ("one", "two", ""):
        credential(tmp_path, f"imap_password.{name}", "pw")
    second = f'host = "{host}"\nuser = "{user}"\n{more}'
    file = write(tmp_path, TWO.replace('host = "imap.example.org"\nuser = "desk2"\n', second))
    found: tuple[str, ...] = ()
    try:
        load(file, {"HELPDESK_SECRET_KEY": KEY})
    except BadSettings as bad:
        found = bad.problems
    assert found == tuple(
        f'{file}: [imap] {key}: "{folder}" of this user is the {other} of the mailbox one already; '
        "each mailbox needs folders of its own"
        for key, folder, other in shared
    )


def test_a_variable_that_could_mean_several_mailboxes_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        credential(tmp_path, f"imap_password.{name}", "pw")
    file = write(tmp_path, TWO)
    with pytest.raises(BadSettings) as caught:
        load(file, {"HELPDESK_SECRET_KEY": KEY, "HELPDESK_IMAP_HOST": "x.example.org"})
    assert caught.value.problems == (
        "environment: HELPDESK_IMAP_HOST: there are several mailboxes, and it could mean any of them; "
        "set it in the file",
    )
