"""The ledger as a sysadmin uses it: what became of a mail, and filing again what was kept."""

import json
from pathlib import Path

import pytest

from tests.endtoend.world import LEARNER, World, from_learner

# The servers differ in what they store, which is tested with the store; two of three are enough here.
pytestmark = pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)

STRANGER = "paul@ecole.example"
FORGED = "dmarc=fail header.from=ecole.example"
WEAK = "spf=pass smtp.mailfrom=ecole.example; dmarc=none header.from=ecole.example"


def from_stranger(**given: str) -> bytes:
    return from_learner(sender=f"Paul Petit <{STRANGER}>", **given)


def told(world: World, *words: str) -> list[dict[str, object]]:
    done = world.run("why", *words, "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


def fates(world: World) -> list[str]:
    return [row[0] for row in world.rows("SELECT fate FROM mails ORDER BY uid")]


def folders(world: World) -> dict[str, int]:
    return {name: count for name, count in world.dovecot.folder_counts("desk").items() if count}


def test_why_tells_the_same_of_a_mail_however_it_is_asked(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner()])
    world.once()
    [(uid,)] = world.rows("SELECT uid FROM mails")
    [(letter,)] = world.rows("SELECT message_id FROM letters")
    [story] = told(world, "<1@ecole.example>")
    assert (story["fate"], story["rule"], story["ticket"], story["person"]) == (
        *("opened", "new_ticket", 1),
        "Marie Durand",
    )
    for words in ([f"main:{uid}"], ["uid", str(uid)], ["#1"], [LEARNER], [letter], [f"mail:{story['mail']}"]):
        [same] = told(world, *words)
        assert same | {"found_by": ""} == story | {"found_by": ""}
    shown = world.run("why", "#1")
    assert shown.returncode == 0, shown.stderr
    assert "fate        opened, by the rule new_ticket" in shown.stdout
    assert f"letter      ticket_opened to {LEARNER}: sent" in shown.stdout


def test_why_says_so_when_nothing_is_known_and_what_can_be_asked(world: World) -> None:
    nothing = world.run("why", "<none@x>")
    assert (nothing.returncode, "Nothing is known" in nothing.stdout) == (1, True)
    senseless = world.run("why", "charger")
    assert (senseless.returncode, "ask for a Message-ID" in senseless.stderr) == (2, True)


def test_a_held_mail_is_filed_again_and_its_copy_moved(world: World) -> None:
    world.dovecot.append_many("desk", [from_stranger(), from_stranger(message_id="<2@ecole.example>")])
    world.once()
    assert (fates(world), folders(world)) == (["held", "held"], {"Held": 2})
    world.register(STRANGER, "Paul Petit")
    tried = world.run("replay", "<1@ecole.example>", "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "was    held, by the rule sender_not_admitted" in tried.stdout
    assert "today  opened, by the rule new_ticket" in tried.stdout
    assert (fates(world), folders(world)) == (["held", "held"], {"Held": 2})
    done = world.run("replay", "<1@ecole.example>")
    assert done.returncode == 0, done.stderr
    assert "Filed again: opened, ticket 1." in done.stdout
    assert "moved from Held to Done" in done.stdout
    assert (fates(world), folders(world)) == (["opened", "held"], {"Held": 1, "Done": 1})
    refused = world.run("replay", "<1@ecole.example>")
    assert (refused.returncode, "filed already (opened)" in refused.stderr) == (1, True)
    world.once()
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)]
    assert [letter.recipients for letter in world.sink.messages] == [(STRANGER,)]


def test_what_is_still_held_by_todays_rules_stays(world: World) -> None:
    world.dovecot.append_many("desk", [from_learner(proof=FORGED)])
    world.once()
    done = world.run("replay", "<1@ecole.example>")
    assert (done.returncode, "Nothing was changed" in done.stdout) == (1, True)
    assert (fates(world), folders(world)) == (["held"], {"Held": 1})


def test_a_mail_whose_copy_was_taken_away_is_filed_from_what_was_kept(world: World) -> None:
    world.dovecot.append_many("desk", [from_stranger()])
    world.once()
    world.register(STRANGER, "Paul Petit")
    world.dovecot.wipe("desk")
    with world.dovecot.client("desk") as client:
        client.create_folder("Held")
    done = world.run("replay", "<1@ecole.example>")
    assert (done.returncode, "is not in Held any more" in done.stdout) == (0, True), done.stderr
    assert fates(world) == ["opened"]


def limited(settings: Path, max_bytes: int) -> None:
    """Set how large a mail may be."""
    text = settings.read_text().partition("[limits]")[0]
    settings.write_text(f"{text}[limits]\nmax_bytes = {max_bytes}\n")


def test_a_mail_over_the_limit_is_filed_whole_from_its_folder_once_the_limit_allows_it(world: World) -> None:
    limited(world.settings, 65536)
    big = from_learner(body="x" * 80_000)
    world.dovecot.append_many("desk", [big])
    world.once()
    assert (fates(world), folders(world)) == (["quarantined"], {"Quarantine": 1})
    [story] = told(world, "uid", str(world.rows("SELECT uid FROM mails")[0][0]))
    refused = world.run("replay", str(story["mail"]))
    assert refused.returncode == 1
    assert f"{len(big)} bytes, and only its header was kept; the limit is 65536" in refused.stderr
    limited(world.settings, 1_000_000)
    done = world.run("replay", str(story["mail"]))
    assert done.returncode == 0, done.stderr + done.stdout
    assert (fates(world), folders(world)) == (["opened"], {"Done": 1})
    assert len(world.rows("SELECT text FROM posts")[0][0]) >= 80_000


def test_half_a_mail_is_never_filed(world: World) -> None:
    limited(world.settings, 65536)
    world.dovecot.append_many("desk", [from_learner(body="x" * 80_000)])
    world.once()
    limited(world.settings, 1_000_000)
    with world.dovecot.client("desk") as client:
        client.select_folder("Quarantine")
        client.delete_messages(client.search())
        client.expunge()
    [(mail,)] = world.rows("SELECT id FROM mails")
    done = world.run("replay", str(mail))
    assert (done.returncode, "was not kept whole" in done.stderr) == (1, True)
    assert fates(world) == ["quarantined"]


@pytest.mark.parametrize("taken_away", [False, True], ids=["in Held", "taken away"])
def test_the_copy_of_a_confirmed_mail_leaves_the_held_ones(world: World, taken_away: bool) -> None:
    world.dovecot.append_many("desk", [from_learner(proof=WEAK)])
    world.once()
    [(question,)] = world.rows("SELECT message_id FROM letters WHERE kind = 'confirm_sender'")
    if taken_away:
        with world.dovecot.client("desk") as client:
            client.delete_folder("Held")
    extra = f"In-Reply-To: {question}\r\n"
    answer = from_learner("Re: ?", "oui", proof=WEAK, message_id="<2@x>", extra=extra)
    world.dovecot.append_many("desk", [answer])
    assert world.once().returncode == 0
    assert fates(world) == ["opened", "command"]
    assert folders(world) == {"Done": 1 if taken_away else 2}
