"""What a French reader meets where the words come from somewhere else: arguments, jobs, failures."""

import re

import pytest

from helpdesk.actions.weekly import ALREADY_SENT, NOBODY
from helpdesk.core.admission import _NO_ENTRY
from helpdesk.core.kept import OrderKind
from helpdesk.core.letters import LetterKind
from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.tickets import Fate
from helpdesk.core.verdicts import Verdict
from helpdesk.errors import BadSettings, HelpdeskError, StoreAway
from shell.commands.outgoing import STATES
from shell.jobwords import ended_in
from shell.mailwords import mail_reason, mail_word
from shell.main import main, parser
from shell.notewords import desk_note, order_outcome, refused_kind
from shell.nouns import NOUNS
from shell.perform import told
from shell.verbs import WrongUsage
from shell.words import Words
from tests.shell.desks import ShellDesk, said

FRENCH = Words(Language.FR)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("person show jean", "argument ADRESSE : jean : une adresse mail a un @, comme jean@example.org"),
        ("person show é@x.example", "avant le @ il faut des lettres sans accent"),
        ("person show a@localhost", "après le @ il faut un domaine avec un point"),
        ("person show a@b_c.example", "n'est pas un nom de domaine"),
        ("person add a@b.example --from 2026-13-01", "n'est pas un jour de"),
        (
            "statistics --since jadis",
            "argument --since : jadis n'est pas un moment de 1970 à 2999, comme 2026-11-26",
        ),
        ("audit list --action LOGGIN", "LOGGIN n'est pas une action, comme LOGIN ou TICKET_OPENED"),
        ("audit list --action LOGGIN", "Vouliez-vous dire LOGIN ?"),
        ("ticket list --limit 0", "de 1 à 1000 est attendu, et non 0"),
        ("person list --limit 0", "de 1 à 1000 est attendu, et non 0"),
        ("quarantine show x", "un numéro tel qu'il est affiché est attendu, et non x"),
        ("ticket show -1", "un numéro de ticket, de 1 à 2147483647, est attendu, comme 12 ou #12, et non -1"),
        ("ticket list --mine --unassigned", "argument --unassigned : impossible avec l'argument --mine"),
    ],
)
def test_a_mistake_in_an_argument_is_told_in_french(line: str, expected: str) -> None:
    with pytest.raises(WrongUsage, match=re.escape(expected)):
        parser(FRENCH, NOUNS).parse_args(line.split())


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("letters are queued", "des lettres partent"),
        ("3 letters are queued", "lettres en file : 3"),
        (ALREADY_SENT, "déjà envoyé : chaque administrateur a le rapport de ces jours"),
        (NOBODY, "rien envoyé : aucun administrateur actif n'a d'adresse vérifiée"),
        ("12 rows and 2 seals are gone", "lignes supprimées : 12, sceaux : 2"),
        ("4 tickets closed", "tickets clos : 4"),
        ("4 looked at, 1 end soon", "certificats vus : 4, bientôt échus : 1"),
        (
            "25 compared, 0 returned, 0 withheld, 1 forgotten, 2 put right, 3 misplaced",
            "mails comparés : 25, remis : 0, laissés : 0, sans sort : 1, remis à leur place : 2, mal placés : 3",
        ),
        ("OSError: [Errno 5]", "OSError: [Errno 5]"),
        ("", ""),
    ],
)
def test_what_came_of_a_job_is_told_in_french(stored: str, shown: str) -> None:
    assert ended_in(FRENCH, stored) == shown
    assert ended_in(Words(Language.EN), stored) == stored


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (StoreAway("database away"), "la base de données ou son disque ne répond pas : réessayez plus tard"),
        (BadSettings(["[desk] name: missing"]), "les réglages sont inutilisables"),
        (HelpdeskError("no"), "échec"),
    ],
)
def test_a_failure_says_in_french_what_sort_it_is(
    shell_desk: ShellDesk, error: HelpdeskError, expected: str
) -> None:
    keyboard = shell_desk.plain_keyboard()
    keyboard.words = FRENCH
    assert told(keyboard, error) == error.exit_status
    assert f"helpdesk-admin: {expected}" in keyboard.screen.error.getvalue()  # type: ignore[attr-defined]


def test_a_defect_of_a_command_is_one_line_in_the_language_of_the_person(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("shell.main.perform", breaks)
    monkeypatch.setattr("shell.main.close_memory", lambda: None)
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert main(["--config", str(shell_desk.config), "status"]) == 1
    shown = capsys.readouterr().err
    begins = "helpdesk-admin: cette commande a échoué par un défaut du logiciel (ZeroDivisionError, shell."
    assert shown.startswith(begins)
    assert shown.count("\n") == 1
    assert "secret" not in shown


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("role", "is_told"),
    [(Role.USER, False), (Role.AGENT, False), (Role.MANAGER, False), (Role.ADMIN, True), (None, True)],
)
def test_a_database_that_is_away_is_one_line_with_details_for_admins_and_where_nobody_is_known(
    shell_desk: ShellDesk, role: Role | None, is_told: bool, language: Language
) -> None:
    keyboard = shell_desk.plain_keyboard()
    keyboard.words = Words(language)
    if role is not None:
        keyboard.actor = Actor(shell_desk.person("Zoe", role).person)
    assert told(keyboard, StoreAway("database mariadb://db.example/desk: no route")) == 1
    text = keyboard.screen.error.getvalue()  # type: ignore[attr-defined]
    assert text.count("\n") == 1
    assert ("db.example" in text) is is_told


