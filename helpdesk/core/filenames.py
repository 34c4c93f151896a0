"""Names of attachments, made safe to show and to offer. They never name a file of ours: the hash does."""

import re
import unicodedata

MAX_NAME_CHARACTERS = 150
MAX_NAME_BYTES = 240  # file systems end at 255; a person may have to add " (2)"
_LONGEST_EXTENSION = 16

_FORBIDDEN = re.compile('[<>:"|?*]')  # what Windows refuses in a name, beside the separators
_EDGES = " ._-~"  # hidden files, options of commands, home directories
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=[. ]|$)", re.IGNORECASE)
_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))

_EXTENSIONS = {
    "application/gzip": ".gz",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/ms-tnef": ".dat",
    "application/pdf": ".pdf",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}


def file_name(declared: str) -> str:
    """Return *declared* as a name without path, safe in a list and as a file; "attachment" if nothing is left.

    NFC, at most 150 characters and 240 bytes of UTF-8, the extension kept. Left out: everything up to the
    last slash or backslash, controls, bidi and zero-width marks, dots, dashes and blanks at the edges.
    Applied twice it changes nothing more.
    """
    text = unicodedata.normalize("NFC", declared[-4096:])
    text = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    text = "".join(map(_kept, text))
    text = _FORBIDDEN.sub("_", " ".join(unicodedata.normalize("NFC", text).split()))
    text = text.lstrip(_EDGES).rstrip(" .")
    text = _cut(text).rstrip(" .")
    if _RESERVED.match(text):
        text = _cut("file-" + text)
    return text or "attachment"


def made_up_name(content_type: str, number: int) -> str:
    """Return a name for a part that has none: ``attachment-2.png``."""
    return f"attachment-{number}{_EXTENSIONS.get(content_type, '.bin')}"


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs" or character in "\t\n\r":
        return " "
    return "" if category in _DROPPED else character


def _cut(text: str) -> str:
    """Shorten the stem, not the extension: an extension decides which program opens a file."""
    if len(text) <= MAX_NAME_CHARACTERS and len(text.encode("utf-8")) <= MAX_NAME_BYTES:
        return text
    stem, dot, extension = text.rpartition(".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = text, "", ""
    tail = dot + extension
    room = MAX_NAME_BYTES - len(tail.encode("utf-8"))
    stem = stem[: MAX_NAME_CHARACTERS - len(tail)].encode("utf-8")[:room].decode("utf-8", "ignore")
    return stem.rstrip(" .") + tail
