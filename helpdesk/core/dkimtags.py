"""DKIM-Signature fields and key records, read more strictly than any verifier needs to.

Strict, because a field that two readers could take for different things proves nothing: tags come once, names
and numbers are what RFC 6376 §3.5 and §3.6.1 allow, SHA-1 and ``l=`` (a body that may be longer) are refused.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from helpdesk.core.headers import HeaderBlock

MAX_SIGNATURES = 5  # each costs a DNS question and a look at the whole body
MAX_FIELD_BYTES = 16 * 1024
MAX_SIGNED_NAMES = 200
MAX_NAME_BYTES = 253
SHA256_BYTES = 32
ALGORITHMS = (b"rsa-sha256", b"ed25519-sha256")
CANONICALIZATIONS = (b"simple", b"relaxed")

# More white space in a row than any mail program writes: dkimpy's own expressions take its square as time.
_WIDE = re.compile(rb"[\t\r\n ]{65}")
_TEXT = re.compile(rb"[\t -~]*+")
_TAG_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]{0,30}+")
_LABELS = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}+(?>(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62}+)*)")
_FIELD_NAME = re.compile(rb"[!-9;-~]{1,998}+")
_SECONDS = re.compile(rb"[0-9]{1,12}+")


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature field. ``position`` is its place in the header block, ``signed`` holds lower-case names.

    ``signed_at`` and ``expires_at`` are ``t=`` and ``x=`` in seconds since 1970.
    """

    position: int
    domain: str
    selector: str
    algorithm: bytes
    header_form: bytes
    body_form: bytes
    signed: tuple[bytes, ...]
    body_hash: bytes
    value: bytes
    signed_at: int | None
    expires_at: int | None

    @property
    def key_name(self) -> str:
        """Return the DNS name under which the signer publishes its key."""
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True, slots=True)
class BadSignature:
    """A DKIM-Signature field that proves nothing, and why.

    ``weak``: it is well made and may even verify, but signs or protects too little to be a proof here. Large
    hosters and firms do send such mail (OVH signs From alone, some gateways write ``l=``), so it is no sign
    of forgery either.
    """

    reason: str
    weak: bool = False


class _Refused(Exception):
    """A tag is not as it must be; the text says which and what was found."""


class _TooWeak(_Refused):
    """The signature is well made but protects too little."""


def aligned_signatures(block: HeaderBlock, domain: str) -> tuple[Signature | BadSignature, ...]:
    """Return the first five signatures with ``d=`` equal to *domain* (lower-case ASCII), from the top.

    A field that cannot be read counts as one of *domain* when that name stands anywhere in it.
    """
    found: list[Signature | BadSignature] = []
    for position, field in enumerate(block.fields):
        if field.name != "dkim-signature" or domain.encode() not in field.value.lower():
            continue
        signature = _read(field.value, position, domain)
        if signature is not None:
            found.append(signature)
            if len(found) == MAX_SIGNATURES:
                break
    return tuple(found)


def tags_of(value: bytes) -> dict[bytes, bytes] | None:
    """Return the tags of a tag list (RFC 6376 §3.2), without white space around; None if it is not one."""
    text = value.replace(b"\r\n", b"")
    if not _TEXT.fullmatch(text):
        return None
    parts = text.split(b";")
    if not parts[-1].strip(b"\t "):
        parts.pop()
    tags: dict[bytes, bytes] = {}
    for part in parts:
        name, equals, content = (piece.strip(b"\t ") for piece in part.partition(b"="))
        if not equals or not _TAG_NAME.fullmatch(name) or name in tags:
            return None
        tags[name] = content
    return tags


def unspaced(text: bytes) -> bytes:
    """Return *text* without the white space that may stand anywhere in base64 (RFC 6376 §3.2)."""
    return text.translate(None, b"\t ")


