"""The interactive shell has our commands and no others, each reads its own words, and none is a way out of it."""

import io
import re
from pathlib import Path

import pytest
from cmd2 import rich_utils

from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import Language, Role
from helpdesk.store.tables import audit_logs
from helpdesk.store.work import in_work
from shell.app import ALLOWED, BUILT_IN, HelpdeskShell, inside, shell_for
from shell.completers import complete_tag
from shell.keyboard import Keyboard
from shell.words import Words
from tests.shell.desks import ShellDesk, at_standard_input


@pytest.fixture
def keyboard(shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch) -> Keyboard:
    """A keyboard of an admin."""
    monkeypatch.setattr(rich_utils, "ALLOW_STYLE", rich_utils.ALLOW_STYLE)
    return signed_in(shell_desk, Role.ADMIN)


def signed_in(desk: ShellDesk, role: Role, name: str = "Boss", language: Language = Language.EN) -> Keyboard:
    made = desk.keyboard(desk.person(name, role, language=language))
    made.speak(language)
    made.actor = actor_of(made.door, made.token)
    return made


def revoke(keyboard: Keyboard) -> None:
    """End all sessions of the person at a keyboard."""
    owner = keyboard.actor.person.id
    in_work(keyboard.database, lambda work: work.sessions.revoke(work.database_now(), person_id=owner))


def heard(shell: HelpdeskShell, line: str, typed: str = "") -> str:
    """Run a line in the shell and return all that it says."""
    out, screen = io.StringIO(), shell.keyboard.screen
    shell.stdout = out
    screen.out, screen.error = out, out
    with at_standard_input(typed), pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stderr", out)
        shell.onecmd_plus_hooks(line)
    return out.getvalue()


def test_there_are_our_commands_and_no_others(keyboard: Keyboard) -> None:
    shell = shell_for(keyboard)
    assert set(shell.get_all_commands()) == {noun.name for noun in inside()} | set(ALLOWED)
    assert set(ALLOWED) <= set(BUILT_IN)
    assert shell.aliases == {}
    assert shell.macros == {}


def test_each_command_reads_its_own_words(keyboard: Keyboard) -> None:
    shell = shell_for(keyboard)
    for noun in inside():
        command = shell.get_command_func(noun.name)
        assert command is not None
        parser = shell.command_parsers.get(command)
        assert parser is not None
        assert parser.prog == noun.name
        verbs = {verb.name for verb in noun.verbs}
        assert verbs == {""} or set(parser.get_subparsers_action().choices) == verbs


@pytest.mark.parametrize(
    "line",
    [
        "!touch {file}",
        "! touch {file}",
        "@{file}",
        "@@{file}",
        "shell touch {file}",
        "ticket list > {file}",
        "ticket list >> {file}",
        "ticket list >{file}",
        "ticket list | tee {file}",
        "ticket list; shell touch {file}",
        "ticket list\nshell touch {file}",
        "$(touch {file})",
        "`touch {file}`",
        "run_script {file}",
        "run_pyscript {file}",
        "py open('{file}', 'w')",
        "ipy",
        "edit {file}",
        "history -o {file}",
        "history -e",
        "alias create x !touch {file}",
        "macro create x !touch {file}",
        "set editor touch",
        "help > {file}",
        "help | tee {file}",
        "quit | tee {file}",
    ],
)
def test_no_line_reaches_the_machine(keyboard: Keyboard, tmp_path: Path, line: str) -> None:
    file = tmp_path / "escaped"
    heard(shell_for(keyboard), line.format(file=file))
    assert not file.exists()


