"""What intake needs of a mailbox, whoever answers it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Glance:
    """What a server tells of a mail without its bytes. ``head``: its Message-ID field, as it was sent."""

    size: int
    arrived_at: datetime
    head: bytes


class Inbox(Protocol):
    """What intake needs of a mailbox; ``ImapInbox`` is the real one."""

    uidvalidity: int
    can_move: bool  # in one step: else a mail may lie in both folders, and stay so

    def uids(self) -> list[int]:
        """Return the UIDs now in the inbox, oldest first; those flagged ``\\Deleted`` are not among them."""

    def flagged(self) -> list[int]:
        """Return the UIDs that are flagged ``\\Deleted``: by us, once they were copied, or by somebody else."""

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the size in bytes of each mail that is still there."""

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return the whole raw mails, those that are still there, without marking them read."""

    def fetch_head(self, uid: int) -> bytes:
        """Return the first 256 KiB of the header block of a mail that is too big to fetch."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails out of the inbox; UIDs that are gone are passed over.

        Raises MailRefused where nothing was done, MailStays where they were copied and are not removed.
        """

    def remove(self, uids: Sequence[int]) -> None:
        """Let mails go that have their copies in another folder. Raises MailRefused."""

    def opened(self, folder: str) -> AbstractContextManager[None]:
        """Let every verb mean another folder for a while, then the inbox again."""

    def like(self, message_id: str, size: int) -> list[int]:
        """Return the UIDs of what may be that mail, oldest first; the caller looks at their bytes."""

    def glances(self, uids: Sequence[int]) -> dict[int, Glance]:
        """Return what the server tells of the mails that are still there, without their bytes."""
