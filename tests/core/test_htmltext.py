"""HTML to text: layout that people need, nothing that machines would run."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import helpdesk.core.htmltext as module
from helpdesk.core.flathtml import MAX_TAGS
from helpdesk.core.htmltext import html_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>un</p><p>deux</p>", "un\n\ndeux", id="paragraphs"),
        pytest.param("<div>un</div><div>deux<br>trois</div>", "un\ndeux\ntrois", id="lines"),
        pytest.param("<div>un</div><div><br></div><div>deux</div>", "un\n\ndeux", id="an empty line of Gmail"),
        pytest.param("un <b>deux</b>\n  <i>trois</i>&nbsp;!", "un deux trois !", id="blanks are joined"),
        pytest.param("<pre>a\n  b &lt;c&gt;</pre>d", "a\n  b <c>\nd", id="preformatted"),
        pytest.param("<ul><li>un</li><li>deux</li></ul>", "  * un\n  * deux", id="a list"),
        pytest.param("<ol><li>un<li>deux</ol>", " 1. un\n 2. deux", id="a numbered list"),
        pytest.param("<table><tr><td>Nom</td><td>Note</td></tr><tr><td><p>Léa</p></td><td>12</td></tr></table>",
                     "Nom  Note\nLéa  12", id="a table"),
        pytest.param("<table><tr><td></td><td>x</td></tr><tr><td>y</td></tr></table>", "  x\ny", id="an empty cell"),
        pytest.param("a<hr>b", "a\n________________________________\nb", id="a rule, as Outlook writes it"),
        pytest.param("<style>p{}</style><script>x()</script><title>t</title><!-- c -->vu", "vu", id="not shown"),
        pytest.param("<!--[if mso]>no<![endif]--><![if !mso]>oui<![endif]>", "oui", id="conditions of Outlook"),
        pytest.param('<p style="display:none">caché</p>', "caché", id="nothing is hidden"),
        pytest.param("&eacute; &amp;eacute; &lt;b&gt; &#233; &#xe9;", "é &eacute; <b> é é", id="entities, once"),
        pytest.param("&#0;&#xD800;&#99999999999;", "\ufffd\ufffd\ufffd", id="entities that are no characters"),
        pytest.param("&#" + "9" * 5000 + ";x", "\ufffdx", id="a number of 5,000 digits"),
        pytest.param("a < b && c > d", "a < b && c > d", id="signs that are no tags"),
        pytest.param("<p don't>it's <b>ok</b>", "it's ok", id="a stray quote in a tag"),
        pytest.param('<p title="a>b">ok', "ok", id="a bracket in quotes"),
        pytest.param("<script>never closed", "never closed", id="a script without an end"),
        pytest.param("<a href='", "<a href='", id="a tag without an end"),
        pytest.param("\ufdd0\ufdd1x", "\ufffd\ufffdx", id="our own marks in the source"),
        pytest.param("", "", id="nothing"),
    ],
)  # fmt: skip
def test_html_becomes_the_text_a_reader_would_see(html: str, text: str) -> None:
    assert html_text(html) == (text, True)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<a href='https://x.fr/a'>ici</a>", "ici <https://x.fr/a>", id="text and target"),
        pytest.param("<a href='https://x.fr/'>x.fr</a>", "x.fr", id="the text is the target"),
        pytest.param("<a href='https://evil.example'>https://x.fr</a>", "https://x.fr <https://evil.example>",
                     id="the text is another address"),
        pytest.param("<a href='mailto:a@x.fr'>a@x.fr</a>", "a@x.fr", id="a mail address"),
        pytest.param("<a href='https://x.fr'><img src=x></a>", "", id="decoration"),
        pytest.param("<a href='https://x.fr'><img alt=Logo></a>", "[Logo] <https://x.fr>", id="a named picture"),
        pytest.param("<a href='javascript:x()'>ici</a>", "ici", id="a script as target"),
        pytest.param("<a href='https://x.fr/\n a'>ici</a>", "ici <https://x.fr/a>", id="a target cut by a line end"),
        pytest.param("<img src='https://x.fr/pixel.gif'>", "", id="a remote picture is not even named"),
    ],
)  # fmt: skip
def test_a_link_shows_where_it_leads(html: str, text: str) -> None:
    assert html_text(html) == (text, True)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>a</p><blockquote><p>b</p><p>c</p></blockquote>d", "a\n\n> b\n>\n> c\nd", id="one level"),
        pytest.param("<blockquote>b<blockquote>c</blockquote></blockquote>d", "> b\n>> c\nd", id="two levels"),
        pytest.param('<blockquote style="margin:0 0 0 40px;border:none">a</blockquote>', "a", id="an indent"),
        pytest.param('<blockquote style="border-left:1px solid">a</blockquote>', "> a", id="a quote with a line"),
        pytest.param("<blockquote>a", "> a", id="never closed"),
        pytest.param("a</blockquote>b", "ab", id="never opened"),
        pytest.param("<blockquote>" * 25 + "a" + "</blockquote>" * 25 + "b", ">" * 20 + " a\nb", id="too deep"),
    ],
)  # fmt: skip
def test_a_quote_is_marked_as_in_plain_text(html: str, text: str) -> None:
    assert html_text(html) == (text, True)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 3000 + "profond" + "</div>" * 3000, id="elements"),
        pytest.param("<ul><li>" * 3000 + "profond", id="lists"),
        pytest.param("<table><tr><td>" * 3000 + "profond", id="tables"),
        pytest.param("<pre>" * 3000 + "profond", id="preformatted"),
        pytest.param("<blockquote>" * 3000 + "profond", id="quotes"),
    ],
)
def test_text_is_found_however_deep_it_lies(html: str) -> None:
    assert "profond" in html_text(html)[0]


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<a ="' * 60_000, id="quotes that never close"),
        pytest.param("<!--" * 60_000, id="comments that never close"),
        pytest.param("<script>" * 60_000, id="scripts that never close"),
        pytest.param("<a href" + " " * 400_000 + ">", id="blanks in a tag"),
        pytest.param("<a" + "=x" * 400_000 + ">", id="equals signs in a tag"),
        pytest.param("<pre><td>" + " " * 200_000 + "x</td><td>y", id="blanks before a cell"),
        pytest.param("<blockquote>x" * 60_000, id="quotes in quotes"),
        pytest.param("&#" * 200_000, id="ampersands"),
        pytest.param("<table>" + "<tr><td>x</td></tr>" * 5000 + "<td>" + "y" * 9000, id="a wide cell"),
        pytest.param("<p style='margin-top:100000000em'>x</p>", id="a margin of a million lines"),
    ],
)  # fmt: skip
def test_hostile_html_costs_time_and_room_in_proportion_to_its_length(html: str) -> None:
    started = time.perf_counter()
    text, _complete = html_text(html)
    assert time.perf_counter() - started < 3
    assert len(text) <= 2 * len(html) + 100


def test_what_follows_too_many_tags_is_left_out_and_told() -> None:
    assert html_text("<i>" * MAX_TAGS + "fin") == ("fin", True)
    assert html_text("<i>" * (MAX_TAGS + 1) + "fin") == ("", False)


def test_the_text_survives_a_renderer_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("no")

    monkeypatch.setattr(module, "get_text", fail)
    text, complete = html_text("<p>a &lt;b&gt; &amp;amp;</p><blockquote>c</blockquote>")
    assert [line for line in text.split("\n") if line] == ["a <b> &amp;", "> c"]
    assert complete


PIECES = ["<p>", "</p>", "<ul>", "</ul>", "<li>", "<pre>", "</pre>", "<td>", "</td>", "<tr>", "<div>", "<br>", "<ol>",
          "<blockquote>", "</blockquote>", "<a href='http://l'>", "</a>", "<h1>", "</li>", "<hr>", "\n"]  # fmt: skip


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text("xyzé&<>", min_size=1, max_size=3), max_size=40))
def test_no_letter_is_lost_whatever_the_tags(pieces: list[str]) -> None:
    text, _complete = html_text("".join(piece if piece in PIECES else piece.replace("&", "&amp;").replace("<", "&lt;")
                                        for piece in pieces))  # fmt: skip
    said = "".join(piece for piece in pieces if piece not in PIECES)
    letters = "".join(letter for letter in text.replace("http://l", "") if letter in "xyzé&")
    assert letters == "".join(letter for letter in said if letter in "xyzé&")
