"""What the weekly report calls things, in the words of its reader."""

from datetime import date

from helpdesk.core.alertwords import about
from helpdesk.core.datewords import shown_day
from helpdesk.core.people import Language
from helpdesk.core.terminal import term_safe
from helpdesk.core.verdicts import Verdict
from helpdesk.core.weekly import AGE_DAYS, Trend

_KINDS = {  # by the names in core.weekly, in French and in English
    "LOGIN": ("connexions refusées", "refused logins"),
    "LOGIN_FAILED_OFTEN": ("échecs de connexion en série", "logins that failed in a row"),
    "LOGIN_LOCKED": ("comptes verrouillés", "locked accounts"),
    "LOGIN_FROM_NEW_PLACE": ("connexions d’un lieu nouveau", "logins from a new place"),
    "SENDER_FORGED": ("expéditeurs falsifiés", "forged senders"),
    "MANY_UNKNOWN_SENDERS": ("vagues d’inconnus", "bursts of unknown senders"),
    "SENDER_FLOOD": ("flots d’un même expéditeur", "floods from one sender"),
    "ROUTE_CHANGED": ("chemins de courrier changés", "changed mail routes"),
    "MAIL_DISOWNED": ("messages désavoués («\u00a0pas moi\u00a0»)", "disowned mails (“not me”)"),
    "UNAUTHORIZED_ROLE_CHANGE": ("changements de rôle refusés", "refused role changes"),
    "UNAUTHORIZED_ACCESS": ("accès refusés", "refused accesses"),
}
_SHORTER = {  # than in an alert: a row has room for 39 characters
    Verdict.PASS: ("prouvé, mais retenu", "proven, but kept"),
    Verdict.PASS_DKIM: ("prouvé, mais retenu", "proven, but kept"),
    Verdict.TEMP: ("pas vérifiable pour l’instant", "not to be checked for now"),
    Verdict.UNTRUSTED_ROUTE: ("chemin inconnu", "unknown route"),
}
_WEEKDAYS = {
    Language.FR: ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_SIGNS = {Trend.MORE: "↑", Trend.LESS: "↓", Trend.SAME: "=", Trend.NOTHING: "–"}
_NAME_CHARS = 60


def kind_in_words(kind: str, language: Language) -> str:
    """Return what a suspicious action is called; one without words is shown as the trail has it."""
    french, english = _KINDS.get(kind, (kind, kind))
    return french if language is Language.FR else english


def verdict_in_words(verdict: str, language: Language) -> str:
    """Return what a kept mail with that verdict is, with the verdict's own name."""
    if verdict not in list(Verdict):
        return term_safe(verdict, _NAME_CHARS) or "?"
    known = Verdict(verdict)
    french, english = _SHORTER.get(known, (about(known, language),) * 2)
    return f"{french if language is Language.FR else english} ({verdict})"


def weekday_in_words(day: date, language: Language) -> str:
    """Return a day as it stands in a row: « lun. 16 novembre », "Mon 16 November"."""
    without_year = shown_day(day, language).removesuffix(f" {day.year}")
    return f"{_WEEKDAYS[language][day.weekday()]} {without_year}"


def age_in_words(place: int, language: Language) -> str:
    """Return the ages of one group of open tickets, the youngest group at *place* 0."""
    french = language is Language.FR
    if place == 0:
        return "moins d’un jour" if french else "less than a day"
    if place == len(AGE_DAYS):
        return f"plus de {AGE_DAYS[-1]} jours" if french else f"more than {AGE_DAYS[-1]} days"
    young, old = AGE_DAYS[place - 1], AGE_DAYS[place]
    return f"de {young} à {old} jours" if french else f"{young} to {old} days"


def trend_in_words(found: Trend, usual: float, language: Language) -> str:
    """Return a trend as a sign and the mean it stands against: « ↑ 8,5 »."""
    if found is Trend.NOTHING:
        return _SIGNS[found]
    number = f"{usual:.1f}".removesuffix(".0") if usual < 100 else f"{usual:.0f}"
    return f"{_SIGNS[found]} {number.replace('.', ',') if language is Language.FR else number}"
