"""The header block is read as all programs read it, or named a problem."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.headers import Field, read_headers, unfolded
from tests.core.makers import CAPS, a_mail

PLAIN = b"From: a@b.example\r\nSubject: hello\r\n"


def problem_of(head: bytes) -> str:
    return read_headers(head + b"\r\nbody\r\n", CAPS).problem


def test_fields_come_in_order_with_lower_case_names_and_raw_values() -> None:
    block = read_headers(b"FROM: a@b.example\r\nX-A:\r\n b\r\n\tc\r\nX-A:d\r\n\r\nbody", CAPS)

    assert block.fields == (
        Field("from", b" a@b.example"),
        Field("x-a", b"\r\n b\r\n\tc"),
        Field("x-a", b"d"),
    )
    assert block.values("x-a") == [b"\r\n b\r\n\tc", b"d"]
    assert block.problem == ""


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        pytest.param(PLAIN + b"\r\nbody", b"body", id="a body"),
        pytest.param(PLAIN + b"\r\n", b"", id="an empty body"),
        pytest.param(PLAIN, b"", id="no body at all"),
        pytest.param(b"\r\nbody", b"body", id="an empty header"),
        pytest.param(
            PLAIN + b"\r\nbare\nlf and \0 in the body\r\n", b"bare\nlf and \0 in the body\r\n", id="odd body"
        ),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_the_body_begins_after_the_first_empty_line(raw: bytes, body: bytes) -> None:
    block = read_headers(raw, CAPS)

    assert raw[block.body_start :] == body
    assert block.problem == ("" if raw else "the header block does not end")


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        pytest.param(PLAIN, "", id="plain"),
        pytest.param(PLAIN + b"X-Empty:\r\n", "", id="an empty value"),
        pytest.param(PLAIN + b"X-8bit: \xc3\xa9\xff\x01\r\n", "", id="any bytes in a value"),
        pytest.param(PLAIN + b"!#$%&'*+-.^_`|~0Az9: x\r\n", "", id="every sign a name may have"),
        pytest.param(PLAIN + b"X\0: x\r\n", "a NUL byte in the header", id="NUL"),
        pytest.param(PLAIN + b"X: a\nb: c\r\n", "a bare LF in the header", id="bare LF"),
        pytest.param(PLAIN + b"X: a\rb: c\r\n", "a bare CR in the header", id="bare CR"),
        pytest.param(
            PLAIN + b"X : a\r\n", "line 3 of the header is no field: b'X : a'", id="blank before the colon"
        ),
        pytest.param(
            PLAIN + b"X\xc3\xa9: a\r\n", r"line 3 of the header is no field: b'X\xc3\xa9: a'", id="8-bit name"
        ),
        pytest.param(PLAIN + b": a\r\n", "line 3 of the header is no field: b': a'", id="no name"),
        pytest.param(b" x\r\n" + PLAIN, "the header begins with a folded line", id="leading fold"),
        pytest.param(b"From a Mon\r\n" + PLAIN, "an mbox From line in the header", id="mbox"),
    ],
)
def test_the_first_broken_rule_is_named(head: bytes, problem: str) -> None:
    assert problem_of(head) == problem


@pytest.mark.parametrize(
    "name",
    [
        "sender",
        "reply-to",
        "date",
        "to",
        "cc",
        "message-id",
        "references",
        "content-type",
        "content-transfer-encoding",
    ],
)
def test_a_field_that_may_stand_once_is_refused_when_it_stands_twice(name: str) -> None:
    field = f"{name}: x\r\n".encode()

    assert problem_of(PLAIN + field) == ""
    assert problem_of(PLAIN + field + field.upper()) == f"two {name} fields; one is allowed"


def test_fields_that_may_stand_often_are_not_refused() -> None:
    assert problem_of(PLAIN + b"Received: x\r\n" * 30 + b"Comments: y\r\n" * 2) == ""


@pytest.mark.parametrize(
    ("length", "problem"),
    [
        pytest.param(1000, "", id="at the limit"),
        pytest.param(1001, "the header block is over 1000 bytes", id="one byte over"),
    ],
)
def test_a_header_block_has_a_length_limit(length: int, problem: str) -> None:
    padding = b"X: " + b"x" * (length - len(PLAIN) - 5)
    raw = PLAIN + padding + b"\r\n\r\nbody"

    assert raw.index(b"\r\n\r\n") + 2 == length
    assert read_headers(raw, replace(CAPS, max_header_bytes=1000)).problem == problem


def test_the_numbers_of_fields_and_of_bytes_in_one_are_limited() -> None:
    caps = replace(CAPS, max_header_fields=5, max_field_bytes=50)

    assert read_headers(PLAIN + b"X: y\r\n" * 3 + b"\r\n", caps).problem == ""
    assert read_headers(PLAIN + b"X: y\r\n" * 4 + b"\r\n", caps).problem == "6 header fields; the limit is 5"
    assert read_headers(PLAIN + b"X:" + b"y" * 50 + b"\r\n\r\n", caps).problem == ""
    assert (
        read_headers(PLAIN + b"X:" + b"y" * 51 + b"\r\n\r\n", caps).problem
        == "the field x has 51 bytes; the limit is 50"
    )


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(a_mail().replace(b"\r\n", b"\n"), id="LF line ends"),
        pytest.param(a_mail().replace(b"\r\n", b"\r"), id="CR line ends"),
        pytest.param(a_mail().replace(b"Subject", b"\0Subject"), id="NUL"),
    ],
)
def test_what_can_be_read_of_a_broken_block_is_still_returned(raw: bytes) -> None:
    block = read_headers(raw, CAPS)

    assert block.problem
    assert unfolded(block.values("from")[0]) == b"Jean Dupont <jean@univ.example>"
    assert raw[block.body_start :].strip() == b"Il ne marche plus."


def test_unfolding_keeps_the_blank_after_the_fold() -> None:
    assert unfolded(b" a\r\n\tb\r\n c \t") == b"a\tb c"


PARTS = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"From", b"From ", b"Subject: x\r\n", b"\0", b"a@b.c", b"\xff"]
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(PARTS | st.binary(max_size=4), max_size=40).map(b"".join))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    block = read_headers(raw, CAPS)

    assert 0 <= block.body_start <= len(raw)
    if not block.problem:
        rebuilt = b"".join(field.name.encode() + b":" + field.value + b"\r\n" for field in block.fields)
        assert rebuilt.lower() == raw[: len(rebuilt)].lower()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"a" * 65536, id="a name without end"),
        pytest.param(b"X:" + b"\r\n " * 21800, id="folds"),
        pytest.param(b"X:\r\n" * 16384, id="empty fields"),
        pytest.param(b"X: y\r\n" * 10000 + b"broken", id="a broken line at the end"),
        pytest.param(b"\n" * 65536, id="LF"),
        pytest.param(b"\r" * 65536, id="CR"),
        pytest.param(b" " * 65536, id="blanks"),
    ],
)
def test_hostile_input_of_64_kib_is_read_to_its_end(raw: bytes) -> None:
    assert read_headers(raw, CAPS).problem
