"""Whatever the bytes: a result, in text that every database takes, and the same structure the standard sees."""

from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps, Mail
from helpdesk.core.mimewalk import Part, walk
from helpdesk.core.parse import read_mail
from helpdesk.core.transfer import decode_transfer
from tests.core.makers import measure

FILES = sorted((Path(__file__).parent.parent / "mails" / "mime").glob("*.eml"))
OWN = OwnMarks("0123456789abcdef", "desk.example")
PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b'"', b"<", b">", b"(", b"\\", b"=", b"--b", b"--b--",
    b"=?utf-8?Q?=C3?=", b"=?x?b?", b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html",
    b"Content-Type: multipart/alternative; boundary=b", b"Content-Type: message/rfc822", b"Subject: ", b"From: ",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"Date: Mon, 23 Nov 2026",
    b"; charset=utf-16", b"; charset=iso-2022-jp", b"; format=flowed; delsp=yes", b"; name*0*=x'", b"\xff\xfe",
    b"\x1b$B", b"<blockquote>", b"<td>", b"</a", b"<a href='", b"<!--", b"&#", b"&#xD800;", b"<script>", b"text",
]  # fmt: skip


def texts_of(mail: Mail) -> list[str]:
    names = [text for one in mail.attachments for text in (one.name, one.content_type, one.content_id)]
    headers = [
        mail.subject,
        mail.shown_from,
        mail.from_name,
        mail.reply_to,
        mail.return_path or "",
        mail.message_id,
    ]
    return [*headers, *mail.to, *mail.cc, *mail.in_reply_to, *mail.references, *names, mail.problem]


def check(raw: bytes) -> None:
    assert measure(raw, Caps()) == ""
    mail = read_mail(raw, Caps(), OWN)
    for text in texts_of(mail):
        text.encode("utf-8")
        assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in text)
    mail.text.encode("utf-8")
    assert "\0" not in mail.text
    assert "\r" not in mail.text
    assert all(one.name for one in mail.attachments)
    for fold in mail.folds:
        assert 0 <= fold.start < fold.end <= len(mail.text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=40))
def test_mails_made_of_dangerous_pieces_are_read(pieces: list[bytes]) -> None:
    check(b"".join(pieces))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), max_size=4),
)
def test_real_mails_with_holes_and_dangerous_pieces_are_read(
    file: Path, edits: list[tuple[float, int, bytes]]
) -> None:
    raw = file.read_bytes()
    for where, cut, piece in edits:
        place = int(where * len(raw))
        raw = raw[:place] + piece + raw[place + cut :]
    check(raw)


def leaves_of(part: Part, raw: bytes) -> list[tuple[str, bytes]]:
    if part.children:
        return [leaf for child in part.children for leaf in leaves_of(child, raw)]
    content, _problem = decode_transfer(part.body(raw), part.encoding)
    return [(part.content_type, content)]


# Here the standard parser loses parts, or opens what we keep shut.
DIFFERENT = {"multipart-closed-too-early", "forwarded-mail-attached", "forwarded-mails-in-a-digest"}
# Here it decodes in other ways: junk in base64, other transfer encodings.
ENCODED = {
    "attachment-in-uuencode",
    "base64-that-is-plain-text",
    "base64-with-padding-in-the-middle",
    "transfer-encoding-with-a-comment",
}


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.stem not in DIFFERENT | ENCODED], ids=lambda file: file.stem
)
def test_the_walk_finds_the_parts_that_the_standard_parser_finds(file: Path) -> None:
    raw = file.read_bytes()
    theirs = []
    for part in message_from_bytes(raw).walk():
        content = part.get_payload(decode=True)
        if not part.is_multipart() and isinstance(content, bytes):
            theirs.append((part.get_content_type(), content))
    ours = leaves_of(walk(raw, Caps()), raw)
    assert [content for _kind, content in ours] == [content for _kind, content in theirs]
    assert [kind for kind, _content in ours] == [kind for kind, _content in theirs]
