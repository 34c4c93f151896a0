"""Mails made to hurt whoever reads them, and real mails with random damage."""

import base64
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.endtoend.world import from_learner

MAILS = Path(__file__).parents[1] / "mails"
MIB = 1024 * 1024
ZIP_HOLDS_BYTES = 400 * MIB
PIECES = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b":",
        b";",
        b'"',
        b"<",
        b"(",
        b"\\",
        b"--",
        b"=?utf-8?Q?=C3?=",
        b"\x1b$B",
    ),
    *(
        b"\xff\xfe",
        b"&#xD800;",
        b"<!--",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"; charset=utf-7",
    ),
)


@dataclass(frozen=True, slots=True)
class Bomb:
    """One dangerous mail, made when it is wanted. ``opens``: it is harmless to us and becomes a ticket."""

    name: str
    make: Callable[[], bytes]
    opens: bool = False

    def __str__(self) -> str:
        return self.name


def _typed(content_type: str, body: bytes, extra: str = "") -> bytes:
    """Return a learner's mail of that type; *extra*: more header lines, each with its CRLF."""
    head, separator, _body = from_learner(extra=f"Content-Type: {content_type}\r\n{extra}").partition(
        b"\r\n\r\n"
    )
    return head + separator + body


def _header(line: bytes) -> bytes:
    """Return a learner's mail with one more header line, in place of the field of that name."""
    name = line.partition(b":")[0] + b":"
    head, separator, body = from_learner().partition(b"\r\n\r\n")
    kept = [one for one in head.split(b"\r\n") if not one.startswith(name)]
    return b"\r\n".join([*kept, line]) + separator + body


def _folded(name: bytes, item: bytes, count: int) -> bytes:
    return _header(name + b": " + b"\r\n ".join([item] * count))


def _parts(count: int) -> bytes:
    return _typed("multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n")


def _nested(kind: bytes, levels: int) -> bytes:
    """Return multiparts in multiparts, or forwarded mails in forwarded mails."""
    body = b"".join(
        b"--b%d\r\nContent-Type: %b; boundary=b%d\r\n\r\n" % (n, kind, n + 1) for n in range(levels)
    )
    if kind == b"message/rfc822":
        return _typed("message/rfc822", b"Content-Type: message/rfc822\r\n\r\n" * levels + b"x\r\n")
    return _typed("multipart/mixed; boundary=b0", body)


def _coded(encoding: str, body: bytes) -> bytes:
    return _typed("text/plain; charset=utf-8", body, f"Content-Transfer-Encoding: {encoding}\r\n")


