"""Every verb there is."""

from shell.commands import account, people, tickets, ticketwork
from shell.verbs import Noun, Verb

NOUNS: tuple[Noun, ...] = (
    Noun("ticket", ("tickets", "tickets"), (*tickets.VERBS, *ticketwork.VERBS)),
    Noun("person", ("who is registered", "qui est inscrit"), people.VERBS),
    *account.NOUNS,
)


def every_verb() -> list[Verb]:
    """Return all verbs, in the order in which help shows them."""
    return [verb for noun in NOUNS for verb in noun.verbs]
