"""The settings: typed, frozen and complete, or refused with every problem at once."""

from helpdesk.config.reading import find, load, load_for_inspect
from helpdesk.config.secret import Secret
from helpdesk.config.settings import (
    AlertSettings,
    DatabaseSettings,
    DeskSettings,
    DnsSettings,
    ImapSettings,
    InspectSettings,
    LetterCaps,
    Level,
    LimitSettings,
    Settings,
    SmtpSettings,
    Tls,
)

__all__ = [
    "AlertSettings",
    "DatabaseSettings",
    "DeskSettings",
    "DnsSettings",
    "ImapSettings",
    "InspectSettings",
    "LetterCaps",
    "Level",
    "LimitSettings",
    "Secret",
    "Settings",
    "SmtpSettings",
    "Tls",
    "find",
    "load",
    "load_for_inspect",
]
