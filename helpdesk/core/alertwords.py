"""What an alert is about, in the words of its reader; the verdict's own name follows in the reason."""

from helpdesk.core.people import Language
from helpdesk.core.verdict import Verdict

_FRENCH = {
    Verdict.BOMB: "message hors limites",
    Verdict.MALFORMED_FROM: "expéditeur illisible",
    Verdict.UNTRUSTED_ROUTE: "chemin du courrier inconnu",
    Verdict.NO_VERDICT: "courrier sans vérification",
    Verdict.TEMP: "vérification impossible pour l’instant",
    Verdict.SPOOF: "expéditeur falsifié",
    Verdict.CONTRADICTION: "preuves contradictoires",
    Verdict.PASS: "message retenu",
    Verdict.PASS_DKIM: "message retenu",
    Verdict.WEAK: "preuve trop faible",
    Verdict.UNAUTHENTICATED: "expéditeur non prouvé",
}
_ENGLISH = {
    Verdict.BOMB: "mail over a limit",
    Verdict.MALFORMED_FROM: "unreadable sender",
    Verdict.UNTRUSTED_ROUTE: "unknown mail route",
    Verdict.NO_VERDICT: "mail without a check",
    Verdict.TEMP: "check not possible for now",
    Verdict.SPOOF: "forged sender",
    Verdict.CONTRADICTION: "contradicting proofs",
    Verdict.PASS: "mail held",
    Verdict.PASS_DKIM: "mail held",
    Verdict.WEAK: "too little proof",
    Verdict.UNAUTHENTICATED: "unproven sender",
}
LETTERS_WAIT = {Language.FR: "des lettres attendent", Language.EN: "letters wait"}
JOB_FAILED = {Language.FR: "une tâche a échoué", Language.EN: "a job failed"}
CERTIFICATE_ENDS = {Language.FR: "un certificat expire bientôt", Language.EN: "a certificate ends soon"}
CANARY_LOST = {Language.FR: "le courrier ne circule plus", Language.EN: "mail does not flow"}
CANARY_BACK = {Language.FR: "le courrier circule de nouveau", Language.EN: "mail flows again"}
LAST_HOUR = {Language.FR: "courrier refusé dans l’heure", Language.EN: "mail refused in the last hour"}
LAST_HOURS = {Language.FR: "courrier refusé depuis", Language.EN: "mail refused since then"}

DISAGREEMENT = {  # by the names in core.reconciling
    Language.FR: {
        "returned": "courrier sans trace, remis en réception",
        "withheld": "courrier absent du registre",
        "without_fate": "courrier oublié en réception",
    },
    Language.EN: {
        "returned": "mail without a record, back in the inbox",
        "withheld": "mail that the ledger does not know",
        "without_fate": "mail forgotten in the inbox",
    },
}


def about(verdict: Verdict, language: Language) -> str:
    """Return in a few words what a mail with that verdict is."""
    return (_FRENCH if language is Language.FR else _ENGLISH)[verdict]
