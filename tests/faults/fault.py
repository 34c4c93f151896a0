"""What a fault is to the harness, and what one run of it showed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted after the fault was over and a daemon had worked on in peace until all was quiet.

    ``faults``: how often the fault happened. ``lost``: mails without exactly one effect, or whose bytes are gone.
    ``doubled``: tickets, posts or fates too many. ``extra_letters``: letters received more than once, all with
    an equal Message-ID; ``problems``: everything that may not be, in words. ``recover_seconds``: from the end of
    the fault (of the worst one, where there were several) to the first mail filed; None where that means nothing.
    """

    faults: int
    mails: int
    lost: int
    doubled: int
    extra_letters: int
    recover_seconds: float | None = None
    problems: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table. ``engine``: the database it runs on, as people call it.

    ``run(folder, quick)`` makes the fault in a folder of its own; *quick*: the version of a minute or less.
    ``extra_allowed``: whether letters may come twice (only where the fault hits the two ambiguous points of
    SMTP). ``recover_limit_seconds``: the acceptance figure, None where there is none. ``in_selection``: whether
    the ten-minute selection has it; what only repeats another on a second engine, or takes long, has not.
    """

    name: str
    engine: str
    run: Callable[[Path, bool], Tally]
    extra_allowed: bool = False
    recover_limit_seconds: float | None = None
    in_selection: bool = True

    def failures(self, tally: Tally) -> list[str]:
        """Return what of *tally* misses the acceptance figures, in words; empty when all is met."""
        missed = list(tally.problems)
        if not tally.faults:
            missed.append("no fault happened, so nothing was shown")
        if tally.lost:
            missed.append(f"{tally.lost} lost")
        if tally.doubled:
            missed.append(f"{tally.doubled} doubled")
        if tally.extra_letters and not self.extra_allowed:
            missed.append(f"{tally.extra_letters} letters came twice")
        limit, took = self.recover_limit_seconds, tally.recover_seconds
        if limit is not None and took is not None and took > limit:
            missed.append(f"back in service after {took:.1f} s; the limit is {limit:g} s")
        return missed
