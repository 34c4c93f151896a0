"""One attempt to let many mails go at once: where a server refuses it, because of which mails, or of none."""

from collections.abc import Callable, Sequence

from helpdesk.actions.arrival import Filed
from helpdesk.errors import FolderRefused, MailRefused

SURE_REFUSALS = 3  # so many mails refused, each by itself, and none taken: it is the folder


class Attempt:
    """Tries *verb* on all mails, and where the server refuses that, on fewer.

    ``refused``: those that were refused alone. ``closed``: why none is taken, for a reason that is no mail's.
    """

    def __init__(self, verb: Callable[[Sequence[Filed]], None]) -> None:
        self.went: list[Filed] = []
        self.refused: list[tuple[Filed, MailRefused]] = []
        self.closed: MailRefused | None = None
        self._verb = verb

    def at(self, ones: Sequence[Filed]) -> "Attempt":
        """Try; what else the verb raises ends the attempt."""
        refused = self._refusal(ones)
        if refused is None:
            return self
        if len(ones) == 1:
            self._blame(ones[0], refused)
            return self
        few, rest = spread(ones)  # it may be all of them: a few tell, without asking for each
        for one in few:
            self._halves([one])
        self._halves(rest)
        return self

    def _halves(self, ones: Sequence[Filed]) -> None:
        if self.closed or not ones or (refused := self._refusal(ones)) is None:
            return
        if len(ones) == 1:
            self._blame(ones[0], refused)
            return
        self._halves(ones[: len(ones) // 2])
        self._halves(ones[len(ones) // 2 :])

    def _refusal(self, ones: Sequence[Filed]) -> MailRefused | None:
        try:
            self._verb(ones)
        except FolderRefused as refused:
            self.closed = refused
            return None
        except MailRefused as refused:
            return refused
        self.went += ones
        return None

    def _blame(self, one: Filed, refused: MailRefused) -> None:
        self.refused.append((one, refused))
        if not self.went and len(self.refused) >= SURE_REFUSALS:
            self.closed = refused


def spread(ones: Sequence[Filed]) -> tuple[list[Filed], list[Filed]]:
    """Return the first, the middle and the last of many, and the others."""
    chosen = {0, len(ones) // 2, len(ones) - 1}
    return [ones[place] for place in sorted(chosen)], [
        one for place, one in enumerate(ones) if place not in chosen
    ]
