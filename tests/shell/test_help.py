"""Help shows what the person's role may do, and who may do the rest."""

import pytest

from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import MAY, Reach
from helpdesk.store.work import in_work
from shell.app import inside, shell_for
from tests.shell.desks import ShellDesk
from tests.shell.test_app import completed, heard, signed_in


@pytest.mark.parametrize("role", Role)
def test_help_lists_what_the_role_may_run_and_nothing_else(shell_desk: ShellDesk, role: Role) -> None:
    shell = shell_for(signed_in(shell_desk, role))
    overview = heard(shell, "help")
    for noun in inside():
        may = {one.name: one.right is None or MAY[one.right][role] is not Reach.NONE for one in noun.verbs}
        assert (f"  {noun.name}: " in overview) is any(may.values())
        told = heard(shell, f"help {noun.name}")
        if "" in may:
            assert ("Usage: " in told) is may[""]
            continue
        listed = {line.split()[0] for line in told.splitlines() if line.startswith("  ")}
        assert listed == {name for name in may if may[name]}


def test_help_on_what_is_not_allowed_says_whose_it_is(shell_desk: ShellDesk) -> None:
    shell = shell_for(signed_in(shell_desk, Role.USER, language=Language.FR))
    assert heard(shell, "help ticket urgency") == (
        "Votre rôle, usager, ne le permet pas. Rôles qui le permettent : agent, responsable, admin.\n"
    )
    assert "Rôles qui le permettent : responsable, admin." in heard(shell, "help quarantine")
    assert "Rôles qui le permettent : admin." in heard(shell, "help status")
    told = heard(shell, "help ticket reply")
    assert all(head in told for head in ("Usage : ", "\nArguments :\n", "\nOptions :\n"))
    assert "Usage : " in heard(shell, "help quit")


@pytest.mark.parametrize("role", Role)
def test_tab_offers_the_nouns_and_verbs_that_help_lists(shell_desk: ShellDesk, role: Role) -> None:
    shell = shell_for(signed_in(shell_desk, role))
    may = {
        noun.name: {
            one.name for one in noun.verbs if one.right is None or MAY[one.right][role] is not Reach.NONE
        }
        for noun in inside()
    }
    nouns = {name for name, verbs in may.items() if verbs}
    for line in ("", "help "):
        assert set(completed(shell, line)) == nouns | {"help", "quit"}
    for noun in inside():
        verbs = may[noun.name] - {""}
        if noun.verbs[0].name:
            assert set(completed(shell, f"{noun.name} ")) == verbs
        assert set(completed(shell, f"help {noun.name} ")) == verbs
        assert completed(shell, f"help {noun.name} show ") == []


def test_tab_hints_at_no_verb_of_other_roles(shell_desk: ShellDesk) -> None:
    shell = shell_for(signed_in(shell_desk, Role.USER))
    for line in ("audit ", "audit x", "ticket as", "help audit ", "help ticket as"):
        found = shell.complete("", line, len(line), len(line))
        assert (list(found), found.error) == ([], "")
    assert "Did you mean audit?" not in heard(shell, "audits")


@pytest.mark.parametrize("line", ["?", "? ticket", "? ti rep"])
def test_a_question_mark_is_help(shell_desk: ShellDesk, line: str) -> None:
    shell = shell_for(signed_in(shell_desk, Role.ADMIN))
    assert heard(shell, line) == heard(shell, line.replace("?", "help")) != ""
    assert completed(shell, "? ti rep") == ["reply"]


@pytest.mark.parametrize("line", ["quit", "exit"])
def test_the_usual_words_leave(shell_desk: ShellDesk, line: str) -> None:
    shell = shell_for(signed_in(shell_desk, Role.ADMIN))
    assert shell.onecmd_plus_hooks(line) is True
    assert shell.onecmd_plus_hooks("help") is False


def test_a_language_that_is_changed_is_spoken_by_help_mistakes_and_prompt_as_well(
    shell_desk: ShellDesk,
) -> None:
    shell = shell_for(signed_in(shell_desk, Role.USER))
    assert "Usage: ticket reply" in heard(shell, "help ticket reply")
    for language, usage, mistake, tab, prompt in (
        ("fr", "Usage : ticket reply", "il manque : numéro", "partir", "Boss (usager)> "),
        ("en", "Usage: ticket reply", "arguments are required: number", "leave", "Boss (user)> "),
    ):
        heard(shell, f"person language {language}")
        assert usage in heard(shell, "help ticket reply")
        assert mistake in heard(shell, "ticket reply")
        assert [one.display_meta for one in shell.complete("", "qui", 3, 3)] == [tab]
        assert shell.prompt == prompt


def test_a_role_that_is_given_stands_in_the_prompt_from_the_next_command_on(shell_desk: ShellDesk) -> None:
    boss = signed_in(shell_desk, Role.USER)
    shell = shell_for(boss)
    in_work(shell_desk.database, lambda work: work.people.set_role(boss.actor.person.id, Role.MANAGER))
    heard(shell, "ticket list")
    assert shell.prompt == "Boss (manager)> "
    assert "quarantine" in completed(shell, "quar")
