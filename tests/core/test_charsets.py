"""The ladder from declared charset to text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.charsets import decode

FRENCH = "Problème d’été à 20 €, cœur"
AS_LATIN_9 = FRENCH.encode().decode("iso8859-15")
NOT_UTF_8 = "the text is not utf-8 as declared"
SOME_NOT = "some bytes are not utf-"
NO_TEXT = "some bytes are no text in utf-8 or windows-1252"


@pytest.mark.parametrize(
    ("data", "declared", "text", "problem"),
    [
        pytest.param(FRENCH.encode(), "utf-8", FRENCH, "", id="utf-8"),
        pytest.param(FRENCH.encode(), ' "UTF8" ', FRENCH, "", id="odd spelling"),
        pytest.param(FRENCH.encode("cp1252"), "windows-1252", FRENCH, "", id="windows-1252"),
        pytest.param(FRENCH.encode("cp1252"), "iso-8859-1", FRENCH, "", id="latin-1 means windows-1252"),
        pytest.param("20 €".encode("iso8859-15"), "ISO_8859-15", "20 €", "", id="latin-9 is itself"),
        pytest.param(FRENCH.encode(), "iso-8859-15", AS_LATIN_9, "", id="what is declared wins"),
        pytest.param("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하", "", id="ks_c_5601 means cp949"),
        pytest.param("鎔€".encode("gb18030"), "gb2312", "鎔€", "", id="gb2312 means gb18030"),
        pytest.param("①髙".encode("cp932"), "shift_jis", "①髙", "", id="shift_jis means cp932"),
        pytest.param("日本".encode("iso2022_jp"), "iso-2022-jp", "日本", "", id="iso-2022-jp"),
        pytest.param("ｱｲ".encode("iso2022_jp_ext"), "ISO-2022-JP", "ｱｲ", "", id="half-width kana"),
        pytest.param(b"\x1b$B-!$H-j\x1b(B", "iso-2022-jp", "①と㈱", "", id="iso-2022-jp with NEC characters"),
        pytest.param(b"~{<:Ky~}", "hz-gb-2312", "己所", "", id="hz"),
        pytest.param(FRENCH.encode(), "", FRENCH, "", id="undeclared utf-8"),
        pytest.param(FRENCH.encode("cp1252"), "", FRENCH, "", id="undeclared windows-1252"),
        pytest.param(b"a\x81b", "", "a\ufffdb", NO_TEXT, id="no text at all"),
        pytest.param(FRENCH.encode(), "x-unknown", FRENCH, "", id="declared unknown is undeclared"),
        pytest.param(FRENCH.encode(), "us-ascii", FRENCH, "", id="ascii that is utf-8"),
        pytest.param(b"plain", "klingon", "plain", "", id="unknown but ASCII"),
        pytest.param(FRENCH.encode("cp1252"), "klingon", FRENCH, "charset klingon is not read here", id="unknown"),
        pytest.param(FRENCH.encode(), "utf\0-8", FRENCH, "", id="a name with NUL"),
        pytest.param(b"+AOk-", "utf-7", "+AOk-", "charset utf-7 is not read here", id="utf-7 stays as written"),
        pytest.param(b"plain", "utf-7", "plain", "", id="utf-7 without shifts"),
        pytest.param(b"\0\0\0a", "utf-32", "\0\0\0a", "", id="utf-32 is not decoded"),
        pytest.param(FRENCH.encode("cp1252"), "utf-8", FRENCH, NOT_UTF_8, id="utf-8 that is not"),
        pytest.param(b"\xc3\xa9\xe9\xc3\xa9\xc3\xa9", "utf-8", "é\ufffdéé", SOME_NOT + "8", id="one in four broken"),
        pytest.param(b"\xc3\xa9" * 4 + b"\xe9.\xe9", "utf-8", "éééé\ufffd.\ufffd", SOME_NOT + "8", id="one in three"),
        pytest.param(b"\xc3\xa9" * 3 + b"\xe9.\xe9", "utf-8", "Ã©" * 3 + "é.é", NOT_UTF_8, id="two in five"),
        pytest.param(b"\xc3\xa9t\xc3", "utf-8", "ét\ufffd", SOME_NOT + "8", id="cut inside the last character"),
        pytest.param(b"caf\xe9", "utf-8", "café", NOT_UTF_8, id="a last byte that only looks cut"),
        pytest.param(b"\xef\xbb\xbf" + FRENCH.encode(), "iso-8859-1", FRENCH, "", id="utf-8 mark beats the name"),
        pytest.param("été".encode("utf-16"), "", "été", "", id="utf-16 mark"),
        pytest.param("été".encode("utf-16-be"), "utf-16", "été", "", id="utf-16 without mark, big end first"),
        pytest.param("été".encode("utf-16-le"), "utf-16", "été", "", id="utf-16 without mark, little end first"),
        pytest.param(b"\0a\xd8\0\0b", "utf-16be", "a\ufffdb", SOME_NOT + "16be", id="half a surrogate pair"),
        pytest.param(FRENCH.encode(), "u" * 61, FRENCH, "", id="a name too long to be one"),
    ],
)  # fmt: skip
def test_bytes_become_text(data: bytes, declared: str, text: str, problem: str) -> None:
    assert decode(data, declared) == (text, problem)


NAMES = [
    "",
    "utf-8",
    "utf-16",
    "iso-2022-jp",
    "hz",
    "gb2312",
    "big5",
    "euc-kr",
    "koi8-r",
    "utf-7",
    "mac",
    "x",
]


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(NAMES) | st.text(max_size=12))
def test_any_bytes_under_any_name_become_text_that_utf_8_can_write(data: bytes, declared: str) -> None:
    decode(data, declared)[0].encode("utf-8")
