"""Server certificates of a private CA: a good one, and each way in which one can be bad."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1")
OTHER_NAME = "other.example"
LONG_AGO = (datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))


class Flaw(Enum):
    """What is wrong with a server's certificate."""

    NONE = "none"
    WRONG_HOST = "wrong host"
    EXPIRED = "expired"
    UNKNOWN_CA = "unknown CA"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A chain and its key, both PEM."""

    chain: bytes
    key: bytes

    def write_to(self, folder: Path) -> tuple[Path, Path]:
        """Write ``cert.pem`` and ``key.pem`` (0600) to *folder* and return their paths."""
        chain_file, key_file = folder / "cert.pem", folder / "key.pem"
        chain_file.write_bytes(self.chain)
        key_file.touch(mode=0o600)
        key_file.write_bytes(self.key)
        return chain_file, key_file


class Certificates:
    """A private CA, made when first used; one is enough for all servers of a run."""

    @cached_property
    def _authority(self) -> trustme.CA:
        return trustme.CA(organization_name="helpdeskd tests")

    @cached_property
    def ca_pem(self) -> bytes:
        """The CA's certificate, which a client has to trust."""
        return self._authority.cert_pem.bytes()

    def issue(self, flaw: Flaw = Flaw.NONE) -> Certificate:
        """Return a new certificate for NAMES, except for its *flaw*."""
        match flaw:
            case Flaw.NONE:
                leaf = self._authority.issue_cert(*NAMES)
            case Flaw.WRONG_HOST:
                leaf = self._authority.issue_cert(OTHER_NAME)
            case Flaw.EXPIRED:
                begin, end = LONG_AGO
                leaf = self._authority.issue_cert(*NAMES, not_before=begin, not_after=end)
            case Flaw.UNKNOWN_CA:
                leaf = trustme.CA().issue_cert(*NAMES)
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        return Certificate(chain, leaf.private_key_pem.bytes())

    def client_context(self) -> ssl.SSLContext:
        """Return a client's context that trusts this CA and nothing else, host names checked."""
        return ssl.create_default_context(cadata=self.ca_pem.decode("ascii"))


def server_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Return a server's context; ssl loads certificates from files only, which are left in *folder*."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate.write_to(folder))
    return context
