"""Mails with one illness each (tests/mails/mime, named by it): what a reader sees and what is kept."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps, Mail
from helpdesk.core.parse import read_mail

CORPUS = Path(__file__).parent.parent / "mails" / "mime"
OWN = OwnMarks("0123456789abcdef", "desk.example")

SUBJECT = "Mon chargeur ne marche plus"
FRENCH = "Bonjour,\nmon chargeur est abîmé depuis l’été ; ça coûte 20 €, cœur brisé.\nLéa"
LATIN = "Bonjour,\nmon chargeur est abîmé depuis cet été, ça coûte cher.\nLéa"
SUMMER = "Mon chargeur ne marche plus, été compris."
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(48))
TNEF = bytes.fromhex("789f3e22") + bytes(range(256))
ODD = b"contenu\x00\xff"  # what every oddly named attachment holds
PICTURE = ("a.png", "image/png", PNG)
FORWARDED = (
    b"From: x@example.net\r\nSubject: vieux\r\nContent-Type: multipart/mixed; boundary=q\r\n"
    b"\r\n--q\r\n\r\ntexte cite\r\n--q--"
)


@dataclass(frozen=True)
class Seen:
    """What is expected of a mail; ``kept`` is name, type and content of each attachment."""

    text: str
    subject: str = SUBJECT
    kept: tuple[tuple[str, str, bytes], ...] = ()
    problem: str = ""


def crlf(text: str, charset: str = "utf-8") -> bytes:
    return (text + "\n").replace("\n", "\r\n").encode(charset)


def original(content: bytes) -> tuple[tuple[str, str, bytes], ...]:
    """The text part itself, kept since not all of it could be read."""
    return (("attachment-1.txt", "text/plain", content),)


def named(name: str, content_type: str = "application/octet-stream") -> Seen:
    return Seen("Voir fichier", kept=((name, content_type, ODD),))


CHARSETS = {
    "arabic-utf-8-base64": Seen("مرحبا، الشاحن لا يعمل", subject="الشاحن لا يعمل"),
    "arabic-windows-1256-8bit": Seen("الشاحن لا يعمل"),
    "charset-that-nobody-knows": Seen(
        LATIN, kept=original(crlf(LATIN, "latin-1")), problem="charset klingon-42 is not read here"
    ),
    "charset-with-nul": Seen(FRENCH),
    "chinese-gb2312-that-is-gb18030": Seen("充電器壞了 €"),
    "content-type-missing": Seen("été"),
    "content-type-that-is-none": Seen("été"),
    "declared-us-ascii-is-utf-8": Seen(FRENCH),
    "declared-utf-7": Seen(
        "+ADw-script+AD4- et +AOk-t+AOk-",
        kept=original(b"+ADw-script+AD4- et +AOk-t+AOk-\r\n"),
        problem="charset utf-7 is not read here",
    ),
    "declared-utf-8-is-windows-1252": Seen(
        FRENCH, kept=original(crlf(FRENCH, "cp1252")), problem="the text is not utf-8 as declared"
    ),
    "declared-utf-8-with-one-broken-byte": Seen(
        FRENCH.replace("î", "\ufffd"),
        kept=original(crlf(FRENCH).replace("î".encode(), b"\xee")),
        problem="some bytes are not utf-8",
    ),
    "declared-x-unknown": Seen(FRENCH),
    "emoji-split-between-two-words": Seen("Bravo 🎉", subject="✅😀 ok"),
    "french-iso-8859-1-8bit": Seen(LATIN),
    "french-iso-8859-1-quoted-printable": Seen(LATIN, subject="Problème de chargeur"),
    "french-iso-8859-1-that-is-windows-1252": Seen(FRENCH),
    "french-iso-8859-15-8bit": Seen("Cela coûte 20 €, œuvre."),
    "french-utf-8-8bit": Seen(FRENCH),
    "french-utf-8-base64": Seen(FRENCH),
    "french-utf-8-quoted-printable": Seen(FRENCH),
    "french-windows-1252-base64": Seen(FRENCH),
    "html-with-charset-in-meta": Seen("Зарядка"),
    "japanese-iso-2022-jp": Seen("充電器が動きません。", subject="充電器が動きません"),
    "japanese-shift-jis-with-nec-characters": Seen("①髙橋"),
    "korean-ks-c-5601-1987": Seen("충전기가 고장났어요 똠"),
    "nul-in-the-text": Seen(
        "avant\ufffdaprès",
        kept=original("avant\0après\r\n".encode()),
        problem="a text part holds NUL",
    ),
    "russian-koi8-r": Seen("Зарядка не работает"),
    "subject-in-raw-utf-8": Seen("été", subject="Problème d’été 🎉"),
    "subject-in-raw-windows-1252": Seen("été", subject="Problème d’été"),
    "subject-with-line-ends-in-an-encoded-word": Seen("x", subject="Bonjour  Bcc: x@evil.example"),
    "subject-with-terminal-escapes": Seen("x", subject="]0;pwned  [2J fin"),
    "utf-16-with-mark": Seen("Bonjour, été"),
    "utf-16-without-mark": Seen("Bonjour, été"),
    "utf-8-with-byte-order-mark": Seen(FRENCH),
    "windows-path-in-the-text": Seen("Voir C:\\new\\table et \\u00e9 et %s et =C3."),
}

ENCODINGS = {
    "base64-that-is-plain-text": Seen(
        "Bonjour, je l'ai écrit moi-même ; rien n'est codé !",
        problem="the part is no base64; it is kept as it came",
    ),
    "base64-with-junk-between": Seen(FRENCH, problem="junk of 2 bytes in a base64 part was passed over"),
    "base64-with-padding-in-the-middle": Seen("un, deux, trois"),
    "base64-without-padding": Seen("Il fait beau été"),
    "flowed-with-deleted-spaces": Seen("Mon chargeur ne marche plus.\n>> ancientexte\n-- \nLea"),
    "flowed-with-quotes": Seen("Mon chargeur ne marche plus.\n> vieux texte\nFin ici\n\n-- \nLea"),
    "quoted-printable-with-broken-escapes": Seen("prix = 10 0, reste =ZZ et 50% fin é"),
    "transfer-encoding-that-nobody-knows": Seen(
        "Obawbhe", problem="transfer encoding x-rot13 is not read here; the part is kept as it came"
    ),
    "transfer-encoding-with-a-comment": Seen("été"),
    "uuencoded-file-in-the-text": Seen("Voici :\n\nbegin 644 a.txt\n#0V%T\n`\nend"),
}

CHOICES = {
    "alternative-about-html": Seen("Mon code HTML ne marche pas."),
    "alternative-plain-and-html": Seen(SUMMER),
    "alternative-whose-plain-part-asks-for-html": Seen(SUMMER),
    "alternative-with-a-calendar": Seen(
        "Invitation",
        kept=(("attachment-1.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"),),
    ),
    "alternative-with-an-empty-plain-part": Seen(SUMMER),
    "alternative-with-two-plain-parts": Seen("Bonjour\n\nHello"),
    "apple-mail-alternative-around-mixed": Seen("avant\n\n\naprès", kept=(PICTURE,)),
    "apple-mail-text-between-attachments": Seen(
        "Voici la photo :\n\net la suite, été.",
        kept=(("photo 1.png", "image/png", PNG), ("a.csv", "text/csv", b"x,y\r\n")),
    ),
    "forwarded-mail-attached": Seen(
        "Je transmets.", kept=(("vieux message.eml", "message/rfc822", FORWARDED),)
    ),
    "forwarded-mails-in-a-digest": Seen(
        "",
        kept=(
            ("attachment-1.eml", "message/rfc822", b"From: a@example.net\r\n\r\nun"),
            ("attachment-2.eml", "message/rfc822", b"From: b@example.net\r\n\r\ndeux"),
        ),
    ),
    "html-only-from-a-phone": Seen(
        "Bonjour,\n\nMon chargeur ne marche plus : voir ici <https://example.org/aide>.\n\n> Ancien\n> texte"
    ),
    "only-part-is-a-named-text": Seen("Bonjour, seul texte."),
    "related-html-only": Seen("Voir [Logo]", kept=(("attachment-1.png", "image/png", PNG),)),
    "related-with-an-inline-picture": Seen("Voir [Logo]", kept=(("attachment-1.png", "image/png", PNG),)),
    "signed-with-smime": Seen(
        "Message signé", kept=(("smime.p7s", "application/pkcs7-signature", b"\x30\x80sig"),)
    ),
}

ATTACHMENTS = {
    "attachment-in-uuencode": Seen(
        "Voir",
        kept=(("a.txt", "application/octet-stream", b"begin 644 a.txt\r\n#0V%T\r\n`\r\nend"),),
        problem="transfer encoding x-uuencode is not read here; the part is kept as it came",
    ),
    "attachment-named-by-content-type-only": named("relevé.pdf", "application/pdf"),
    "attachment-named-by-windows-path": named("new.pdf", "application/pdf"),
    "attachment-named-from-right-to-left": named("photogpj.exe"),
    "attachment-named-in-koi8-r": named("файл.pdf", "application/pdf"),
    "attachment-named-in-pieces": named("relevé de notes d'été.pdf", "application/pdf"),
    "attachment-named-in-raw-utf-8": named("relevé d’été.pdf", "application/pdf"),
    "attachment-named-like-an-option": named("rf"),
    "attachment-named-twice": named("nouveau €.pdf", "application/pdf"),
    "attachment-named-with-a-path": named("x"),
    "attachment-named-with-an-encoded-path": named("x"),
    "attachment-named-with-nul": named("ab.pdf"),
    "attachment-named-without-quotes": named("Mon relevé de notes.pdf", "application/pdf"),
    "attachment-that-is-text": Seen(
        "Voir le journal", kept=(("journal.txt", "text/plain", b"ligne 1\r\nligne 2"),)
    ),
    "attachment-without-a-name": Seen("Voir fichier", kept=(("attachment-1.png", "image/png", PNG),)),
    "winmail-dat": Seen("Bonjour", kept=(("winmail.dat", "application/ms-tnef", TNEF),)),
}

STRUCTURE = {
    "bare-line-feeds": Seen("Bonjour", kept=(("a.log", "text/x-log", b"un\ndeux"),)),
    "boundary-in-pieces": Seen("Bonjour"),
    "boundary-is-the-beginning-of-another": Seen("avant\n\naprès\n\nfin", kept=(PICTURE,)),
    "boundary-with-odd-characters": Seen("Bonjour\n\nfin"),
    "headers-only": Seen(""),
    "mbox-line-on-top": Seen("Bonjour"),
    "multipart-closed-too-early": Seen("Voir", kept=(PICTURE,)),
    "multipart-declared-base64": Seen("Bonjour"),
    "multipart-never-closed": Seen("Voir", kept=(PICTURE,)),
    "multipart-whose-boundary-never-comes": Seen(
        "Bonjour tout de meme", problem="a multipart has no parts; it is shown as text"
    ),
    "multipart-with-text-after-the-last-part": Seen(
        "Voir",
        kept=(("after-the-last-part.txt", "text/plain", b"Publicite du relais"),),
        problem="something stands after the last part; it is attached",
    ),
    "multipart-without-a-boundary": Seen(
        "--x\n\nBonjour\n--x--", problem="a multipart has no parts; it is shown as text"
    ),
    "no-empty-line-after-the-headers": Seen(
        "Bonjour sans ligne vide\nsuite", problem="the header block ends without an empty line"
    ),
    "no-header-at-all": Seen(
        "Bonjour, je n'ai pas d'en-tete.", subject="", problem="the header block ends without an empty line"
    ),
    "nothing": Seen("", subject=""),
    "signature-line-diff-and-table-in-the-text": Seen(
        "--- a/x\n+++ b/x\n-- =_limite\n---=_limite\n--=_limite.\n| a | b |\n|---|---|\n-- \nLea"
    ),
}

# Here a header is what is ill; test_parse.py asks for it.
HEADERS = {
    name: Seen("x")
    for name in (
        "address-hidden-in-an-encoded-word",
        "addresses-in-a-group",
        "date-with-an-impossible-zone",
        "message-id-cut-by-a-fold",
        "message-id-in-brackets",
        "message-id-without-brackets",
        "to-is-a-comment-and-a-colon",
        "two-from-headers",
    )
}

EXPECTED = CHARSETS | ENCODINGS | CHOICES | ATTACHMENTS | STRUCTURE | HEADERS


def the_mail(name: str) -> Mail:
    return read_mail((CORPUS / f"{name}.eml").read_bytes(), Caps(), OWN)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_ill_mail_is_read_as_its_sender_meant_it(name: str) -> None:
    mail = the_mail(name)
    kept = tuple((one.name, one.content_type, one.content) for one in mail.attachments)
    assert Seen(mail.text, mail.subject, kept, mail.problem) == EXPECTED[name]


def test_every_mail_of_the_corpus_is_asked_for() -> None:
    assert {file.stem for file in CORPUS.glob("*.eml")} == set(EXPECTED)
