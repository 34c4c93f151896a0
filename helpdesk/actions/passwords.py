"""Hash and check passwords and the codes of a second factor. What is random happens here, what is decided in core."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Collection
from functools import cache

import bcrypt

from helpdesk.core.passwords import normal_password

COST = 12
VERSION = "v1$"
TOTP_STEP_SECONDS = 30
TOTP_WINDOW = 1  # steps before and after now: clocks of telephones differ
NONCE_BYTES = 12
RECOVERY_CODES = 10
CODE_DIGITS = 8
_LABEL = b"helpdesk-bcrypt-v1"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read for something else
# What nobody's password is: unknown people are checked against it, so that they take as long as known ones.
_DUMMY = "v1$$2b$12$HMYtjTliz/l4o39s1orWnu0UKKeU9R4HykK85dJWx/8UhZd34rFbC"


def hash_password(password: str) -> str:
    """Return what is stored of a password; bcrypt takes 72 bytes and no NUL, so it gets a digest of any length."""
    return VERSION + bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)).decode("ascii")


def password_is(password: str, stored: str) -> bool:
    """Say whether *stored* is of this password; nothing stored takes the same time and is never right."""
    right = bcrypt.checkpw(_digest(password), (stored or _DUMMY).removeprefix(VERSION).encode("ascii"))
    return right and bool(stored)


def is_old_hash(stored: str) -> bool:
    """Say whether a right password should be hashed anew: of another form, or cheaper than today's."""
    return not stored.startswith(f"{VERSION}$2b${COST:02}$")


def _digest(password: str) -> bytes:
    mac = hmac.new(_LABEL, normal_password(password).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b64encode(mac.digest())


@cache
def known_passwords() -> Collection[str]:
    """Return the passwords that attackers try first, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def new_token() -> str:
    """Return a token of 256 random bits that a session is known by."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token or code that is random itself (64 hex)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code() -> str:
    """Return a code of eight digits to be sent by mail."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def code_hash(person_id: int, code: str) -> str:
    """Return what is stored of a mailed or recovery code: of its signs alone, whatever stands between them."""
    signs = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{person_id}\0{signs}".encode()).hexdigest()


def new_recovery_codes() -> list[str]:
    """Return ten codes of 50 bits and more, written in two halves."""
    return [f"{_letters(5)}-{_letters(5)}" for _ in range(RECOVERY_CODES)]


def new_password() -> str:
    """Return a first password that its owner has to change: 20 signs, some 99 bits."""
    return "-".join(_letters(5) for _ in range(4))


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def new_totp_secret() -> str:
    """Return a secret of 160 bits in base32 (RFC 4226 §4)."""
    import pyotp  # slow to load, for second factors only

    return pyotp.random_base32()


def totp_address(secret: str, account: str, desk: str) -> str:
    """Return the otpauth:// address that telephones read from a QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=desk)


def totp_step(secret: str, code: str, last_step: int, unix_seconds: float) -> int | None:
    """Return the time step that *code* is for, None where it is wrong or of a step not later than *last_step*."""
    import pyotp

    now = int(unix_seconds) // TOTP_STEP_SECONDS
    digits = "".join(code.split())
    found = None
    for step in range(now - TOTP_WINDOW, now + TOTP_WINDOW + 1):
        expected = pyotp.TOTP(secret).at(step * TOTP_STEP_SECONDS)
        if (
            hmac.compare_digest(expected.encode(), digits.encode("utf-8", "surrogatepass"))
            and step > last_step
        ):
            found = step
    return found


def seal(key: bytes, person_id: int, secret: str) -> bytes:
    """Return a second factor's secret encrypted for one person: in another's row it cannot be opened."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to load, for second factors only

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), b"totp:%d" % person_id)


def unsealed(key: bytes, person_id: int, sealed: bytes) -> str | None:
    """Return the secret, or None where it was sealed with another key or for somebody else."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, b"totp:%d" % person_id).decode()
    except InvalidTag:
        return None
