"""Authentication-Results (RFC 8601), read by a reader of its own that fails closed."""

from dataclasses import dataclass

from helpdesk.core.trust import Profile


class BadResults(Exception):
    """A field breaks a rule of the reader; the text says which."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result: ``method`` and ``value`` in lower case, ``properties`` as (``header.from``, value)."""

    method: str
    value: str
    properties: tuple[tuple[str, str], ...] = ()

    def property(self, name: str) -> str:
        """Return the value of property *name*, empty when there is none."""
        return dict(self.properties).get(name, "")


@dataclass(frozen=True, slots=True)
class Results:
    """What one field says; ``authserv_id`` is lower case, empty under the profile m365."""

    authserv_id: str
    results: tuple[Result, ...]


def read_results(value: bytes, profile: Profile) -> Results:
    """Read the raw value of one Authentication-Results field. Raises BadResults and nothing else."""
    raise NotImplementedError
