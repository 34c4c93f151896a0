"""Message-IDs as they are really written: ``<[x@microsoft.com]>`` is one, and so is one that a fold cut."""

import re

from helpdesk.core.encodedwords import decode_words

MAX_MESSAGE_IDS = 200

_TOKEN = re.compile("<[^<>]{1,996}+>")


def message_id_of(value: bytes) -> str:
    """Return the id in an unfolded Message-ID value, with its angle brackets.

    Without brackets the first word stands for it, as it is; empty when there is none. At most 998 characters.
    """
    if found := message_ids_in(value):
        return found[0]
    words = decode_words(value).split(None, 1)
    return words[0][:998] if words else ""


def message_ids_in(value: bytes) -> tuple[str, ...]:
    """Return the ids in an unfolded In-Reply-To or References value, in order, with angle brackets.

    Of more than 200 the first and the last 199 are kept: the thread's beginning and the mail answered.
    Blanks inside brackets are left out: a folded id is still one id. Words around ids are passed over.
    """
    text = decode_words(value)  # some programs encode long ids as if they were text
    found = ["".join(one.split()) for one in _TOKEN.findall(text) if not one[1:-1].isspace()]
    if len(found) > MAX_MESSAGE_IDS:
        found[1 : len(found) - MAX_MESSAGE_IDS + 1] = []
    return tuple(found)
