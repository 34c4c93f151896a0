"""Before an answer is queued its letters are shown: those that are queued then, word for word, and none before."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from helpdesk.store.rows import Row
from helpdesk.store.tables import letters, posts
from shell.ask import Asker
from tests.actions.intakes import JEAN, ZOE, a_mail, bench
from tests.actions.staff import AGENT, Staffed
from tests.shell.keyboards import TypedKeyboard, keyboard_of, said, typed

CANNED = "Un chargeur {neuf} vous attend\nau bureau 4."


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Staffed]:
    """Jean's ticket 1, of the network team, in which Zoé takes part."""
    made = Staffed(bench(sqlite_url, tmp_path))
    made.bench.file(a_mail(), a_mail("Deux", sender=ZOE, message_id="<2@x>"))
    for number in (1, 2):
        made.change(number, team_id=made.teams["Network"])
    yield made
    made.bench.close()


@pytest.fixture
def agent(desk: Staffed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TypedKeyboard:
    """An agent, at a terminal as far as the verb can tell."""
    made = keyboard_of(desk, AGENT, tmp_path)
    assert typed(made, "ticket", "merge", "2", "into", "1") == 0
    assert typed(made, "canned", "set", "--language", "fr", "chargeur", CANNED) == 0
    said(made)
    monkeypatch.setattr(Asker, "at_terminal", True)
    return made


def as_shown(letter: Row) -> str:
    """Return what a person should read of a queued letter."""
    message = message_from_bytes(letter["content"], policy=default)
    body = message.get_body(("plain",))
    assert body
    lines = "".join(f"    {line}".rstrip() + "\n" for line in body.get_content().splitlines())
    assert message["To"].addresses[0].addr_spec == letter["recipient"]
    return f"To: {message['To']}\nSubject: {message['Subject']}\n\n{lines}\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(("À demain,\n\n  Zoé.",), "À demain,\n\n  Zoé.", id="typed"),
        pytest.param(("--resolve", "À demain."), "À demain.", id="resolved"),
        pytest.param(("--canned", "chargeur"), CANNED, id="canned"),
        pytest.param(
            ("--canned", "chargeur", "--resolve", "À demain."),
            f"{CANNED}\n\nÀ demain.",
            id="canned, resolved",
        ),
    ],
)
def test_what_is_shown_is_what_is_queued_once_it_is_agreed_to(
    desk: Staffed,
    agent: TypedKeyboard,
    monkeypatch: pytest.MonkeyPatch,
    line: tuple[str, ...],
    text: str,
) -> None:
    before = len(desk.bench.rows(letters))
    shown: list[str] = []

    def agrees(question: str) -> bool:
        assert question == "Send it?"
        shown.append(said(agent))
        assert len(desk.bench.rows(letters)) == before, "nothing is queued yet"
        return True

    monkeypatch.setattr(agent, "agrees", agrees)
    assert typed(agent, "ticket", "reply", "1", *line) == 0, said(agent)
    queued = desk.bench.rows(letters)[before:]
    assert [(row["kind"], row["recipient"]) for row in queued] == [
        ("ticket_answered", one) for one in (JEAN, ZOE)
    ]
    assert shown == ["\n" + "".join(as_shown(letter) for letter in queued)]
    written = "".join(f"    {one}".rstrip() + "\n" for one in text.splitlines())
    assert shown[0].count(f"\n\n{written}\n    agent\n") == 2
    assert ("    Votre demande n° 1 est maintenant résolue." in shown[0]) is ("--resolve" in line)


def test_nothing_is_queued_or_written_where_nobody_agrees(
    desk: Staffed, agent: TypedKeyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [desk.bench.rows(table) for table in (letters, posts)]
    monkeypatch.setattr(agent, "agrees", lambda _question: False)
    assert typed(agent, "ticket", "reply", "1", "--canned", "chargeur", "--resolve") == 1
    assert "nothing was sent" in said(agent)
    assert [desk.bench.rows(table) for table in (letters, posts)] == before
    assert desk.ticket(1)["status"] == "waiting"
