"""Signed marks in our letters, by which an answer or a bounce finds what it belongs to.

Three forms, all read case-blind, since relays change case:

* the Message-ID of a letter: ``<c.{32 hex}.t123-{token}@desk.example>``, or without mark ``<c.{32 hex}@…>``;
* the reply address: ``desk+t123-{token}@desk.example``;
* the bounce address (envelope sender): ``desk+b{12 hex}-{token}@desk.example``.

A mark proves that its bearer has seen a letter to that person; it never stands for the sender's proof.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TOKEN_BYTES = 16  # 128 bits
MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
MAX_NUMBER = {"t": 2**31 - 1, "h": 2**63 - 1}  # what the columns hold: more would fail in the database
SHORT_ID_CHARS = 12
_TOKEN = r"[a-z2-7]{26}"  # noqa: S105 - the form of a token, not one
_MARK = rf"(?P<kind>[th])(?P<number>[1-9][0-9]{{0,18}})-(?P<token>{_TOKEN})"
_MESSAGE_ID = re.compile(rf"<c\.[0-9a-f]{{32}}(?:\.{_MARK})?@(?P<domain>[a-z0-9.-]{{1,253}}+)>")
_REPLY_DETAIL = re.compile(_MARK)
_BOUNCE_DETAIL = re.compile(rf"b(?P<short>[0-9a-f]{{{SHORT_ID_CHARS}}})-(?P<token>{_TOKEN})")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a signed mark names: ``kind`` is "t" for a ticket's number, "h" for the id of a held mail."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}{self.number}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A mark found in a mail. Worth something only where ``genuine`` says so for the proven sender."""

    mark: Mark
    token: str


def mark_token(key: bytes, mark: Mark, person_id: int) -> str:
    """Return the 26 characters that tie an answer to what is marked and to the person the letter went to.

    One for a ticket is never one for a held mail of the same number.
    """
    return _sign(key, f"helpdesk reply 1\0{mark}\0{person_id}")


def genuine(keys: Sequence[bytes], claim: Claim, person_id: int) -> bool:
    """Say whether one of *keys* signed *claim* for that person; takes the same time for any token."""
    return _any_equal(claim.token, (mark_token(key, claim.mark, person_id) for key in keys))


def message_id(dedupe: str, desk_domain: str, mark: Mark | None = None, token: str = "") -> str:
    """Return the Message-ID of the letter with that dedupe key (64 hex): always the same."""
    signed = f".{mark}-{token}" if mark else ""
    return f"<c.{dedupe[:32]}{signed}@{desk_domain}>"


def reply_address(desk_address: str, mark: Mark, token: str) -> str | None:
    """Return the plus-address of a mark, or None where its local part would be too long for SMTP."""
    return _with_detail(desk_address, f"{mark}-{token}")


def bounce_address(key: bytes, desk_address: str, dedupe: str) -> str | None:
    """Return the envelope sender of the letter with that dedupe key (64 hex), or None if too long."""
    short = dedupe[:SHORT_ID_CHARS]
    return _with_detail(desk_address, f"b{short}-{_bounce_token(key, short)}")


def claims_in_ids(message_ids: Iterable[str], desk_domain: str) -> tuple[Claim, ...]:
    """Return the marks in Message-IDs of our own form and domain, in order, each once."""
    claims = []
    for message_id in message_ids:
        found = _MESSAGE_ID.fullmatch(message_id.lower())
        if found and found["kind"] and found["domain"] == desk_domain.lower():
            claims.append(_claim(found))
    return _possible(claims) if claims else ()


def claims_in_addresses(addresses: Iterable[str], desk_address: str) -> tuple[Claim, ...]:
    """Return the marks in plus-addresses of the desk, in order, each once."""
    details = [_detail(address, desk_address) for address in addresses if "+" in address]
    found = [match for detail in details if (match := _REPLY_DETAIL.fullmatch(detail))]
    return _possible([_claim(match) for match in found]) if found else ()


def is_own_message_id(message_id: str, desk_domain: str) -> bool:
    """Say whether a Message-ID has the form of our letters, with or without mark; proves nothing."""
    found = _MESSAGE_ID.fullmatch(message_id.lower())
    return found is not None and found["domain"] == desk_domain.lower()


def has_bounce_form(address: str, desk_address: str) -> bool:
    """Say whether an address has the form of our bounce addresses; proves nothing."""
    return _BOUNCE_DETAIL.fullmatch(_detail(address, desk_address)) is not None


def bounced_letter(keys: Sequence[bytes], address: str, desk_address: str) -> str | None:
    """Return the first 12 hex digits of the dedupe key of a bounced letter, where we signed *address*."""
    found = _BOUNCE_DETAIL.fullmatch(_detail(address, desk_address))
    if found is None:
        return None
    ours = _any_equal(found["token"], (_bounce_token(key, found["short"]) for key in keys))
    return found["short"] if ours else None


def _claim(found: "re.Match[str]") -> Claim:
    return Claim(Mark(found["kind"], int(found["number"])), found["token"])


def _possible(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    wanted = (claim for claim in claims if claim.mark.number <= MAX_NUMBER[claim.mark.kind])
    return tuple(dict.fromkeys(wanted))


def _detail(address: str, desk_address: str) -> str:
    """Return what stands between "+" and "@" where the rest is the desk's address, else nothing."""
    local, _, domain = address.lower().rpartition("@")
    desk_local, _, desk_domain = desk_address.lower().rpartition("@")
    if domain != desk_domain or not local.startswith(f"{desk_local}+"):
        return ""
    return local[len(desk_local) + 1 :]


def _with_detail(desk_address: str, detail: str) -> str | None:
    local, _, domain = desk_address.rpartition("@")
    extended = f"{local}+{detail}"
    return f"{extended}@{domain}" if len(extended) <= MAX_LOCAL_PART else None


def _bounce_token(key: bytes, short: str) -> str:
    return _sign(key, f"helpdesk bounce 1\0{short}")


def _sign(key: bytes, what: str) -> str:
    digest = hmac.digest(key, what.encode(), "sha256")
    return base64.b32encode(digest[:TOKEN_BYTES]).decode().rstrip("=").lower()


def _any_equal(token: str, candidates: Iterable[str]) -> bool:
    equal = False
    for candidate in candidates:  # all of them: the time says nothing about which key, if any, fits
        equal |= hmac.compare_digest(token.encode(), candidate.encode())
    return equal
