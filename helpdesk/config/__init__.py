"""The settings: typed, frozen and complete, or refused with every problem at once."""

from helpdesk.config.reading import PLACES, find, load, load_for_inspect, load_for_shell
from helpdesk.config.secret import Secret
from helpdesk.config.settings import (
    AlertSettings,
    AuditSettings,
    DatabaseSettings,
    DeskSettings,
    DnsSettings,
    ImapSettings,
    InspectSettings,
    LetterCaps,
    Level,
    LimitSettings,
    MetricsSettings,
    Settings,
    SmtpSettings,
    TicketSettings,
    Tls,
)
from helpdesk.config.template import Answer, filled_template

__all__ = [
    "PLACES",
    "AlertSettings",
    "Answer",
    "AuditSettings",
    "DatabaseSettings",
    "DeskSettings",
    "DnsSettings",
    "ImapSettings",
    "InspectSettings",
    "LetterCaps",
    "Level",
    "LimitSettings",
    "MetricsSettings",
    "Secret",
    "Settings",
    "SmtpSettings",
    "TicketSettings",
    "Tls",
    "filled_template",
    "find",
    "load",
    "load_for_inspect",
    "load_for_shell",
]
