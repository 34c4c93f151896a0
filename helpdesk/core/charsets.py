"""Bytes to text: what the sender declared, then what fits, and never an error.

The ladder: a byte order mark; the declared charset if it is on the allow list; UTF-8; windows-1252, in which
every byte has a meaning or becomes U+FFFD. Names as the WHATWG Encoding standard reads them: mail that says
iso-8859-1 is windows-1252, gb2312 is gb18030, ks_c_5601-1987 is cp949. UTF-7 and UTF-32 are refused: the
first hides markup from every filter, the second makes four bytes of each one.
"""

import codecs
import re

_UNDECLARED = frozenset(
    (
        "",
        "unknown",
        "x-unknown",
        "unknown-8bit",
        "unknown-charset",
        "default",
        "none",
        "8bit",
        "7bit",
        "binary",
    )
)

_UTF_7 = frozenset(("utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7"))

_NAMES: dict[str, str] = {
    "ascii": "us-ascii ascii ansi-x3.4-1968 ansi-x3.4-1986 iso646-us iso-646 us iso-ir-6 cp367 csascii",
    "utf_8": "utf-8 utf8 unicode-1-1-utf-8 utf8mb4 utf-8-sig x-utf-8 csutf8 unicode",
    "utf_16": "utf-16 utf16 ucs-2 iso-10646-ucs-2 csunicode",
    "utf_16_le": "utf-16le utf-16-le",
    "utf_16_be": "utf-16be utf-16-be unicodefffe",
    "cp1252": "windows-1252 cp1252 x-cp1252 cp-1252 ansi 1252 iso-8859-1 iso8859-1 iso-8859-1-i latin1 latin-1"
    " l1 iso-ir-100 cp819 ibm819 csisolatin1 iso-8859-1:1987 8859-1 windows-1252http-equivcontent-type",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253",
    "cp1254": "windows-1254 cp1254 iso-8859-9 iso8859-9 latin5 csisolatin5",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 latin-2 csisolatin2",
    "iso8859_3": "iso-8859-3 latin3",
    "iso8859_4": "iso-8859-4 latin4",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859_6": "iso-8859-6 iso-8859-6-e iso-8859-6-i arabic",
    "iso8859_7": "iso-8859-7 greek",
    "iso8859_8": "iso-8859-8 iso-8859-8-e iso-8859-8-i hebrew logical",
    "iso8859_10": "iso-8859-10 latin6",
    "iso8859_13": "iso-8859-13",
    "iso8859_14": "iso-8859-14",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 latin-9 l9 csisolatin9",
    "iso8859_16": "iso-8859-16",
    "cp874": "windows-874 cp874 tis-620 iso-8859-11",
    "koi8_r": "koi8-r koi8 koi cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman macroman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic",
    "cp437": "cp437 ibm437",
    "cp850": "cp850 ibm850",
    "cp852": "cp852 ibm852",
    "cp858": "cp858 ibm858 ibm00858",
    "cp866": "cp866 ibm866",
    "gb18030": "gb18030 gbk gb2312 x-gbk cp936 gb-2312-80 gb2312-80 chinese csgb2312 euc-cn hz-euc-cn",
    "hz": "hz hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs big-5 x-x-big5 cn-big5 csbig5 cp950",
    "cp932": "shift-jis shiftjis sjis x-sjis ms-kanji windows-31j cp932 csshiftjis ms932",
    "euc_jp": "euc-jp eucjp x-euc-jp x-euc",
    "iso2022_jp_ext": "iso-2022-jp iso-2022-jp-1 iso-2022-jp-3 iso-2022-jp-ext iso-2022-jp-ms iso-2022-jp-kddi"
    " iso-2022-jp-2004 csiso2022jp cp50220 cp50221 jis",
    "iso2022_jp_2": "iso-2022-jp-2",
    "cp949": "euc-kr euckr ks-c-5601-1987 ks-c-5601 ksc5601 ks-c-5601-1989 korean cp949 windows-949 uhc cseuckr",
    "iso2022_kr": "iso-2022-kr",
}
_CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}
_SINGLE_BYTE = re.compile(r"cp(?!932|949)|iso8859|koi8|mac_")
_NOT_ASCII_BASED = frozenset(
    ("utf_16", "utf_16_le", "utf_16_be", "iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr", "hz")
)
_JIS_X_0208 = re.compile(rb"\x1b\$[@B]")
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)


def decode(data: bytes, declared: str) -> tuple[str, str]:
    """Return *data* as text, and what could not be read as declared (empty when nothing).

    *declared* is a charset name as found in a mail; empty when there was none. Never raises; the text holds
    no surrogates, but may hold any control character.
    """
    if not declared and data.isascii():
        return data.decode("ascii"), ""
    name = _plain_name(declared)
    codec = _CODECS.get(name)
    if data.isascii() and codec not in _NOT_ASCII_BASED:
        return data.decode(
            "ascii"
        ), "charset utf-7 is not read here" if name in _UTF_7 and b"+" in data else ""
    for mark, marked in _MARKS:
        if data.startswith(mark):
            return _forced(data[len(mark) :], marked), ""
    if codec is None:
        return _guessed(data, "" if name in _UNDECLARED else f"charset {name[:40]} is not read here")
    if codec == "utf_16":
        codec = _utf_16_order(data)
    if (text := _strict(data, codec)) is None and codec == "iso2022_jp_ext":
        text = _strict(_JIS_X_0208.sub(b"\x1b$(Q", data), "iso2022_jp_2004")  # the characters that NEC added
    if text is not None:
        return text, ""
    if codec == "utf_8" and (text := _cut_utf_8(data)) is not None:
        return text, f"some bytes are not {name}"
    if not _SINGLE_BYTE.match(codec) and codec != "ascii" and (text := _mostly(data, codec)) is not None:
        return text, f"some bytes are not {name}"
    return _guessed(data, "" if codec == "ascii" else f"the text is not {name} as declared")


def _plain_name(declared: str) -> str:
    return declared.strip(" \t\"'").lower().replace("_", "-") if len(declared) <= 60 else "too-long"


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except ValueError:
        return None


def _forced(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace")


def _cut_utf_8(data: bytes) -> str | None:
    """Text that was cut inside its last character; what stands before must show that it is UTF-8."""
    try:
        data.decode("utf_8")
    except UnicodeDecodeError as error:
        whole = data[: error.start]
        if error.reason == "unexpected end of data" and not whole.isascii():
            return whole.decode("utf_8") + "\ufffd"
    return None


def _mostly(data: bytes, codec: str) -> str | None:
    """Decode with replacement where at most a third breaks of what is not ASCII.

    One broken byte must not turn a whole UTF-8 mail into windows-1252.
    """
    text = _forced(data, codec)
    broken = text.count("\ufffd")
    foreign = len(text) if codec in _NOT_ASCII_BASED else sum(map(len, _FOREIGN.findall(text)))
    return text if broken * 3 <= foreign else None


_FOREIGN = re.compile("[^\x00-\x7f]++")


def _guessed(data: bytes, problem: str) -> tuple[str, str]:
    if (text := _strict(data, "utf_8")) is not None:
        return text, ""
    text = _forced(data, "cp1252")
    if "\ufffd" in text:
        return text, problem or "some bytes are no text in utf-8 or windows-1252"
    return text, problem


def _utf_16_order(data: bytes) -> str:
    """UTF-16 without a mark: text is mostly of code points under 256, so its zero bytes show the order."""
    sample = data[:4096]
    return "utf_16_be" if sample[0::2].count(0) > sample[1::2].count(0) else "utf_16_le"
