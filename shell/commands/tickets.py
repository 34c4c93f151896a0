"""What the verbs about one ticket share: how it is named."""

from shell.completers import complete_number
from shell.verbs import Arguments


def number_argument(arguments: Arguments) -> None:
    """Add the ticket that a verb is about."""
    arguments.add(
        "number",
        type=int,
        complete=complete_number,
        help=("as it stands in the subject, [#12]", "comme dans l'objet, [#12]"),
    )
