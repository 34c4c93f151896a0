"""A real server without MOVE: what a kill between COPY and flag leaves in the wrong folder is put right at night."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.world import World, from_learner
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, certificates: Certificates, smtp_sink: SmtpSink
) -> Iterator[World]:
    with Dovecot(certificates=certificates, without=request.param) as dovecot:
        world = World(tmp_path, Sqlite(tmp_path).fresh_database(), dovecot, smtp_sink).prepare()
        yield world
        world.end()


def undeleted(world: World, folder: str) -> int:
    with world.dovecot.client("desk") as client:
        client.select_folder(folder, readonly=True)
        return len(client.search("UNDELETED"))


@pytest.mark.parametrize(
    ("desk", "copies"),
    [
        pytest.param((), 3, id="all offered"),
        pytest.param(("MOVE",), 2, id="no MOVE"),
        pytest.param(("MOVE", "UIDPLUS"), 2, id="no UIDPLUS"),
    ],
    indirect=["desk"],
)
def test_each_mail_lies_in_the_folder_of_its_fate_after_the_night(desk: World, copies: int) -> None:
    raws = [from_learner(f"Question {number}", message_id=f"<{number}@ecole.example>") for number in (1, 2)]
    desk.dovecot.append_many("desk", raws)
    desk.once()
    desk.dovecot.append_many("desk", raws[:1], "Held")  # its copy is in Done as well
    with desk.dovecot.client("desk") as client:
        client.select_folder("Done")
        client.copy([2], "Quarantine")  # the only one
        client.delete_messages([2])
        client.expunge()
    assert desk.run("reconcile").returncode == 0
    assert [undeleted(desk, folder) for folder in ("Held", "Quarantine", "INBOX")] == [0, 0, 0]
    assert set(desk.dovecot.mails("desk", "Done")) == set(raws)
    assert undeleted(desk, "Done") == copies, "with MOVE a second copy is moved, not removed"
