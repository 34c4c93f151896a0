"""How mail programs announce a quote, a forwarded mail or their own advertisement, by language.

Every pattern is matched against one line as ``plain`` makes it, or a few joined, so at most 500 characters.
"""

import re

MAX_LINE_CHARS = 250
MAX_JOINED_CHARS = 500
MAX_ATTRIBUTION_LINES = 4

_BLANKS = dict.fromkeys(map(ord, "\t\r\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u200a\u202f\u3000"), " ")
_UNSEEN = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2063\ufeff*")
)
_PLAIN = str.maketrans(_BLANKS | _UNSEEN | {ord("’"): "'", ord("："): ":"})
_ODD = re.compile("[" + re.escape("".join(map(chr, _PLAIN))) + "]")
_MARKS = frozenset("-_=<")


def plain(line: str) -> str:
    """Return a line ready for the patterns: one kind of blank, of apostrophe and of colon, no bold, not long."""
    line = line[:MAX_LINE_CHARS]
    if _ODD.search(line):
        line = line.translate(_PLAIN)
    return line.strip()


def begins_with_marks(line: str) -> bool:
    """Say whether a line that is not empty may be a separator or a rule."""
    return line[0] in _MARKS


def begins_forward(line: str) -> bool:
    """Say whether a forwarded mail begins at this line, as ``plain`` makes it."""
    return line != "" and (line[0] in _MARKS or ":" in line) and FORWARD.match(line) is not None


# "-----Message d'origine-----" and its kin: the answer stands above, the old mail below.
SEPARATOR = re.compile(
    r"[-_=*<]{2,}+ ?(?:message (?:d'origine|original|initial|précédent)|mail original|original[ -]message"
    r"|original mail|reply message|réponse (?:au )?message|ursprüngliche (?:nachricht|e-?mail|mail)"
    r"|original[- ]?nachricht"
    r"|mensaje original|messaggio originale|messaggio iniziale|oorspronkelijk(?:e)? (?:bericht|e-?mail)"
    r"|origineel bericht|mensagem original|oryginalna wiadomość|wiadomość oryginalna|ursprungligt meddelande"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|původní zpráva|исходное сообщение"
    r"|original email) ?[-_=*>]{2,}+",
    re.IGNORECASE,
)
RULE = re.compile(r"[_=-]{8,}+$")

# A forwarded mail is what its sender wants to show: content.
FORWARD = re.compile(
    r"[-_=<]{2,}+ ?(?:original )?(?:forwarded (?:message|mail|by)|(?:message|mail|courriel) (?:transféré|transmis"
    r"|réexpédié)|réexpédition (?:de|du) message|weitergeleitete (?:nachricht|e-?mail)|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|mensagem (?:re)?encaminhada|wiadomość przekazana"
    r"|vidarebefordrat meddelande|пересылаемое сообщение)"
    r"|(?:begin forwarded (?:message|mail)|début du (?:message|courriel) (?:transféré|réexpédié|transmis)"
    r"|anfang der weitergeleiteten (?:nachricht|e-?mail)|inicio del mensaje reenviado"
    r"|inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht|início da mensagem (?:re)?encaminhada) ?:",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(
    r"\s{0,9}(?:\[[^\]]{0,80}\]\s{0,9})?(?:fwd?|tr|wg|rv|enc|doorst|vb|vs|i)\s{0,3}:", re.IGNORECASE
)
REPLY_SUBJECT = re.compile(
    r"\s{0,9}(?:\[[^\]]{0,80}\]\s{0,9})?(?:r[eé]|aw|sv|res|rif|ri|r|antw|antwort|odp|ynt|bls|回复|答复|返信)"
    r"(?:\[\d{1,3}\])?\s{0,3}[:：]",
    re.IGNORECASE,
)

# "Le 3 mars 2025 à 10:12, Jean <jean@x> a écrit :". Not "il m'a écrit :" or "I wrote:": that is a story.
OPENER = re.compile(
    r"(?:le|on|am|el|il|op|em|no dia|den|dnia|w dniu|dne|"
    r"(?:lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-zé]{0,8}[.,]?|\d{1,4})"
    r"(?=[ ./:,-])|\d{4}年|في ",
    re.IGNORECASE,
)
VERB_LAST = re.compile(
    r"(?:(?<!\b[mtls]')(?<!\bvous )(?<!\bnous )(?<!\blui )(?<!\bleur )\b(?:a|avait) (?:é|e)crit(?: ce qui suit)?"
    r"|(?<=> )écrit|\bécrivait"
    r"|(?<!\bi )(?<!\bwe )(?<!\bthey )(?<!\byou )\b(?:wrote|writes|has written)"
    r"|\b(?:geschrieben|escribió|escribio|ha scritto|scrisse|geschreven|escreveu|a scris|kirjoitti"
    r"|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|írta|yazdı|написал(?:\(а\)|а)?|пишет)) ?:$",
    re.IGNORECASE,
)
VERB_INSIDE = re.compile(
    r"\b(?:schrieb|schreef|skrev|schreibt|a écrit le(?= \d)|wrote on(?= \w))\b.{0,200}:$", re.IGNORECASE
)
QUOTING = re.compile(
    r"(?:quoting|citando|zitat von|citation de|in reply to|en réponse à) .{2,200}:$", re.IGNORECASE
)
DATE_AND_ADDRESS = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2} .{0,120}<[^<>@ ]{1,64}@[^<> ]{1,255}>:?$")
ADDRESS = re.compile(r"[^\s<>()@]{1,64}@[^\s<>()@]{2,255}")
TIME = re.compile(
    r"\b\d{1,2} ?(?:[:.h]|uhr|kl\.?) ?\d{2}(?!\d)|\b\d{1,2} ?(?:h|heures?|am|pm|uhr)\b", re.IGNORECASE
)
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}\b")

