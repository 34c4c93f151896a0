"""Every verb there is."""

from shell.commands import (
    account,
    attachments,
    canned,
    directory,
    people,
    personwork,
    roster,
    teams,
    ticketgroups,
    ticketmarks,
    tickets,
    ticketshow,
    ticketwork,
    watch,
)
from shell.verbs import Noun, Verb

TICKET_VERBS = (
    *tickets.VERBS,
    *ticketshow.VERBS,
    *watch.VERBS,
    *ticketwork.VERBS,
    *ticketmarks.VERBS,
    *ticketgroups.VERBS,
)
PERSON_VERBS = (*directory.VERBS, *people.VERBS, *personwork.VERBS, *roster.VERBS)
NOUNS: tuple[Noun, ...] = (
    Noun("ticket", ("tickets", "tickets"), TICKET_VERBS),
    attachments.NOUN,
    canned.NOUN,
    Noun("person", ("who is registered", "qui est inscrit"), PERSON_VERBS),
    personwork.ADDRESSES,
    teams.TEAMS,
    *account.NOUNS,
)


def every_verb() -> list[Verb]:
    """Return all verbs, in the order in which help shows them."""
    return [verb for noun in NOUNS for verb in noun.verbs]
