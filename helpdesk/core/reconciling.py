"""Does the mailbox agree with the ledger? What is counted, and when so much is missing that nothing is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.core.people import Language

OVERDUE = timedelta(minutes=15)  # an inbox is emptied within seconds; a mail that waits longer is forgotten
DAYS = 30  # how far back mails are compared, unless somebody asks for another number
FEW = 10
_TOLD = {
    "returned": {
        Language.FR: "messages hors de la réception et absents du registre ; ils y sont remis",
        Language.EN: "mails outside the inbox without a fate in the ledger; now they are back",
    },
    "withheld": {
        Language.FR: "la plupart des messages d’un dossier sont absents du registre, trop pour les déplacer ; si "
        "c’est le bon registre, la commande reconcile avec --force les déplace",
        Language.EN: "most mails of a folder are not in the ledger, too many to be moved; if it is the right "
        "ledger, the command reconcile with --force moves them",
    },
    "without_fate": {
        Language.FR: "des messages attendent depuis plus de 15 minutes sans avoir été lus",
        Language.EN: "mails wait in the inbox for over 15 minutes and nobody looked at them",
    },
    "misplaced": {
        Language.FR: "des messages ne sont pas dans le dossier de leur sort et n’ont pu y être remis ; « why » dit "
        "le sort de chacun ; s’ils sont nombreux et à remettre, la commande reconcile avec --force le fait",
        Language.EN: "mails lie in another folder than that of their fate and could not be put right; why tells "
        "the fate of each; where they are many and should go, the command reconcile with --force moves them",
    },
}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found in one mailbox, in numbers of mails.

    ``returned``: had no fate in the ledger and are back in the inbox. ``withheld``: had none either, but were
    too many to be moved. ``without_fate``: wait in the inbox, and nobody looks at them. ``put_right``:
    lay in another folder than that of their fate, and were moved there; ``misplaced``: still do.
    """

    mailbox: str
    compared: int = 0
    returned: int = 0
    withheld: int = 0
    without_fate: int = 0
    misplaced: int = 0
    put_right: int = 0

    @property
    def alarming(self) -> bool:
        """Whether somebody should know."""
        return bool(self.returned or self.withheld or self.without_fate or self.misplaced)


def too_many(compared: int, missing: int) -> bool:
    """Say whether so many mails of a folder have no fate that the ledger must be the wrong one.

    A cluster that loses writes loses a few. With another database, or a mailbox that got another name in the
    settings, everything is missing, and a month of mail would be filed a second time.
    """
    return missing > FEW and missing * 2 > compared


def alarms(found: Reconciled, language: Language = Language.EN) -> Iterator[tuple[str, int, str]]:
    """Yield what somebody should know: a name for each cause, how many mails, and what is so, in a sentence."""
    where = f"boîte {found.mailbox} : " if language is Language.FR else f"mailbox {found.mailbox}: "
    for name, told in _TOLD.items():
        if count := getattr(found, name):
            yield name, count, where + told[language]
