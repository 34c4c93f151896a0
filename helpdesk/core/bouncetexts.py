"""How mail systems that do not write RFC 3464 say that a letter did not arrive.

Each phrase stands before the addresses it speaks of. Only phrases met in real bounces are here; an address is
taken only where it stands at the beginning of a line, or where the phrase itself names it.
"""

import re

# Where the copy of the letter begins: addresses below it are not those that failed.
COPY_BEGINS = re.compile(
    r"^[\s>-]{0,9}(?:this is a copy of|below this line is a copy|returned (?:mail|message)|unsent message"
    r"|(?:the )?(?:header of the )?original message(?:$| follows| headers| is following|[ .:-]{1,9}$)"
    r"|message header|undelivered message|copie du message|enclosed (?:is a|are the)"
    r"|(?:le message|en-têtes(?: de message)?) d['’]origine|received: |return-path: |reporting-mta: "
    r"|informations? de diagnostic|diagnostic information for administrators)",
    re.IGNORECASE | re.MULTILINE,
)

# A letter that is still being tried: no failure.
DELAYED = re.compile(
    r"has not (?:yet )?been delivered|not yet been delivered|will continue to (?:try|be tried|be attempted)"
    r"|still being retried|transient non-fatal errors|delivery (?:is|has been) delayed|warning message only"
    r"|you do not need to resend|no action is required on your part|n['’]a pas encore été (?:remis|distribué)"
    r"|remise .{0,60} (?:retardée|différée)|temporarily deferred|dernières tentatives .{0,60} se poursui",
    re.IGNORECASE,
)

# After one of these, lines that begin with an address name those who were missed.
BEFORE_ADDRESSES = re.compile(
    r"(?:to the )?following address(?:\(es\)|es)?(?: failed| had (?:permanent|transient))?"
    r"|could not (?:be delivered to|deliver (?:your|the) message to)|(?:unable|not able) to deliver"
    r"|delivery (?:to|for) the following (?:recipients?|address)|delivery has failed to these recipients"
    r"|did not reach (?:some or all of )?the (?:intended|following) recipient"
    r"|following recipient(?:\(s\)|s)? (?:cannot|could not|can not)|to the following recipients?"
    r"|was not delivered to|was undeliverable to the following|has not yet been delivered is"
    r"|permanent fatal errors|transient non-fatal errors|failed address|failed recipient"
    r"|not been delivered to one or more of its recipients|delayed .{0,40}recipients?"
    r"|n['’]a pas (?:pu être|été) (?:remis|distribué|délivré|acheminé)"
    r"|(?:échec|echec) de la remise (?:à|aux|pour)|destinataires? suivants?|adresses? suivantes?"
    r"|ne peuvent? pas être (?:atteint|joint)|n['’]est pas parvenu"
    r"|не удалось доставить|не может быть доставлено|konnte nicht (?:zugestellt|gesendet)"
    r"|no se (?:ha podido|pudo) entregar|non è stato possibile recapitare|niet (?:afleveren|bezorgd)",
    re.IGNORECASE,
)

# Phrases that name the address themselves.
_MAILBOX = r"[<'\"(*]{0,3}([^\s<>()'\",:;*]{1,64}@[^\s<>()'\",:;*]{1,255})"
WITH_ADDRESS = re.compile(
    r"(?:your message (?:to|wasn't delivered to|was not delivered to|for)|we could(?:n't| not) deliver to"
    r"|problem delivering your message to|(?:wasn['’]t|was not) delivered to"
    r"|could not be delivered to(?: the address)?|delivering (?:your )?message to"
    r"|votre message (?:à|pour|n['’]a pas été (?:distribué|remis) à)(?: l['’]adresse)?"
    r"|(?:distribué|remis|acheminé|parvenu) à(?: l['’]adresse)?|recipient address:|failed address:"
    r"|original recipient:|the user\(s\) account is disabled\.|user unknown:|unknown user:?)"
    r"[ \t\n]{1,3}" + _MAILBOX,
    re.IGNORECASE,
)

# "a@b.example", "'a@b.example' on 3/3/2025"; then "<a@b.example>: host said no" of qmail, Postfix and Yahoo.
ADDRESS_LINE = re.compile(
    r"^[ \t]{0,12}(?:[-*•][ \t]{1,3})?(?:to:?[ \t]{1,3})?"
    r"[<'\"(]{0,3}([^\s<>()'\",:;]{1,64}@[^\s<>()'\",:;]{1,255})(?=[>'\")]|[\s:;,]|$)",
    re.IGNORECASE | re.MULTILINE,
)
BRACKETED_LINE = re.compile(
    r"^[ \t]{0,4}<([^\s<>()'\",:;]{1,64}@[^\s<>()'\",:;]{1,255})>(?: \(expanded from [^)\n]{1,300}\))?:",
    re.MULTILINE,
)
# Exchange shows a name and the address behind it: "Bob Smith (bob@x)", "Bob<mailto:bob@x>".
BEHIND_A_NAME = re.compile(
    r"^[^@\n<(]{1,120}(?:<mailto:|[<(])([^\s<>()'\",:;]{1,64}@[^\s<>()'\",:;]{1,255})[>)]", re.MULTILINE
)
ORIGINAL_ID = re.compile(
    r"^[ \t>]{0,9}Message-I[dD]:[ \t]{0,9}(?:\n[ \t]{1,9})?(<[^<>\s]{1,990}>)", re.MULTILINE
)
STATUS = re.compile(r"(?<![\d.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![\d.])")
