"""A second look at the DKIM signatures of the domain in From, with keys that were looked up before.

dkimpy reads and canonicalizes the header and says what was hashed. The rest is done here, because dkimpy 1.1.8
takes the square of a run of blanks as time (1 MB of blanks in a body: minutes), raises a hostile key's exponent
to its power in plain Python, accepts rsa-sha1 and ``l=``, reads the clock, and needs PyNaCl for Ed25519.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk.core.dates import read_date
from helpdesk.core.dkimtags import BadSignature, Signature, aligned_signatures, tags_of, unspaced
from helpdesk.core.headers import HeaderBlock
from helpdesk.core.trust import DkimCheck, DkimOutcome

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MIN_RSA_BITS = 1024
MAX_RSA_BITS = 8192
CLOCK_SLOP_SECONDS = 10 * 3600  # between a signer's clock and ours, and in queues on the way
MAX_RECORDS = 3  # TXT records tried under one name; a signer publishes one

_BLANKS = re.compile(rb"[\t ]++")
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class TxtAnswer:
    """What the DNS says about the TXT records of a name: their texts, () for none, None for no answer in time."""

    texts: tuple[bytes, ...] | None


NO_SUCH_TXT = TxtAnswer(())
NO_ANSWER = TxtAnswer(None)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """Why one signature does not count, and what it makes of the check when no other one verifies."""

    reason: str
    outcome: DkimOutcome = DkimOutcome.BAD


# The first of these that was met is the outcome. A signature that proves too little is as good as none.
_WORST_FIRST = (DkimOutcome.TEMPORARY, DkimOutcome.BAD, DkimOutcome.NONE)


def dkim_queries(block: HeaderBlock, domain: str) -> tuple[str, ...]:
    """Return the names whose TXT records ``recheck`` needs, at most five, each once."""
    readable = (one for one in aligned_signatures(block, domain) if isinstance(one, Signature))
    return tuple(dict.fromkeys(signature.key_name for signature in readable))


def recheck(
    raw: bytes, block: HeaderBlock, domain: str, answers: Mapping[str, TxtAnswer], at_epoch: int
) -> DkimCheck:
    """Say whether a signature with ``d=`` equal to *domain* verifies; never raises.

    *answers* has an entry for each of ``dkim_queries``. *at_epoch* is when the border took the mail, as far as
    that is known, else now (RFC 6376 §3.5, ``x=``). One signature that verifies is enough. One that does not
    is BAD; one that would not prove enough even if it did (``l=``, Subject unsigned, SHA-1, a short key, out
    of date) is not looked at further and counts like NONE.
    """
    signatures = aligned_signatures(block, domain)
    if not signatures:
        return DkimCheck(DkimOutcome.NONE, f"no DKIM signature of {domain}")
    mail = _SignedMail(raw, block)
    complaints: list[_Complaint] = []
    for signature in signatures:
        if isinstance(signature, BadSignature):
            outcome = DkimOutcome.NONE if signature.weak else DkimOutcome.BAD
            complaints.append(_Complaint(signature.reason, outcome))
            continue
        complaint = _complaint(mail, signature, answers, at_epoch)
        if complaint is None:
            reason = f"signature of {domain} verified, selector {signature.selector}"
            return DkimCheck(DkimOutcome.PASSED, reason, signature.signed_at)
        complaints.append(complaint)
    worst = min(complaints, key=lambda complaint: _WORST_FIRST.index(complaint.outcome))
    return DkimCheck(worst.outcome, worst.reason)


def arrived_at(block: HeaderBlock, now_epoch: int) -> int:
    """Return when the mail reached the mailbox, by the Received line on top; *now_epoch* where that is not known.

    The line is our own server's. Some signers let their signatures expire after an hour (``x=``): a mail that
    waited over the weekend for a stopped daemon must not become a forgery by that.
    """
    received = block.values("received")
    date = read_date(received[0].rpartition(b";")[2].replace(b"\r\n", b"")) if received else None
    return now_epoch if date is None else min(int(date.timestamp()), now_epoch)


def canonical_body(body: bytes, form: bytes) -> bytes:
    """Return *body* as it is hashed (RFC 6376 §3.4.3 and §3.4.4, *form* simple or relaxed), in linear time."""
    text = _BARE_LF.sub(b"\r\n", body) if body.count(b"\n") != body.count(b"\r\n") else body
    if form == b"relaxed":
        text = _BLANKS.sub(b" ", text).replace(b" \r\n", b"\r\n")
        text = text[:-1] if text.endswith(b" ") else text
    text = _without_last_lines(text)
    if text:
        return text + b"\r\n"
    return b"" if form == b"relaxed" else b"\r\n"


class _SignedMail:
    """One mail, each form of its body hashed at most once."""

    def __init__(self, raw: bytes, block: HeaderBlock) -> None:
        self.block = block
        self._raw = raw
        self._body_hashes: dict[bytes, bytes] = {}

    def body_hash(self, form: bytes) -> bytes:
        if form not in self._body_hashes:
            body = canonical_body(self._raw[self.block.body_start :], form)
            self._body_hashes[form] = hashlib.sha256(body).digest()
        return self._body_hashes[form]

    def header_hash(self, signature: Signature) -> bytes:
        """Return the SHA-256 of what was signed (RFC 6376 §3.7); raises whatever dkimpy raises."""
        import dkim  # a tenth of a second that mail without a signature need not wait

        fields, _ = dkim.rfc822_parse(self._raw[: self.block.body_start])
        policy = dkim.CanonicalizationPolicy.from_c_value(signature.header_form + b"/" + signature.body_form)
        own = fields[signature.position]
        hasher = hashlib.sha256()
        canonical = policy.canonicalize_headers(fields)
        dkim.hash_headers(hasher, policy, canonical, list(signature.signed), own, {})
        return hasher.digest()


def _complaint(
    mail: _SignedMail, signature: Signature, answers: Mapping[str, TxtAnswer], at_epoch: int
) -> _Complaint | None:
    whose = f"signature of {signature.domain}"
    names = [field.name for field in mail.block.fields]
    if names.count("from") != 1 or names.count("subject") > 1:
        return _Complaint(f"{whose}: From or Subject stands there twice")
    if (weakness := _weakness(signature, "subject" in names, at_epoch)) is not None:
        return _Complaint(f"{whose}: {weakness}", DkimOutcome.NONE)
    texts = answers.get(signature.key_name, NO_ANSWER).texts
    if texts is None:
        return _Complaint(f"no answer from the DNS for {signature.key_name}", DkimOutcome.TEMPORARY)
    if not texts:
        return _Complaint(f"no key under {signature.key_name}")
    if mail.body_hash(signature.body_form) != signature.body_hash:
        return _Complaint(f"{whose}: the body was changed after signing")
    return _key_complaint(mail, signature, texts[:MAX_RECORDS])


def _weakness(signature: Signature, has_subject: bool, at_epoch: int) -> str | None:
    # Where there is no Subject, none was signed: one put in later would be unsigned and refused here.
    if has_subject and b"subject" not in signature.signed:
        return "Subject is not signed"
    if signature.signed_at is not None and signature.signed_at > at_epoch + CLOCK_SLOP_SECONDS:
        return "t= is in the future"
    if signature.expires_at is not None and signature.expires_at < at_epoch - CLOCK_SLOP_SECONDS:
        return "expired before the mail arrived (x=)"
    return None


def _key_complaint(mail: _SignedMail, signature: Signature, records: Iterable[bytes]) -> _Complaint | None:
    """Return None when the key of one record made the signature, else the last complaint."""
    whose = f"signature of {signature.domain}"
    complaint: _Complaint | None = None
    try:
        digest = mail.header_hash(signature)
        for record in records:
            key = _key(record, signature.algorithm)
            complaint = (
                _Complaint(f"{whose}: {key}") if isinstance(key, str) else _signed_by(key, signature, digest)
            )
            if complaint is None:
                return None
    except Exception as error:  # noqa: BLE001 - neither dkimpy nor a hostile key may end the reading of a mail
        return _Complaint(f"{whose}: cannot be verified ({type(error).__name__})")
    return complaint


def _key(record: bytes, algorithm: bytes) -> "PublicKeyTypes | str":
    """Return the public key in a key record (RFC 6376 §3.6.1, RFC 8463), or why there is none to use."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    tags = tags_of(record)
    if tags is None or tags.get(b"v", b"DKIM1") != b"DKIM1":
        return "the key record is not one of DKIM"
    kind = algorithm.removesuffix(b"-sha256")
    if tags.get(b"k", b"rsa") != kind:
        return f"the key is not for {algorithm.decode()}"
    if b"sha256" not in _choices(tags, b"h", b"sha256") or not {b"*", b"email"} & _choices(tags, b"s", b"*"):
        return "the key may not be used for this"
    try:
        content = base64.b64decode(unspaced(tags.get(b"p", b"")), validate=True)
    except binascii.Error:
        return "the key is not base64"
    if not content:
        return "the key was revoked"
    return Ed25519PublicKey.from_public_bytes(content) if kind == b"ed25519" else load_der_public_key(content)


