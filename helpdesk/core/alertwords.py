"""What an alert is about and why, in the words of its reader; what our checks found follows in their own."""

from collections.abc import Iterable, Mapping

from helpdesk.core.audit import Action
from helpdesk.core.people import Language
from helpdesk.core.suspicion import SUSPICIOUS, Reason, in_words
from helpdesk.core.verdicts import Verdict

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
_NOT_TAKEN: Reason = {
    Language.FR: "l’expéditeur est prouvé, mais le message n’a pas pu être accepté",
    Language.EN: "the sender is proven, but the mail could not be accepted",
}
_WHY: Mapping[Verdict, Reason] = {
    Verdict.BOMB: {
        Language.FR: "le message dépasse une limite de taille ou de structure ; il est en quarantaine",
        Language.EN: "the mail is over a limit of size or structure; it is in quarantine",
    },
    Verdict.MALFORMED_FROM: {
        Language.FR: "son adresse d’expéditeur peut se lire de plusieurs façons ; il est retenu",
        Language.EN: "its sender can be read in more than one way; it is held",
    },
    Verdict.UNTRUSTED_ROUTE: {
        Language.FR: "le message n’est pas passé par le serveur de réception connu ; il est retenu",
        Language.EN: "the mail did not come by the border server that we know; it is held",
    },
    Verdict.NO_VERDICT: {
        Language.FR: "le serveur de réception n’a rien écrit sur l’expéditeur ; le message attend",
        Language.EN: "the border server wrote nothing about the sender; the mail waits",
    },
    Verdict.TEMP: {
        Language.FR: "l’expéditeur n’a pas encore pu être vérifié ; le message attend",
        Language.EN: "the sender could not be checked yet; the mail waits",
    },
    Verdict.SPOOF: {
        Language.FR: "le domaine de l’adresse dit que le message ne vient pas de lui ; il est retenu",
        Language.EN: "the domain of the address says that the mail is not from there; it is held",
    },
    Verdict.CONTRADICTION: {
        Language.FR: "le serveur de réception et notre vérification se contredisent ; le message est retenu",
        Language.EN: "the border server and our own check contradict each other; the mail is held",
    },
    Verdict.PASS: _NOT_TAKEN,
    Verdict.PASS_DKIM: _NOT_TAKEN,
    Verdict.WEAK: {
        Language.FR: "la preuve de l’expéditeur est plus faible que d’habitude ; le message est retenu",
        Language.EN: "the proof of the sender is weaker than usual; the mail is held",
    },
    Verdict.UNAUTHENTICATED: {
        Language.FR: "rien ne prouve de qui vient le message ; il est retenu",
        Language.EN: "nothing proves whom the mail is from; it is held",
    },
}
LETTERS_WAIT = {Language.FR: "des lettres attendent", Language.EN: "letters wait"}
JOB_FAILED = {Language.FR: "une tâche a échoué", Language.EN: "a job failed"}
CERTIFICATE_ENDS = {Language.FR: "un certificat expire bientôt", Language.EN: "a certificate ends soon"}
CANARY_LOST = {Language.FR: "le courrier ne circule plus", Language.EN: "mail does not flow"}
CANARY_BACK = {Language.FR: "le courrier circule de nouveau", Language.EN: "mail flows again"}
UID_REUSED = {
    Language.FR: "un serveur de messagerie réattribue des numéros",
    Language.EN: "a mail server gives UIDs anew",
}
FOLDER_REFUSES = {
    Language.FR: "un dossier ne prend plus de messages",
    Language.EN: "a folder takes no mail",
}
_SORTS: Mapping[str, Reason] = {
    "folder_refuses": FOLDER_REFUSES,
    "uid_reused": UID_REUSED,
    "breaker": LETTERS_WAIT,
    "certificate_ends": CERTIFICATE_ENDS,
    "canary_lost": CANARY_LOST,
    "canary_back": CANARY_BACK,
}
LAST_HOUR = {Language.FR: "courrier refusé dans l’heure", Language.EN: "mail refused in the last hour"}
LAST_HOURS = {Language.FR: "courrier refusé depuis", Language.EN: "mail refused since then"}

DISAGREEMENT = {  # by the names in core.reconciling
    Language.FR: {
        "returned": "courrier sans trace, remis en réception",
        "withheld": "courrier absent du registre",
        "without_fate": "courrier oublié en réception",
        "misplaced": "courrier dans le mauvais dossier",
    },
    Language.EN: {
        "returned": "mail without a record, back in the inbox",
        "withheld": "mail that the ledger does not know",
        "without_fate": "mail forgotten in the inbox",
        "misplaced": "mail in the wrong folder",
    },
}


