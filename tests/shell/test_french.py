"""What a French reader meets where the words come from somewhere else: arguments, jobs, failures."""

import re

import pytest

from helpdesk.core.people import Language
from helpdesk.errors import BadSettings, HelpdeskError, StoreAway
from shell.jobwords import ended_in
from shell.main import parser
from shell.nouns import NOUNS
from shell.perform import told
from shell.verbs import WrongUsage
from shell.words import Words
from tests.shell.desks import ShellDesk

FRENCH = Words(Language.FR)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("person show jean", "une adresse mail a un @, comme jean@example.org"),
        ("person show é@x.example", "avant le @ il faut des lettres sans accent"),
        ("person show a@localhost", "après le @ il faut un domaine avec un point"),
        ("person show a@b_c.example", "n'est pas un nom de domaine"),
        ("person add a@b.example --from 2026-13-01", "n'est pas un jour de"),
        ("statistics --since jadis", "un moment s'écrit ainsi : 2026-11-26"),
        ("ticket list --limit 0", "de 1 à 1000 est attendu, et non 0"),
        ("person list --limit 0", "de 1 à 1000 est attendu"),
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
        ("12 rows and 2 seals are gone", "lignes supprimées : 12, sceaux : 2"),
        ("4 tickets closed", "tickets clos : 4"),
        ("4 looked at, 1 end soon", "certificats vus : 4, bientôt échus : 1"),
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
        (StoreAway("database away"), "la base de données ou le disque ne répond pas"),
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