def _choices(tags: Mapping[bytes, bytes], name: bytes, default: bytes) -> set[bytes]:
    return {choice.strip(b"\t ") for choice in tags.get(name, default).split(b":")}


def _signed_by(key: "PublicKeyTypes", signature: Signature, digest: bytes) -> _Complaint | None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    whose = f"signature of {signature.domain}"
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature.value, digest)
            return None
        if not isinstance(key, RSAPublicKey):
            return _Complaint(f"{whose}: the key is of another kind")
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            limits = f"{MIN_RSA_BITS} to {MAX_RSA_BITS} count"
            return _Complaint(f"{whose}: the key has {key.key_size} bits; {limits}", DkimOutcome.NONE)
        key.verify(signature.value, digest, PKCS1v15(), Prehashed(SHA256()))
    except InvalidSignature:
        return _Complaint(f"{whose}: the header was changed after signing, or somebody else signed")
    return None


def _without_last_lines(text: bytes) -> bytes:
    """Return *text* without the CRLFs at its end; a CR alone there belongs to the last line."""
    if not text.endswith(b"\r\n"):
        return text
    tail_at = len(text.rstrip(b"\r\n"))
    # From here on there are only CR LF and lone CR; the lone one nearest the end closes the last line.
    lone = text.rfind(b"\r\r", tail_at)
    return text[: tail_at if lone < 0 else lone + 1]
