"""The small readers: parameters, addresses for display, ids, dates, flowed text, transfer encodings."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.dates import read_date
from helpdesk.core.displayaddresses import Shown, shown_addresses
from helpdesk.core.fields import OverCap, read_block, unfold
from helpdesk.core.flowed import unflow
from helpdesk.core.mail import Caps
from helpdesk.core.messageids import message_id_of, message_ids_in
from helpdesk.core.parameters import media_type, read_parameters
from helpdesk.core.transfer import MAX_BLOCKS, decode_transfer


@pytest.mark.parametrize(
    ("value", "main", "name"),
    [
        pytest.param(b"text/plain; name=a.txt", "text/plain", "a.txt", id="a token"),
        pytest.param(b'Text/PLAIN ;NAME = "a b.txt"', "text/plain", "a b.txt", id="quoted, odd blanks and case"),
        pytest.param(b"text/plain;; ;name=a b.txt ;x=y", "text/plain", "a b.txt", id="blanks without quotes"),
        pytest.param(b"text/plain (c); name=a", "text/plain", "a", id="a comment"),
        pytest.param(rb'a; name="C:\new\table.txt"', "a", r"C:\new\table.txt", id="backslashes are no escapes"),
        pytest.param(rb'a; name="a\"b\\c"', "a", r'a"b\c', id="escaped quote and backslash"),
        pytest.param(b'a; name="a;b=c"', "a", "a;b=c", id="a semicolon in quotes"),
        pytest.param(b'a; name="open', "a", "open", id="a quote that never closes"),
        pytest.param(b"a; name=1; name=2", "a", "1", id="the first of two"),
        pytest.param(b"a; name*=utf-8''%C3%A9.txt; name=e.txt", "a", "é.txt", id="extended beats plain"),
        pytest.param(b"a; name*=iso-8859-1'fr'%E9", "a", "é", id="extended, latin-1"),
        pytest.param(b"a; name*=\xc3\xa9%20x", "a", "é x", id="extended without charset"),
        pytest.param(b"a; name*=klingon''%C3%A9", "a", "é", id="extended, unknown charset"),
        pytest.param(b"a; name*1=b; name*0=a; name*2=c", "a", "abc", id="pieces in any order"),
        pytest.param(b"a; name*0*=utf-8''%C3; name*1*=%A9; name*2=%41", "a", "é%41", id="a character cut by pieces"),
        pytest.param(b"a; name*0=a; name*2=c", "a", "a", id="a piece is missing"),
        pytest.param(b"a; name==?utf-8?Q?=C3=A9?=", "a", "é", id="an encoded word"),
        pytest.param(b"a; nom=x", "a", "", id="none"),
        pytest.param(b"", "", "", id="nothing"),
        pytest.param(None, "", "", id="no field"),
    ],
)  # fmt: skip
def test_a_parameter_is_read_as_it_was_meant(value: bytes | None, main: str, name: str) -> None:
    parameters = read_parameters(value)
    assert (parameters.value, parameters.text("name")) == (main, name)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param("image/svg+xml", "image/svg+xml", id="a type"),
        pytest.param("x/" + "y" * 60, "x/" + "y" * 60, id="a long one"),
        pytest.param("x/" + "y" * 61, "default", id="too long for the store"),
        pytest.param("text", "default", id="no subtype"),
        pytest.param("té/xt", "default", id="not ASCII"),
        pytest.param("text/plain\n", "default", id="a line end"),
    ],
)
def test_a_media_type_is_one_or_the_default(value: str, kind: str) -> None:
    assert media_type(value, "default") == kind


A_B = Shown("", "a@b")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(b"a@b", (A_B,), id="bare"),
        pytest.param(b"<a@b>", (A_B,), id="in brackets"),
        pytest.param(b"Lea Martin <a@b>", (Shown("Lea Martin", "a@b"),), id="named"),
        pytest.param(b'"Martin, Lea" <a@b>, c@d', (Shown("Martin, Lea", "a@b"), Shown("", "c@d")), id="quoted comma"),
        pytest.param(rb'"a\"b" <a@b>', (Shown('a"b', "a@b"),), id="a quoted quote"),
        pytest.param(b"a@b (Lea (ici))", (Shown("Lea ici", "a@b"),), id="a comment as name"),
        pytest.param(b"(Lea) <a@b>", (Shown("Lea", "a@b"),), id="a comment before"),
        pytest.param(b"=?utf-8?Q?L=C3=A9a=2C?= <a@b>", (Shown("Léa,", "a@b"),), id="an encoded comma"),
        pytest.param(b'"=?utf-8?Q?L=C3=A9a?=" <a@b>', (Shown("Léa", "a@b"),), id="encoded in quotes"),
        pytest.param(b"\xe9l\xe8ve <a@b>", (Shown("élève", "a@b"),), id="raw latin-1"),
        pytest.param(b'"evil@x.fr" <a@b>', (Shown("evil@x.fr", "a@b"),), id="an address as name"),
        pytest.param(b"a@b; c@d,", (A_B, Shown("", "c@d")), id="semicolons, a comma at the end"),
        pytest.param(b"g: a@b, Lea <c@d>;", (A_B, Shown("Lea", "c@d")), id="a group"),
        pytest.param(b"undisclosed-recipients:;", (), id="an empty group"),
        pytest.param(b"root", (Shown("root", ""),), id="only a word"),
        pytest.param(b"(c):", (), id="a comment and a colon"),
        pytest.param(b'"', (Shown('"', ""),), id="one quote"),
        pytest.param(b"< a @ b >", (A_B,), id="blanks in the address"),
        pytest.param(b"<a\0@\x1bb>", (A_B,), id="controls in the address"),
        pytest.param(b"<>", (Shown("", ""),), id="empty brackets"),
        pytest.param(b"", (), id="nothing"),
    ],
)  # fmt: skip
def test_addresses_are_shown_leniently(value: bytes, shown: tuple[Shown, ...]) -> None:
    assert shown_addresses(value) == shown


def test_a_name_and_an_address_are_cut_at_320_characters() -> None:
    assert shown_addresses(b"n" * 320 + b" <" + b"a" * 320 + b">") == (Shown("n" * 320, "a" * 320),)
    assert shown_addresses(b"n" * 321 + b" <" + b"a" * 321 + b">") == (Shown("n" * 320, "a" * 320),)


def test_of_many_addresses_two_hundred_are_shown() -> None:
    assert len(shown_addresses(b",".join([b"a@b"] * 200))) == 200
    assert len(shown_addresses(b",".join([b"a@b"] * 201))) == 200


@pytest.mark.parametrize(
    ("value", "first"),
    [
        pytest.param(b"<a@b>", "<a@b>", id="plain"),
        pytest.param(
            b"<[x@microsoft.com]>", "<[x@microsoft.com]>", id="brackets inside, which raise elsewhere"
        ),
        pytest.param(b"a@b c", "a@b", id="no brackets"),
        pytest.param(b"<a\t b@c>", "<ab@c>", id="cut by a fold"),
        pytest.param(b"<< >> <>", "<<", id="nothing inside"),
        pytest.param(b"<" + b"a" * 996 + b">", "<" + "a" * 996 + ">", id="as long as a line"),
        pytest.param(b"<" + b"a" * 997 + b">", "<" + "a" * 997, id="longer than a line"),
        pytest.param(b"", "", id="none"),
    ],
)
def test_a_message_id_is_kept_as_its_sender_wrote_it(value: bytes, first: str) -> None:
    assert message_id_of(value) == first


def test_of_many_references_the_first_and_the_last_199_are_kept() -> None:
    ids = [f"<{number}@x>" for number in range(300)]
    assert message_ids_in(" ".join(ids[:200]).encode()) == tuple(ids[:200])
    assert message_ids_in(" ".join(ids[:201]).encode()) == (ids[0], *ids[2:201])
    assert message_ids_in("".join(ids).encode()) == (ids[0], *ids[101:])


@pytest.mark.parametrize(
    ("value", "when"),
    [
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +0100", (2026, 11, 23, 9, 0), id="as it should be"),
        pytest.param(b"23 Nov 2026 10:00 GMT", (2026, 11, 23, 10, 0), id="short"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +0100 (CET)", (2026, 11, 23, 9, 0), id="with a comment"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00", (2026, 11, 23, 10, 0), id="no zone is UTC"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 -0000", (2026, 11, 23, 10, 0), id="an unknown zone is UTC"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +1600", (2026, 11, 22, 18, 0), id="the widest zone"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +1601", None, id="a wider zone"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +9999", None, id="an absurd zone"),
        pytest.param(b"Thu, 1 Jan 1970 00:00:00 +0000", (1970, 1, 1, 0, 0), id="the first year"),
        pytest.param(b"Thu, 1 Jan 1970 00:00:00 +0100", None, id="an hour before it"),
        pytest.param(b"Fri, 31 Dec 9999 23:59:59 +0000", (9999, 12, 31, 23, 59), id="the last year"),
        pytest.param(b"Fri, 31 Dec 9999 23:59:59 -0100", None, id="an hour after it"),
        pytest.param(b"Mon, 23 Nov 2026 23:59:60 +0000", (2026, 11, 23, 23, 59), id="a leap second"),
        pytest.param(b"Mon, 31 Feb 2026 10:00:00 +0000", None, id="no such day"),
        pytest.param(b"hier", None, id="a word"),
        pytest.param(b"\xff\0", None, id="bytes"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_date_is_a_time_in_utc_or_none(value: bytes, when: tuple[int, int, int, int, int] | None) -> None:
    found = read_date(value)
    assert (found and (found.tzinfo, found.replace(second=0))) == (
        when and (UTC, datetime(*when, tzinfo=UTC))
    )


@pytest.mark.parametrize(
    ("text", "joined", "without_space"),
    [
        pytest.param("a \nb", "a b", "ab", id="a soft break"),
        pytest.param("a\nb", "a\nb", "a\nb", id="a hard break"),
        pytest.param("> a \n> b", "> a b", "> ab", id="in a quote"),
        pytest.param(">> a \n> b", ">> a \n> b", ">> a\n> b", id="a quote of another depth"),
        pytest.param(" > a", "> a", "> a", id="stuffed"),
        pytest.param("a \n-- \nb", "a \n-- \nb", "a\n-- \nb", id="a signature is never joined"),
        pytest.param("a ", "a ", "a", id="soft to the end"),
        pytest.param("\n\n", "\n\n", "\n\n", id="empty lines"),
        pytest.param("", "", "", id="nothing"),
    ],
)
def test_flowed_lines_are_joined(text: str, joined: str, without_space: str) -> None:
    assert (unflow(text, False), unflow(text, True)) == (joined, without_space)


NO_BASE64 = "the part is no base64; it is kept as it came"


@pytest.mark.parametrize(
    ("data", "encoding", "content", "problem"),
    [
        pytest.param(b"YWJj\r\nZA==\r\n", "base64", b"abcd", "", id="base64"),
        pytest.param(b"YWJjZA", "base64", b"abcd", "", id="without padding"),
        pytest.param(b"YWJjZ", "base64", b"abc", "", id="one digit too many"),
        pytest.param(b"YQ==YmM=ZA==", "base64", b"abcd", "", id="padding in the middle"),
        pytest.param(b"YWJj!" + b"ZGVm" * 2, "base64", b"abcdefdef",
                     "junk of 1 bytes in a base64 part was passed over", id="little junk"),
        pytest.param(b"QJ!\n=\r\n\rD===", "base64", b"@",
                     "junk of 1 bytes in a base64 part was passed over", id="junk as long as the padding"),
        pytest.param(b"QQ=" * MAX_BLOCKS, "base64", b"A" * MAX_BLOCKS, "", id="many padded blocks"),
        pytest.param(b"QQ=" * (MAX_BLOCKS + 3), "base64", b"A\x04\x10" * 5001 + b"A", "",
                     id="too many: the padding is taken for junk"),
        pytest.param(b"!YWJj!ZGVm", "base64", b"!YWJj!ZGVm", NO_BASE64, id="much junk"),
        pytest.param(b"Z", "base64", b"Z", NO_BASE64, id="less than a byte"),
        pytest.param(b"\r\n", "base64", b"", "", id="empty"),
        pytest.param(b"=C3=A9=\r\nx", "quoted-printable", b"\xc3\xa9x", "", id="quoted-printable"),
        pytest.param(b"=zz=", "quoted-printable", b"=zz", "", id="broken quoted-printable"),
        pytest.param(b"=C3", "8bit", b"=C3", "", id="nothing to undo"),
    ],
)  # fmt: skip
def test_a_transfer_encoding_is_undone_as_far_as_it_goes(
    data: bytes, encoding: str, content: bytes, problem: str
) -> None:
    found, told = decode_transfer(data, encoding)
    assert (found, told) == (content, problem)


@pytest.mark.parametrize(
    ("raw", "names", "body", "complete"),
    [
        pytest.param(b"A: b\r\n\r\nx", ["a"], b"x", True, id="CRLF"),
        pytest.param(b"A: b\n\nx", ["a"], b"x", True, id="bare LF"),
        pytest.param(b"A : b\r\nC:\r\n d\r\n\r\nx", ["a", "c"], b"x", True, id="obsolete blanks, a fold"),
        pytest.param(b"From a@b Mon\r\nA: b\r\n\r\nx", ["a"], b"x", True, id="an mbox line"),
        pytest.param(b" folded\r\nA: b\r\n\r\nx", ["a"], b"x", True, id="a fold before any field"),
        pytest.param(b"\r\nx", [], b"x", True, id="no fields"),
        pytest.param(b"A: b", ["a"], b"", True, id="no body"),
        pytest.param(b"A: b\r\nBonjour\r\n", ["a"], b"Bonjour\r\n", False, id="a line that is no field"),
        pytest.param(b"A: b\r\n\xe9: c\r\n", ["a"], b"\xe9: c\r\n", False, id="a name that is not ASCII"),
    ],
)
def test_a_header_block_ends_where_mail_programs_end_it(
    raw: bytes, names: list[str], body: bytes, complete: bool
) -> None:
    block = read_block(raw, 0, len(raw), Caps())
    assert ([name for name, _value in block.fields], raw[block.body :], block.complete) == (
        names,
        body,
        complete,
    )


def test_a_fold_becomes_the_blank_after_it() -> None:
    assert unfold(b" a\r\n b\n\tc ") == b"a b\tc"


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b'"', b"\\", b"<", b">", b"(", b")", b",", b"@", b"a", b"=", b"*0*", b";", b"\xff", b"-"]
        )
    )
)
def test_the_small_readers_never_raise(pieces: list[bytes]) -> None:
    value = b"".join(pieces)
    shown_addresses(value)
    message_id_of(value)
    message_ids_in(value)
    read_date(value)
    read_parameters(value).text("a")
    decode_transfer(value, "base64")
    decode_transfer(value, "quoted-printable")
    try:
        read_block(value, 0, len(value), Caps())
    except OverCap:
        raise AssertionError("so little cannot be over a cap") from None