@pytest.mark.parametrize("name", [*Verdict, *Fate, *OrderKind, *LetterKind, *STATES])
def test_what_the_ledger_calls_a_mail_has_a_french_word(name: str) -> None:
    assert mail_word(FRENCH, str(name)) != str(name)
    assert mail_word(Words(Language.EN), str(name)) == str(name)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        pytest.param("", "", id="none"),
        pytest.param(
            "spoof: dmarc=fail for univ.example", "falsifié : dmarc=fail pour univ.example", id="forged"
        ),
        pytest.param(
            "dmarc=pass for univ.example, by the border's word; mail from this address has been pass-dkim before",
            "dmarc=pass pour univ.example, d'après le serveur de réception"
            " ; avant, le courrier de cette adresse était prouvé par DKIM",
            id="weaker than before",
        ),
        pytest.param(
            "unauthenticated: nothing proves that the mail comes from univ.example; its owner's account is closed",
            "non prouvé : rien ne prouve que le mail vient de univ.example ; le compte est fermé",
            id="closed",
        ),
        pytest.param(
            "temp: the border could not look up the sender's DKIM key; no better after 48 hours",
            "pas vérifiable : le serveur de réception n'a pas pu consulter le DNS de l'expéditeur (DKIM key)"
            " ; rien de mieux après 48 heures",
            id="deferred too long",
        ),
        pytest.param(
            "malformed-from: 2 From fields; exactly one is allowed",
            "expéditeur illisible : 2 champs From, un seul est permis",
            id="two senders",
        ),
        pytest.param(
            "pass: possibly an old mail sent again: its Date is of 2026-01-02, over 7 days ago",
            "prouvé : peut-être un ancien mail renvoyé : sa date est du 2026-01-02, il y a plus de 7 jours",
            id="sent again",
        ),
        pytest.param("body hash did not match", "body hash did not match", id="a detail"),
    ],
)
def test_why_a_mail_is_kept_is_told_in_french(stored: str, shown: str) -> None:
    assert mail_reason(FRENCH, stored) == shown
    assert mail_reason(Words(Language.EN), stored) == stored


def test_every_reason_not_to_admit_an_address_is_told_in_french() -> None:
    for reason in _NO_ENTRY.values():
        assert mail_reason(FRENCH, reason).startswith("l'adresse ")


def test_the_values_of_a_usage_are_named_in_french() -> None:
    made = parser(FRENCH, NOUNS)
    with pytest.raises(WrongUsage) as raised:
        made.parse_args(["ticket", "list", "--team"])
    assert "[--team ÉQUIPE]" in str(raised.value)
    assert "{waiting,in_progress,resolved}" in str(raised.value), "what is typed stays as it is typed"
    with pytest.raises(WrongUsage, match="il manque : numéro"):
        made.parse_args(["ticket", "show"])


def test_a_role_that_is_not_enough_is_named_in_french(shell_desk: ShellDesk) -> None:
    known = shell_desk.person("Agathe", Role.MANAGER, language=Language.FR, password="four words in a row")
    assert said(shell_desk.keyboard(known), "audit list").error.startswith(
        "helpdesk-admin: votre rôle (responsable) ne le permet pas : "
    )


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (
            "stays as it is (held, by the rule sender_not_admitted): spoof: dmarc=fail for univ.example",
            "reste tel quel (retenu, par la règle sender_not_admitted) : falsifié : dmarc=fail pour univ.example",
        ),
        ("stays as it is (would wait, by the rule x)", "reste tel quel (attendrait, par la règle x)"),
        ("opened, ticket 1, by the rule new_ticket", "ticket ouvert, ticket 1, par la règle new_ticket"),
        ("ignored, by the rule loop", "ignoré, par la règle loop"),
        (
            "not done: 2 attempts to read it ended with the whole process",
            "pas fait : 2 lectures ont emporté le processus entier",
        ),
    ],
)
def test_what_came_of_an_order_is_told_in_french(stored: str, shown: str) -> None:
    assert order_outcome(FRENCH, stored) == shown
    assert order_outcome(Words(Language.EN), stored) == stored


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (
            "this mail was kept (spoof) and is filed on the word of Sam",
            "ce mail était retenu (falsifié) et est classé sur la parole de Sam",
        ),
        (
            "follows ticket 3, which is closed; this mail was kept (spoof) and is filed on the word of the console",
            "suite du ticket 3, qui est clos; ce mail était retenu (falsifié) et est classé"
            " sur la parole de la console",
        ),
        ("a letter to a@b.example came back (5.1.1)", "une lettre à a@b.example est revenue (5.1.1)"),
    ],
)
def test_a_note_of_the_desk_is_told_in_french(stored: str, shown: str) -> None:
    assert desk_note(FRENCH, stored) == shown
    assert desk_note(Words(Language.EN), stored) == stored


def test_what_was_refused_is_told_in_words() -> None:
    assert refused_kind(FRENCH, "LETTER_DEAD") == "lettres abandonnées"
    assert refused_kind(Words(Language.EN), "LETTER_DEAD") == "letters that were given up"
    assert refused_kind(FRENCH, "mail:spoof") == "mail : falsifié"
