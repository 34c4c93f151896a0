"""What people attach is kept byte for byte under its hash and listed under a name that harms nobody."""

import hashlib
import random
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from helpdesk.actions.tickets import shown_ticket
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.tables import attachments
from tests.actions.intakes import IntakeBench, a_mail, bench

MIB = 1024 * 1024
ADMIN = Actor(Person(0, "console", Role.ADMIN, Language.EN))


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    made.person()
    yield made
    made.close()


def attached(head: str, content: bytes) -> str:
    return f"--b\r\n{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encodebytes(
        content
    ).decode().replace("\n", "\r\n")


def with_parts(parts: Sequence[str]) -> bytes:
    text = "--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n" + "".join(parts) + "--b--"
    return a_mail(text=text, extra=['Content-Type: multipart/mixed; boundary="b"'])


def named(name: str, content: bytes, kind: str = "application/octet-stream") -> str:
    return attached(f'Content-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"', content)


def stored(desk: IntakeBench) -> list[tuple[str, bytes]]:
    """Return names and bytes of all attachments in their order, the bytes read by their hash."""
    rows = desk.rows(attachments)
    assert [row["position"] for row in rows] == list(range(len(rows)))
    found = [(row["name"], desk.desk.blobs.read(row["sha256"])) for row in rows]
    for row, (_name, content) in zip(rows, found, strict=True):
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["size"] == len(content)
    return found


def some_bytes(count: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(count)


def test_fifty_attachments_are_all_kept_in_their_order(desk: IntakeBench) -> None:
    wanted = [(f"photo {number}.jpg", some_bytes(500 + number, number)) for number in range(50)]
    (filed,) = desk.file(with_parts([named(*one, "image/jpeg") for one in wanted]))
    assert filed.ticket_number == 1
    assert stored(desk) == wanted


def test_an_attachment_of_24_mib_is_kept_byte_for_byte(desk: IntakeBench) -> None:
    content = some_bytes(24 * MIB)
    (filed,) = desk.file(with_parts([named("film.mp4", content)]))
    assert filed.error is None
    ((name, kept),) = stored(desk)
    assert (name, kept == content) == ("film.mp4", True)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        pytest.param('Content-Disposition: attachment; filename="../../etc/cron.d/x"', "x", id="a path"),
        pytest.param(
            "Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fcron.d%2Fx",
            "x",
            id="a path in percents",
        ),
        pytest.param(
            'Content-Disposition: attachment; filename="..\\\\..\\\\a.txt"', "a.txt", id="a path of Windows"
        ),
        pytest.param("Content-Disposition: attachment", "attachment-1.bin", id="no name"),
        pytest.param('Content-Disposition: attachment; filename=""', "attachment-1.bin", id="an empty name"),
        pytest.param(
            'Content-Disposition: attachment; filename="winmail.dat"', "winmail.dat", id="winmail.dat"
        ),
        pytest.param(
            "Content-Disposition: attachment; filename*=utf-8''a%0D%0AX-Evil%3A1%1B%5B2J.txt",
            None,
            id="line ends and escapes",
        ),
    ],
)
def test_an_attachment_is_listed_under_a_safe_name(desk: IntakeBench, head: str, name: str | None) -> None:
    content = some_bytes(300)
    desk.file(with_parts([attached(f"Content-Type: application/octet-stream\r\n{head}", content)]))
    ((listed, kept),) = stored(desk)
    assert kept == content
    assert listed.isprintable()
    assert not {"/", "\\"} & set(listed)
    assert name is None or listed == name


def test_no_file_lies_anywhere_but_under_its_hash(desk: IntakeBench, tmp_path: Path) -> None:
    desk.file(with_parts([named("../../../../escaped.txt", b"x"), named("..", b"y"), named("a/b", b"z")]))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(
        hashlib.sha256(content).hexdigest() for content in (b"x", b"y", b"z")
    )
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}


def test_the_same_file_sent_twice_lies_on_the_disk_once(desk: IntakeBench, tmp_path: Path) -> None:
    desk.file(with_parts([named("a.txt", b"same"), named("b.txt", b"same")]))
    assert stored(desk) == [("a.txt", b"same"), ("b.txt", b"same")]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_ticket_shows_its_attachments(desk: IntakeBench) -> None:
    desk.file(with_parts([named("../x.pdf", b"%PDF", "application/pdf"), named("b.txt", b"b")]))
    shown = shown_ticket(desk.desk, ADMIN, 1)
    assert (shown.requester, shown.ticket.number) == ("jean", 1)
    assert [(one.name, one.content_type, one.size) for one in shown.attachments] == [
        ("x.pdf", "application/pdf", 4),
        ("b.txt", "application/octet-stream", 1),
    ]
    assert [post.text.strip() for post in shown.posts] == ["Voici."]
    with pytest.raises(Refused, match="there is no ticket 2"):
        shown_ticket(desk.desk, ADMIN, 2)
