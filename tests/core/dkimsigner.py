"""Signs mails as a provider would: fills in every DKIM-Signature whose ``bh=`` and ``b=`` are empty.

Canonicalizes and signs with dkimpy alone, so that it cannot share a mistake with the check under test.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from dkim.util import parse_tag_value

from helpdesk.core.dkimcheck import TxtAnswer

_BODY_HASH = re.compile(rb"(?<=bh=)(?=\s*;)")
_SIGNATURE = re.compile(rb"(?<![a-z])b=(?=\s*(?:;?\s*)\Z|\s*;)")


@cache
def a_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """Return an RSA key; the same one for the same arguments."""
    assert number >= 0
    return rsa.generate_private_key(65537, bits)


def record_of(key: rsa.RSAPrivateKey, tags: str = "v=DKIM1; k=rsa") -> bytes:
    """Return the text that a signer publishes for *key*."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"{tags}; p={base64.b64encode(der).decode()}".encode()


def signed(raw: bytes, key: rsa.RSAPrivateKey | None = None) -> bytes:
    """Return *raw* (lines end in CRLF) with its empty signatures made with *key*."""
    pem = (key or a_key()).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    private = parse_pem_private_key(pem)
    fields, body = dkim.rfc822_parse(raw)
    for name, value in fields:
        if name.lower() == b"dkim-signature" and _BODY_HASH.search(value):
            raw = raw.replace(value, _filled(name, value, fields, body, private), 1)
    return raw


def answers_for(names: tuple[str, ...], record: bytes | None = None) -> Mapping[str, TxtAnswer]:
    """Return answers in which each of *names* holds *record* (default: the key of ``signed``)."""
    return {name: TxtAnswer((record or record_of(a_key()),)) for name in names}


def _filled(
    name: bytes, value: bytes, fields: list[list[bytes]], body: bytes, private: dict[str, int]
) -> bytes:
    tags = parse_tag_value(value.replace(b"\r\n", b""))
    policy = dkim.CanonicalizationPolicy.from_c_value(tags.get(b"c", b"simple/simple"))
    body_hash = hashlib.sha256(policy.canonicalize_body(body)).digest()
    value = _BODY_HASH.sub(base64.b64encode(body_hash), value, count=1)
    names = [one.strip().lower() for one in tags[b"h"].split(b":")]
    hasher = dkim.HashThrough(hashlib.sha256())
    dkim.hash_headers(hasher, policy, policy.canonicalize_headers(fields), names, [name, value], tags)
    made = base64.b64encode(bytes(RSASSA_PKCS1_v1_5_sign(hasher, private)))
    return _SIGNATURE.sub(b"b=" + made, value, count=1)
