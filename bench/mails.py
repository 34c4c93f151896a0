"""The mails of the benchmark, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

BORDER = "mx.ecole.example"
DESK = "desk@ecole.example"
SENDERS = tuple(f"learner{number:03}@ecole.example" for number in range(200))
_POLICY = SMTP.clone(cte_type="8bit")
_WORDS = (
    *(
        "bonjour",
        "mon",
        "ordinateur",
        "ne",
        "démarre",
        "plus",
        "depuis",
        "hier",
        "après-midi",
        "et",
        "l'écran",
    ),
    *(
        "reste",
        "noir",
        "même",
        "après",
        "plusieurs",
        "essais",
        "j'ai",
        "vérifié",
        "la",
        "prise",
        "le",
        "câble",
    ),
    *(
        "pourriez-vous",
        "m'aider",
        "s'il",
        "vous",
        "plaît",
        "cours",
        "commence",
        "à",
        "neuf",
        "heures",
        "salle",
    ),
    *("mot", "de", "passe", "oublié", "imprimante", "réseau", "connexion", "très", "lente", "élève"),
)


def mails(count: int, seed: int) -> Iterator[bytes]:
    """Give *count* raw mails: 60 % plain, 30 % alternative, 10 % with 50 to 200 KB attached."""
    chance = random.Random(seed)
    for number in range(count):
        yield one_mail(number, chance)


def one_mail(number: int, chance: random.Random) -> bytes:
    """Return one mail as the border hands it over, its sender proven."""
    sender = SENDERS[number % len(SENDERS)]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = f"Élève {number % len(SENDERS)} <{sender}>"
    mail["To"] = DESK
    mail["Subject"] = f"Problème {number} : {' '.join(chance.choices(_WORDS, k=5))}"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{number}.{chance.getrandbits(64):x}@ecole.example>"
    charset = "utf-8" if number % 2 else "iso-8859-1"
    text = "\n".join(" ".join(chance.choices(_WORDS, k=12)) for _ in range(chance.randint(5, 40))) + "\n"
    mail.set_content(text, charset=charset, cte=("8bit", "quoted-printable", "base64")[number % 3])
    kind = chance.random()
    if kind < 0.3:
        paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines())
        mail.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html", charset=charset)
    elif kind < 0.4:
        photo = chance.randbytes(chance.randint(50_000, 200_000))
        mail.add_attachment(photo, maintype="image", subtype="jpeg", filename="écran.jpg")
    head = (
        f"Authentication-Results: {BORDER}; spf=pass smtp.mailfrom=ecole.example;\r\n"
        "\tdmarc=pass header.from=ecole.example\r\n"
        f"Received: from out.ecole.example (out.ecole.example [192.0.2.7]) by {BORDER} with ESMTPS;\r\n"
        f"\t{format_datetime(datetime.now(UTC))}\r\n"
    )
    return head.encode() + mail.as_bytes()