def test_signs_of_other_shells_stand_in_a_text_as_they_were_typed(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    shell_desk.ticket(1, shell_desk.people["Boss"])
    heard(shell_for(boss), "ticket note 1 j'ai vu > 3 écrans | aucun; l'autre & #2")
    assert "j'ai vu > 3 écrans | aucun; l'autre & #2" in heard(shell_for(boss), "ticket show 1")


def test_a_text_is_what_was_typed_and_nothing_in_it_is_an_option(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    shell_desk.ticket(1, shell_desk.people["Boss"])
    text = """he said "no  way", d'où 5'7" -- then the -h option --yes"""
    assert heard(shell_for(boss), f"ti not 1 {text}") == "Noted on ticket 1.\n"
    assert text in heard(shell_for(boss), "ticket show 1")


def test_nothing_is_kept_on_the_disk(keyboard: Keyboard) -> None:
    shell = shell_for(keyboard)
    assert shell.persistent_history_file == ""
    assert shell.allow_redirection is False


def test_no_pager_is_ever_started(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = shell_for(keyboard)
    monkeypatch.setattr("subprocess.Popen", None)
    keyboard.screen.out = out = io.StringIO()
    shell.ppaged("a line\x1b[2J\n" * 1000)
    assert out.getvalue().count("a line\\x1b[2J\n") == 1000


def test_the_beginning_of_a_word_is_enough_and_an_ambiguous_one_is_asked_back(keyboard: Keyboard) -> None:
    shell = shell_for(keyboard)
    assert heard(shell, "ti li") == "No such ticket.\n"
    assert "person, password" in heard(shell, "p add")


def completed(shell: HelpdeskShell, line: str) -> list[str]:
    """Return what Tab offers at the end of *line*."""
    begin = line.rfind(" ") + 1
    return list(shell.complete(line[begin:], line, begin, len(line)).to_strings())


def test_tab_completes_behind_the_beginnings_of_words(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    shell_desk.ticket(17, shell_desk.people["Boss"])
    shell = shell_for(boss)
    assert completed(shell, "tic") == ["ticket"]
    assert completed(shell, "ti li --st") == ["--status"]
    assert completed(shell, "ti st 17 res") == ["resolved"]
    for typed in ("1", "#1", "[#1", "[#17]"):
        assert completed(shell, f"ti sh {typed}") == ["17"]
    assert completed(shell, "help ti rep") == ["reply"]
    assert "shell" not in completed(shell, "s")


def test_tab_offers_nothing_behind_what_no_database_keeps(shell_desk: ShellDesk) -> None:
    shell = shell_for(signed_in(shell_desk, Role.ADMIN))
    assert len(shell.complete_with(complete_tag, "x" * 60)) == 0


def test_tab_offers_options_before_a_text_and_nothing_in_it(shell_desk: ShellDesk) -> None:
    shell = shell_for(signed_in(shell_desk, Role.ADMIN))
    shell_desk.ticket(17, shell_desk.people["Boss"])
    assert completed(shell, "ti rep 17 --re") == ["--resolve"]
    assert completed(shell, "ti rep --canned x --re") == ["--resolve"]
    assert completed(shell, "ti rep 17 text --re") == []
    assert completed(shell, "ti rep --resolve 17 text 1") == []
    assert completed(shell, "nothing --re") == []


def test_tab_offers_nothing_any_more_once_the_session_has_ended_or_the_role_is_gone(
    shell_desk: ShellDesk,
) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    zoe = shell_desk.person("Zoe", Role.USER)
    shell_desk.ticket(17, zoe)
    shell = shell_for(boss)
    assert completed(shell, "ticket show ") == ["17"]
    in_work(shell_desk.database, lambda work: work.people.set_role(boss.actor.person.id, Role.USER))
    assert completed(shell, "ticket show ") == []
    in_work(shell_desk.database, lambda work: work.people.set_role(boss.actor.person.id, Role.ADMIN))
    assert completed(shell, "ticket show ") == ["17"]
    revoke(boss)
    assert completed(shell, "ticket show ") == []


def test_a_session_that_was_ended_is_noticed_at_the_next_command(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    shell = shell_for(boss)
    assert heard(shell, "ticket list") == "No such ticket.\n"
    revoke(boss)
    assert "not logged in any more" in heard(shell, "ticket list")


def test_a_role_that_was_changed_is_noticed_at_the_next_command(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    shell = shell_for(boss)
    assert "is registered" in heard(shell, "person add a@help.example --name A")
    in_work(shell_desk.database, lambda work: work.people.set_role(boss.actor.person.id, Role.USER))
    assert "your role (user) does not allow this" in heard(shell, "person add b@help.example --name B")
    assert shell_desk.rows(audit_logs)[-1]["status"] == "DENIED"


@pytest.mark.parametrize("language", Language)
def test_help_is_in_the_persons_language_and_shows_each_noun_under_its_heading(
    shell_desk: ShellDesk, language: Language
) -> None:
    boss = signed_in(shell_desk, Role.ADMIN, language=language)
    shell = shell_for(boss)
    overview = heard(shell, "help")
    words = Words(language)
    for noun in inside():
        assert f"  {noun.name}" in overview
        assert words(*noun.help) in overview
        assert words(*noun.group) in overview
    assert "Cmd2" not in overview
    one = heard(shell, "help ti rep")
    assert "ticket reply 12" in one
    assert ("Usage : ticket reply" if language is Language.FR else "Usage: ticket reply") in one


def test_french_people_are_told_their_mistakes_in_french_and_others_in_english(shell_desk: ShellDesk) -> None:
    french = shell_for(signed_in(shell_desk, Role.ADMIN, "Zoe", Language.FR))
    english = shell_for(signed_in(shell_desk, Role.ADMIN, "Sam", Language.EN))
    for line, in_french, in_english in (
        ("ticket show", "il manque : numéro", "the following arguments are required: number"),
        (
            "ticket show x",
            "argument numéro : un numéro de ticket, de 1 à 2147483647, est attendu, comme 12 ou #12, et non x",
            "argument number: expected the number of a ticket, 1 to 2147483647, as 12 or #12, found x",
        ),
        ("ticket list --what", "arguments inconnus : --what", "unrecognized arguments: --what"),
        ("tickets", "Vouliez-vous dire ticket ?", "Did you mean ticket?"),
    ):
        assert in_french in heard(french, line)
        assert in_english in heard(english, line)


def test_a_defect_is_told_in_one_line(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = shell_for(keyboard)

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("shell.app.perform", breaks)
    told = heard(shell, "ticket list")
    assert told.count("\n") == 1
    assert re.search(r"\(ZeroDivisionError, shell\.app:\d+\)", told)
    assert "secret" not in told


@pytest.mark.parametrize("columns", [25, 40, 80])
def test_a_table_that_does_not_fit_a_narrow_screen_takes_more_lines_and_then_becomes_fields(
    shell_desk: ShellDesk, columns: int
) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    boss.screen.columns = columns
    shell_desk.ticket(1, shell_desk.people["Boss"], subject="Un très long objet " * 10)
    shell = shell_for(boss)
    told = heard(shell, "ticket list")
    if columns == 25:  # too narrow for seven columns that say anything
        assert "\nrequester: Boss\n" in told
    else:
        assert [len(line) <= columns for line in told.splitlines()] == [True] * (2 if columns == 80 else 6)
    assert all(
        len(line) <= columns for line in heard(shell, "help").splitlines() if line.startswith("      ")
    )


def test_plain_shows_one_field_a_line_and_no_colours(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.ADMIN)
    boss.screen.plain = True
    shell_desk.ticket(1, shell_desk.people["Boss"])
    told = heard(shell_for(boss), "ticket list")
    assert "status: waiting\n" in told
    assert "\x1b" not in told + heard(shell_for(boss), "help ticket")
