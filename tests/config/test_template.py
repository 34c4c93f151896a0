"""The file that init writes is true: it loads, names every setting there is, and shows the real defaults."""

import re
import tomllib
from pathlib import Path

import pytest

from helpdesk.config import Answer, Settings, filled_template, load
from helpdesk.config.reading import _read
from helpdesk.config.section import Source
from helpdesk.errors import BadSettings
from tests.config.made import KEY, SECRETS, credential, loaded, write

REQUIRED: dict[str, Answer] = {
    "desk.name": "Support",
    "desk.address": "desk@example.org",
    "imap.host": "imap.example.org",
    "imap.user": "desk",
    "smtp.host": "smtp.example.org",
    "alerts.to": ["sysadmin@example.org"],
}
SHOWN_BY_EXAMPLE = {
    "database.ca_file",
    "imap.ca_file",
    "smtp.ca_file",
    "smtp.user",
    "smtp.bounce_address",
    "suspicion.country_file",
    "metrics.file",
}


def all_uncommented(text: str) -> str:
    return re.sub(r"^#(?=[a-z_0-9]+ = )", "", text, flags=re.MULTILINE)


def names_in(table: dict[str, object], section: str = "") -> set[str]:
    names: set[str] = set()
    for key, value in table.items():
        names |= names_in(value, f"{section}{key}.") if isinstance(value, dict) else {f"{section}{key}"}
    return names


def test_untouched_it_lacks_what_it_marks_as_required_and_nothing_else(tmp_path: Path) -> None:
    file = write(tmp_path, filled_template({}))
    with pytest.raises(BadSettings) as caught:
        load(file, SECRETS)
    complained = {re.sub(r".*\[(.+?)\] (\w+): .*", r"\1.\2", problem) for problem in caught.value.problems}
    assert complained == set(REQUIRED)
    assert len(caught.value.problems) == len(REQUIRED)
    assert filled_template({}).count("# REQUIRED. ") == len(REQUIRED)


def test_with_the_required_values_it_loads_with_all_defaults(tmp_path: Path) -> None:
    assert settings_of(tmp_path, filled_template(REQUIRED)) == settings_of(tmp_path, minimal())


def test_every_default_that_it_shows_is_the_real_one(tmp_path: Path) -> None:
    credential(tmp_path, "smtp_password", "")
    shown = all_uncommented(filled_template(REQUIRED)).splitlines()
    examples = tuple(f"{name.partition('.')[2]} = " for name in SHOWN_BY_EXAMPLE)
    section, kept = "", []
    for line in shown:
        section = line.strip("[]") if line.startswith("[") else section
        if f"{section}.{line.partition(' = ')[0]}" in SHOWN_BY_EXAMPLE:
            assert line.startswith(examples)
            continue
        kept.append(line)
    assert len(kept) == len(shown) - len(SHOWN_BY_EXAMPLE)
    assert settings_of(tmp_path, "\n".join(kept)) == settings_of(tmp_path, minimal())


def test_the_examples_that_it_shows_can_be_used(tmp_path: Path) -> None:
    for name in ("database-ca.pem", "imap-ca.pem", "smtp-ca.pem", "GeoLite2-Country.mmdb"):
        (tmp_path / name).touch()
    credential(tmp_path, "smtp_password", "pw")
    settings = settings_of(tmp_path, all_uncommented(filled_template(REQUIRED)))
    assert settings.smtp.user == "desk@example.org"
    assert settings.mailboxes[0].ca_file == tmp_path / "imap-ca.pem"


def test_it_names_every_setting_there_is(tmp_path: Path) -> None:
    source = Source("test", tmp_path, {})
    _read(source, None, {}, with_secrets=True)
    variables = {f"HELPDESK_{name.replace('.', '_').upper()}" for name in template_names()}
    secrets = {"HELPDESK_IMAP_PASSWORD", "HELPDESK_SMTP_PASSWORD", "HELPDESK_SENTRY_DSN"}
    assert source.variables == variables | secrets


def template_names() -> set[str]:
    return names_in(tomllib.loads(all_uncommented(filled_template({}))))


def test_every_setting_has_a_comment_above_it_or_above_its_group() -> None:
    previous = ""
    for line in filled_template({}).splitlines():
        is_setting = re.match(r"#?[a-z_0-9]+ = ", line) is not None
        if is_setting:
            assert previous, f"{line} has nothing to explain it"
        previous = line


def test_answers_are_written_as_toml_whatever_they_hold(tmp_path: Path) -> None:
    name = 'Le "Support" \\ été'
    text = filled_template(
        {**REQUIRED, "desk.name": name, "imap.idle": False, "imap.port": 1993, "smtp.port": 2525}
    )
    settings = settings_of(tmp_path, text)
    assert settings.desk.name == name
    assert (settings.mailboxes[0].idle, settings.mailboxes[0].port, settings.smtp.port) == (False, 1993, 2525)
    assert (
        tomllib.loads(filled_template({"desk.name": "a\n\x00\x7f\u2028"}))["desk"]["name"]
        == "a\n\x00\x7f\u2028"
    )


def test_an_answer_to_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"imap\.hots, name"):
        filled_template({"imap.hots": "x", "name": "y"})


def minimal() -> str:
    return (
        '[desk]\nname = "Support"\naddress = "desk@example.org"\n[imap]\nhost = "imap.example.org"\nuser = "desk"\n'
        '[smtp]\nhost = "smtp.example.org"\n[alerts]\nto = ["sysadmin@example.org"]\n'
    )


def settings_of(folder: Path, text: str) -> Settings:
    credential(folder, "secret_key", KEY)
    return loaded(folder, text)
