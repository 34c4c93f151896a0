"""Content-Transfer-Encoding undone (RFC 2045 §6), as far as the bytes allow."""

import binascii

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_NOT_BASE64_NOR_BLANK = bytes(set(_NOT_BASE64) - set(b" \t\r\n"))
_AS_IT_IS = frozenset(("", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none", "utf-8"))


MAX_BLOCKS = 10_000  # a padding sign at every second byte is no encoder's work


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, str]:
    """Return the content of a part and what is wrong with its encoding (empty when nothing).

    *encoding* is the lower-case token of the header field. Content that cannot be decoded comes back as it
    came: better readable by a person than lost. Never raises.
    """
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), ""
    if encoding in _AS_IT_IS:
        return data, ""
    return data, f"transfer encoding {encoding[:40]} is not read here; the part is kept as it came"


def decode_base64(data: bytes) -> bytes:
    """Return what *data* holds; junk is passed over, padding may be missing or stand in the middle."""
    clean = data.translate(None, _NOT_BASE64)
    head, padding, rest = clean.partition(b"=")
    if not padding or not rest.strip(b"="):
        return _unpadded(head)
    if clean.count(b"=") > MAX_BLOCKS:
        return _unpadded(clean.replace(b"=", b""))
    # Some programs encode block by block and pad each one.
    return b"".join(_unpadded(block) for block in clean.split(b"="))


def _base64(data: bytes) -> tuple[bytes, str]:
    if (clean := _clean_base64(data)) is not None:
        return clean, ""
    content = decode_base64(data)
    junk = len(data) - len(data.translate(None, _NOT_BASE64_NOR_BLANK))
    if (not content and data.strip()) or junk * 10 > len(data):
        return data, "the part is no base64; it is kept as it came"
    return content, f"junk of {junk} bytes in a base64 part was passed over" if junk else ""


def _clean_base64(data: bytes) -> bytes | None:
    """The content where *data* is what an encoder writes: by its length, nothing was passed over."""
    digits = len(data) - data.count(b"\n") - data.count(b"\r")
    try:
        content = binascii.a2b_base64(data)
    except binascii.Error:
        return None
    padding = data.count(b"=")
    return content if digits % 4 == 0 and padding <= 2 and len(content) == digits // 4 * 3 - padding else None


def _unpadded(digits: bytes) -> bytes:
    if len(digits) % 4 == 1:
        digits = digits[:-1]  # six bits are no byte
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
