"""One secret of the installation, and the keys made from it: who learns one of them learns no other."""

import hmac
from dataclasses import dataclass, field

MIN_SECRET_BYTES = 32
LOG_PEPPER = "log-pepper"
REPLY_TOKENS = "reply-tokens"
TOTP_SECRETS = "totp-secrets"
AUDIT_CHAIN = "audit-chain"
SETTINGS_SEEN = "settings-seen"
INSTALL_ID_HEX = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one installation. ``secret`` is at least 32 random bytes; it is never used itself."""

    secret: bytes = field(repr=False)

    def derive(self, label: str) -> bytes:
        """Return the 32 bytes that belong to *label*, the same for ever (HMAC-SHA256 as a PRF)."""
        return hmac.digest(self.secret, f"helpdesk key 1\0{label}".encode(), "sha256")

    @property
    def install_id(self) -> str:
        """16 hex digits that mark our own letters; no secret, and nothing about the keys follows from it."""
        return self.derive("install-id").hex()[:INSTALL_ID_HEX]
