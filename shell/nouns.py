"""Every verb there is."""

from shell.commands import (
    account,
    attachments,
    audit,
    auditverify,
    canned,
    directory,
    outgoing,
    people,
    personwork,
    quarantine,
    roster,
    running,
    sessions,
    statistics,
    teams,
    ticketgroups,
    ticketlists,
    ticketmarks,
    ticketshow,
    ticketwork,
    watch,
)
from shell.verbs import Noun, Verb

TICKET_VERBS = (
    *ticketlists.VERBS,
    *ticketshow.VERBS,
    *watch.VERBS,
    *ticketwork.VERBS,
    *ticketmarks.VERBS,
    *ticketgroups.VERBS,
    *statistics.EXPORT_VERBS,
)
PERSON_VERBS = (*directory.VERBS, *people.VERBS, *personwork.VERBS, *roster.VERBS)
TICKETS = ("Tickets", "Tickets")
PEOPLE = ("People", "Personnes")
NOUNS: tuple[Noun, ...] = (
    Noun("ticket", ("tickets", "tickets"), TICKET_VERBS, TICKETS),
    attachments.NOUN,
    canned.NOUN,
    Noun("person", ("who is registered", "qui est inscrit"), PERSON_VERBS, PEOPLE),
    personwork.ADDRESSES,
    teams.TEAMS,
    Noun("quarantine", ("held and quarantined mail", "mails retenus et en quarantaine"), quarantine.VERBS),
    Noun("letter", ("what goes out", "ce qui part"), outgoing.LETTER_VERBS),
    Noun("breaker", ("caps that make letters wait", "plafonds qui font attendre"), outgoing.BREAKER_VERBS),
    Noun("audit", ("who did what", "qui a fait quoi"), (*audit.AUDIT_VERBS, *auditverify.VERBS)),
    Noun("suspicious", ("what was refused", "ce qui fut refusé"), audit.SUSPICIOUS_VERBS),
    Noun("status", ("how the desk is doing", "comment va le support"), running.STATUS_VERBS),
    Noun("job", ("what runs by the clock", "ce qui tourne à l'heure dite"), running.JOB_VERBS),
    Noun("statistics", ("tickets as figures", "les tickets en chiffres"), statistics.STATISTICS_VERBS),
    *account.NOUNS,
    sessions.NOUN,
)


def every_verb() -> list[Verb]:
    """Return all verbs, in the order in which help shows them."""
    return [verb for noun in NOUNS for verb in noun.verbs]
