"""From the mailbox to the letter, on real servers, on every database."""

import binascii
import json
from dataclasses import replace
from email import message_from_bytes
from email.header import Header
from email.policy import default
from pathlib import Path

from tests.endtoend.world import LEARNER, World, from_learner
from tests.servers.dovecot import Dovecot
from tests.servers.galera import Galera
from tests.servers.smtp_sink import SmtpSink


def test_a_proven_mail_becomes_one_ticket_and_one_confirmation(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner()])
    done = world.once()
    assert done.returncode == 0, done.stderr
    assert world.rows("SELECT number, subject, status FROM tickets") == [
        (1, "Mon chargeur ne marche plus", "waiting")
    ]
    [letter] = world.sink.messages
    assert letter.recipients == (LEARNER,)
    shown = message_from_bytes(letter.content, policy=default)
    assert shown["Subject"].startswith("[#1]")
    assert shown["In-Reply-To"] == "<1@ecole.example>"
    assert shown["Auto-Submitted"] == "auto-replied"
    counts = world.dovecot.folder_counts("desk")
    assert (counts["INBOX"], counts["Done"]) == (0, 1)
    assert world.rows("SELECT state FROM letters") == [("sent",)]
    assert LEARNER not in done.stderr, "no address in clear in the log"


def test_a_second_run_does_nothing_more(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner()])
    world.once()
    world.once()
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)]
    assert len(world.sink.messages) == 1


def test_a_forged_mail_is_held_and_told_to_contacts_and_owner_alone(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner(proof="dmarc=fail header.from=ecole.example")])
    assert world.once().returncode == 0
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(0,)]
    assert world.rows("SELECT fate, verdict FROM mails") == [("held", "spoof")]
    assert world.rows("SELECT action, status FROM audit_logs WHERE action = 'SENDER_FORGED'") == [
        ("SENDER_FORGED", "DENIED")
    ]
    told = {letter.recipients for letter in world.sink.messages}
    assert told == {("admin@ecole.example",), ("marie@ecole.example",)}
    assert len(world.sink.messages) == 2
    lines = (world.folder / "state" / "alerts.log").read_text().splitlines()
    assert sorted(json.loads(line)["kind"] for line in lines) == ["SENDER_FORGED", "alert:spoof"]
    assert world.dovecot.folder_counts("desk")["Held"] == 1


def test_a_reply_to_the_confirmation_joins_the_ticket(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner()])
    world.once()
    own_id = message_from_bytes(world.sink.messages[0].content)["Message-ID"]
    reply = from_learner(
        "Re: tout autre sujet", "Voici", message_id="<2@x>", extra=f"In-Reply-To: {own_id}\r\n"
    )
    world.dovecot.append_many("desk", [reply])
    world.once()
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)]
    assert world.rows("SELECT COUNT(*) FROM posts") == [(2,)]
    assert world.rows("SELECT rule, fate FROM mails ORDER BY uid DESC")[0] == ("reply_to_ticket", "appended")


def test_the_same_mail_delivered_twice_opens_one_ticket(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner(), from_learner()])
    world.once()
    assert world.rows("SELECT fate FROM mails ORDER BY uid") == [("opened",), ("duplicate",)]
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)]


TEXTS = (
    ("utf-8", "Élève à l'école, déjà reçu"),
    ("iso-8859-1", "Élève à l'école : déjà reçu"),
    ("windows-1252", "L’élève – « 30 € »"),
    ("utf-8", "لا يعمل الشاحن"),
    ("iso-2022-jp", "充電器が動きません"),
    ("utf-8", "ordinateur 💻🔥 en panne"),
)


def _written_in(charset: str, text: str, encoding: str) -> bytes:
    """Return a mail whose subject and text are *text*, as a client of that language sends it."""
    body = text.encode(charset)
    coded = binascii.b2a_base64(body) if encoding == "base64" else binascii.b2a_qp(body)
    kind = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    subject = Header(text, charset, maxlinelen=10_000).encode()
    return from_learner(
        subject, coded.decode("ascii"), message_id=f"<{hash((text, encoding))}@x>", extra=kind
    )


