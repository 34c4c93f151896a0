"""[imap.trust]: by whose word, read where, a mailbox believes a sender. Nothing given: nobody is proven."""

from helpdesk.config.section import Section
from helpdesk.config.values import TRUTH, fitting, list_of, number, one_of
from helpdesk.core.trust import Placement, Profile, Trust

AUTHSERV_IDS = list_of(fitting("an id without spaces", r"[!-~]{1,253}"))
BORDERS = list_of(
    fitting(
        "a host name, where * stands for any characters (*.example.org, in*.mail.example.net), "
        "or 2002:* for addresses that begin so",
        r"[A-Za-z0-9._-]{1,250}|(?!.*\.\*$)(?=(?:.*[A-Za-z0-9]){3})[A-Za-z0-9._*-]{4,250}"
        r"|[0-9A-Fa-f:.]{2,45}\*?|\[[0-9A-Fa-f:.]{2,45}\]",
    )
)


def trust(section: Section) -> Trust:
    """Read [imap.trust]. Half of it would prove nobody without a word, so it is all or nothing."""
    settings = Trust(
        authserv_ids=section.optional("authserv_ids", AUTHSERV_IDS, ()),
        border_by=section.optional("border_by", BORDERS, ()),
        inner_by=section.optional("inner_by", BORDERS, ()),
        placement=section.optional("placement", one_of(Placement), Placement.ABOVE),
        profile=section.optional("profile", one_of(Profile), Profile.RFC8601),
        border_strips=section.optional("border_strips", TRUTH, False),
        recheck_dkim=section.optional("recheck_dkim", TRUTH, True),
        accept_without_dmarc=section.optional("accept_without_dmarc", TRUTH, True),
        max_age_days=section.optional("max_age_days", number(1, 365), 14),
    )
    if section.sound:
        _check_whole(section, settings)
    section.done()
    return settings


def _check_whole(section: Section, settings: Trust) -> None:
    if settings.authserv_ids and not settings.border_by:
        section.complain("border_by", "missing, and authserv_ids alone proves nobody; see `trust calibrate`")
    if settings.border_by and settings.profile is Profile.RFC8601 and not settings.authserv_ids:
        section.complain("authserv_ids", "missing, and border_by alone proves nobody; see `trust calibrate`")
    if settings.border_by and not section.given("placement"):
        section.complain("placement", "missing: a wrong guess lets forgeries in; see `trust calibrate`")