@cache
def zip_bomb() -> bytes:
    """Return a small archive of one huge file."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros.txt", "w") as file,
    ):
        for _ in range(ZIP_HOLDS_BYTES // MIB):
            file.write(bytes(MIB))
    return packed.getvalue()


def _zipped() -> bytes:
    coded = base64.encodebytes(zip_bomb()).replace(b"\n", b"\r\n")
    return _typed(
        "multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: text/plain\r\n\r\nvoir le fichier\r\n--b\r\nContent-Type: application/zip\r\n"
        b'Content-Disposition: attachment; filename="photos.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + coded
        + b"--b--\r\n",
    )


def _html(body: bytes) -> bytes:
    return _typed("text/html; charset=utf-8", body)


def _charsets(*names: str) -> bytes:
    parts = (
        b"--b\r\nContent-Type: text/plain; charset=%b\r\n\r\n+AGE-\x1b$B\xff\xfe\x00x\r\n" % name.encode()
        for name in names
    )
    return _typed("multipart/mixed; boundary=b", b"".join(parts) + b"--b--\r\n")


CHARSETS = (
    "utf-7",
    "utf-16",
    "utf-32",
    "iso-2022-kr",
    "hz",
    "idna",
    "punycode",
    "unicode_escape",
    "zlib",
    "x" * 900,
)
BOMBS = (
    Bomb("a Subject of 5 MB", lambda: _header(b"Subject: " + b"x" * 5_000_000)),
    Bomb("20,000 encoded words", lambda: _folded(b"Subject", b"=?utf-8?Q?=C3=A9?=", 20_000)),
    Bomb("3,000 encoded words in one field", lambda: _folded(b"Subject", b"=?utf-8?Q?=C3=A9?=", 3_000), True),
    Bomb("20,000 parts", lambda: _parts(20_000)),
    Bomb("100,000 parts", lambda: _parts(100_000)),
    Bomb("1,000 nested multiparts", lambda: _nested(b"multipart/mixed", 1_000)),
    Bomb("1,000 nested mails", lambda: _nested(b"message/rfc822", 1_000), True),
    Bomb("From with 900 brackets", lambda: _header(b"From: " + b"(" * 900)),
    Bomb("Message-ID with open brackets", lambda: _header(b"Message-ID: <[[["), True),
    Bomb("24 MB of lines of one byte", lambda: _typed("text/plain", b"x\r\n" * 8_000_000), True),
    Bomb("a header of 30 MB", lambda: _folded(b"X-Junk", b"x" * 900, 33_000)),
    Bomb("8,000 header fields", lambda: from_learner(extra="X-Junk: x\r\n" * 8_000)),
    Bomb("30 MB of base64", lambda: _coded("base64", (b"QUFB" * 19 + b"\r\n") * 390_000), True),
    Bomb("30 MB of padding in base64", lambda: _coded("base64", b"=" * 30_000_000), True),
    Bomb("30 MB of quoted-printable", lambda: _coded("quoted-printable", b"=C3=A9" * 5_000_000), True),
    Bomb("a zip bomb attached", _zipped, True),
    Bomb("40,000 recipients", lambda: _folded(b"To", b"desk@ecole.example,", 40_000)),
    Bomb("100,000 levels of HTML", lambda: _html(b"<div>" * 100_000 + b"x"), True),
    Bomb("100,000 levels of HTML tables", lambda: _html(b"<table><tr><td>" * 100_000 + b"x"), True),
    Bomb("an HTML table of 200,000 rows", lambda: _html(b"<table>" + b"<tr><td>x<td>y" * 200_000), True),
    Bomb("10 MB of HTML in one line", lambda: _html(b"<b>x</b> " * 1_100_000), True),
    Bomb("10 MB of entities", lambda: _html(b"&amp;&#xD800;" * 750_000), True),
    Bomb("10 MB of open brackets in HTML", lambda: _html(b"<" * 10_000_000), True),
    Bomb("charsets that are none", lambda: _charsets(*CHARSETS), True),
    Bomb(
        "10 MB of uuencode",
        lambda: _coded("x-uuencode", b"begin 644 x\r\n" + (b"M" + b"!" * 60 + b"\r\n") * 160_000),
        True,
    ),
    Bomb(
        "100,000 continuations of a parameter",
        lambda: _typed("text/plain;" + "".join(f"\r\n name*{n}*=a;" for n in range(100_000)), b"x"),
    ),
    Bomb("10 MB of quotes in quotes", lambda: _typed("text/plain", b">" * 10_000_000), True),
    Bomb("10 MB of attributions", lambda: _typed("text/plain", b"On Mon wrote:\r\n> x\r\n" * 500_000), True),
    Bomb("10 MB of blanks", lambda: _typed("text/plain; format=flowed", b" " * 10_000_000), True),
)


def mutants(count: int, seed: int) -> list[bytes]:
    """Return *count* real mails of the corpus, each with one to eight random injuries; the same for a seed."""
    chance = random.Random(seed)
    files = sorted(MAILS.rglob("*.eml"))
    return [_injured(chance.choice(files).read_bytes(), chance) for _ in range(count)]


def _injured(raw: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw) + 1)
        length = chance.randint(0, 200)
        piece = raw[at : at + length]
        match chance.randrange(5):
            case 0:
                raw = raw[:at] + chance.choice(PIECES) + raw[at:]
            case 1:
                raw = raw[:at] + raw[at + length :]
            case 2:
                raw = raw[:at] + piece * chance.randint(2, 50) + raw[at:]
            case 3:
                raw = raw[:at] + chance.randbytes(chance.randint(1, 20)) + raw[at:]
            case _:
                raw = raw[:at] + bytes(reversed(piece)) + raw[at + length :]
    return raw
