"""What came of a job, which the database keeps in English, in the language of whoever looks."""

from shell.words import Words, in_french

_FRENCH = (  # a text that is not here, such as an error, is shown as it is
    (r"^letters are queued$", "des lettres partent"),
    (r"^(\d+) letters are queued$", r"lettres en file : \1"),
    (
        r"^sent already: each admin has the report of these days$",
        "déjà envoyé : chaque administrateur a le rapport de ces jours",
    ),
    (
        r"^nothing sent: no active admin has a verified address$",
        "rien envoyé : aucun administrateur actif n'a d'adresse vérifiée",
    ),
    (
        r"^nothing sent: the desk is younger than the week$",
        "rien envoyé : le support est plus récent que la semaine",
    ),
    (r"^(\d+) rows and (\d+) seals are gone$", r"lignes supprimées : \1, sceaux : \2"),
    (r"^(\d+) blobs removed$", r"fichiers supprimés : \1"),
    (r"^(\d+) tickets closed$", r"tickets clos : \1"),
    (r"^(\d+) kept mails expired$", r"mails retenus expirés : \1"),
    (r"^(\d+) tickets told of$", r"tickets rappelés : \1"),
    (
        r"^(\d+) compared, (\d+) returned, (\d+) withheld, (\d+) forgotten, (\d+) put right, (\d+) misplaced$",
        r"mails comparés : \1, remis : \2, laissés : \3, sans sort : \4, remis à leur place : \5, mal placés : \6",
    ),
    (r"^(\d+) looked at, (\d+) end soon", r"certificats vus : \1, bientôt échus : \2"),
)


def ended_in(words: Words, told: str) -> str:
    """Return what came of a job in the person's language."""
    return in_french(words, told, _FRENCH)
