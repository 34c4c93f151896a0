"""What the audit trail records; every action has its name here and nowhere else."""

from enum import StrEnum


class Action(StrEnum):
    """What was done, or tried."""

    TICKET_OPENED = "TICKET_OPENED"
    TICKET_REOPENED = "TICKET_REOPENED"
    POST_ADDED = "POST_ADDED"
    MAIL_HELD = "MAIL_HELD"
    HELD_MAIL_CONFIRMED = "HELD_MAIL_CONFIRMED"
    MAIL_QUARANTINED = "MAIL_QUARANTINED"
    MAIL_REPLAYED = "MAIL_REPLAYED"
    SENDER_FORGED = "SENDER_FORGED"
    PERSON_ADDED = "PERSON_ADDED"
    LETTER_DEAD = "LETTER_DEAD"
    LETTER_CAME_BACK = "LETTER_CAME_BACK"
    LETTER_SENT_AGAIN = "LETTER_SENT_AGAIN"
    BREAKER_RESET = "BREAKER_RESET"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    DENIED = "DENIED"