def _read(value: bytes, position: int, domain: str) -> Signature | BadSignature | None:
    if len(value) > MAX_FIELD_BYTES or _WIDE.search(value):
        return BadSignature(
            f"a DKIM-Signature of {len(value)} bytes or with wide gaps; none needs {MAX_FIELD_BYTES}"
        )
    tags = tags_of(value)
    if tags is None:
        return BadSignature("a DKIM-Signature that is no list of tags, or names a tag twice")
    if tags.get(b"d", b"").lower() != domain.encode():
        return None
    try:
        return _signature(tags, position, domain)
    except _Refused as refused:
        return BadSignature(f"signature of {domain}: {refused}", isinstance(refused, _TooWeak))


def _signature(tags: dict[bytes, bytes], position: int, domain: str) -> Signature:
    if tags.get(b"v") != b"1":
        raise _Refused(f"v= is {_shown(tags.get(b'v'))}, not 1")
    if tags.get(b"a") == b"rsa-sha1":
        raise _TooWeak("SHA-1 can be forged")
    if tags.get(b"a") not in ALGORITHMS:
        raise _Refused(f"a= is {_shown(tags.get(b'a'))}; rsa-sha256 and ed25519-sha256 count")
    if b"l" in tags:
        raise _TooWeak("l= leaves a part of the body unsigned")
    if b"dns/txt" not in [way.strip(b"\t ") for way in tags.get(b"q", b"dns/txt").split(b":")]:
        raise _Refused("q= does not allow dns/txt")
    header_form, body_form = _forms(tags.get(b"c", b"simple"))
    signed_at, expires_at = _seconds(tags, b"t"), _seconds(tags, b"x")
    if signed_at is not None and expires_at is not None and expires_at < signed_at:
        raise _Refused("x= is before t=")
    _require_own_identity(tags.get(b"i"), domain)
    return Signature(
        position,
        domain,
        _selector(tags.get(b"s", b""), domain),
        tags[b"a"],
        header_form,
        body_form,
        _signed_names(tags.get(b"h", b"")),
        _decoded(tags, b"bh", SHA256_BYTES),
        _decoded(tags, b"b"),
        signed_at,
        expires_at,
    )


def _forms(value: bytes) -> tuple[bytes, bytes]:
    header_form, slash, body_form = value.partition(b"/")
    body_form = body_form if slash else b"simple"
    if header_form not in CANONICALIZATIONS or body_form not in CANONICALIZATIONS:
        raise _Refused(f"c= is {_shown(value)}; simple and relaxed exist")
    return header_form, body_form


def _seconds(tags: dict[bytes, bytes], name: bytes) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not _SECONDS.fullmatch(value):
        raise _Refused(f"{name.decode()}= is {_shown(value)}, not a number of seconds")
    return int(value)


def _require_own_identity(identity: bytes | None, domain: str) -> None:
    if identity is None:
        return
    _, at, host = identity.lower().rpartition(b"@")
    if not at or (host != domain.encode() and not host.endswith(b"." + domain.encode())):
        raise _Refused(f"i= is {_shown(identity)}, which is not of {domain}")


def _selector(value: bytes, domain: str) -> str:
    if not _LABELS.fullmatch(value) or len(value) + len("._domainkey.") + len(domain) > MAX_NAME_BYTES:
        raise _Refused(f"s= is {_shown(value)}, not a DNS name")
    return value.decode().lower()


def _signed_names(value: bytes) -> tuple[bytes, ...]:
    names = tuple(name.strip(b"\t ").lower() for name in value.split(b":"))
    if len(names) > MAX_SIGNED_NAMES or not all(_FIELD_NAME.fullmatch(name) for name in names):
        raise _Refused("h= is no list of header fields, or one of more than 200")
    if b"from" not in names:
        raise _Refused("From is not signed")
    return names


def _decoded(tags: dict[bytes, bytes], name: bytes, length: int | None = None) -> bytes:
    try:
        content = base64.b64decode(unspaced(tags.get(name, b"")), validate=True)
    except binascii.Error:
        content = b""
    if not content or (length is not None and len(content) != length):
        raise _Refused(f"{name.decode()}= is missing or is not what it should be in base64")
    return content


def _shown(value: bytes | None) -> str:
    return "missing" if value is None else f"{value[:40].decode('ascii', 'backslashreplace')!r}"
