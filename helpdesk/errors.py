"""The errors a person may meet, each with the exit status it ends a command with.

Every message says which thing, what is so, and what would be allowed. A secret never stands in one.
"""

EXIT_FAILED = 1
EXIT_CONFIG = 78  # sysexits.h EX_CONFIG; the unit does not restart on it


class HelpdeskError(Exception):
    """Something failed in a way we can explain; the text is fit for a person."""

    exit_status = EXIT_FAILED


class BadSettings(HelpdeskError):
    """The settings cannot be used; ``problems`` holds every one found, each with file, section and key."""

    exit_status = EXIT_CONFIG

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Refused(HelpdeskError):
    """A person asked for something that the rules do not allow. ``in_french``: the same words for a French reader."""

    def __init__(self, in_english: str, in_french: str = "") -> None:
        super().__init__(in_english)
        self.in_french = in_french or in_english


class NotAllowed(Refused):
    """The person's role does not reach so far."""


class LoggedOut(Refused):
    """There is no session, or it has ended: log in first."""


class StoreAway(HelpdeskError):
    """The database cannot be reached or refuses to serve now; trying again later may work."""


class LeaseLost(HelpdeskError):
    """Another daemon has taken over what this one was working on; what it was about to write was not written."""


class MailboxAway(HelpdeskError):
    """The IMAP server cannot be reached, or refuses; trying again later may work."""


class MailRefused(MailboxAway):
    """The IMAP server is there and refuses one command, perhaps for one mail; others may go well."""


class FolderRefused(MailRefused):
    """The IMAP server refuses a command for a reason that lies in a folder: over quota, not allowed, not there."""


class MailStays(MailRefused):
    """The IMAP server has copied mails to their folder and refuses to take them out of the inbox."""


class RelayAway(HelpdeskError):
    """The SMTP relay cannot be reached, or refuses the connection; letters wait."""
