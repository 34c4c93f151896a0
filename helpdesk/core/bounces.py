"""What a delivery status notification says."""

from email.message import Message

from helpdesk.core.mail import Bounce


def bounce_of(message: "Message[str, str]", text: str) -> Bounce | None:
    """Return what *message* says about letters of ours that did not arrive, None when it is no bounce."""
    return None
