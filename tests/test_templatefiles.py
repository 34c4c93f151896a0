"""Templates are tried at the start, so that a mistake in one never stops a letter."""

import shutil
from pathlib import Path

import pytest

from helpdesk.core.letters import LetterKind
from helpdesk.core.people import Language
from helpdesk.errors import BadSettings
from helpdesk.templatefiles import SHIPPED, TemplateFiles, load_templates

TICKET = "fr/ticket_opened"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "templates"))


def test_the_shipped_templates_load_whole() -> None:
    assert set(load_templates()) == {(language, kind) for language in Language for kind in LetterKind}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{{ nmae }}", "UndefinedError: 'nmae' is undefined", id="a value that does not exist"),
        pytest.param("{{ name", "TemplateSyntaxError", id="not a template"),
        pytest.param("{{ number + name }}", "TypeError", id="a sum of unlike things"),
        pytest.param("{{ ''.__class__.__mro__ }}", "SecurityError", id="a way out of the sandbox"),
    ],
)
def test_a_mistake_in_a_template_stops_the_start(folder: Path, text: str, problem: str) -> None:
    (folder / TICKET / "body.txt").write_text(text)
    with pytest.raises(BadSettings) as raised:
        load_templates(folder)
    assert [str(folder / TICKET) in line and problem in line for line in raised.value.problems] == [True]


def test_every_mistake_is_reported_at_once(folder: Path) -> None:
    (folder / TICKET / "subject.txt").unlink()
    (folder / "en/alert/body.html").write_bytes(b"\xff")
    with pytest.raises(BadSettings) as raised:
        load_templates(folder)
    assert len(raised.value.problems) == 2


def test_only_html_escapes_what_it_is_given(folder: Path) -> None:
    for name in ("subject.txt", "body.txt", "body.html"):
        (folder / TICKET / name).write_text("{{ subject }}")
    letter = load_templates(folder)[Language.FR, LetterKind.TICKET_OPENED]
    values = {"subject": "<b>"}
    assert letter.subject.render(values) == "<b>"
    assert letter.text.render(values) == "<b>"
    assert letter.html.render(values) == "&lt;b&gt;"


def test_no_file_is_read_after_loading(folder: Path) -> None:
    letter = load_templates(folder)[Language.FR, LetterKind.CONFIRM_SENDER]
    shutil.rmtree(folder)
    values = {"name": "", "seen": "today", "desk": "Desk", "language": "fr"}
    assert "today" in letter.html.render(values)


def test_a_letter_that_is_wrong_stops_no_other_where_they_are_read_one_by_one(folder: Path) -> None:
    (folder / TICKET / "body.txt").write_text("{{ nmae }}")
    files = TemplateFiles(folder)
    assert files[Language.EN, LetterKind.TICKET_OPENED].text
    with pytest.raises(BadSettings, match="'nmae' is undefined"):
        files[Language.FR, LetterKind.TICKET_OPENED]


def test_a_letter_is_read_once(folder: Path) -> None:
    files = TemplateFiles(folder)
    first = files[Language.FR, LetterKind.CANARY]
    shutil.rmtree(folder)
    assert files[Language.FR, LetterKind.CANARY] is first
