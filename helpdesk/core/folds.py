"""Which spans of a text a reader may hide: quotes and signatures."""

from collections.abc import Sequence

from helpdesk.core.mail import Fold


def folds_of(text: str, subject: str = "") -> tuple[Fold, ...]:
    """Return the spans of *text* that a reader may hide, in order, not overlapping."""
    return ()


def visible_text(text: str, folds: Sequence[Fold]) -> str:
    """Return *text* without its folded spans."""
    return text