WRITTEN_AT = re.compile(r"dat|fecha|дата", re.IGNORECASE)  # "Date:", which people write too, not "Sent:"

# "De : … Envoyé : … À : … Objet : …": a block of three kinds of label is the head of a quoted mail.
LABEL = re.compile(
    r"(?:(?P<author>from|de|von|da|van|från|fra|od|expéditeur|от|av)"
    r"|(?P<date>sent|date|envoyée?(?: le)?|gesendet|datum|enviad[oa](?: el| em)?|inviato|data|verzonden|fecha"
    r"|skickat|sendt|wysłano|дата|message du)"
    r"|(?P<recipient>to|à|a|an|para|aan|per|till|til|do|destinataires?|кому|cc|copie(?: à)?|kopie|copia)"
    r"|(?P<subject>subject|objet|sujet|betreff|asunto|oggetto|onderwerp|assunto|ämne|emne|temat|тема)"
    r"|(?P<more>reply-to|répondre à|importance|priorité|pièces? jointes?|attachments?|organisation|bcc|cci"
    r"|antwort an|risposta a|responder a)) ?:",
    re.IGNORECASE,
)

# "---- On Fri, 13 Jun 2025 09:41:00 +0200 A <a@x> wrote ---", as Zoho writes it.
BETWEEN_DASHES = re.compile(r"-{3,}+ ([^-\s].{9,239}?) ?-{3,}+$")
# Yahoo for Android goes on with the quote on the line of the attribution.
QUOTE_ON_THE_LINE = re.compile(r"(.{9,240}?<[^<>@ ]{1,64}@[^<> ]{1,120}> (?:wrote|a écrit) ?:) {2,}\S")
# "Mes réponses en rouge ci-dessous": what is quoted without marks holds answers.
ANSWERS_BELOW = re.compile(
    r"\b(?:r[ée]ponses?|r[ée]pond[su]|commentaires?|remarques?|answer(?:s|ed)?|repl(?:y|ies|ied)|comments?"
    r"|responses?)\b.{0,60}\b(?:ci-dessous|ci-après|plus bas|en dessous|dans (?:le|ton|votre) (?:texte|mail"
    r"|message)|en (?:rouge|bleu|vert|gras|majuscules?|couleur|italique)|below|in-?line"
    r"|in (?:red|blue|green|bold|capitals|caps|italics|line|your mail))\b",
    re.IGNORECASE,
)
