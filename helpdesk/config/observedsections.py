"""The sections about how the desk is watched from outside."""

from helpdesk.config.section import Section
from helpdesk.config.settings import MetricsSettings
from helpdesk.config.values import number


def metrics(section: Section) -> MetricsSettings:
    """Read [metrics]."""
    return MetricsSettings(section.path("file"), section.optional("port", number(0, 65535), 0))
