"""Another client flags mails of the inbox as deleted before they were read: they are filed, and stay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.world import World, from_learner
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite


def mail(number: int) -> bytes:
    return from_learner(f"Question {number}", message_id=f"<{number}@ecole.example>")


@pytest.fixture(params=[(), ("MOVE",), ("MOVE", "UIDPLUS")], ids=["all offered", "no MOVE", "no UIDPLUS"])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, certificates: Certificates, smtp_sink: SmtpSink
) -> Iterator[World]:
    with Dovecot(certificates=certificates, without=request.param) as dovecot:
        world = World(tmp_path, Sqlite(tmp_path).fresh_database(), dovecot, smtp_sink).prepare()
        yield world
        world.end()


def test_a_flagged_mail_is_filed_and_stays_until_somebody_expunges_it(desk: World) -> None:
    first, second, _third = desk.dovecot.append_many("desk", raws := [mail(1), mail(2), mail(3)])
    with desk.dovecot.client("desk") as client:
        client.select_folder("INBOX")
        client.delete_messages([first, second])
    for _run in range(2):
        done = desk.once()
        assert done.returncode == 0, done.stderr
    assert desk.rows("SELECT subject, fate FROM mails ORDER BY uid") == [
        (f"Question {number}", "opened") for number in (1, 2, 3)
    ]
    assert desk.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL") == [(0,)]
    assert desk.dovecot.mails("desk")[:2] == raws[:2]
    assert desk.dovecot.mails("desk", "Done") == raws[2:]
    assert desk.run("reconcile").returncode == 0
    with desk.dovecot.client("desk") as client:
        client.select_folder("INBOX")
        client.remove_flags([first], [b"\\Deleted"])
    desk.once()
    assert sorted(desk.dovecot.mails("desk", "Done")) == sorted([raws[0], raws[2]])
    assert desk.rows("SELECT COUNT(*) FROM tickets") == [(3,)]
