"""Open the desk of the settings: what the daemon and the shell both work on."""

from collections.abc import Mapping

from helpdesk.actions.desk import Desk
from helpdesk.config import Settings
from helpdesk.core.keys import AUDIT_CHAIN, REPLY_TOKENS
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.letters import LetterKind, LetterTemplates, Stationery
from helpdesk.core.people import Language
from helpdesk.core.policy import Policy
from helpdesk.store.blobs import Blobs
from helpdesk.store.engine import Database, open_database
from helpdesk.templatefiles import load_templates


def opened_database(settings: Settings, *, make: bool = False) -> Database:
    """Return the database of the settings. *make*: as ``open_database`` takes it."""
    ca_file = settings.database.ca_file
    return open_database(settings.database.url.reveal(), str(ca_file) if ca_file else None, make=make)


def desk_of(
    settings: Settings,
    database: Database,
    templates: Mapping[tuple[Language, LetterKind], LetterTemplates] | None = None,
) -> Desk:
    """Return the desk that actions work on; without *templates*, all are read now.

    Raises BadSettings where one is missing or broken.
    """
    desk, caps, key = settings.desk, settings.caps, settings.keys.derive(REPLY_TOKENS)
    stationery = Stationery(
        desk.name,
        desk.address,
        settings.smtp.bounce_address,
        settings.keys.install_id,
        key,
        desk.timezone,
        desk.plus_addressing,
        load_templates() if templates is None else templates,
    )
    return Desk(
        database,
        Blobs(desk.blob_dir),
        stationery,
        Policy(desk.reopen_days),
        LetterLimits(
            per_address_hour=caps.per_address_hour,
            per_address_day=caps.per_address_day,
            per_domain_hour=caps.per_domain_hour,
            overall_hour=caps.overall_hour,
        ),
        desk.addresses,
        desk.language,
        settings.alerts.to,
        settings.alerts.per_hour,
        (key,),
        due=settings.tickets.due,
        thresholds=settings.suspicion.thresholds,
        audit_key=settings.keys.derive(AUDIT_CHAIN),
    )
