"""Days and times as people write them."""

from datetime import date, datetime, tzinfo

from helpdesk.core.people import Language

_MONTHS = {
    Language.FR: (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def shown_time(moment: datetime, zone: tzinfo, language: Language) -> str:
    """Return a time as people write it: « 1er mars 2026 à 9 h 05 », "1 March 2026 at 09:05"."""
    local = moment.astimezone(zone)
    day = shown_day(local.date(), language)
    if language is Language.FR:
        return f"{day} à {local.hour}\u00a0h\u00a0{local.minute:02}"
    return f"{day} at {local.hour:02}:{local.minute:02}"


def shown_day(day: date, language: Language) -> str:
    """Return a day as people write it: « 1er mars 2026 », "1 March 2026"."""
    number = "1er" if language is Language.FR and day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"
