"""Documents as HTML: what is marked, what changed, and nothing that would be run."""

from __future__ import annotations

import json
import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from clearance.server.console.parts.code import (
    Mark,
    changes_of,
    diff_html,
    plain_html,
    policy_html,
    readable,
)

POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
  ]
}"""
HOSTILE = "</code><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;"
TAGS = re.compile(r"</?(?:ol|li|code|u|em|b|p)(?: class=\"[a-z ]*\")?>")


def plain(html: str) -> str:
    """What a browser would show."""
    return unescape(TAGS.sub("", html))


@given(st.text(), st.lists(st.sampled_from(["allow", "miss", "near"])), st.text())
def test_nothing_that_is_given_becomes_markup(text: str, kinds: list[str], says: str) -> None:
    marks = [Mark((), kind, says) for kind in kinds]
    for html in (policy_html(text, marks), plain_html(text), diff_html(None, text)):
        assert "<" not in TAGS.sub("", html)


def test_hostile_names_are_shown_as_they_are() -> None:
    text = json.dumps({"Statement": [{"Resource": HOSTILE}]}, indent=2)
    html = policy_html(text, [Mark(("Statement", 0, "Resource"), "miss", HOSTILE)])
    assert HOSTILE in plain(html)
    assert "<script" not in html


def test_statements_colour_their_lines_and_elements_are_underlined() -> None:
    html = policy_html(
        POLICY,
        [
            Mark(("Statement", 0), "near"),
            Mark(("Statement", 0, "Action"), "miss", "the request has s3:PutObject"),
            Mark(("Statement", 1), "deny", "this denies it"),
        ],
    )
    lines = html.split("<li")[1:]
    assert [n for n, line in enumerate(lines, 1) if 'class="near"' in line] == [4]
    assert [n for n, line in enumerate(lines, 1) if 'class="deny"' in line] == [5]
    assert '<u class="miss">&quot;s3:GetObject&quot;</u>' in lines[3]
    assert "the request has s3:PutObject" in lines[3]


def test_an_element_of_several_lines_is_underlined_on_each() -> None:
    text = '{\n  "Statement": [{\n    "Principal": {\n      "AWS": "x"\n    }\n  }]\n}'
    html = policy_html(text, [Mark(("Statement", 0, "Principal"), "miss")])
    lines = html.split("<li")[1:]
    found = [re.findall(r'<u class="miss">(.*?)</u>', line) for line in lines]
    assert found == [[], [], ["{"], ["&quot;AWS&quot;: &quot;x&quot;"], ["}"], [], []]


def test_marks_that_fit_nothing_are_left_out() -> None:
    marks = [Mark(("Statement", 7), "deny", "x"), Mark(("Statement", 0), "nonsense", "y")]
    assert policy_html(POLICY, marks) == policy_html(POLICY)
    assert policy_html("not JSON", [Mark(("Statement", 0), "deny")])


def test_documents_on_one_line_are_broken_up() -> None:
    long = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}] * 3})
    assert json.loads(readable(long)) == json.loads(long)
    assert readable(long).count("\n") > 5
    assert readable(POLICY) == POLICY
    assert readable("x" * 200) == "x" * 200


def test_a_difference_shows_what_changes_and_little_else() -> None:
    old = {"a": list(range(40)), "b": 1}
    found = changes_of(json.dumps(old), json.dumps(old | {"b": 2}))
    assert [c.text.strip() for c in found if c.sign == "-"] == ['"b": 1']
    assert [c.text.strip() for c in found if c.sign == "+"] == ['"b": 2']
    assert found[0].sign == "…"
    assert len(found) < 10


def test_the_layout_is_no_difference() -> None:
    assert changes_of('{"a":1}', '{\n  "a": 1\n}') == ()
    assert "No line differs" in diff_html('{"a":1}', '{ "a": 1 }')


def test_a_new_document_is_all_new() -> None:
    assert {change.sign for change in changes_of(None, '{"a": 1}')} == {"+"}
