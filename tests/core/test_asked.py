"""What words on a command line can mean to the ledger."""

import pytest

from helpdesk.core.asked import MAX_MAIL_ID, MAX_TICKET, MAX_UID, Asked, asked


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        pytest.param("<1@univ.example>", Asked(message_id="<1@univ.example>"), id="a Message-ID"),
        pytest.param("<no at sign>", Asked(message_id="<no at sign>"), id="a Message-ID without an @"),
        pytest.param(
            "Jean@Univ.Example",
            Asked(address="jean@univ.example", message_id="<Jean@Univ.Example>"),
            id="an address, or an id without brackets",
        ),
        pytest.param("é@x.example", Asked(message_id="<é@x.example>"), id="an id, no address"),
        pytest.param("12", Asked(uid=12, ticket=12), id="digits: a UID and a ticket"),
        pytest.param(str(MAX_TICKET), Asked(uid=MAX_TICKET, ticket=MAX_TICKET), id="the last ticket"),
        pytest.param(str(MAX_TICKET + 1), Asked(uid=MAX_TICKET + 1), id="too large for a ticket"),
        pytest.param(str(MAX_UID), Asked(uid=MAX_UID), id="the last UID"),
        pytest.param(str(MAX_UID + 1), Asked(mail_id=MAX_UID + 1), id="too large for a UID"),
        pytest.param(str(MAX_MAIL_ID), Asked(mail_id=MAX_MAIL_ID), id="the last mail"),
        pytest.param("mail:7", Asked(mail_id=7), id="a mail's id"),
        pytest.param("mail 7", Asked(mail_id=7), id="a mail's id as it is shown"),
        pytest.param("uid:12", Asked(uid=12), id="a UID"),
        pytest.param("uid  12", Asked(uid=12), id="a UID in two words"),
        pytest.param("main:12", Asked(uid=12, mailbox="main"), id="a UID of one mailbox"),
        pytest.param("#12", Asked(ticket=12), id="a ticket"),
        pytest.param("[#12]", Asked(ticket=12), id="a ticket as in a subject"),
        pytest.param("ticket 12", Asked(ticket=12), id="a ticket in two words"),
    ],
)
def test_words_mean_all_that_they_can_mean(words: str, meaning: Asked) -> None:
    assert asked(words) == meaning


@pytest.mark.parametrize(
    "words",
    [
        *("", "charger", "0", "-1", "1.5", "uid:", "uid:x", "#", "main:", "٣", "²"),
        *(
            f"uid:{MAX_UID + 1}",
            f"#{MAX_TICKET + 1}",
            f"main:{MAX_UID + 1}",
            str(MAX_MAIL_ID + 1),
            "9" * 5000,
        ),
    ],
)
def test_what_can_be_nothing_is_refused_with_what_can_be_asked(words: str) -> None:
    with pytest.raises(ValueError, match="ask for a Message-ID"):
        asked(words)
