"""The letters as recipients get them, kept as .eml files to be read and compared.

After a change that is meant: ``python -m tests.letters.golden`` writes them anew; read the difference.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from helpdesk.core import jobletters, letters, staffletters, suspicionletters
from helpdesk.core.alertwords import about, why
from helpdesk.core.audit import Action
from helpdesk.core.letters import Addressee, Answered, Letter, LetterKind, LetterTemplates, Notice, Stationery
from helpdesk.core.people import Language
from helpdesk.core.suspicion import in_words
from helpdesk.core.suspicionletters import Happened
from helpdesk.core.verdicts import Verdict
from helpdesk.core.weeklyletter import weekly_report
from helpdesk.templatefiles import load_templates
from tests.letters import reports

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
TEMPLATES: Mapping[tuple[Language, LetterKind], LetterTemplates] = load_templates()
ANSWERS = {
    Language.FR: "Un nouveau chargeur vous attend au bureau 4 <2e étage>.",
    Language.EN: "A new charger waits for you in office 4 <2nd floor>.",
}
SUSPICIOUS_LOGINS = {
    language: [
        Happened(in_words(action, language), NOW, place, "helpdesk-admin, zoe, /dev/pts/1", count)
        for action, place, count in (
            (Action.LOGIN_FAILED_OFTEN, "zoe @ poste-4 (192.0.2.7), FR", 2),
            (Action.LOGIN_FROM_NEW_PLACE, "zoe @ poste-9 (198.51.100.9), DE", 1),
        )
    ]
    for language in Language
}
LEARNERS = {
    Language.FR: (
        Addressee("zoe@learn.example", Language.FR, "Zoé Martin", 7),
        "Mon chargeur ne marche plus",
    ),
    Language.EN: (Addressee("sam@learn.example", Language.EN, "Sam Doe", 8), "My charger no longer works"),
}


def stationery(plus_addressing: bool = True, desk_name: str = "Assistance numérique") -> Stationery:
    """Return the desk that the golden letters come from."""
    return Stationery(
        desk_name=desk_name,
        desk_address="desk@help.example",
        bounce_address="bounces@help.example",
        install_id="hd-7f3a",
        key=b"k" * 32,
        zone=ZoneInfo("Europe/Paris"),
        plus_addressing=plus_addressing,
        templates=TEMPLATES,
    )


def late(subject: str) -> list[jobletters.Late]:
    """Return more tickets than one letter names."""
    return [jobletters.Late(number, subject, NOW) for number in range(123, 145)]


def golden_letters() -> dict[str, Letter]:
    """Return every letter in every language, by the name of its file."""
    desk = stationery()
    made: dict[str, Letter] = {}
    for language, (learner, subject) in LEARNERS.items():
        answered = Answered("<first@learn.example>", ("<older@learn.example>",))
        keys = {kind: letters.dedupe_key(kind.value, language.value) for kind in LetterKind}
        contact = Addressee("security@learn.example", language)
        notice = Notice(
            about(Verdict.SPOOF, language),
            NOW,
            3,
            why(Verdict.SPOOF, language),
            "spoof: dmarc=fail for learn.example",
            "boss@learn.example",
            NOW.replace(minute=0),
            4,
        )
        ones = (
            letters.ticket_opened(desk, learner, 123, subject, NOW, answered, keys[LetterKind.TICKET_OPENED]),
            letters.ticket_reopened(
                desk, learner, 123, subject, NOW, answered, keys[LetterKind.TICKET_REOPENED]
            ),
            letters.confirm_sender(desk, learner, 456, NOW, keys[LetterKind.CONFIRM_SENDER], NOW),
            staffletters.login_code(
                desk, learner, "12345678", 15, "zoe @ poste-4", keys[LetterKind.LOGIN_CODE], NOW
            ),
            staffletters.ticket_answered(
                desk,
                learner,
                123,
                subject,
                ANSWERS[language],
                "Jeanne Dupont",
                True,
                answered,
                keys[LetterKind.TICKET_ANSWERED],
                NOW,
            ),
            staffletters.ticket_resolved(
                desk, learner, 123, subject, answered, keys[LetterKind.TICKET_RESOLVED], NOW
            ),
            suspicionletters.suspicious_login(
                desk, learner, SUSPICIOUS_LOGINS[language], keys[LetterKind.SUSPICIOUS_LOGIN], NOW
            ),
            suspicionletters.sender_forged(desk, learner, 456, NOW, keys[LetterKind.SENDER_FORGED], NOW),
            suspicionletters.address_frozen(desk, learner, NOW, keys[LetterKind.ADDRESS_FROZEN], NOW),
            letters.alert(desk, contact, notice, keys[LetterKind.ALERT], NOW),
            weekly_report(
                desk, admin_of(language), reports.a_busy_week(), keys[LetterKind.WEEKLY_REPORT], reports.NOW
            ),
            jobletters.tickets_overdue(desk, learner, late(subject), keys[LetterKind.TICKETS_OVERDUE], NOW),
            jobletters.held_mail_ending(desk, learner, 2, NOW, keys[LetterKind.HELD_MAIL_ENDING], NOW),
            jobletters.canary(desk, Addressee("desk@help.example", language), keys[LetterKind.CANARY], NOW),
            jobletters.login_ending(desk, learner, NOW, keys[LetterKind.LOGIN_ENDING], NOW),
        )
        made |= {f"{language.value}_{letter.kind.value}.eml": letter for letter in ones}
    return made


def quiet_reports() -> dict[str, Letter]:
    """Return the report of a week in which nothing happened, by the name of its file."""
    desk, week = stationery(), reports.an_empty_week()
    return {
        f"{language.value}_weekly_report_quiet.eml": weekly_report(
            desk, admin_of(language), week, letters.dedupe_key("quiet", language.value), reports.NOW
        )
        for language in Language
    }


def admin_of(language: Language) -> Addressee:
    """Return an admin who reads that language."""
    return Addressee("admin@learn.example", language, "Jeanne Dupont", 9)


if __name__ == "__main__":
    for name, letter in (golden_letters() | quiet_reports()).items():
        (FOLDER / name).write_bytes(letter.content)
