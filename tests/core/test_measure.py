"""What is refused before it is read, on both sides of each cap."""

import time
from dataclasses import replace

import pytest

from helpdesk.core.mail import Caps
from tests.core.makers import measure

CAPS = Caps(
    max_bytes=100_000,
    max_header_bytes=1000,
    max_header_fields=10,
    max_field_bytes=500,
    max_parts=6,
    max_depth=3,
)
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def a_mail_of(size: int) -> bytes:
    head = b"Subject: x\r\n\r\n"
    return head + b"x" * (size - len(head))


def a_field_of(size: int) -> bytes:
    return b"X: " + b"y" * (size - 5) + b"\r\n"


def parts(count: int) -> bytes:
    return MIXED + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


def nested(depth: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(a_mail_of(100_000), "", id="size at the limit"),
        pytest.param(a_mail_of(100_001), "100001 bytes; the limit is 100000", id="one byte over"),
        pytest.param(a_field_of(500), "", id="field at the limit"),
        pytest.param(a_field_of(501), "header field x is longer than 500 bytes", id="field one byte over"),
        pytest.param(a_field_of(500) * 2 + b"\r\n", "", id="header block at the limit"),
        pytest.param(
            a_field_of(500) + a_field_of(496) + a_field_of(5), "a header block is longer than 1000 bytes",
            id="header block one byte over",
        ),
        pytest.param(a_field_of(9) * 10, "", id="fields at the limit"),
        pytest.param(a_field_of(9) * 11, "a header block has more than 10 fields", id="one field over"),
        pytest.param(parts(5), "", id="parts at the limit, the whole is one"),
        pytest.param(parts(6), "more than 6 parts", id="one part over"),
        pytest.param(MIXED + b"--b\r\n" * 12, "", id="delimiters without parts between"),
        pytest.param(MIXED + b"--b\r\n" * 14, "more than 6 parts", id="too many of them"),
        pytest.param(nested(3), "", id="depth at the limit"),
        pytest.param(nested(4), "parts are nested more than 3 deep", id="one level over"),
        pytest.param(
            MIXED + b"--b\r\n" + a_field_of(9) * 11 + b"\r\nx", "a header block has more than 10 fields",
            id="the header block of a part",
        ),
        pytest.param(b"", "", id="nothing at all"),
    ],
)  # fmt: skip
def test_a_mail_is_refused_from_one_over_a_cap(raw: bytes, reason: str) -> None:
    assert measure(raw, CAPS) == reason


LONG_LINES = b"".join(
    b"--- a/x\r\n+++ b/x\r\n-- \r\n--b1\r\n--b-\r\n -- b\r\n|---|---|\r\n---b\r\n--B\r\n--b--x\r\n"
    for _ in range(500)
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(MIXED + b"--b\r\n\r\n" + LONG_LINES + b"--b--\r\n", id="diffs, signature lines, tables"),
        pytest.param(b"Content-Type: text/plain; boundary=b\r\n\r\n" + b"--b\r\n" * 2000, id="no multipart"),
        pytest.param(b"Subject: x\r\n\r\n" + MIXED * 600, id="quoted headers"),
        pytest.param(
            MIXED + b"--b\r\n\r\nx\r\n" + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" * 50 + b"--b--\r\n",
            id="fifty attachments",
        ),
        pytest.param(
            MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + parts(1000).replace(b"--b", b"--c"),
            id="a forwarded mail of a thousand parts",
        ),
        pytest.param(nested(24), id="24 levels"),
        pytest.param(b"Received: x\r\n" * 100 + b"X-Spam: " + b"y\r\n " * 5000 + b"\r\n\r\nx", id="trace"),
    ],
)  # fmt: skip
def test_what_people_really_send_is_not_refused(raw: bytes) -> None:
    assert measure(raw, Caps()) == ""


def test_header_like_lines_without_an_end_are_refused_without_reading_them_all() -> None:
    assert measure(b"a:b\n" * 500_000, Caps()) == "a header block has more than 500 fields"


def test_folds_without_a_field_are_not_read_to_the_end() -> None:
    started = time.perf_counter()
    assert measure(b" \n" * (8 * 1024 * 1024), Caps()) == "a header block is longer than 262144 bytes"
    assert time.perf_counter() - started < 1


def test_24_megabytes_of_one_byte_lines_are_measured_without_splitting_them() -> None:
    assert measure(b"Subject: x\r\n\r\n" + b"a\n" * (12 * 1024 * 1024), Caps()) == ""


def test_a_hundred_thousand_parts_are_refused_early() -> None:
    assert measure(MIXED + b"--b\r\n\r\n" * 100_000, Caps()) == "more than 500 parts"


def test_the_cap_on_size_is_the_one_configured() -> None:
    assert measure(a_mail_of(101), replace(Caps(), max_bytes=100)) == "101 bytes; the limit is 100"
