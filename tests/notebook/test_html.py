"""Notebooks: every answer draws itself; hostile text stays text; dark and light both work."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from tests.cli.somebody import ANA, BOB, FUNCTION, RAW
from tests.docs.pages import Doctest, steps
from tests.estates import estate

import clearance
from clearance import prove
from clearance.explain import explain
from clearance.facts.catalog import load_catalog
from clearance.model.policy import AttachedPolicy
from clearance.notebook import html
from clearance.operations.permissions.names import meant

HOSTILE: Final = "<script>alert('x')</script>\"&"
INVOKE: Final = "lambda:InvokeFunction"


def document(action: str, resource: str = "*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def attached(action: str, resource: str = "*", **more: Any) -> AttachedPolicy:
    return clearance.policy(document(action, resource, **more), name=f"p{HOSTILE}", strict=False)


def decision(action: str, *policies: AttachedPolicy) -> clearance.Decision:
    request = clearance.Request(clearance.identify(ANA), action, f"arn:aws:s3:::b/{HOSTILE}")
    return clearance.evaluate(request, clearance.PolicySet(identity=policies))


def explained() -> Any:
    held = estate(RAW)
    request = clearance.Request(clearance.identify(BOB, held), INVOKE, FUNCTION)
    return explain(held, request, catalog=load_catalog(), meant=meant)


KEYED: Final[dict[str, Any]] = {"Condition": {"StringEquals": {"aws:PrincipalTag/<b>": HOSTILE}}}
VALUES: Final[dict[str, Callable[[], Any]]] = {
    "allowed": lambda: decision("s3:GetObject", attached("s3:*")),
    "denied": lambda: decision("s3:GetObject", attached("s3:Put*", **KEYED)),
    "undecided": lambda: decision("s3:GetObject", attached("s3:*", **KEYED)),
    "nothing read": lambda: decision("s3:GetObject"),
    "proven": lambda: prove.within(attached("s3:GetObject"), attached("s3:*")),
    "refuted": lambda: prove.within(attached("s3:*"), attached("s3:*", **KEYED)),
    "changed": lambda: prove.diff(
        attached("s3:GetObject"), attached("s3:*", f"arn:aws:s3:::{HOSTILE}/*", **KEYED)
    ),
    "unchanged": lambda: prove.diff(attached("s3:*"), attached("S3:*")),
    "change": lambda: prove.newly_allowed(attached("s3:Get*"), attached("s3:*")),
    "shrunk": lambda: prove.shrink(attached("s3:*", HOSTILE).policy),
    "estates": lambda: prove.estate_diff(estate(RAW), estate({"accounts": {}})),
    "same estates": lambda: prove.estate_diff(estate(RAW), estate(RAW)),
    "who can": lambda: clearance.who_can(estate(RAW), INVOKE, FUNCTION, through_roles=True),
    "nobody can": lambda: clearance.who_can(estate({"accounts": {}}), INVOKE, FUNCTION),
    "explained": explained,
}
TAGS: Final = {"div", "span", "code", "pre", "table", "tr", "th", "td", "br"}


class Reader(HTMLParser):
    """Text and tags; a tag that is not closed, or not ours, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= {"style"}
        self.styles += [value or "" for _, value in attrs]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(drawn: str) -> Reader:
    reader = Reader()
    reader.feed(drawn)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", VALUES)
def test_it_is_well_formed_and_loads_nothing(name: str) -> None:
    drawn = VALUES[name]()._repr_html_()
    found = read(drawn)
    assert found.text.strip()
    assert "url(" not in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("name", VALUES)
def test_colours_work_on_dark_and_on_light(name: str) -> None:
    """Text has the page's colour, or is white on a dark colour of its own."""
    for style in read(VALUES[name]()._repr_html_()).styles:
        colours = dict(re.findall(r"(?:^|;)(color|background):([^;]+)", style))
        if colours.get("color", "inherit") != "inherit":
            assert colours["color"] == "#fff"
            red, green, blue = (int(colours["background"][at : at + 2], 16) for at in (1, 3, 5))
            assert contrast_with_white(red, green, blue) >= 4.5  # WCAG 2, level AA
        else:
            assert colours.get("background", "none") in {"none", "rgba(128,128,128,.15)"}


def contrast_with_white(*rgb: int) -> float:
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb
    ]
    luminance = sum(
        part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
    return 1.05 / (luminance + 0.05)


def test_hostile_text_is_text() -> None:
    assert HOSTILE in read(VALUES["denied"]()._repr_html_()).text
    assert HOSTILE in read(VALUES["changed"]()._repr_html_()).text


def test_a_decision_says_verdict_layers_and_nearest_miss() -> None:
    text = read(VALUES["denied"]()._repr_html_()).text
    for part in ("DENIED", "implicit deny", ANA, "identity-based policy", "nearest:", "s3:Put*"):
        assert part in text
    assert "ALLOWED" in read(VALUES["allowed"]()._repr_html_()).text
    assert "read as absent" in read(VALUES["undecided"]()._repr_html_()).text


def test_a_difference_has_a_request_for_every_row() -> None:
    value = VALUES["changed"]()
    text = read(value._repr_html_()).text
    for row in value.newly_allowed.rows:
        assert row.witness.action in text
    assert "nothing changes (proven)" in read(VALUES["unchanged"]()._repr_html_()).text
    assert "nothing changes (proven)" in read(VALUES["same estates"]()._repr_html_()).text


def test_many_rows_are_cut_and_counted() -> None:
    users = {
        f"user{number:03}": {"inline": {"i": json.loads(document(INVOKE))}} for number in range(80)
    }
    held = estate({"accounts": {"123456789012": {"users": users}}})
    text = read(clearance.who_can(held, INVOKE, FUNCTION)._repr_html_()).text
    assert re.search(r"and \d+ more", text)


def test_the_page_about_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text("utf-8")
    told = "\n".join(step.text for step in steps(page) if isinstance(step, Doctest))
    ran = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(told, {}, "", "", 0))
    assert (ran.failed, ran.attempted) == (0, 10)


def test_what_has_no_drawing() -> None:
    with pytest.raises(TypeError, match="int has no drawing"):
        html(1)
