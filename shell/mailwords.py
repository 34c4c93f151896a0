"""What became of a mail and why, which the ledger keeps in English, in the language of whoever looks."""

from helpdesk.core.people import Language
from shell.words import Words, in_french

_FRENCH = {
    # verdicts
    "bomb": "hors limites",
    "malformed-from": "expéditeur illisible",
    "untrusted-route": "chemin inconnu",
    "no-verdict": "sans vérification",
    "temp": "pas vérifiable",
    "spoof": "falsifié",
    "contradiction": "preuves contradictoires",
    "pass": "prouvé",
    "pass-dkim": "prouvé par DKIM",
    "weak": "preuve trop faible",
    "unauthenticated": "non prouvé",
    # fates
    "opened": "ticket ouvert",
    "appended": "joint à un ticket",
    "command": "commande",
    "held": "retenu",
    "quarantined": "en quarantaine",
    "ignored": "ignoré",
    "bounce": "retour",
    "duplicate": "doublon",
    # what the daemon is asked to do with one
    "release": "classer",
    "bind": "rattacher",
    "replay": "rejouer",
    # letters
    "dead": "abandonnée",
    "queued": "en file",
    "sending": "en cours d'envoi",
    "sent": "envoyée",
    "alert": "alerte",
    "ticket_opened": "ticket ouvert",
    "ticket_reopened": "ticket rouvert",
    "ticket_answered": "réponse",
    "ticket_resolved": "ticket résolu",
    "confirm_sender": "est-ce bien vous ?",
    "login_code": "code de connexion",
    "suspicious_login": "connexion suspecte",
    "sender_forged": "expéditeur falsifié",
    "address_frozen": "adresse gelée",
    "weekly_report": "rapport de la semaine",
    "tickets_overdue": "tickets en retard",
    "held_mail_ending": "mails retenus à échéance",
    "login_ending": "accès à échéance",
    "canary": "lettre témoin",
}
_REASONS = (
    (r"^([a-z-]+): ", lambda found: f"{_FRENCH.get(found[1], found[1])} : "),
    (r"(dmarc=pass) for (\S+), by the border's word", r"\1 pour \2, d'après le serveur de réception"),
    (r"(dmarc=pass) for (\S+), DKIM checked again", r"\1 pour \2, DKIM revérifié"),
    (r"(dmarc=\S*) for (\S+)", r"\1 pour \2"),
    (
        r"(dkim=pass) for (\S+), by the border's word; no DMARC record",
        r"\1 pour \2, d'après le serveur de réception ; pas d'enregistrement DMARC",
    ),
    (
        r"a good DKIM signature of (\S+), which has no DMARC record",
        r"bonne signature DKIM de \1, qui n'a pas d'enregistrement DMARC",
    ),
    (
        r"dmarc=pass, but no DKIM signature confirms it: it was not checked again",
        "dmarc=pass, mais aucune signature DKIM ne le confirme : elle n'a pas été revérifiée",
    ),
    (
        r"dmarc=pass, but no DKIM signature confirms it: ",
        "dmarc=pass, mais aucune signature DKIM ne le confirme : ",
    ),
    (r"only SPF speaks for (\S+)", r"seul SPF parle pour \1"),
    (r"nothing proves that the mail comes from (\S+)", r"rien ne prouve que le mail vient de \1"),
    (
        r"the border says that the DKIM signature of (\S+) is good, but it is not: ",
        r"le serveur de réception dit bonne la signature DKIM de \1, et elle ne l'est pas : ",
    ),
    (
        r"the border checked (.+), but From says (\S+)",
        r"le serveur de réception a vérifié \1, mais From dit \2",
    ),
    (
        r"the border could not look up the sender's (DMARC record|DKIM key)",
        r"le serveur de réception n'a pas pu consulter le DNS de l'expéditeur (\1)",
    ),
    (
        r"the DKIM signature could not be checked again: ",
        "la signature DKIM n'a pas pu être revérifiée : ",
    ),
    (r"(\S+) wrote no Authentication-Results", r"\1 n'a pas écrit d'Authentication-Results"),
    (r"Authentication-Results of (\S+): ", r"Authentication-Results de \1 : "),
    (r"the address is not registered", "l'adresse n'est pas inscrite"),
    (r"the address is suspended", "l'adresse est suspendue"),
    (r"the address is blocked", "l'adresse est bloquée"),
    (r"the address is not valid yet", "l'adresse n'est pas encore valable"),
    (r"the address is not valid any more", "l'adresse n'est plus valable"),
    (r"the address is not confirmed yet", "l'adresse n'est pas encore confirmée"),
    (
        r"; mail from this address has been (\S+) before",
        lambda found: f" ; avant, le courrier de cette adresse était {_FRENCH.get(found[1], found[1])}",
    ),
    (r"possibly an old mail sent again: ", "peut-être un ancien mail renvoyé : "),
    (r"it is not addressed to the desk", "il n'est pas adressé au support"),
    (r"no date says how old it is", "aucune date ne dit son âge"),
    (r"its Date is of (\S+), over (\d+) days ago", r"sa date est du \1, il y a plus de \2 jours"),
    (
        r"its DKIM signature is of (\S+), over (\d+) days ago",
        r"sa signature DKIM est du \1, il y a plus de \2 jours",
    ),
    (r"its Date is of (\S+), over a day ahead", r"sa date est du \1, à plus d'un jour d'ici"),
    (
        r"its DKIM signature is of (\S+), over a day ahead",
        r"sa signature DKIM est du \1, à plus d'un jour d'ici",
    ),
    (r"; its owner's account is closed", " ; le compte est fermé"),
    (r"; no better after (\d+) hours", r" ; rien de mieux après \1 heures"),
    (
        r"^its owner says that a held mail is not theirs",
        "son propriétaire dit qu'un mail retenu n'est pas de lui",
    ),
    (r"^an automatic mail opens no ticket", "un mail automatique n'ouvre pas de ticket"),
    (r"^a feedback report", "rapport d'un fournisseur"),
    (r"^our own letter came back", "une de nos lettres est revenue"),
    (r"no From field", "pas de champ From"),
    (r"(\d+) From fields; exactly one is allowed", r"\1 champs From, un seul est permis"),
    (r"an encoded word stands in the address of From", "un mot encodé est dans l'adresse de From"),
    (
        r"From shows one address and names another, without quotes",
        "From montre une adresse et en nomme une autre, sans guillemets",
    ),
    (r"the address in From cannot be used: ", "l'adresse dans From est inutilisable : "),
    (
        r"the settings name no border: nobody can be believed",
        "les réglages ne nomment aucun serveur de réception : on ne peut croire personne",
    ),
    (r"no Received line of the border", "aucune ligne Received du serveur de réception"),
    (
        r"hop (\d+) from the top is (\S+), which is not known here",
        r"le relais \1 depuis le haut est \2, inconnu ici",
    ),
)


def mail_word(words: Words, name: str) -> str:
    """Return what a verdict, a fate, an order or a letter's kind or state is called: in English as it is typed."""
    return _FRENCH.get(name, name) if words.language is Language.FR else name


def mail_reason(words: Words, told: str) -> str:
    """Return why a mail became what it did; details that are not here, such as DKIM's, stay in English."""
    return in_french(words, told, _REASONS)