def about(verdict: Verdict, language: Language) -> str:
    """Return in a few words what a mail with that verdict is."""
    return (_FRENCH if language is Language.FR else _ENGLISH)[verdict]


def why(verdict: Verdict, language: Language) -> str:
    """Return in a sentence why a mail with that verdict is refused."""
    return _WHY[verdict][language]


def letters_wait(until: str) -> Reason:
    """Return that the cap on all letters is reached, until a time as people write it."""
    return {
        Language.FR: f"le plafond de toutes les lettres est atteint ; les suivantes attendent jusqu’au {until}",
        Language.EN: f"the cap on all letters is reached; later ones wait until {until}",
    }


def canary_told(is_back: bool, minutes: int) -> Reason:
    """Return that a letter of the desk to itself is there, or is not, after so many minutes."""
    return {
        Language.FR: f"une lettre du service à lui-même est {'revenue' if is_back else 'perdue'} ({minutes} minutes)",
        Language.EN: f"a letter of the desk to itself {'came back' if is_back else 'is lost'} ({minutes} minutes)",
    }


def uids_reused(mailbox: str) -> Reason:
    """Return that mails came under UIDs that others of the mailbox had before."""
    return {
        Language.FR: f"boîte {mailbox} : de nouveaux messages portent des UID d’autres messages ; ils sont traités "
        "comme tous. Le serveur a sans doute été restauré : des copies récentes peuvent manquer dans ses dossiers",
        Language.EN: f"mailbox {mailbox}: new mails bear UIDs that other mails had; they are filed like any other. "
        "The server was restored from a backup, it seems: newer copies may be missing in its folders",
    }


def folder_refuses(mailbox: str, folder: str, answer: str) -> Reason:
    """Return that a server takes no mail into a folder, or lets none out of the inbox, and what it answers."""
    return {
        Language.FR: f"boîte {mailbox} : {f'le dossier {folder}' if folder else 'la réception'} refuse les messages "
        f"traités ; ils restent en réception, rien n’est perdu. Voir quotas et droits. Réponse : {answer}",
        Language.EN: f"mailbox {mailbox}: {f'folder {folder} takes' if folder else 'the inbox lets'} no filed mail"
        f"{'' if folder else ' go'}; it stays in the inbox, nothing is lost. Look at quota and rights. "
        f"Answer: {answer}",
    }


def kind_in_words(kind: str, language: Language) -> str:
    """Return what an alarm of a kind is about; a kind that has no words of its own stays as it is."""
    sort, _, which = kind.partition(":")
    if sort == "job_failed":
        return f"{JOB_FAILED[language]} ({which})"
    if sort == "reconcile":
        return DISAGREEMENT[language].get(which, kind)
    if sort in _SORTS:
        return _SORTS[sort][language]
    return _named(which if sort == "alert" else kind, language)


def counted(refused: Iterable[tuple[str, int]], language: Language) -> str:
    """Return how often what was refused: each by the name of a verdict or of an action."""
    return ", ".join(f"{_named(name, language)} ({count})" for name, count in refused)


def _named(name: str, language: Language) -> str:
    if name in set(SUSPICIOUS):
        return in_words(Action(name), language)
    return about(Verdict(name), language) if name in set(Verdict) else name


def disowned(address: str) -> Reason:
    """Return why an address is frozen for mail."""
    return {
        Language.FR: f"{address} : le titulaire répond « pas moi » ; « person unfreeze » rouvre l’adresse",
        Language.EN: f"{address}: its owner says “not me”; “person unfreeze” takes its mail again",
    }


def flood_of(address: str, count: int, minutes: int) -> Reason:
    """Return that one sender sent so many mails."""
    return {
        Language.FR: f"{count} messages de {address} en {minutes} minutes",
        Language.EN: f"{count} mails of {address} within {minutes} minutes",
    }


def unknown_senders(count: int, minutes: int) -> Reason:
    """Return that so many mails came from people whom nobody registered."""
    return {
        Language.FR: f"{count} messages en {minutes} minutes ; ils sont retenus",
        Language.EN: f"{count} mails within {minutes} minutes; they are held",
    }


def refused_change(person: str) -> Reason:
    """Return who was refused a change of roles; empty: nobody who is logged in."""
    return {
        Language.FR: f"un changement de rôle a été refusé à {person or 'une personne non connectée'}",
        Language.EN: f"{person or 'nobody who is logged in'} was refused a change of roles",
    }
