"""A real server takes nothing into a folder, over quota or without the right: the mails wait, and status says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk.store.engine import open_database
from tests.endtoend.world import World, from_learner
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

ACL = """\
mail_plugins = $mail_plugins acl
plugin {
  acl = vfile
}
"""
QUOTA = """\
mail_plugins = $mail_plugins quota
plugin {
  quota = dict:User quota::file:%h/quota
  quota_rule = *:messages=12
  quota_grace = 0
}
"""
MAILS = 8


def mail(number: int, proof: str = "") -> bytes:
    given = {"proof": proof} if proof else {}
    return from_learner(f"Question {number}", message_id=f"<{number}@ecole.example>", **given)


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, certificates: Certificates, smtp_sink: SmtpSink
) -> Iterator[World]:
    settings, without = request.param
    with Dovecot(certificates=certificates, more=settings, without=without) as dovecot:
        world = World(tmp_path, Sqlite(tmp_path).fresh_database(), dovecot, smtp_sink).prepare()
        yield world
        world.end()


def folders(world: World) -> dict[str, int]:
    return {name: count for name, count in world.dovecot.folder_counts("desk").items() if count}


def acl_of(world: World, folder: str) -> Path:
    return world.dovecot.folder / "mail" / "desk" / "Maildir" / f".{folder}" / "dovecot-acl"


@pytest.mark.parametrize(
    "desk",
    [pytest.param((ACL, ()), id="to move"), pytest.param((ACL, ("MOVE",)), id="to copy")],
    indirect=True,
)
def test_without_the_right_to_a_folder_its_mails_wait_and_others_go(desk: World) -> None:
    desk.once()
    acl_of(desk, "Done").write_text("owner lr\n")
    desk.dovecot.append_many("desk", [mail(number) for number in range(MAILS)])
    desk.dovecot.append_many("desk", [mail(99, "dmarc=fail header.from=ecole.example")])
    for _run in range(2):
        done = desk.once()
        assert "NOPERM" in done.stderr or "lets nothing be written there" in done.stderr
        assert done.stderr.count("folder_refuses") == 1
        assert " left " not in done.stderr
    assert desk.rows("SELECT fate, COUNT(*) FROM mails GROUP BY fate ORDER BY fate") == [
        ("held", 1),
        ("opened", MAILS),
    ]
    assert folders(desk) == {"INBOX": MAILS, "Held": 1}
    database = open_database(desk.url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE mails SET seen_at = '2026-01-01 00:00:00.000000'"))
    database.close()
    assert "is filed and not known to have left the inbox" in desk.run("status").stdout
    acl_of(desk, "Done").unlink()
    desk.once()
    assert folders(desk) == {"Done": MAILS, "Held": 1}
    assert desk.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL") == [(0,)]


@pytest.mark.parametrize("desk", [pytest.param((QUOTA, ("MOVE",)), id="over quota")], indirect=True)
def test_over_quota_a_server_without_move_copies_what_fits_and_each_mail_once(desk: World) -> None:
    desk.once()
    desk.dovecot.append_many("desk", [mail(number) for number in range(MAILS)])
    done = desk.once()
    assert "OVERQUOTA" in done.stderr
    assert " left " not in done.stderr
    assert desk.rows("SELECT fate, COUNT(*) FROM mails GROUP BY fate") == [("opened", MAILS)]
    desk.dovecot.restart_with("")
    desk.once()
    assert folders(desk) == {"Done": MAILS}
    assert desk.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL") == [(0,)]
