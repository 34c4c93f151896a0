"""Does the mailbox agree with the ledger? What is counted, and when so much is missing that nothing is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.core.people import Language

OVERDUE = timedelta(minutes=15)  # an inbox is emptied within seconds; a mail that waits longer is forgotten
DAYS = 30  # how far back mails are compared, unless somebody asks for another number
FEW = 10


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found in one mailbox, in numbers of mails.

    ``returned``: had no fate in the ledger and are back in the inbox. ``withheld``: had none either, but were
    too many to be moved. ``without_fate``: wait in the inbox, and nobody looks at them. ``misplaced``: lie in
    another folder than that of their fate.
    """

    mailbox: str
    compared: int = 0
    returned: int = 0
    withheld: int = 0
    without_fate: int = 0
    misplaced: int = 0

    @property
    def alarming(self) -> bool:
        """Whether somebody should know."""
        return bool(self.returned or self.withheld or self.without_fate)


def too_many(compared: int, missing: int) -> bool:
    """Say whether so many mails of a folder have no fate that the ledger must be the wrong one.

    A cluster that loses writes loses a few. With another database, or a mailbox that got another name in the
    settings, everything is missing, and a month of mail would be filed a second time.
    """
    return missing > FEW and missing * 2 > compared


def alarms(found: Reconciled, language: Language = Language.EN) -> Iterator[tuple[str, int, str]]:
    """Yield what somebody should know: a name for each cause, how many mails, and what is so, in a sentence."""
    french = language is Language.FR
    if found.returned:
        yield (
            "returned",
            found.returned,
            f"boîte {found.mailbox} : messages hors de la réception et absents du registre ; ils y sont remis"
            if french
            else f"mailbox {found.mailbox}: mails outside the inbox without a fate in the ledger; now they are back",
        )
    if found.withheld:
        yield (
            "withheld",
            found.withheld,
            f"boîte {found.mailbox} : la plupart des messages d’un dossier sont absents du registre, trop pour les "
            "déplacer ; si c’est le bon registre, la commande reconcile avec --force les déplace"
            if french
            else f"mailbox {found.mailbox}: most mails of a folder are not in the ledger, too many to be moved; "
            "if it is the right ledger, the command reconcile with --force moves them",
        )
    if found.without_fate:
        yield (
            "without_fate",
            found.without_fate,
            f"boîte {found.mailbox} : des messages attendent depuis plus de 15 minutes sans avoir été lus"
            if french
            else f"mailbox {found.mailbox}: mails wait in the inbox for over 15 minutes and nobody looked at them",
        )
