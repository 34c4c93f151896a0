"""Who a mail says it is from: the one address in From, by a byte parser that refuses what is ambiguous.

The grammar is a part of RFC 5322 §3.4 on which all programs agree. Whatever passes it is read a second and a
third time by the two parsers of the standard library, and counts only if all three find the same address.
"""

import email.utils
import re
import unicodedata
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import AddressHeader
from email.utils import getaddresses
from functools import lru_cache
from typing import Any

import idna

from helpdesk.core.encodedwords import decode_words
from helpdesk.core.headers import HeaderBlock, unfolded

MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
MAX_DOMAIN = 253
MAX_LINE = 998  # RFC 5322 §2.1.1
CACHED_SENDERS = 2048

_ATEXT = rb"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_LOCAL = rb"[" + _ATEXT + rb"]++(?>(?:\.[" + _ATEXT + rb"]++)*)"
_ADDRESS = rb"(?P<local>" + _LOCAL + rb")@(?P<domain>[A-Za-z0-9.\-\x80-\xff]++)"
_QUOTED = rb'"(?>(?:[^"\\\x00-\x08\x0a-\x1f\x7f]++|\\["\\])*)"'
_COMMENT = rb'\([^()\\<>@"\x00-\x08\x0a-\x1f\x7f]*+\)'  # plain text only: nothing an address could hide in
_WORD = rb"[" + _ATEXT + rb".\x80-\xff]++"
_NAMED = re.compile(
    rb"(?P<name>(?>(?:(?:" + _WORD + rb"|" + _QUOTED + rb"|" + _COMMENT + rb")[ \t]*+)*))<" + _ADDRESS + rb">"
)
_BARE = re.compile(_ADDRESS + rb"(?:[ \t]*+(?P<name>" + _COMMENT + rb"))?")
_TWICE = re.compile(rb"(?P<name>)(?P<first>" + _LOCAL + rb"@[A-Za-z0-9.\-]++)[ \t]*+<" + _ADDRESS + rb">")
_QUOTED_STRING = re.compile(_QUOTED)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_HIDDEN = re.compile(_QUOTED + rb"|\([^()]*+\)")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?>(?:{_LABEL}\.)+)(?![0-9]++\Z){_LABEL}")
_TEXT_LOCAL = re.compile(_LOCAL.decode("ascii"))
_SHOWN_ADDRESS = re.compile(r"[^\s\"'<>()\[\],;:@]++@[^\s\"'<>()\[\],;:@]++")
# Later Pythons, and Debian's 3.11.2 with them, answer nothing at all where they see two addresses (CVE-2023-27043);
# the same one twice is allowed here, so all of them shall show what they see.
_LOOSELY = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
_PARSER_ERRORS = (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError)


@dataclass(frozen=True, slots=True)
class Sender:
    """The identity claimed: ``address`` and ``domain`` are lower-case ASCII. ``name`` is for display only.

    ``deceptive``: the display name holds an address that is not the sender's.
    """

    address: str
    domain: str
    name: str = ""
    deceptive: bool = False


@dataclass(frozen=True, slots=True)
class BadSender:
    """From cannot be read without doubt; ``reason`` says which rule it breaks."""

    reason: str


def sender_of(block: HeaderBlock) -> Sender | BadSender:
    """Return whom *block* claims to be from. Never raises.

    Accepted are ``name <address>``, ``address`` and ``address (comment)``; encoded words (RFC 2047) only in
    the name, where bytes beyond ASCII may stand raw too, since the name proves nothing.
    """
    values = block.values("from")
    if len(values) != 1:
        return BadSender(f"{len(values)} From fields; exactly one is allowed" if values else "no From field")
    if any(not line.strip(b" \t") for line in values[0].split(b"\r\n")[1:]):
        return BadSender("a blank line is folded into From")
    line = unfolded(values[0])
    if len(line) > MAX_LINE:
        return BadSender(f"From has {len(line)} bytes; the limit is {MAX_LINE}")
    return _sender_in(line)


