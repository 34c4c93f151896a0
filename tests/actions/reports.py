"""Delivery reports about letters, as mail systems send them and as forgers would."""

from collections.abc import Sequence

from tests.actions.intakes import DESK


def a_report(
    letter_id: str,
    recipient: str,
    *,
    to: str = DESK,
    action: str = "failed",
    status: str = "5.1.1",
    number: int = 1,
    proof: Sequence[str] = (),
) -> bytes:
    """Return a report (RFC 3464) about the letter with that Message-ID. *number* tells it from others."""
    lines = [
        *proof,
        "Return-Path: <>",
        "From: Mail Delivery System <MAILER-DAEMON@mx.univ.example>",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Fri, 20 Nov 2026 09:55:00 +0100",
        f"Message-ID: <report-{number}@mx.univ.example>",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-replied",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "I could not deliver it.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.univ.example",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {action}",
        f"Status: {status}",
        "",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {letter_id}",
        f"From: {DESK}",
        f"To: {recipient}",
        "",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()
