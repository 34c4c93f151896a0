"""Letters as their recipients' software reads them."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpdesk.core import letters, replytokens
from helpdesk.core.letterbytes import header, ids_header, mailbox_header, reference_chain
from helpdesk.core.letters import Addressee, Answered, Letter, LetterKind, Notice, defanged
from helpdesk.core.people import Language
from helpdesk.core.subjects import ticket_numbers
from helpdesk.core.terminal import term_safe
from tests.letters.golden import FOLDER, NOW, golden_letters, quiet_reports, stationery

LETTERS = golden_letters()
GOLDEN = LETTERS | quiet_reports()
ZOE = Addressee("zoe@learn.example", Language.FR, "Zoé Martin", 7)
DEDUPE = letters.dedupe_key("ticket_opened", "one")
CONFIRMATION_HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Reply-To",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Helpdesk-Loop",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]


def confirmation(
    subject: str = "Mon chargeur", to: Addressee = ZOE, answered: Answered | None = None, **desk: bool | str
) -> Letter:
    return letters.ticket_opened(
        stationery(**desk),  # type: ignore[arg-type]
        to,
        123,
        subject,
        NOW,
        answered or Answered("<first@learn.example>"),
        DEDUPE,
    )


def parsed(letter: Letter) -> Message:
    return message_from_bytes(letter.content)


def decoded(message: Message, name: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n", "", str(message[name])))))


def bodies(message: Message) -> tuple[str, str]:
    parts = message.get_payload()
    assert isinstance(parts, list)
    texts = []
    for part in parts:
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        texts.append(content.decode())
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]
    return texts[0], texts[1]


def shown_text(html: str) -> str:
    body = html.partition("<body")[2].partition(">")[2]
    return unescape(re.sub(r"<[a-z/][^>]*>", " ", re.sub("</?strong>", "", body)))


@pytest.mark.parametrize("name", GOLDEN)
def test_a_letter_is_byte_for_byte_the_golden_one(name: str) -> None:
    assert GOLDEN[name].content == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", GOLDEN)
def test_text_and_html_say_the_same(name: str) -> None:
    text, html = bodies(parsed(GOLDEN[name]))
    assert shown_text(html).split() == text.replace("█", "").split()


@pytest.mark.parametrize("name", GOLDEN)
def test_a_letter_loads_nothing_and_links_nowhere(name: str) -> None:
    _text, html = bodies(parsed(GOLDEN[name]))
    assert not re.search(r"src=|href=|url\(|://|<img|<script|<style", html)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_line_is_short_ascii_and_ends_in_crlf(name: str) -> None:
    content = GOLDEN[name].content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    head, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 78
    unfoldable = (b"Message-ID:", b" <desk+", b"Content-Type:")
    assert not [line for line in head.split(b"\r\n") if len(line) > 78 and not line.startswith(unfoldable)]


@pytest.mark.parametrize("name", GOLDEN)
def test_no_letter_can_start_a_loop(name: str) -> None:
    message = parsed(GOLDEN[name])
    by_a_person = "ticket_answered" in name
    of_themselves = ("alert", "suspicious_login", "sender_forged", "report", "overdue", "ending", "canary")
    automatic = "auto-generated" if any(kind in name for kind in of_themselves) else "auto-replied"
    assert message["Auto-Submitted"] == (None if by_a_person else automatic)
    assert message["X-Auto-Response-Suppress"] == (None if by_a_person else "All")
    assert message["X-Helpdesk-Loop"] == "hd-7f3a"
    assert message["Precedence"] is None


def test_a_confirmation_has_exactly_these_headers() -> None:
    assert parsed(confirmation()).keys() == CONFIRMATION_HEADERS


def test_a_confirmation_joins_the_thread_of_the_mail_it_answers() -> None:
    answered = Answered("<second@learn.example>", ("<first@learn.example>",))
    message = parsed(confirmation(answered=answered))
    assert message["In-Reply-To"] == "<second@learn.example>"
    assert message["References"] == "<first@learn.example> <second@learn.example>"


def test_a_mail_without_message_id_is_answered_without_thread() -> None:
    message = parsed(confirmation(answered=Answered("", ("<first@learn.example>",))))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_the_date_is_local_and_right() -> None:
    date = parsed(confirmation())["Date"]
    assert date == "Sat, 21 Nov 2026 04:12:00 +0100"
    assert parsedate_to_datetime(date) == NOW


def test_the_same_cause_makes_the_same_letter() -> None:
    assert confirmation() == confirmation()
    assert confirmation().dedupe == DEDUPE


def test_the_message_id_brings_an_answer_back_to_the_ticket_for_that_person_only() -> None:
    letter = confirmation()
    (claim,) = replytokens.claims_in_ids([letter.message_id], "help.example")
    assert str(claim.mark) == "t123"
    assert replytokens.genuine([b"k" * 32], claim, 7)
    assert not replytokens.genuine([b"k" * 32], claim, 8)


def test_the_subject_names_the_ticket() -> None:
    assert ticket_numbers(decoded(parsed(confirmation()), "Subject")) == (123,)


def test_with_plus_addressing_answers_and_bounces_carry_signatures() -> None:
    letter = confirmation()
    reply_to = decoded(parsed(letter), "Reply-To")
    assert re.fullmatch(r"Assistance numérique <desk\+t123-[a-z2-7]{26}@help\.example>", reply_to)
    assert replytokens.bounced_letter([b"k" * 32], letter.envelope_from, "desk@help.example") == DEDUPE[:12]


def test_without_plus_addressing_bounces_go_to_the_configured_address() -> None:
    letter = confirmation(plus_addressing=False)
    assert parsed(letter)["Reply-To"] is None
    assert letter.envelope_from == "bounces@help.example"


def test_an_alert_goes_out_with_the_null_sender_and_no_token() -> None:
    letter = GOLDEN["fr_alert.eml"]
    assert letter.envelope_from == ""
    assert replytokens.claims_in_ids([letter.message_id], "help.example") == ()
    assert parsed(letter)["Reply-To"] is None


def test_the_question_to_an_owner_repeats_nothing_of_the_mail_and_can_be_answered() -> None:
    letter = GOLDEN["fr_confirm_sender.eml"]
    assert parsed(letter)["In-Reply-To"] is None
    (claim,) = replytokens.claims_in_ids([letter.message_id], "help.example")
    assert str(claim.mark) == "h456"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        pytest.param("Bonjour", "Bonjour", id="plain"),
        pytest.param("", "(sans objet)", id="none"),
        pytest.param(" \t ", "(sans objet)", id="blanks only"),
        pytest.param("a" * 80, "a" * 80, id="at the limit"),
        pytest.param("a" * 81, "a" * 79 + "…", id="one over the limit"),
        pytest.param("a\r\nBcc: x@y.example", "a Bcc: x@y.example", id="line break"),
        pytest.param("a\x00\x1b[2Jb", "a\\x00\\x1b[2Jb", id="NUL and ESC"),
        pytest.param("\u202egpj.exe", "\\u202egpj.exe", id="bidi override"),
        pytest.param("see http://evil.example", "see http:/ /evil.example", id="link"),
        pytest.param("see WWW.evil.example", "see WWW .evil.example", id="link without scheme"),
        pytest.param("=?utf-8?q?=0d=0aBcc:?=", "=?utf-8?q?=0d=0aBcc:?=", id="encoded word stays text"),
        pytest.param("<script>alert(1)</script>", "<script>alert(1)</script>", id="markup"),
        pytest.param("{{ 7 * 7 }}", "{{ 7 * 7 }}", id="template code"),
    ],
)
def test_a_subject_is_quoted_short_and_tame_in_subject_text_and_html(subject: str, shown: str) -> None:
    message = parsed(confirmation(subject))
    assert message.keys() == CONFIRMATION_HEADERS
    assert decoded(message, "Subject") == f"[#123] Demande bien reçue\u00a0: {shown}"
    text, html = bodies(message)
    assert f"«\u00a0{shown}\u00a0»" in text
    assert shown in shown_text(html)
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("name", "to"),
    [
        pytest.param("Zoé Martin", "Zoé Martin <zoe@learn.example>", id="accents"),
        pytest.param("Sam Doe", "Sam Doe <zoe@learn.example>", id="atoms"),
        pytest.param('Doe, "Sam"', '"Doe, \\"Sam\\"" <zoe@learn.example>', id="specials"),
        pytest.param("back\\slash.", '"back\\\\slash." <zoe@learn.example>', id="backslash"),
        pytest.param("", "zoe@learn.example", id="no name"),
        pytest.param("boss@corp.example", "zoe@learn.example", id="an address is no name"),
        pytest.param("a\r\nBcc: x", '"a\\\\r\\\\nBcc: x" <zoe@learn.example>', id="line break"),
        pytest.param("=?utf-8?q?x?=", "=?utf-8?q?x?= <zoe@learn.example>", id="encoded word stays text"),
    ],
)
def test_a_name_cannot_leave_its_place(name: str, to: str) -> None:
    message = parsed(confirmation(to=Addressee("zoe@learn.example", Language.FR, name, 7)))
    assert message.keys() == CONFIRMATION_HEADERS
    assert decoded(message, "To").startswith(to)


def test_a_desk_named_like_an_address_shows_only_its_address() -> None:
    message = parsed(confirmation(desk_name="boss@corp.example"))
    assert message["From"] == "<desk@help.example>"


def test_hostile_text_in_an_alert_is_short_and_dead() -> None:
    sample = "http://evil.example/" + "x" * 2000 + "\x1b[2J"
    notice = Notice("spoof", NOW, 3, "a@b.example\r\nBcc: c", sample)
    letter = letters.alert(stationery(), Addressee("s@x.example", Language.EN), notice, DEDUPE, NOW)
    text, _html = bodies(parsed(letter))
    assert "Reason: a[at]b[.]example Bcc: c\r\n" in text
    shown = re.search(r"Technical detail: (.*)\r\n", text)
    assert shown is not None
    assert shown[1].startswith("http[:]//evil[.]example/xxx")
    assert len(shown[1]) == 500
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("message_ids", "line"),
    [
        pytest.param(["<a@b>", "<c@d>"], "X: <a@b> <c@d>\r\n", id="ordinary"),
        pytest.param(["<[x@microsoft.com]>"], "X: <[x@microsoft.com]>\r\n", id="odd but real"),
        pytest.param(
            ["a@b", "<a b@c>", "<a\r\nBcc: x@c>", "<é@c>", "<a><b>", ""], "", id="none of them an id"
        ),
        pytest.param([f"<{'a' * 896}@b>"], f"X: <{'a' * 896}@b>\r\n", id="longest"),
        pytest.param([f"<{'a' * 897}@b>", "<a@b>"], "X: <a@b>\r\n", id="too long for a line"),
        pytest.param(
            [f"<{'a' * 68}@b>", "<a@b>"], f"X: <{'a' * 68}@b>\r\n <a@b>\r\n", id="folded between ids"
        ),
    ],
)
def test_message_ids_are_kept_as_they_are_or_left_out(message_ids: list[str], line: str) -> None:
    assert ids_header("X", message_ids) == line


def test_a_long_thread_keeps_its_first_and_last_ids() -> None:
    ids = [f"<{number}@x>" for number in range(20)]
    chain = reference_chain(ids, "<new@x>")
    assert chain == ("<0@x>", *(f"<{number}@x>" for number in range(12, 20)), "<new@x>")
    assert reference_chain(ids[:9], "<new@x>") == (*ids[:9], "<new@x>")
    assert reference_chain(["<a@x>"], "<a@x>") == ("<a@x>",)


@settings(deadline=None)
@given(st.text(max_size=400))
@example("\xa0")
@example(" \xa0x \u3000 ")
def test_any_text_in_a_header_is_read_back_and_stays_in_its_lines(text: str) -> None:
    line = header("Subject", text)
    assert line.isascii()
    assert all(len(part) <= 998 for part in line.split("\r\n"))
    message = message_from_bytes(f"{line}\r\n".encode())
    assert message.keys() == ["Subject"]
    assert decoded(message, "Subject").strip(" ") == " ".join(filter(None, term_safe(text).split(" ")))


@settings(deadline=None)
@given(st.text(max_size=200))
@example("\r")
@example("\xa0")
@example(" \t ")
def test_any_display_name_is_read_back_with_one_address(name: str) -> None:
    line = mailbox_header("To", name, "zoe@learn.example")
    message = message_from_bytes(f"{line}\r\n".encode())
    assert message.keys() == ["To"]
    has_name = term_safe(name).strip(" ")  # a control character is shown as its escape, which is a name
    assert str(message["To"]).endswith("zoe@learn.example>" if has_name else "zoe@learn.example")
    assert str(message["To"]).count("@") == 1


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=100))
def test_any_subject_and_name_make_a_letter_that_parses(subject: str, name: str) -> None:
    letter = confirmation(subject, Addressee("zoe@learn.example", Language.EN, name, 7))
    message = parsed(letter)
    assert message.keys() == CONFIRMATION_HEADERS
    assert not message.defects
    text, _html = bodies(message)
    assert f"“{letters.quoted(subject, Language.EN)}”" in text
    assert all(len(line) <= 998 for line in letter.content.split(b"\r\n"))


def test_letters_of_a_later_time_differ_in_date_only_not_in_id() -> None:
    later = letters.ticket_opened(
        stationery(), ZOE, 123, "x", NOW + timedelta(hours=1), Answered("<first@learn.example>"), DEDUPE
    )
    assert later.message_id == confirmation("x").message_id


def test_every_letter_exists_in_every_language() -> None:
    assert set(LETTERS) == {f"{lang.value}_{kind.value}.eml" for lang in Language for kind in LetterKind}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("one two three four", "one two three four", id="fits"),
        pytest.param("one two three fours", "one two three …", id="one over"),
        pytest.param("one two three fo urs", "one two three fo …", id="the last blank that leaves room"),
        pytest.param("one " + "x" * 15, "one xxxxxxxxxxxxx…", id="a long word is cut itself"),
        pytest.param("x" * 19, "x" * 17 + "…", id="nothing but one word"),
        pytest.param("a.b two three four", "a[.]b two three …", id="longer once it is tame"),
        pytest.param("\u202e\n one\t two\x1b[2J", "\\u202e one …", id="longer once it is safe"),
        pytest.param("word " * 100_000, "word word word …", id="very long"),
    ],
)
def test_what_is_cut_ends_at_a_blank_and_says_so(text: str, shown: str) -> None:
    assert defanged(text, 18) == shown
    assert len(shown) <= 18
