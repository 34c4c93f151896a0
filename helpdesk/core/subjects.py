"""The ticket's number in a subject: ``[#123]``, as our letters write it."""

import re

MAX_NUMBER = 2**31 - 1
_TAG = re.compile(r"\[#([0-9]{1,10})\]")
_TYPED = re.compile(r"#?([0-9]{1,10})")


def tagged(subject: str, number: int) -> str:
    """Return *subject* behind the tag that brings an answer back to ticket *number*."""
    return f"[#{number}] {subject}"


def ticket_numbers(subject: str) -> tuple[int, ...]:
    """Return the ticket numbers that *subject* names, in order, each once.

    A number is a hint, never a key: whoever writes it must be allowed to see that ticket.
    """
    numbers = (int(digits) for digits in _TAG.findall(subject))
    return tuple(dict.fromkeys(number for number in numbers if 0 < number <= MAX_NUMBER))


def typed_number(typed: str) -> int | None:
    """Return the ticket that a person means by ``12``, ``#12`` or ``[#12]``; None for anything else."""
    found = _TAG.fullmatch(typed) or _TYPED.fullmatch(typed)
    number = int(found[1]) if found else MAX_NUMBER + 1
    return number if number <= MAX_NUMBER else None
