"""Header values as text, RFC 2047 as it is written and as it is abused."""

import time
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.encodedwords import cut_to_bytes, decode_words, one_line

SPLIT = "✅😀".encode()
FIRST, SECOND = b64encode(SPLIT[:5]), b64encode(SPLIT[5:])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(b"Bonjour", "Bonjour", id="plain"),
        pytest.param(b"=?utf-8?Q?=C3=A9t=C3=A9_ici?= ?", "été ici ?", id="quoted"),
        pytest.param(b"=?UTF-8?b?w6l0w6k=?=", "été", id="base64"),
        pytest.param(b"=?utf-8?B?w6l0w6k?=", "été", id="base64 without padding"),
        pytest.param(b"=?iso-8859-15*fr?Q?=A4?=", "€", id="with a language"),
        pytest.param(b"a =?utf-8?Q?b?= c", "a b c", id="between words"),
        pytest.param(b"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab", id="blanks between encoded words go"),
        pytest.param(b"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", id="none between"),
        pytest.param(b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c", id="a plain word between stays"),
        pytest.param(b"=?utf-8?B?%b?= =?UTF-8?B?%b?=" % (FIRST, SECOND), "✅😀", id="a character cut in two"),
        pytest.param(b"=?utf-8?Q?=C3?= =?utf-8?B?qQ==?=", "é", id="cut between two encodings"),
        pytest.param(b"=?utf-8?Q?=C3?= =?iso-8859-1?Q?=A9?=", "Ã©", id="two charsets are not joined"),
        pytest.param(b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= ok", "日本 ok", id="japanese"),
        pytest.param(b'"=?utf-8?Q?a=2Cb?="', '"a,b"', id="inside quotes"),
        pytest.param(b"Re:=?utf-8?Q?=C3=A9?=suite", "Re:ésuite", id="no blanks around"),
        pytest.param("été".encode(), "été", id="raw utf-8"),
        pytest.param("été".encode("cp1252"), "été", id="raw windows-1252"),
        pytest.param("été ".encode() + b"=?utf-8?Q?=C3=A9?=", "été é", id="raw and encoded"),
        pytest.param(b"=?klingon?Q?=C3=A9?=", "é", id="unknown charset"),
        pytest.param(b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x", id="a line end inside becomes blanks"),
        pytest.param(b"=?utf-8?Q?=1B[2J=00=C2=9B=E2=80=A8x?=", "[2J   x", id="controls become blanks"),
        pytest.param(b"tab\there", "tab here", id="a tab becomes a blank"),
        pytest.param(b"=?utf-8?Q?=zz=4?=", "=zz=4", id="broken escapes stay"),
        pytest.param(b"=?utf-8?Q?open", "=?utf-8?Q?open", id="never closed"),
        pytest.param(b"=?utf-8?Q?a =?utf-8?Q?b?=", "=?utf-8?Q?a b", id="closed by another"),
        pytest.param(b"=?utf-8?X?a?=", "=?utf-8?X?a?=", id="no such encoding"),
        pytest.param(b"=?=?=?", "=?=?=?", id="rubbish"),
        pytest.param(b"=?utf-8?Q??=", "", id="an empty word"),
        pytest.param(b"", "", id="nothing"),
    ],
)  # fmt: skip
def test_a_header_value_becomes_one_line_of_text(value: bytes, text: str) -> None:
    assert decode_words(value) == text


def test_words_are_decoded_up_to_the_cap_and_shown_raw_after_it() -> None:
    value = b" ".join([b"=?utf-8?Q?a?="] * 4)
    assert decode_words(value, 4) == "aaaa"
    assert decode_words(value, 3) == "aaa =?utf-8?Q?a?="


def test_a_field_of_thousands_of_words_costs_no_time() -> None:
    started = time.perf_counter()
    for value in (b"=?utf-8?Q?a?= " * 4500, b"=?" * 32_000, b"=?x?q?" * 10_000, b"=?x?b?" + b"=" * 60_000):
        decode_words(value)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        pytest.param("été", 5, "été", id="as long as allowed"),
        pytest.param("été", 4, "ét", id="a character that does not fit whole goes"),
        pytest.param("été", 3, "ét", id="cut between characters"),
        pytest.param("😀", 3, "", id="nothing fits"),
    ],
)
def test_a_text_is_cut_between_characters(text: str, limit: int, cut: str) -> None:
    assert cut_to_bytes(text, limit) == cut


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"=?", b"utf-8", b"?Q?", b"?b?", b"?=", b" ", b"=C3", b"w6k", b"\xff"]), max_size=20
    )
)
def test_whatever_the_pieces_the_result_is_one_printable_line(pieces: list[bytes]) -> None:
    text = decode_words(b"".join(pieces))
    text.encode("utf-8")
    assert text == one_line(text)