def test_check_says_what_to_do_with_a_galera_node_that_may_forget_commits(
    tmp_path: Path, galera: Galera, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    urls = galera.fresh_database()
    world = World(tmp_path, urls[0], dovecot, smtp_sink).prepare()
    galera.nodes[0].execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    try:
        looked = world.run("check")
    finally:
        galera.nodes[0].execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    assert looked.returncode == 1
    assert "FAIL durability: innodb_flush_log_at_trx_commit is 2 on this Galera node" in looked.stdout
    assert world.run("check").returncode == 0
    galera.drop_database(urls)


def test_mail_in_any_language_is_stored_as_it_was_written(world: World) -> None:
    encodings = ("quoted-printable", "base64")
    world.dovecot.append_many(
        "desk", [_written_in(*text, encoding) for text in TEXTS for encoding in encodings]
    )
    assert world.once().returncode == 0
    stored = world.rows(
        "SELECT t.subject, p.text FROM tickets t JOIN posts p ON p.ticket_id = t.id ORDER BY number"
    )
    assert [(subject, text.strip()) for subject, text in stored] == [
        (text, text) for _charset, text in TEXTS for _encoding in encodings
    ]


WEAK = "spf=pass smtp.mailfrom=ecole.example; dmarc=none header.from=ecole.example"


def test_weakly_proven_mail_becomes_a_ticket_once_its_owner_says_that_it_is_theirs(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner(proof=WEAK)])
    world.once()
    assert world.rows("SELECT fate, verdict FROM mails") == [("held", "weak")]
    [question] = [letter for letter in world.sink.messages if letter.recipients == (LEARNER,)]
    own_id = message_from_bytes(question.content)["Message-ID"]
    answer = from_learner("Re: ?", "oui", proof=WEAK, message_id="<2@x>", extra=f"In-Reply-To: {own_id}\r\n")
    world.dovecot.append_many("desk", [answer])
    assert world.once().returncode == 0
    assert world.rows("SELECT fate FROM mails ORDER BY uid") == [("opened",), ("command",)]
    assert world.rows("SELECT number, subject FROM tickets") == [(1, "Mon chargeur ne marche plus")]
    assert world.sink.messages[-1].recipients == (LEARNER,)


def test_nobody_else_can_say_that_a_held_mail_is_theirs(world: World) -> None:
    world.register("eve@ecole.example", "Eve")
    world.dovecot.append_many("desk", [from_learner(proof=WEAK)])
    world.once()
    own_id = message_from_bytes(world.sink.messages[0].content)["Message-ID"]
    stolen = f"In-Reply-To: {own_id}\r\n"
    eve = from_learner("Re: ?", "oui", sender="eve@ecole.example", message_id="<2@x>", extra=stolen)
    guessed = f"In-Reply-To: {own_id[:-20]}{'a' * 5}@ecole.example>\r\n"
    forged = from_learner("Re: ?", "oui", proof=WEAK, message_id="<3@x>", extra=guessed)
    world.dovecot.append_many("desk", [eve, forged])
    world.once()
    assert world.rows("SELECT fate FROM mails ORDER BY uid") == [("held",), ("opened",), ("held",)]


def test_a_no_releases_nothing_and_alerts(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner(proof=WEAK)])
    world.once()
    own_id = message_from_bytes(world.sink.messages[-1].content)["Message-ID"]
    answer = from_learner(
        "Re: ?", "Non !", proof=WEAK, message_id="<2@x>", extra=f"In-Reply-To: {own_id}\r\n"
    )
    world.dovecot.append_many("desk", [answer])
    world.once()
    assert world.rows("SELECT fate FROM mails ORDER BY uid") == [("held",), ("held",)]
    assert world.sink.messages[-1].recipients == ("admin@ecole.example",)


def test_check_finds_a_working_desk_well(world: World) -> None:
    well = world.run("check")
    assert well.returncode == 0, well.stdout + well.stderr
    assert "all is well" in well.stdout


def test_check_names_a_relay_that_is_away_once(world: World) -> None:
    replace(world, smtp_port=1).write_settings()
    looked = world.run("check")
    assert looked.returncode == 1
    [line] = [line for line in looked.stdout.splitlines() if line.startswith("FAIL")]
    assert line.startswith("FAIL relay localhost:1: ")
    assert line.count("localhost:1") == 1


def test_check_names_dead_letters_and_tripped_caps_but_they_keep_no_daemon_from_a_start(world: World) -> None:
    world.sink.reply_for = lambda stage, _argument: "550 5.1.1 no such person" if stage == "RCPT" else None
    world.dovecot.append_many("desk", [from_learner(message_id=f"<{number}@x>") for number in range(3)])
    assert world.once().returncode == 1
    looked = world.run("check")
    assert looked.returncode == 0, looked.stdout
    note = "note letters: 2 dead: helpdeskd.py letter list; 1 cap tripped: helpdeskd.py breaker list"
    assert note in looked.stdout


def test_mail_in_any_language_is_shown_as_it_was_written(world: World) -> None:
    world.dovecot.append_many("desk", [_written_in(*text, "base64") for text in TEXTS])
    world.once()
    for number, (_charset, text) in enumerate(TEXTS, 1):
        shown = world.admin("ticket", "show", str(number))
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.startswith(f"#{number} {text}\n")
        assert f"\n    {text}\n" in shown.stdout
