"""What programs add about themselves, and what speaks against a signature below a line of dashes.

Every pattern is matched against one line as ``plain`` makes it, so at most 250 characters.
"""

import re

MAX_WORDS = 12

_SENT_FROM = re.compile(
    r"(?:(?:message )?envoyée? (?:de|depuis|à partir d[eu']|avec|via|par)|provenance(?= ?:)"
    r"|sent (?:from|via|with|using|by)|von mein\w{0,2}|gesendet (?:von|mit)|diese nachricht wurde von"
    r"|enviad[oa] (?:desde|a partir d[eo]|do|pelo|via|con|de)|inviato da(?:l|ll)?|verstuurd vana(?:f|uit)"
    r"|verzonden (?:vana(?:f|uit)|met)|skickat från|sendt fra)\b(?P<rest>[^;!?]{2,120})$",
    re.IGNORECASE,
)
# "Get Outlook for iOS": a program and a system to have it for, nothing else; other sentences begin so too.
_GET = re.compile(
    r"(?:télécharge[rz]|obten(?:ir|ez)|get|holen sie sich|scarica(?:re)?|ottieni|download(?:en)?|obtener"
    r"|descarga(?:r)?|obter|transferir)"
    r" (?:(?:the|l'application|die|la) )?(?:outlook|blue ?mail|yahoo ?mail|gmail|proton ?mail|spark|mail\w{0,6})"
    r"(?: app)? (?:for|pour|für|per|para|voor) \w{1,12}(?: (?:and|et|und|y|e|en) \w{1,12})?\.?$",
    re.IGNORECASE,
)
_SLOGAN = re.compile(r"yahoo mail ?: search, organize, conquer$", re.IGNORECASE)
_LINK = re.compile(r"[<\[(]?https?://[^\s<>]{1,200}[>\])]?")
_WORD = re.compile(r"[^\W_][\w'.+-]*+")
_DEVICE = re.compile(
    r"iphone|ipad|ipod|mobile|téléphone|portable|smartphone|android|ios|samsung|galaxy|huawei|honor|xiaomi"
    r"|redmi|poco|oneplus|oppo|pixel|nokia|sony|xperia|wiko|blackberry|motorola|tablette|tablet|outlook"
    r"|yahoo|gmail|proton|protonmail|courrier|mail|orange|sfr|free|bouygues|laposte|windows|thunderbird"
    r"|spark|bluemail|tutanota|tuta|client|handy|móvil|cellulare|telefon|telefoon|telemóvel|telefono"
    r"|teléfono|phone|mac|canary|edison|gmx|airmail|mailbird|aquamail|k-9|fairemail",
    re.IGNORECASE,
)
_SMALL_WORD = re.compile(
    r"a|à|al|app|appareil|application|avec|con|da|dal|de|del|desde|device|dispositivo|do|du|e|em|email"
    r"|e-mail|et|fra|för|for|from|für|gerät|gesendet|il|it|iphonen|l|l'app|l'application|la|le|ma|mein"
    r"|meine|meinem|meinen|meiner|mes|messagerie|meu|mi|mijn|min|minha|mio|mit|mobilen|mon|mot|my|o|on"
    r"|para|per|pour|pc|secure|securely|sécurisée|service|sur|the|tin|um|un|und|une|using|van|via|von"
    r"|votre|with|wurde|y|geschickt|mobiltelefon|d'orange|d'un|d'une",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"(?:p\. ?s\.|ps|post-?scriptum|n\. ?b\.|nb) ?[:,-]", re.IGNORECASE)
_GREETING = re.compile(
    r"(?:bonjour|bonsoir|salut|coucou|madame|monsieur|chère?s?|hello|hi|hey|dear|good (?:morning|afternoon))\b",
    re.IGNORECASE,
)
_LONGEST_GREETING = 5


def advertises(line: str) -> bool:
    """Say whether a line is what a program or a device adds about itself, and no sentence of the writer.

    Beside devices and small words only names may stand in it: "envoyé depuis mon téléphone n'arrive pas" is
    a sentence.
    """
    line = _LINK.sub("", line).strip()
    if _GET.match(line) or _SLOGAN.match(line):
        return True
    sent = _SENT_FROM.match(line)
    if sent is None:
        return False
    words = [word.strip(".'") for word in _WORD.findall(sent["rest"])]
    return len(words) <= MAX_WORDS and any(map(_DEVICE.fullmatch, words)) and all(map(_may_stand_in, words))


def _may_stand_in(word: str) -> bool:
    name = word[:1].isupper() or any(map(str.isdigit, word))
    return name or _DEVICE.fullmatch(word) is not None or _SMALL_WORD.fullmatch(word) is not None


def is_postscript(line: str) -> bool:
    """Say whether the writer goes on at this line, below a signature."""
    return _POSTSCRIPT.match(line) is not None


def is_greeting(line: str) -> bool:
    """Say whether a line only greets: whoever wrote nothing else wrote what stands below."""
    return _GREETING.match(line) is not None and len(line.split()) <= _LONGEST_GREETING
