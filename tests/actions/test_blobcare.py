"""Files that no row names are removed; what a ticket or a kept mail refers to never is."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.actions.blobcare import collect_blobs
from helpdesk.core.jobs import JobPlan
from helpdesk.errors import LeaseLost
from helpdesk.store.blobs import ORPHAN_SECONDS
from helpdesk.store.tables import attachments, mails
from tests.actions.intakes import IntakeBench, a_mail, bench
from tests.actions.turns import a_turn

FORGED = ("dmarc=fail header.from=univ.example",)
WITH_FILE = ["Content-Type: multipart/mixed; boundary=b"]
PARTS = "\r\n".join(
    (
        *("--b", "Content-Type: text/plain", "", "x"),
        *("--b", "Content-Type: image/png", "Content-Disposition: attachment; filename=a.png", "", "bytes"),
        "--b--",
    )
)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    made.person()
    yield made
    made.close()


def blob_files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in (folder / "blobs").rglob("*") if path.is_file()}


def age_all(folder: Path) -> None:
    then = time.time() - ORPHAN_SECONDS - 60
    for path in blob_files(folder).values():
        os.utime(path, (then, then))


def orphans(desk: IntakeBench, count: int) -> set[str]:
    """Put blobs as a crash before the commit leaves them."""
    contents = [f"orphan {number}".encode() for number in range(count)]
    named = [(hashlib.sha256(content).hexdigest(), content) for content in contents]
    desk.desk.blobs.put(named)
    return {name for name, _content in named}


def test_only_what_nothing_refers_to_is_removed(desk: IntakeBench, tmp_path: Path) -> None:
    desk.file(a_mail("With a file", PARTS, extra=WITH_FILE), a_mail(says=FORGED, message_id="<2@x>"))
    gone = orphans(desk, 5)
    named = {*desk.column(attachments, "sha256"), *desk.column(mails, "raw_sha256")} - {None}
    assert len(named) == 2
    age_all(tmp_path)
    assert collect_blobs(desk.desk, JobPlan(), a_turn()) == "5 blobs removed"
    assert set(blob_files(tmp_path)) == named
    assert not gone & named


def test_what_is_younger_than_a_day_may_be_waiting_for_its_row(desk: IntakeBench, tmp_path: Path) -> None:
    young = orphans(desk, 3)
    assert collect_blobs(desk.desk, JobPlan(), a_turn()) == ""
    assert set(blob_files(tmp_path)) == young


def test_a_desk_that_never_had_a_blob_has_nothing_to_collect(desk: IntakeBench) -> None:
    assert collect_blobs(desk.desk, JobPlan(), a_turn()) == ""


def test_a_stop_leaves_the_rest_for_another_time(desk: IntakeBench, tmp_path: Path) -> None:
    orphans(desk, 40)
    age_all(tmp_path)
    with pytest.raises(LeaseLost):
        collect_blobs(desk.desk, JobPlan(), a_turn(going=lambda: False))
    assert 0 < len(blob_files(tmp_path)) < 40
    collect_blobs(desk.desk, JobPlan(), a_turn())
    assert blob_files(tmp_path) == {}