def normal_address(text: str) -> str:
    """Return an address typed by a person as it is stored and compared: lower-case ASCII, IDN as A-labels.

    Raises ValueError with a text for people.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        if not at:
            raise ValueError("a mail address has an @, as in jean@example.org")
        if not _TEXT_LOCAL.fullmatch(local):
            raise ValueError("before the @ stand letters without accents, digits and . _ + - only")
        return _address(local, domain)
    except ValueError as error:
        raise ValueError(f"{text.strip()}: {error}") from None


@lru_cache(CACHED_SENDERS)
def _sender_in(line: bytes) -> Sender | BadSender:
    found = _NAMED.fullmatch(line) or _BARE.fullmatch(line) or _TWICE.fullmatch(line)
    if found is None:
        return BadSender(_why_not(line))
    written = found["local"] + b"@" + found["domain"]
    if b"=?" in written:
        return BadSender("an encoded word stands in the address of From")
    if found.re is _TWICE and found["first"].lower() != written.lower():
        return BadSender("From shows one address and names another, without quotes")
    try:
        address = _address(str(found["local"], "ascii"), str(found["domain"], "utf-8"))
    except ValueError as error:  # UnicodeDecodeError is one
        return BadSender(f"the address in From cannot be used: {error}")
    if problem := disagreement(line, written):
        return BadSender(problem)
    name = _shown_name(found["name"] or b"")
    return Sender(address, address.rpartition("@")[2], name, _deceives(name, address))


def _address(local: str, domain: str) -> str:
    """Join and normalise; raises ValueError with a text for people."""
    if len(local) > MAX_LOCAL_PART:
        raise ValueError(f"{len(local)} characters stand before the @; the limit is {MAX_LOCAL_PART}")
    address = f"{local.lower()}@{_domain(domain)}"
    if len(address) > MAX_ADDRESS:
        raise ValueError(f"the address has {len(address)} characters; the limit is {MAX_ADDRESS}")
    return address


def _domain(text: str) -> str:
    domain = text.lower() if text.isascii() else _a_labels(text)
    if "." not in domain:
        raise ValueError("after the @ stands a domain with a dot, like example.org")
    if len(domain) > MAX_DOMAIN or not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain[:80]} is no domain name (letters, digits, hyphens and dots)")
    if "xn--" in domain:
        _check_idn(domain)
    return domain


def _a_labels(text: str) -> str:
    if unicodedata.normalize("NFKC", text) != text:  # fullwidth letters, the Kelvin sign, loose accents
        raise ValueError("the domain is written with look-alike or composed characters")
    try:
        return idna.encode(text.lower(), strict=True, std3_rules=True).decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"the domain is no international name: {error}") from None


def _check_idn(domain: str) -> None:
    for label in domain.split("."):
        if not label.startswith("xn--"):
            continue
        try:
            decoded = idna.ulabel(label)
        except UnicodeError as error:
            raise ValueError(f"{label} is no international name: {error}") from None
        scripts = {unicodedata.name(character, "").partition(" ")[0] for character in decoded}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1:
            raise ValueError(f"{label} mixes letters of several scripts that look alike")


def disagreement(line: bytes, written: bytes) -> str:
    """Say that a parser of the standard library finds another address in *line* than *written*, or fails.

    Empty when both find that one alone. *line* has passed the grammar above and is at most MAX_LINE bytes:
    these parsers take their time, and worse, over anything else.
    """
    text = line.decode("ascii", "surrogateescape")
    wanted = {written.decode("ascii", "surrogateescape")}
    found: dict[str, Any] = {"defects": []}
    try:
        loose = {address for _, address in getaddresses([text], **_LOOSELY)}
        AddressHeader.parse(text, found)
        strict = {address.addr_spec for group in found["groups"] for address in group.addresses}
    except _PARSER_ERRORS as error:
        return f"a parser fails on From: {type(error).__name__}"
    return "" if loose == strict == wanted else "parsers disagree about the address in From"


def _shown_name(raw: bytes) -> str:
    if b'"' in raw:
        raw = _QUOTED_STRING.sub(lambda quoted: _QUOTED_PAIR.sub(rb"\1", quoted[0][1:-1]), raw)
    name = decode_words(raw.strip(b" \t"))
    return name[1:-1].strip() if name.startswith("(") and name.endswith(")") else name


def _deceives(name: str, address: str) -> bool:
    plain = unicodedata.normalize("NFKC", name)
    if "@" not in plain:
        return False
    return any(shown.rstrip(".").lower() != address for shown in _SHOWN_ADDRESS.findall(plain))


def _why_not(line: bytes) -> str:
    """Name the rule that *line* breaks. Only for people: the grammar has refused it already."""
    if not line:
        return "From is empty"
    if any((byte < 32 and byte != 9) or byte == 127 for byte in line):
        return "From holds a control character"
    bare = _HIDDEN.sub(b" ", line)
    if b"\\" in bare or b"(" in bare or b")" in bare or b'"' in bare:
        return "From has unbalanced or nested quotes or comments"
    if b"[" in bare or b"]" in bare:
        return "From has an address with a literal, or brackets outside quotes"
    if b":" in bare or b";" in bare:
        return "From holds a group or a route; one plain address is allowed"
    if bare.count(b"@") > 1 or b"," in bare or bare.count(b"<") > 1:
        return "From holds more than one address, or one unquoted in the name"
    if b">" in bare and not bare.rstrip().endswith(b">"):
        return "From goes on after the address"
    return "From is not of the form name <address>, address, or address (name)"
